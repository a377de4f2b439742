/** A server at work, and strangers and registered nodes that send it anything: its job must still be done. */
import { assertEquals } from "jsr:@std/assert@^1";
import { encodeControl } from "../../actors/remote/codec.ts";
import { frameType, makeFrame } from "../../actors/remote/frame.ts";
import { createOutbox } from "../../actors/remote/outbox.ts";
import { resolveLimits } from "../../actors/remote/limits.ts";
import { nodeHandshake } from "../../actors/remote/handshake.ts";
import { createPhase } from "../../actors/remote/phase.ts";
import { encodePayload } from "../../actors/remote/payload.ts";
import type { WireMessage } from "../../actors/remote/protocol.ts";
import type { Random } from "../../actors/types.ts";
import { result } from "../actors/remote/support.ts";
import { identity } from "../server/fake_node.ts";
import { serve, type TestServer } from "../server/harness.ts";
import { double, doubled, inOrder, numbers } from "../server/numbers.ts";
import { controlCorpus, frameCorpus } from "./codec_targets.ts";
import type { Target } from "./target.ts";

/** More tasks than liars are given before the job is checked. */
const taskCount = 3_000;
/** What liars may do to a task before it counts as failed. */
const patience = { maxAttempts: 1_000_000, maxNodeLosses: 1_000_000 };

interface Run {
  readonly test: TestServer;
  readonly collected: [number, number][];
}

let run: Run | undefined;

async function start(): Promise<Run> {
  const { job, collected } = numbers(taskCount);
  const test = await serve(job, { config: { ...patience, handshakeTimeoutMs: 1_000 } });
  return { test, collected };
}

/** What registered nodes say, right results of tasks among it. */
function nodeCorpus(): Uint8Array[] {
  const limits = resolveLimits();
  const right = [0, 1, 2, 3].flatMap((task): WireMessage[] => [
    { kind: "results", results: [result(task, encodePayload(task * 2))] },
    { kind: "results", results: [{ ...result(task, encodePayload({ kind: "error" })), status: "failed" }] },
    { kind: "held", attempts: [{ task, attempt: 1 }, { task: task + 1, attempt: 1 }] },
    { kind: "custom", payload: encodePayload({ task }) },
  ]);
  return [
    ...frameCorpus(100),
    ...controlCorpus().map((body) => makeFrame(frameType.control, body)),
    ...right.map((message) => {
      const outbox = createOutbox({ limits, bodyLimit: createPhase(limits, true).outboundLimit });
      outbox.push(message);
      return new Uint8Array(outbox.take().flatMap((piece) => [...piece]));
    }),
  ];
}

const helloFrame = makeFrame(
  frameType.control,
  encodeControl(nodeHandshake({ ...identity, name: "liar", slots: 1, labels: {} }).hello),
);

/** Looks whether an actor of the server has failed, or the job has ended too early. */
function checkServer({ test: { log } }: Run): void {
  const failed = log.find((line) => line.includes("actor failed") || line.startsWith("error"));
  log.length = 0;
  if (failed) throw new Error(`the server wrote: ${failed}`);
}

/** Says hello, and then anything: what of it is right has an effect. */
async function lie({ test }: Run, bytes: Uint8Array, random: Random): Promise<void> {
  const { transport, port, settle } = test;
  const link = await transport.connect({ host: "server", port });
  const drain = async () => {
    while (await link.read(new Uint8Array(65_536)).catch(() => null) !== null);
  };
  const drained = drain();
  const stranger = random.next() < 0.5;
  if (!stranger) await link.write(helloFrame);
  await settle();
  await link.write(bytes).catch(() => {});
  await settle();
  link.close();
  await drained;
  await settle();
}

/** Strangers and liars at a server that is at work. */
export const live: Target = {
  name: "live",
  share: 10,
  corpus: nodeCorpus(),
  isExpected: () => false,
  run: async (bytes, random) => {
    run ??= await start();
    await lie(run, bytes, random);
    checkServer(run);
  },
  settle: async () => {
    if (!run) return;
    const { test: { system, server, join, settle }, collected } = run;
    let summary: Awaited<typeof server.done> | undefined;
    void server.done.then((done) => summary = done);
    const honest = await join({ name: "honest", slots: 64 });
    while (!summary) {
      honest.succeed(honest.tasks.splice(0), double);
      await settle();
      await system.advance(500);
    }
    checkServer(run);
    assertEquals([summary.outcome, summary.collected, summary.failed], ["complete", taskCount, 0]);
    // Their values may be a liar's; but each is there, and once.
    assertEquals(inOrder(collected).map(([task]) => task), doubled(taskCount).map(([task]) => task));
    run = undefined;
  },
};
