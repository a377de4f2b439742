/** Peers that do not read, and peers that speak something else. */
import { assertEquals, assertStringIncludes } from "jsr:@std/assert@^1";
import { ManualClock } from "../../../actors/testing/manual_clock.ts";
import { recogniseForeign } from "../../../actors/remote/foreign.ts";
import type { WireMessage } from "../../../actors/remote/protocol.ts";
import { flagOf, resolveLimits } from "../../../actors/remote/limits.ts";
import { fromHex, heartbeat, linkPair, openEnd, rawTo, result } from "./support.ts";

const custom = (bytes: number): WireMessage => ({ kind: "custom", payload: new Uint8Array(bytes) });

/** Moves the time on; timers fire at their moments. */
function advance(clock: ManualClock, ms: number): void {
  const end = clock.now() + ms;
  while (clock.next <= end) {
    clock.moveTo(clock.next);
    clock.fire();
  }
  clock.moveTo(end);
}

Deno.test("what waits for a peer that does not read is bounded; the error names limit, value and option", async () => {
  const { accepted } = await linkPair();
  const end = openEnd(accepted, { limits: { queuedBytesMax: 1_000_000 }, compress: false });
  let sent = 0;
  for (; sent < 100_000 && end.bytesQueued < 1_200_000; sent++) {
    end.send(custom(10_000));
    await undefined;
    if (await Promise.race([end.closed, undefined])) break;
  }
  const { reason, error } = await end.closed;
  assertEquals([reason, (error as { code?: string }).code], ["error", "queue-too-long"]);
  assertStringIncludes(error!.message, "at most 1000000 may: raise queuedBytesMax (option --queued-bytes-max)");
  assertEquals(sent < 120, true, `${sent} messages of 10000 bytes`);
});

Deno.test("heartbeats that are asked for and never read are bounded as well", async () => {
  const { accepted } = await linkPair();
  const end = openEnd(accepted, { limits: { queuedBytesMax: 10_000 } });
  for (let i = 0; i < 10_000; i++) end.send(heartbeat(i));
  assertEquals(((await end.closed).error as { code?: string }).code, "queue-too-long");
});

Deno.test("tasks and results do not count, for the scheduler's credit bounds them", async () => {
  const { accepted, dialed } = await linkPair();
  const limits = { queuedBytesMax: 10_000 };
  const end = openEnd(accepted, { limits });
  const results = [result(1, new Uint8Array(100_000)), result(2, new Uint8Array(3_000_000))];
  for (let i = 0; i < 10; i++) end.send({ kind: "results", results });
  end.send(heartbeat(1));
  assertEquals(end.bytesQueued > 30_000_000, true);
  const peer = openEnd(dialed);
  await peer.count(21);
  assertEquals(peer.messages.filter(({ kind }) => kind === "results").length, 20);
});

Deno.test("a peer that reads nothing for too long while something waits is given up", async () => {
  const clock = new ManualClock();
  const { accepted } = await linkPair();
  const end = openEnd(accepted, { clock, limits: { idleTimeoutMs: 5_000 }, compress: false });
  end.send(custom(1_000_000));
  for (let i = 0; i < 100; i++) await undefined;
  advance(clock, 4_999);
  assertEquals(await Promise.race([end.closed, undefined]), undefined);
  advance(clock, 1);
  const { reason, error } = await end.closed;
  assertEquals([reason, (error as { code?: string }).code], ["error", "peer-stalled"]);
  assertStringIncludes(error!.message, "has read nothing for 5000 ms");
  assertStringIncludes(error!.message, "--idle-timeout");
});

Deno.test("a slow peer has time for as long as it reads at all, and a silent one while nothing waits", async () => {
  const clock = new ManualClock();
  const { accepted, dialed } = await linkPair();
  const end = openEnd(accepted, { clock, limits: { idleTimeoutMs: 1_000 }, compress: false });
  end.send(custom(1_000_000));
  let received = 0;
  while (received < 1_000_000) {
    advance(clock, 900);
    received += await dialed.read(new Uint8Array(100_000)) ?? 1e9;
  }
  for (let i = 0; i < 100; i++) await undefined;
  advance(clock, 100_000);
  assertEquals(await Promise.race([end.closed, undefined]), undefined);
  end.abort();
});

const foreign: [name: string, bytes: Uint8Array, includes: string][] = [
  ["TLS 1.3 hello", fromHex("16030100f4010000f00303"), "start both with --encrypt, or neither"],
  ["TLS hello of a length that looks like a frame", fromHex("1603010201010001fc0303"), "speaks TLS"],
  ["TLS alert", fromHex("15030300020228"), "speaks TLS"],
  ["HTTP", new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP request"],
  ["HTTP/2", new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "HTTP request"],
  ["HTTP answer", new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n"), "web server"],
  ["SSH", new TextEncoder().encode("SSH-2.0-OpenSSH_9.6\r\n"), "SSH"],
];
for (const [name, bytes, includes] of foreign) {
  Deno.test(`${name} is recognised by its first bytes`, async () => {
    for (const greeted of [true, false]) {
      const { end, write, link } = await rawTo({ greeted });
      await write(bytes);
      link.close();
      const { reason, error } = await end.closed;
      assertEquals(reason, "error");
      assertStringIncludes(error!.message, includes);
      assertEquals(error!.message.includes("\n"), false);
    }
  });
}

Deno.test("bytes that nobody knows are not taken for a protocol", () => {
  for (const hex of ["", "16", "0000000000", "160203", "ffffffffffffffff"]) {
    assertEquals(recogniseForeign(fromHex(hex)), undefined);
  }
});

Deno.test("limits have flags", () => {
  assertEquals(Object.keys(resolveLimits()).map(flagOf), [
    "--queued-bytes-max",
    "--idle-timeout",
    "--frame-bytes-max",
    "--control-bytes-max",
    "--pre-auth-frame-bytes-max",
    "--value-bytes-max",
    "--chunk-bytes-max",
  ]);
});
