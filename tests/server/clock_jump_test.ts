/** What happens when somebody sets the machine's clock: nothing. */
import { assert, assertEquals } from "jsr:@std/assert@^1";
import { systemClock } from "../../actors/clock.ts";
import { memoryTransport } from "../../actors/remote/memory.ts";
import type { Logger } from "../../actors/types.ts";
import { defineJob } from "../../job/mod.ts";
import { startNode } from "../../node/mod.ts";
import { checkConfig } from "../../server/config.ts";
import { startServer } from "../../server/server.ts";
import { virtualWorkers } from "../simulation/virtual_worker.ts";
import { dial, identity } from "./fake_node.ts";
import { double } from "./numbers.ts";

/** Shifts the date that this process believes in. */
function wallClock() {
  const RealDate = globalThis.Date;
  let shiftMs = 0;
  globalThis.Date = class extends RealDate {
    constructor(...given: unknown[]) {
      // deno-lint-ignore no-explicit-any -- every way of making a date
      super(...(given.length === 0 ? [RealDate.now() + shiftMs] : given) as [any]);
    }
    static override now = () => RealDate.now() + shiftMs;
  } as DateConstructor;
  return {
    jump: (byMs: number) => void (shiftMs += byMs),
    [Symbol.dispose]: () => void (globalThis.Date = RealDate),
  };
}

const dayMs = 86_400_000;

for (const [which, byMs] of [["forwards", dayMs], ["backwards", -dayMs]] as const) {
  Deno.test(`clock that jumps ${which} by days loses no node that is there, and keeps none that is not`, async () => {
    using wall = wallClock();
    const lost = Promise.withResolvers<string>();
    const warnings: string[] = [];
    const warn: Logger["warn"] = (text) => {
      warnings.push(text);
      if (text.includes("is lost")) lost.resolve(text);
    };
    const logger: Logger = { debug: () => {}, info: () => {}, error: warn, warn };
    const transport = memoryTransport();
    const listener = await transport.listen({ host: "server", port: 0 });
    const isGone = lost.promise.then(() => {});
    const job = defineJob({
      name: identity.job,
      async *tasks() {
        for (let task = 0; task < 100; task++) {
          wall.jump(byMs);
          yield task;
          // The job ends after the silent node was noticed, however long that takes.
          if (task === 98) await isGone;
        }
      },
      compute: double,
    });
    const server = startServer({
      job: { job, options: {}, codeHash: identity.codeHash },
      config: checkConfig({ heartbeatMs: 200, speculate: false }),
      listeners: [listener],
      packageVersion: identity.package,
      logger,
    });
    const silent = await dial({ transport, clock: systemClock, port: listener.address.port, name: "silent" });
    const node = startNode({
      job: { name: identity.job, codeHash: identity.codeHash, workerUrl: "" },
      ...{ name: "here", workers: 1, address: listener.address, transport, packageVersion: identity.package, logger },
      spawnWorker: virtualWorkers(() => job, systemClock),
    });
    assertEquals(await lost.promise, "node silent is lost; its tasks go to others");
    const summary = await server.done;
    await silent.connection.closed;
    assertEquals([summary.outcome, summary.collected, summary.nodesLost], ["complete", 100, 1]);
    assert(summary.elapsedMs > 0 && summary.elapsedMs < dayMs, `${summary.elapsedMs} ms`);
    assertEquals((await node.done).outcome, "finished");
    assertEquals(warnings.filter((text) => text.includes("here")), []);
  });
}
