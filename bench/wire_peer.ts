/**
 * A worker: the other end of the connections that `wire.ts` measures.
 *
 * @module
 */
/// <reference lib="deno.worker" />
import { systemClock } from "../actors/mod.ts";
import { openConnection, tcpTransport } from "../actors/remote/mod.ts";
import { echo } from "./raw.ts";
import type { PeerOrder } from "./wire.ts";

async function serveRaw({ role, answerAfter }: PeerOrder): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  self.postMessage(listener.addr.port);
  const conn = await listener.accept();
  if (role === "echo") return await echo(conn);
  const buffer = new Uint8Array(256 * 1024);
  let left = answerAfter;
  while (left > 0) left -= await conn.read(buffer) ?? Infinity;
  await conn.write(new Uint8Array(1));
}

async function serveConnection({ role, answerAfter }: PeerOrder): Promise<void> {
  const listener = await tcpTransport().listen({ host: "127.0.0.1", port: 0 });
  self.postMessage(listener.address.port);
  let left = answerAfter;
  const connection = openConnection(await listener.accept(), {
    clock: systemClock,
    greeted: true,
    onMessage: (message) => {
      if (role === "echo") return connection.send(message);
      left -= message.kind === "tasks" ? message.tasks.length : 1;
      if (left <= 0) connection.send({ kind: "custom", payload: new Uint8Array(1) });
    },
  });
}

self.onmessage = ({ data }: MessageEvent<PeerOrder>) => {
  if (data.way === "raw") serveRaw(data);
  else serveConnection(data);
};
