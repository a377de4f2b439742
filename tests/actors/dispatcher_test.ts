import { assert, assertEquals } from "jsr:@std/assert@^1";
import { LoopDispatcher, type Runnable } from "../../actors/dispatcher.ts";
import { createSystem, type Ref, restart } from "../../actors/mod.ts";

/** Runs a system whose actors never rest until `event` has happened. It hangs if they starve the event. */
async function besideFlood(
  event: () => Promise<void>,
  flood: (self: Ref<number>) => void | Promise<void>,
): Promise<void> {
  const system = createSystem();
  let handled = 0;
  for (let count = 0; count < 10; count++) {
    const actor = system.spawn<number>((context) => () => {
      handled++;
      return flood(context.self);
    });
    actor.tell(0);
  }
  await event();
  const seen = handled;
  assert(seen > 0);
  await system.stop();
  assertEquals(system.deadLetters["mailbox-full"], 0);
}

const timer = () => new Promise<void>((resolve) => setTimeout(resolve, 1));

Deno.test("a timer fires beside actors that flood themselves", async () => {
  await besideFlood(timer, (self) => void self.tell(0));
});

Deno.test("a timer fires beside actors whose handlers return promises that are settled", async () => {
  await besideFlood(timer, async (self) => {
    self.tell(0);
    await undefined;
  });
});

Deno.test("a timer fires beside a chain of asks, each of which is a microtask of its own", async () => {
  const system = createSystem();
  const echo = system.spawn<Ref<number>>(() => (replyTo) => void replyTo.tell(1));
  let fired = false;
  const waiting = timer().then(() => fired = true);
  while (!fired) await echo.ask<number>((replyTo) => replyTo, { timeoutMs: 10_000 });
  await waiting;
  await system.stop();
});

Deno.test("a timer fires beside an actor that fails to start and restarts at once, without end", async () => {
  const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const system = createSystem({ logger: silent });
  let starts = 0;
  system.spawn(() => {
    starts++;
    throw new Error("never starts");
  }, { supervision: restart({ max: Infinity, withinMs: 1, backoffMs: 0 }) });
  await timer();
  assert(starts > 1);
  await system.stop();
});

Deno.test("a socket is served beside actors that flood themselves", async () => {
  await besideFlood(async () => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    const [client, server] = await Promise.all([Deno.connect({ hostname: "127.0.0.1", port }), listener.accept()]);
    const buffer = new Uint8Array(1);
    for (let round = 0; round < 20; round++) {
      await client.write(new Uint8Array([round]));
      await server.read(buffer);
      await server.write(buffer);
      await client.read(buffer);
      assertEquals(buffer[0], round);
    }
    for (const resource of [client, server, listener]) resource.close();
  }, (self) => void self.tell(0));
});

Deno.test("a flooded actor yields to the others after a batch", async () => {
  const system = createSystem();
  const order: string[] = [];
  const done = Promise.withResolvers<void>();
  const keep = (name: string) => () => void (order.at(-1) !== name && order.push(name));
  const flooded = system.spawn<number>(() => keep("flooded"));
  const quiet = system.spawn<number>(() => keep("quiet"));
  const last = system.spawn<number>(() => (left) => left === 0 ? done.resolve() : void last.tell(left - 1));
  for (let count = 0; count < 1_000; count++) flooded.tell(count);
  quiet.tell(0);
  last.tell(100);
  await done.promise;
  assertEquals(order, ["flooded", "quiet", "flooded"]);
  await system.stop();
});

Deno.test("dispatcher goes on with the others when a runnable throws", async () => {
  const dispatcher = new LoopDispatcher();
  const ran = Promise.withResolvers<number>();
  const runnable = (run: () => number): Runnable => ({ nextReady: undefined, run });
  const failure = Promise.withResolvers<unknown>();
  const onError = (event: ErrorEvent) => {
    event.preventDefault();
    failure.resolve(event.error);
  };
  addEventListener("error", onError);
  const bug = new Error("bug");
  dispatcher.ready(runnable(() => {
    throw bug;
  }));
  dispatcher.ready(runnable(() => {
    ran.resolve(1);
    return 1;
  }));
  assertEquals(await failure.promise, bug);
  assertEquals(await ran.promise, 1);
  removeEventListener("error", onError);
  dispatcher.close();
});

Deno.test("dispatcher calls back what is deferred after the loop has turned", async () => {
  const dispatcher = new LoopDispatcher();
  const order: string[] = [];
  dispatcher.defer(() => order.push("deferred"));
  for (let tick = 0; tick < 100; tick++) await undefined;
  order.push("microtasks");
  await new Promise<void>((resolve) => dispatcher.defer(resolve));
  assertEquals(order, ["microtasks", "deferred"]);
});

Deno.test("an actor of a stopped system is not run again", async () => {
  const system = createSystem();
  let handled = 0;
  const actor = system.spawn<number>(() => () => void handled++);
  await system.stop();
  assertEquals(actor.tell(1), false);
  await timer();
  assertEquals(handled, 0);
  assertEquals(system.deadLetters.ended, 1);
});
