import { assertEquals, assertRejects } from "jsr:@std/assert@^1";
import { TransportError } from "../../../actors/remote/errors.ts";
import { memoryTransport } from "../../../actors/remote/memory.ts";
import { ManualClock } from "../../../actors/testing/manual_clock.ts";
import { linkPair, readAll } from "./support.ts";

const anywhere = { host: "server", port: 0 };

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return (await assertRejects(() => promise, TransportError)).code;
}

Deno.test("memory carries bytes both ways, in order, as copies", async () => {
  const { dialed, accepted } = await linkPair();
  const data = new Uint8Array([1, 2, 3, 4, 5, 6, 7]);
  await dialed.write(data);
  data.fill(0);
  await dialed.write(new Uint8Array([8]));
  await accepted.write(new Uint8Array([9]));
  dialed.close();
  assertEquals(await readAll(accepted, 5), [1, 2, 3, 4, 5, 6, 7, 8]);
});

Deno.test("memory takes no more than its buffer holds until some was read", async () => {
  const { dialed, accepted } = await linkPair();
  const data = new Uint8Array(100_000);
  assertEquals(await dialed.write(data), 65_536);
  let written = false;
  const waiting = dialed.write(data).then((count) => {
    written = true;
    return count;
  });
  for (let i = 0; i < 10; i++) await Promise.resolve();
  assertEquals(written, false);
  assertEquals(await accepted.read(new Uint8Array(1000)), 1000);
  assertEquals(await waiting, 1000);
});

Deno.test("half of a link can be ended alone", async () => {
  const { dialed, accepted } = await linkPair();
  await dialed.closeWrite!();
  assertEquals(await readAll(accepted, 5), []);
  await accepted.write(new Uint8Array([1]));
  accepted.close();
  assertEquals(await readAll(dialed, 5), [1]);
  assertEquals(await codeOf(dialed.write(new Uint8Array(1))), "connection-lost");
});

Deno.test("closing a link wakes whoever reads or writes at either end", async () => {
  const { dialed, accepted } = await linkPair();
  const reads = [dialed.read(new Uint8Array(1)), accepted.read(new Uint8Array(1))];
  await dialed.write(new Uint8Array(65_536));
  await accepted.write(new Uint8Array(65_536));
  await Promise.all(reads);
  const write = codeOf(accepted.write(new Uint8Array(65_536)).then(() => accepted.write(new Uint8Array(1))));
  dialed.close();
  assertEquals(await write, "connection-lost");
  assertEquals(await codeOf(dialed.write(new Uint8Array(1))), "connection-closed");
  assertEquals(await dialed.read(new Uint8Array(1)), null);
});

Deno.test("ports are given out, taken and free again", async () => {
  const network = memoryTransport();
  const first = await network.listen(anywhere);
  const second = await network.listen(anywhere);
  if (first.address.port === second.address.port || first.address.port === 0) throw new Error("no port of its own");
  assertEquals(await codeOf(network.listen(first.address)), "address-in-use");
  first.close();
  (await network.listen(first.address)).close();
  assertEquals(await codeOf(network.connect(first.address)), "connect-refused");
});

Deno.test("closing a listener ends its accept and refuses whoever waits to be accepted", async () => {
  const network = memoryTransport();
  const listener = await network.listen(anywhere);
  const link = await network.connect(listener.address);
  const accepted = await listener.accept();
  const waiting = await network.connect(listener.address);
  listener.close();
  assertEquals(await waiting.read(new Uint8Array(1)), null);
  assertEquals(await codeOf(listener.accept()), "listener-closed");
  await accepted.write(new Uint8Array([1]));
  assertEquals(await link.read(new Uint8Array(1)), 1);

  const other = await network.listen(anywhere);
  const accept = codeOf(other.accept());
  other.close();
  assertEquals(await accept, "listener-closed");
});

Deno.test("a connect waits while too many do: until there is room, its time is up, or it is aborted", async () => {
  const clock = new ManualClock();
  const network = memoryTransport({ clock });
  const listener = await network.listen(anywhere);
  for (let i = 0; i < 511; i++) await network.connect(listener.address);
  const late = codeOf(network.connect(listener.address, { timeoutMs: 100 }));
  const abort = new AbortController();
  const aborted = codeOf(network.connect(listener.address, { signal: abort.signal }));
  const patient = network.connect(listener.address);
  clock.moveTo(100);
  clock.fire();
  abort.abort();
  assertEquals(await late, "connect-timeout");
  assertEquals(await aborted, "connect-aborted");
  await listener.accept();
  assertEquals((await patient).remoteAddress, `server:${listener.address.port}`);
});
