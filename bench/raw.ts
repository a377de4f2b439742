/**
 * Bytes over a bare connection: the raw limit.
 *
 * @module
 */

/** Reads until `buffer` is full. */
export async function readFull(conn: Deno.Conn, buffer: Uint8Array): Promise<void> {
  for (let at = 0; at < buffer.length;) {
    const count = await conn.read(buffer.subarray(at));
    if (count === null) throw new Error("the peer ended the connection");
    at += count;
  }
}

/** Writes all of `data`. */
export async function writeFull(conn: Deno.Conn, data: Uint8Array): Promise<void> {
  for (let at = 0; at < data.length;) at += await conn.write(data.subarray(at));
}

/** Sends back whatever comes, until the peer ends the connection. */
export async function echo(conn: Deno.TcpConn, bufferBytes = 64 * 1024): Promise<void> {
  conn.setNoDelay(true);
  const buffer = new Uint8Array(bufferBytes);
  for (let count = await conn.read(buffer); count !== null; count = await conn.read(buffer)) {
    await writeFull(conn, buffer.subarray(0, count));
  }
}
