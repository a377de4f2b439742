// deno-lint-ignore-file no-console -- says where it listens
/**
 * A process that echoes one connection.
 *
 * @module
 */
import { echo } from "./raw.ts";

using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
console.log(`listening on ${listener.addr.port}`);
await echo(await listener.accept(), 2 ** 20);
