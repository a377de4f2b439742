// deno-lint-ignore-file no-console -- says where it listens
/**
 * A process that echoes every connection: the least that a server can be.
 * The argument is how many bytes each connection reads at once.
 *
 * @module
 */
import { echo } from "./raw.ts";

using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
console.log(`listening on ${listener.addr.port}`);
for await (const conn of listener) echo(conn, Number(Deno.args[0])).catch(() => {}).finally(() => conn.close());
