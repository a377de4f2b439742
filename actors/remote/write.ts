/**
 * Writing many pieces in few writes.
 *
 * @module
 */
import type { Link } from "./transport.ts";

/** Pieces from here on are written by themselves; copying them together would cost more than a write. */
const pieceBytesLarge = 128 * 1024;

/**
 * Writes pieces one after another; neighbours that are small leave in one write.
 *
 * @param onWritten Called after each write with how many bytes have left
 */
export async function writeAll(
  link: Link,
  pieces: readonly Uint8Array[],
  onWritten: (bytes: number) => void,
): Promise<void> {
  let from = 0;
  while (from < pieces.length) {
    let to = from + 1;
    if (pieces[from].length < pieceBytesLarge) {
      while (to < pieces.length && pieces[to].length < pieceBytesLarge) to += 1;
    }
    let data = to === from + 1 ? pieces[from] : join(pieces.slice(from, to));
    while (data.length > 0) {
      const written = await link.write(data);
      onWritten(written);
      data = data.subarray(written);
    }
    from = to;
  }
}

function join(pieces: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(pieces.reduce((total, piece) => total + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}
