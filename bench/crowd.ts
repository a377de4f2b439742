// deno-lint-ignore-file no-console -- says when all have joined
/**
 * Many nodes in one process, true to the protocol and without workers: each dials, introduces itself, sends heartbeats
 * and says what it holds. Tasks stay with it and are never computed.
 *
 * Arguments: the address of the server, the job's file, how many nodes, how many slots each, and how many may dial at
 * once. On standard output it says when all have joined, then lives until it is ended.
 *
 * @module
 */
import { systemClock } from "../actors/mod.ts";
import { nodeHandshake, openConnection, tcpTransport, type WireMessage } from "../actors/remote/mod.ts";
import { loadJob } from "../cli/load_job.ts";
import { backoffMs } from "../node/backoff.ts";
import { packageVersion } from "../version.ts";
import { delay } from "./delay.ts";

const [address, jobFile, nodes, slots, atOnce] = Deno.args;
const [host, port] = address.split(":");
const { job: { name: job }, codeHash } = await loadJob(jobFile);
const transport = tcpTransport();

/** What a node's settings are unless they are given. */
const retryDelayMs = 1_000;
const attemptsMax = 20;

/** Dials until it is let in, and waits as a node does when it is not: a server takes only so many strangers at once. */
async function join(index: number): Promise<void> {
  for (let failures = 1;; failures++) {
    try {
      return await dial(index);
    } catch (error) {
      if (failures === attemptsMax) throw error;
      await delay(backoffMs(failures, retryDelayMs, { next: Math.random }));
    }
  }
}

/** Dials; resolves once the node has its initial data. */
async function dial(index: number): Promise<void> {
  const link = await transport.connect({ host, port: Number(port) });
  const hello = { package: packageVersion, job, codeHash, name: `crowd-${index}`, slots: Number(slots), labels: {} };
  const handshake = nodeHandshake(hello);
  const attempts: { task: number; attempt: number }[] = [];
  const joined = Promise.withResolvers<void>();
  let hasSaidNothing = false;
  const beat = (periodMs: number): void => {
    connection.send({ kind: "control", message: { type: "heartbeat", busy: 0, queued: attempts.length } });
    if (attempts.length > 0 || !hasSaidNothing) connection.send({ kind: "held", attempts });
    hasSaidNothing = attempts.length === 0;
    setTimeout(beat, periodMs, periodMs);
  };
  const receive = async (message: WireMessage): Promise<void> => {
    if (message.kind === "tasks") {
      for (const { task, attempt } of message.tasks) attempts.push({ task, attempt });
    } else if (message.kind === "initial") joined.resolve();
    else if (message.kind === "control" && message.message.type !== "heartbeat") {
      const { reply, outcome } = await handshake.receive(message.message);
      if (reply) connection.send({ kind: "control", message: reply });
      // Real nodes do not beat in step either.
      if (outcome && "welcomed" in outcome) {
        setTimeout(beat, Math.random() * outcome.welcomed.heartbeatMs, outcome.welcomed.heartbeatMs);
      }
    }
  };
  const connection = openConnection(link, { clock: systemClock, onMessage: receive });
  connection.closed.then(({ error }) => joined.reject(error ?? new Error("the server ended the connection")));
  connection.send({ kind: "control", message: handshake.hello });
  await joined.promise;
}

const count = Number(nodes);
const start = performance.now();
let next = 0;
const lane = async (): Promise<void> => {
  while (next < count) await join(next++);
};
await Promise.all(Array.from({ length: Math.min(Number(atOnce), count) }, lane));
console.log(`bench ${JSON.stringify({ joinedMs: performance.now() - start })}`);
