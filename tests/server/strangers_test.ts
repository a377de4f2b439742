/** The gate of a server: who is not introduced yet, and how many of them there may be. */
import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "jsr:@std/assert@^1";
import { ManualClock } from "../../actors/testing/manual_clock.ts";
import type { Logger } from "../../actors/types.ts";
import { TransportError } from "../../actors/remote/errors.ts";
import type { Link, Listener } from "../../actors/remote/transport.ts";
import { acceptLoop } from "../../server/accept.ts";
import { originOf } from "../../server/origin.ts";
import { createPending } from "../../server/pending.ts";
import { createStrangers } from "../../server/strangers.ts";

function collect(): { log: Logger; lines: string[] } {
  const lines: string[] = [];
  const write = (level: string) => (text: string) => void lines.push(`${level}: ${text}`);
  return { log: { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") }, lines };
}

/** A link on which nothing comes; closing it ends its read. */
function silentLink(remoteAddress: string): Link & { readonly isClosed: () => boolean } {
  const ended = Promise.withResolvers<null>();
  let isClosed = false;
  return {
    remoteAddress,
    isClosed: () => isClosed,
    read: () => ended.promise,
    write: (data) => Promise.resolve(data.length),
    close: () => {
      isClosed = true;
      ended.resolve(null);
    },
  };
}

Deno.test("an origin is an IPv4 address in either form, or the /64 of an IPv6 address", () => {
  const cases: [string, string][] = [
    ["192.0.2.1:9000", "192.0.2.1"],
    ["[::ffff:192.0.2.1]:9000", "192.0.2.1"],
    ["[::FFFF:192.0.2.1]:80", "192.0.2.1"],
    ["[::ffff:c000:201]:9000", "192.0.2.1"],
    ["[0:0:0:0:0:ffff:c000:201]:9000", "192.0.2.1"],
    ["[2001:db8:1:2:3:4:5:6]:9000", "2001:db8:1:2::/64"],
    ["[2001:db8:1:2::9]:1", "2001:db8:1:2::/64"],
    ["[2001:0DB8:0001:0002::]:1", "2001:db8:1:2::/64"],
    ["[::1]:9000", "0:0:0:0::/64"],
    ["[fe80::1%eth0]:9000", "fe80:0:0:0::/64"],
    ["memory:7", "memory:7"],
    ["[not an address]:7", "[not an address]:7"],
    ["[1:2:3]:7", "[1:2:3]:7"],
    ["[1::2::3]:7", "[1::2::3]:7"],
    ["[1:2:3:4:5:6:7::8]:7", "[1:2:3:4:5:6:7::8]:7"],
    ["", ""],
  ];
  for (const [address, origin] of cases) assertEquals([address, originOf(address)], [address, origin]);
});

Deno.test("beyond the limit the oldest connection gives way once it has had its time, else the newest", async () => {
  let nowMs = 0;
  const pending = createPending({ pendingMax: 3, pendingPerAddressMax: 2, now: () => nowMs });
  const links = ["10.0.0.1:1", "10.0.0.1:2"].map(silentLink);
  const [first] = links.map(pending.admit);
  const read = first.link.read(new Uint8Array(8));
  const early = silentLink("10.0.0.1:3");
  const refusal = assertThrows(() => pending.admit(early), TransportError);
  assertEquals([refusal.code, early.isClosed(), pending.count()], ["too-many-pending", true, 2]);
  assertStringIncludes(refusal.message, "2 connections from 10.0.0.1 wait to be introduced");
  assertStringIncludes(refusal.message, "pendingPerAddressMax (option --pending-per-address-max)");

  nowMs = 1_000;
  pending.admit(silentLink("10.0.0.1:4"));
  assertEquals([links[0].isClosed(), links[1].isClosed(), pending.count()], [true, false, 2]);
  const cause = await read.then(() => undefined, (error: TransportError) => error);
  assertStringIncludes(cause!.message, "2 connections from 10.0.0.1 wait");

  pending.admit(silentLink("10.0.0.2:1"));
  pending.admit(silentLink("10.0.0.3:1"));
  assertEquals([links[1].isClosed(), pending.count()], [true, 3]);
});

Deno.test("a connection counts until it is introduced or closed, and only once", () => {
  const pending = createPending({ pendingMax: 2, pendingPerAddressMax: 2, now: () => 0 });
  const a = pending.admit(silentLink("10.0.0.1:1"));
  const b = pending.admit(silentLink("[::ffff:10.0.0.1]:2"));
  assertThrows(() => pending.admit(silentLink("10.0.0.1:3")), TransportError);
  a.introduced();
  a.introduced();
  a.link.close();
  assertEquals(pending.count(), 1);
  b.link.close();
  b.link.close();
  b.introduced();
  assertEquals(pending.count(), 0);
  for (let i = 0; i < 2; i++) pending.admit(silentLink("10.0.0.1:4"));
});

Deno.test("strangers have lines up to a bound, and are all counted", () => {
  const { log, lines } = collect();
  let nowMs = 0;
  const strangers = createStrangers(log, () => nowMs);
  assertEquals(strangers.summary(), undefined);
  for (let i = 0; i < 1_000; i++) {
    strangers.ended(`a:${i}`, { reason: "error", error: new TransportError("handshake-timeout", "too late") });
  }
  assertEquals([lines.length, lines[0]], [20, "warn: connection of a:0 closed: too late"]);
  nowMs = 10_000;
  strangers.ended("b:1", { reason: "peer" });
  strangers.ended("b:2", { reason: "error", error: new Error("odd") });
  strangers.ended("b:3", { reason: "local" });
  assertEquals(lines.slice(20), [
    "warn: 980 more connections were closed before they were introduced",
    "debug: connection of b:1 closed before it was introduced",
    "warn: connection of b:2 closed: odd",
    "debug: connection of b:3 closed before it was introduced",
  ]);
  const summary = "1003 connections closed before introduction (handshake-timeout: 1000, said-nothing: 1, other: 1, " +
    "refused: 1)";
  assertEquals(strangers.summary(), summary);
});

Deno.test("the accept loop survives a lack of file descriptors, says so, and has a stranger give way", async () => {
  const { log, lines } = collect();
  const clock = new ManualClock();
  const stop = new AbortController();
  const error = Object.assign(new Error("Too many open files (os error 24)"), { code: "EMFILE" });
  const failure = new TransportError("accept-failed", `cannot accept a connection: ${error.message}`, { cause: error });
  const accepted: Link[] = [];
  const givenWay: string[] = [];
  let failures = 500;
  const closed = Promise.withResolvers<Link>();
  const last = silentLink("10.0.0.1:1");
  const listener: Listener = {
    address: { host: "127.0.0.1", port: 1 },
    accept: () => {
      if (failures-- > 0) return Promise.reject(failure);
      return failures === -1 ? Promise.resolve(last) : closed.promise;
    },
    close: () => closed.reject(new TransportError("listener-closed", "closed")),
  };
  const loop = acceptLoop(listener, (link) => accepted.push(link), {
    ...{ clock, log, signal: stop.signal, giveWay: (why) => givenWay.push(why) },
  });
  while (accepted.length === 0) {
    for (let i = 0; i < 5; i++) await undefined;
    if (clock.next !== Infinity) clock.moveTo(clock.next);
    clock.fire();
  }
  stop.abort();
  await loop;
  const warnings = lines.filter((line) => line.startsWith("warn"));
  assertEquals([warnings.length, givenWay.length], [5, 500], "one in 10 s, and 500 failures take 50 s");
  assertMatch(warnings[0], /no file descriptors are left .*\(ulimit -n NUMBER\)/);
  assertEquals(lines.at(-1), "info: connections are taken in again");
});
