import { assertEquals, assertMatch, assertRejects } from "jsr:@std/assert@^1";
import { certificateHash, formatFingerprint } from "../../../actors/remote/certificate.ts";
import { TransportError } from "../../../actors/remote/errors.ts";
import { tcpTransport } from "../../../actors/remote/tcp.ts";
import type { TlsTrust } from "../../../actors/remote/tls.ts";
import type { Transport } from "../../../actors/remote/transport.ts";
import { systemClock } from "../../../actors/clock.ts";
import { createCertificate } from "../../../cli/certificate.ts";
import { control, forSeeds, heartbeat, openEnd, result, someMessage, whole } from "./support.ts";

const someone = { name: "n", slots: 1, labels: {}, nonce: new Uint8Array(32) };
const loopback = { host: "127.0.0.1", port: 0 };

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return (await assertRejects(() => promise, TransportError)).code;
}

async function connectedEnds(transport: Transport, host = loopback.host) {
  const listener = await transport.listen(loopback);
  const accepting = listener.accept();
  const dialed = await transport.connect({ ...listener.address, host }, { timeoutMs: 10_000 });
  const accepted = await accepting;
  listener.close();
  return { left: openEnd(dialed, { clock: systemClock }), right: openEnd(accepted, { clock: systemClock }) };
}

/** Sends messages of all kinds both ways, and ends cleanly. */
async function exchange(transport: Transport, host?: string): Promise<void> {
  await forSeeds(3, async (random) => {
    const { left, right } = await connectedEnds(transport, host);
    const sent = Array.from({ length: whole(random, 5, 15) }, () => someMessage(random, 50_000));
    for (const message of sent) left.send(message);
    right.send({ kind: "results", results: [result(1, new Uint8Array(3 * 1024 ** 2).fill(7))] });
    await Promise.all([right.count(sent.length), left.count(1)]);
    assertEquals(right.messages, sent);
    right.send(control({ type: "finished", outcome: "complete", message: "done" }));
    right.close();
    assertEquals((await left.closed).reason, "peer");
    assertEquals((await right.closed).reason, "local");
    assertEquals(left.messages.length, 2);
  });
}

Deno.test("tcp carries messages both ways and ends cleanly", async () => {
  await exchange(tcpTransport());
});

Deno.test("tcp loopback links count as local and name their peer", async () => {
  const transport = tcpTransport();
  const listener = await transport.listen(loopback);
  const [dialed, accepted] = await Promise.all([transport.connect(listener.address), listener.accept()]);
  assertEquals(dialed.local, true);
  assertEquals(dialed.remoteAddress, `127.0.0.1:${listener.address.port}`);
  for (const each of [dialed, accepted, listener]) each.close();
});

Deno.test("what a node sent is not lost when it is refused while it still sends", async () => {
  const { left, right } = await connectedEnds(tcpTransport());
  // Bytes that the server never reads would make its system reset the connection, and with it what it wrote last.
  for (let i = 0; i < 20; i++) left.send({ kind: "custom", payload: new Uint8Array(100_000) });
  right.send(control({ type: "refused", code: "finished", message: "too late", retry: false }));
  right.close();
  await left.count(1);
  assertEquals((await left.closed).reason, "peer");
  await right.closed;
});

Deno.test("a peer that is gone at once ends the connection", async () => {
  const { left, right } = await connectedEnds(tcpTransport());
  right.abort();
  left.send(heartbeat(1));
  const { reason } = await left.closed;
  if (reason === "local") throw new Error("nobody closed it here");
  await right.closed;
});

Deno.test("tcp listener says what is wrong, and accept ends with close", async () => {
  const transport = tcpTransport();
  const listener = await transport.listen(loopback);
  const error = await assertRejects(() => transport.listen(listener.address), TransportError);
  assertEquals(error.code, "address-in-use");
  const where = `127.0.0.1:${listener.address.port}`;
  assertEquals(error.message, `cannot listen on ${where}: the port is taken, choose another one`);
  const accept = codeOf(listener.accept());
  listener.close();
  assertEquals(await accept, "listener-closed");
  assertEquals(await codeOf(listener.accept()), "listener-closed");
  assertEquals(await codeOf(transport.connect(listener.address)), "connect-refused");
  assertEquals(await codeOf(transport.listen({ host: "host.invalid", port: 0 })), "listen-failed");
});

Deno.test("tcp connect can be aborted before it begins", async () => {
  const transport = tcpTransport();
  const abort = new AbortController();
  abort.abort();
  assertEquals(await codeOf(transport.connect(loopback, { signal: abort.signal })), "connect-aborted");
});

/** A certificate for this machine, and how it is trusted. */
async function makeTls() {
  const pair = await createCertificate([]);
  return { pair, fingerprint: formatFingerprint(certificateHash(pair.certificate)) };
}

Deno.test("tls carries messages both ways, for who trusts the certificate", async () => {
  const { pair, fingerprint } = await makeTls();
  await exchange(tcpTransport({ tls: { ...pair, fingerprint } }));
  await exchange(tcpTransport({ tls: { ...pair, authority: pair.certificate } }), "localhost");
  const spelled = fingerprint.slice(7).toUpperCase().replace(/..(?!$)/g, "$&:");
  await exchange(tcpTransport({ tls: { ...pair, fingerprint: spelled } }));
});

Deno.test("both ends of a tls link know the same of it, and a plain one knows nothing", async () => {
  const { pair, fingerprint } = await makeTls();
  for (const tls of [{ ...pair, fingerprint }, undefined]) {
    const transport = tcpTransport({ tls });
    const listener = await transport.listen(loopback);
    const [dialed, accepted] = await Promise.all([transport.connect(listener.address), listener.accept()]);
    assertEquals(dialed.channel, tls && certificateHash(pair.certificate));
    assertEquals(accepted.channel, dialed.channel);
    assertEquals(dialed.local, true);
    for (const each of [dialed, accepted, listener]) each.close();
  }
});

Deno.test("tls refuses a certificate that was not pinned, or that nobody vouches for", async () => {
  const { pair } = await makeTls();
  const listener = await tcpTransport({ tls: pair }).listen(loopback);
  const other = await makeTls();
  const cases: [TlsTrust, RegExp][] = [
    [{ fingerprint: other.fingerprint }, /is sha256:[0-9a-f]{64}, not sha256:[0-9a-f]{64}: another server answers/],
    // What is pinned is taken, and nothing else, whoever vouches for it.
    [{ fingerprint: other.fingerprint, authority: pair.certificate }, /another server answers/],
    [{ authority: other.pair.certificate }, /is not trusted: .*--fingerprint/],
    [{}, /is not trusted: .*--fingerprint/],
  ];
  for (const [trust, message] of cases) {
    const accepting = listener.accept();
    const dialing = tcpTransport({ tls: trust }).connect(listener.address);
    const error = await assertRejects(() => dialing, TransportError);
    assertEquals(error.code, "certificate-refused");
    assertMatch(error.message, message);
    (await accepting).close();
  }
  listener.close();
});

Deno.test("tls gives up who does not answer the handshake", async () => {
  const { pair, fingerprint } = await makeTls();
  const transport = tcpTransport({ tls: { ...pair, fingerprint } });
  const silent = await tcpTransport().listen(loopback);
  assertEquals(await codeOf(transport.connect(silent.address, { timeoutMs: 50 })), "connect-timeout");
  const abort = new AbortController();
  const aborted = codeOf(transport.connect(silent.address, { signal: abort.signal }));
  const unanswered = [await silent.accept(), await silent.accept()];
  abort.abort();
  assertEquals(await aborted, "connect-aborted");
  for (const each of [...unanswered, silent]) each.close();
  assertEquals(await codeOf(transport.connect(silent.address)), "connect-refused");
});

Deno.test("where tls meets what is none, each side says so in one line", async () => {
  const { pair, fingerprint } = await makeTls();
  const clock = systemClock;
  const secure = await tcpTransport({ tls: pair }).listen(loopback);
  const plain = openEnd(await tcpTransport().connect(secure.address), { clock });
  const asked = openEnd(await secure.accept(), { clock });
  plain.send(
    control({ type: "hello", ...{ protocol: 1, package: "", job: "", codeHash: "0".repeat(64) }, ...someone }),
  );
  assertMatch((await asked.closed).error!.message, /does not speak TLS, which this side demands: [^\n]*--encrypt/);
  assertMatch((await plain.closed).error!.message, /the peer speaks TLS, and this side does not: [^\n]*--encrypt/);
  secure.close();

  const open = await tcpTransport().listen(loopback);
  const dialing = tcpTransport({ tls: { fingerprint } }).connect(open.address);
  const stranger = openEnd(await open.accept(), { clock });
  assertMatch((await stranger.closed).error!.message, /the peer speaks TLS, and this side does not: [^\n]*--encrypt/);
  assertMatch((await assertRejects(() => dialing, TransportError)).message, /does not speak TLS: [^\n]*--encrypt/);
  open.close();
});

Deno.test("tls says what is missing", async () => {
  assertEquals(await codeOf(tcpTransport({ tls: {} }).listen(loopback)), "tls-invalid");
  const { pair } = await makeTls();
  const { pair: other } = await makeTls();
  for (const wrong of [{ certificate: "none" }, { certificateKey: "none" }, { certificateKey: other.certificateKey }]) {
    assertEquals(await codeOf(tcpTransport({ tls: { ...pair, ...wrong } }).listen(loopback)), "tls-invalid");
  }
  assertEquals(await codeOf(tcpTransport({ tls: { fingerprint: "sha256:1" } }).connect(loopback)), "tls-invalid");
});
