// deno-lint-ignore-file no-console -- says when all are there
/**
 * Peers that are no nodes. Arguments: the address of a server, their kind, and how many. `silent` ones connect and say
 * nothing; `slow` ones send a byte of an introduction a second; `stuck` ones send half of it and then nothing, as a
 * machine that was switched off. On standard output it says when all have connected, then lives until it is ended.
 *
 * @module
 */
import { encodeControl } from "../actors/remote/codec.ts";
import { frameType, makeFrame } from "../actors/remote/frame.ts";

const [address, kind, count] = Deno.args;
const [hostname, port] = address.split(":");
const hello = makeFrame(
  frameType.control,
  encodeControl({
    ...{ type: "hello", protocol: 1, package: "0.0.0", job: "none", codeHash: "0".repeat(64), name: "stranger" },
    ...{ slots: 1, labels: {}, nonce: new Uint8Array(32) },
  }),
);

async function connect(): Promise<void> {
  const conn = await Deno.connect({ hostname, port: Number(port) });
  if (kind === "stuck") await conn.write(hello.subarray(0, hello.length >> 1));
  if (kind !== "slow") return;
  let at = 0;
  setInterval(() => void conn.write(hello.subarray(at, ++at)).catch(() => {}), 1_000);
}

for (let i = 0; i < Number(count); i++) await connect();
console.log("all are there");
setInterval(() => {}, 1_000_000);
