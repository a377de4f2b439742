/** A server that listens on a real port, and what strangers send there: each costs its connection and one line. */
import { assertEquals, assertMatch, assertStringIncludes } from "jsr:@std/assert@^1";
import { systemClock } from "../../actors/clock.ts";
import { encodeControl } from "../../actors/remote/codec.ts";
import { frameType, makeFrame } from "../../actors/remote/frame.ts";
import { tcpTransport } from "../../actors/remote/tcp.ts";
import type { Address } from "../../actors/remote/transport.ts";
import type { Logger } from "../../actors/types.ts";
import { checkConfig, type Config } from "../../server/config.ts";
import { startServer } from "../../server/server.ts";
import { fromHex } from "../actors/remote/support.ts";
import { dial, identity } from "./fake_node.ts";
import { serve } from "./harness.ts";
import { double, doubled, inOrder, numbers } from "./numbers.ts";

interface Live extends AsyncDisposable {
  readonly address: Address;
  /** Waits for a further line of the log, of which there must be exactly one a connection. */
  readonly nextLine: () => Promise<string>;
  readonly lines: readonly string[];
  /** Has a node do the job: the server is as it was. */
  readonly finish: () => Promise<void>;
}

/** A server at work on a port of its own. It writes as many lines as there are, so that each can be looked at. */
async function live(config: Partial<Config> = {}): Promise<Live> {
  const lines: string[] = [];
  let wake = Promise.withResolvers<void>();
  const write = (text: string) => {
    lines.push(text);
    wake.resolve();
    wake = Promise.withResolvers();
  };
  const logger: Logger = { debug: write, info: () => {}, warn: write, error: write };
  const listener = await tcpTransport().listen({ host: "127.0.0.1", port: 0 });
  const { job, collected } = numbers(20);
  const server = startServer({
    job: { job, options: {}, codeHash: identity.codeHash },
    config: checkConfig({ handshakeTimeoutMs: 60_000, ...config }),
    listeners: [listener],
    packageVersion: identity.package,
    logger,
  });
  let seen = 0;
  return {
    address: listener.address,
    lines,
    nextLine: async () => {
      while (lines.length === seen) await wake.promise;
      return lines[seen++];
    },
    finish: async () => {
      const node = await dial({
        transport: tcpTransport(),
        clock: systemClock,
        port: listener.address.port,
        slots: 20,
      });
      while (node.tasks.length < 20) await new Promise((resolve) => setTimeout(resolve, 1));
      node.succeed(node.tasks, double);
      assertEquals((await server.done).outcome, "complete");
      assertEquals(inOrder(collected), doubled(20));
      node.connection.abort();
      await node.connection.closed;
    },
    [Symbol.asyncDispose]: async () => {
      server.stop("the test is over");
      await server.done;
    },
  };
}

/** Sends bytes and waits until the server has closed. @returns how many bytes came back */
async function send({ port }: Address, bytes: Uint8Array, isHalfClosed = false): Promise<number> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const writer = conn.writable.getWriter();
  await writer.write(bytes).catch(() => {});
  if (isHalfClosed) await conn.closeWrite().catch(() => {});
  let received = 0;
  const buffer = new Uint8Array(1_024);
  for (;;) {
    // A reset is as good as an end: the server did not read all that was sent.
    const count = await conn.read(buffer).catch(() => null);
    if (count === null) return received;
    received += count;
  }
}

/** A length as the first bytes of a stream, in 64 bits, with something behind it. */
function length(value: bigint): Uint8Array {
  const bytes = new Uint8Array(64);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return bytes;
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** An introduction, right but for what is given. */
function hello(changes: Record<string, unknown>): Uint8Array {
  const right = { ...identity, name: "stranger", slots: 1, labels: {}, nonce: new Uint8Array(32) };
  return makeFrame(frameType.control, encodeControl({ type: "hello", protocol: 1, ...right, ...changes }));
}

const manyLabels = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`k${i}`, ""]));

const strangers: [name: string, bytes: Uint8Array, line: RegExp][] = [
  ["length 0", length(0n), /unknown frame type 0/],
  ["length 1", length(1n), /unknown frame type 0/],
  ["length 2^31", length(2n ** 31n), /unknown frame type 0/],
  ["length 2^32 - 1", length(2n ** 32n - 1n), /unknown frame type 0/],
  ["length 2^32", length(2n ** 32n), /not a control message/],
  ["length 2^53", length(2n ** 53n), /unknown frame type 0/],
  ["length 2^62", length(2n ** 62n), /unknown frame type 0/],
  ["length 2^63", length(2n ** 63n), /unknown frame type 0/],
  ["length 2^63 - 1", length(2n ** 63n - 1n), /unknown frame type 255/],
  ["frame of 2^31 bytes", fromHex("00000080 01 00 0000"), /2147483648 bytes.*4096.*--pre-auth-frame-bytes-max/],
  ["frame of 2^32 - 1 bytes", fromHex("ffffffff 01 00 0000"), /4294967295 bytes.*4096.*preAuthFrameBytesMax/],
  ["results before a hello", fromHex("00000000 03 00 0000"), /before the handshake is over/],
  [
    "compressed hello",
    fromHex("0c000000 01 01 0000 c800000000000000 28b52ffd 00000000"),
    /compressed.*before the hand/,
  ],
  ["TLS hello", fromHex("16030100f4010000f00303"), /speaks TLS.*--encrypt/],
  ["HTTP request", text("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), /HTTP request/],
  ["SSH", text("SSH-2.0-OpenSSH_9.6\r\n"), /speaks SSH/],
  ["heartbeat before a hello", makeFrame(1, encodeControl({ type: "heartbeat" })), /out of its turn/],
  ["hello of 10^9 slots", hello({ slots: 1e9 }), /hello\.slots is not a whole number from 1 to 4096/],
  ["hello without slots", hello({ slots: 0 }), /hello\.slots is not/],
  ["hello with labels of a megabyte", hello({ labels: { a: "x".repeat(1e6) } }), /at most 4096 are allowed/],
  ["hello with many labels", hello({ labels: manyLabels }), /hello\.labels is not a map of at most 64/],
  ["hello with a name of 257 characters", hello({ name: "x".repeat(257) }), /hello\.name is not a text of at most 256/],
  ["hello of a lifetime before now", hello({ lifetimeMs: -1 }), /hello\.lifetimeMs is not a whole number from 0/],
];

for (const [name, bytes, line] of strangers) {
  Deno.test(`what is no node costs its connection and one line that says what it is: ${name}`, async () => {
    await using server = await live();
    await send(server.address, bytes);
    const said = await server.nextLine();
    assertMatch(said, line);
    assertMatch(said, /^connection of 127\.0\.0\.1:\d+ closed: [^\n]*$/);
    assertEquals(server.lines.length, 1);
    await server.finish();
  });
}

Deno.test("a stream that is cut at any offset costs its connection and one line", async () => {
  await using server = await live();
  const cut = fromHex("20000000 01 00 0000 8ba474797065a568656c6c6f");
  for (let end = 0; end <= cut.length; end++) {
    await send(server.address, cut.subarray(0, end), true);
    const line = end < 20 ? await server.nextLine() : "";
    if (end > 0 && end < 20) assertMatch(line, /the stream ended inside a frame/);
    if (end === 0) assertMatch(line, /closed before it was introduced/);
  }
  await server.finish();
});

Deno.test("thousands of connections that say nothing or nonsense leave nothing behind", async () => {
  await using server = await live();
  const garbage = strangers[0][1];
  const round = async (count: number) => {
    for (let i = 0; i < count; i++) await send(server.address, i % 2 ? garbage : new Uint8Array(), true);
  };
  await round(1_500);
  const before = Deno.memoryUsage().rss;
  await round(2_500);
  // What a garbage collector leaves for later is less than what 2 500 connections would take if they were kept.
  const grown = (Deno.memoryUsage().rss - before) / 2 ** 20;
  assertEquals(grown < 100, true, `${grown} MiB more than before`);
  assertEquals(server.lines.length < 100, true, "they do not flood the log either");
  await server.finish();
});

Deno.test("a client of the other kind is told from a node: TLS on a plain port", async () => {
  await using server = await live();
  const tls = tcpTransport({ tls: {} });
  await tls.connect(server.address).then((link) => link.close(), () => {});
  assertMatch(await server.nextLine(), /speaks TLS, and this side does not: start both with --encrypt, or neither/);
  await server.finish();
});

Deno.test("two thousand silent strangers take no node's place, and are closed in time", async () => {
  const { job, collected } = numbers(50);
  const test = await serve(job, {
    config: { heartbeatMs: 60_000, handshakeTimeoutMs: 5_000, pendingMax: 100 },
  });
  const { system, transport, port, server, log, join, settle } = test;
  const silent = [];
  for (let i = 0; i < 2_000; i++) {
    silent.push(await transport.connect({ host: "server", port }));
    if (i % 100 === 99) {
      await settle();
      await system.advance(20);
    }
  }
  const ends = silent.map((link) => link.read(new Uint8Array(1)));
  const count = async () => {
    const open = Symbol();
    const states = await Promise.all(ends.map((end) => Promise.race([end, Promise.resolve(open)])));
    return states.filter((state) => state === open).length;
  };
  assertEquals(await count() <= 100, true, "no more than may wait");
  await system.advance(1_000);
  const node = await join({ name: "honest" });
  node.succeed(node.tasks.splice(0), double);
  await system.advance(5_000);
  assertEquals([await count(), node.tasks.length > 0], [0, true], "each is closed at the end of its time");
  let summary;
  void server.done.then((done) => summary = done);
  while (!summary) {
    node.succeed(node.tasks.splice(0), double);
    await settle();
    await system.advance(500);
  }
  assertEquals(inOrder(collected), doubled(50));
  const line = log.findLast((line) => line.includes("closed before introduction"));
  assertStringIncludes(line!, "2000 connections closed before introduction (too-many-pending: 19");
  assertMatch(line!, /handshake-timeout: \d+\)/);
});
