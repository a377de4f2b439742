/** A node whose slots are processes, in real time; nothing waits for longer than events take. */
import { assert, assertEquals, assertStringIncludes } from "jsr:@std/assert@^1";
import { encodePayload } from "../../actors/remote/payload.ts";
import { packTasks } from "../../node/batch.ts";
import type { NodeOptions } from "../../node/mod.ts";
import { createMessageReader, encodeMessage } from "../../node/process_frames.ts";
import { failureIn, valuesOf } from "./fake_server.ts";
import { taggedLines, withNode, workerUrlOf } from "./real_node.ts";

/** What a process needs that finds its packages as this one does. */
const doorFlags = import.meta.resolve("jsr:@std/assert@^1").startsWith("file:")
  ? [`--import-map=${new URL("../../npm/import_map.json", import.meta.url)}`, "--node-modules-dir=manual"]
  : [];
const isolated = (...flags: string[]): Partial<NodeOptions> => ({
  isolation: "process",
  spawnFlags: [...doorFlags, ...flags],
});
const calm = { heartbeatMs: 60_000 };

Deno.test("a slot in a process computes, prints, and is cancelled as a worker is", async () => {
  await withNode("many_ways", { ...isolated(), taskGraceMs: 50 }, async ({ server }) => {
    const peer = await server.accept(calm);
    peer.give([["echo", 1], ["bytes", 3_000_000], ["writeOutput"], ["readFile"], ["throwLater"], ["echo", 2]]);
    const results = await peer.results(6);
    assertEquals([failureIn(results[3]).name, failureIn(results[4]).kind], ["NotCapable", "worker-lost"]);
    const values = valuesOf(results.filter(({ task }) => task !== 3 && task !== 4));
    assertEquals([values.get(0), values.get(5), (values.get(1) as Uint8Array).length], [1, 2, 3_000_000]);
    assertEquals((await taggedLines(peer, 1))[0].text, "past the console");
    peer.give([["ignoreCancel"]], { first: 10 });
    await taggedLines(peer, 2);
    peer.control({ type: "cancel", attempts: [{ task: 10, attempt: 1 }] });
    peer.give([["echo", 3]], { first: 11 });
    assertEquals(valuesOf((await peer.results(7)).slice(6)), new Map([[11, 3]]));
  });
});

Deno.test("a task that runs out of memory costs that task only; others in its slot and beside it go on", async () => {
  const options = { ...isolated("--v8-flags=--max-old-space-size=64"), workers: 2 };
  await withNode("many_ways", options, async ({ server, node }) => {
    const peer = await server.accept(calm);
    peer.give([["fillHeap"], ["spin", 500], ["echo", 1], ["echo", 2]]);
    const results = await peer.results(4);
    const [culprit] = results.filter(({ status }) => status === "failed");
    assertEquals(culprit.task, 0);
    const { kind, message } = failureIn(culprit);
    assertEquals(kind, "worker-lost");
    assertStringIncludes(message, "it ran out of memory");
    assertEquals([...valuesOf(results.filter((each) => each !== culprit)).keys()].sort(), [1, 2, 3]);
    assertEquals(node.status().state, "working");
  });
});

Deno.test("a process whose task never yields is ended when it has too much memory", async () => {
  await withNode("many_ways", { ...isolated(), workerMemoryMb: 400 }, async ({ server }) => {
    const peer = await server.accept(calm);
    peer.give([["fillBuffers"], ["echo", 1]]);
    const results = await peer.results(2);
    const { name, message } = failureIn(results[0]);
    assertEquals(name, "MemoryLimitError");
    assertStringIncludes(message, "more than 400 MiB (option --worker-memory)");
    assertEquals(valuesOf(results.slice(1)), new Map([[1, 1]]));
  });
});

Deno.test("a process that cannot be started ends the node with its error", async () => {
  await withNode("many_ways", isolated("--no-such-flag"), async ({ node }) => {
    const { outcome, message } = await node.done;
    assertEquals(outcome, "failed");
    assertStringIncludes(message, "cannot run the job in a worker: its process ended with code");
  });
  await withNode("throws_at_import", isolated(), async ({ node }) => {
    assertStringIncludes((await node.done).message, "boom at import");
  });
});

Deno.test("a process ends with its parent, though its task never yields", async () => {
  const bridgeUrl = import.meta.resolve("../../node/process_bridge.ts");
  const start = JSON.stringify({ workerUrl: workerUrlOf("many_ways"), memoryMb: 0 });
  const source = `import { bridge } from "${bridgeUrl}"; await bridge(${start});`;
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--unstable-worker-options", "--allow-read", ...doorFlags],
      `data:application/typescript,${encodeURIComponent(source)}`,
    ],
    ...{ stdin: "piped", stdout: "piped" },
  }).spawn();
  const input = child.stdin.getWriter();
  const send = (message: unknown): Promise<void> => input.write(encodeMessage(message));
  const reader = createMessageReader();
  const seen: string[] = [];
  const payload = encodePayload(["spinForEver"]);
  for await (const piece of child.stdout) {
    for (const message of reader.push(piece) as { kind: string; text?: string }[]) {
      seen.push(message.kind);
      if (message.kind === "ready") {
        await send({ kind: "start" });
        await send({ kind: "session", node: "00000000000000aa", options: encodePayload({}), initial: undefined });
      }
      if (message.kind === "prepared") {
        await send({ kind: "tasks", epoch: 0, count: 1, batch: packTasks([{ ...attempt, payload }]) });
      }
      if (message.text === "begun") await input.close();
    }
  }
  assertEquals((await child.status).code, 0);
  assert(seen.includes("prepared"));
});

const attempt = { task: 0, attempt: 1, timeoutMs: 0 };
