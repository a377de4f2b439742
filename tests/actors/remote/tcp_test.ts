import { assertEquals, assertRejects } from "jsr:@std/assert@^1";
import { TransportError } from "../../../actors/remote/errors.ts";
import { tcpTransport, type TlsFiles } from "../../../actors/remote/tcp.ts";
import type { Transport } from "../../../actors/remote/transport.ts";
import { systemClock } from "../../../actors/clock.ts";
import { control, forSeeds, heartbeat, openEnd, result, someMessage, whole } from "./support.ts";

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

/** Makes a certificate that vouches for itself. @returns nothing if there is no openssl to make it */
async function makeCertificate(folder: string): Promise<Required<TlsFiles> | undefined> {
  const [certificateFile, certificateKeyFile] = [`${folder}/cert.pem`, `${folder}/key.pem`];
  const args = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const names = ["-subj", "/CN=gristmill", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  const use = ["-addext", "basicConstraints=critical,CA:FALSE"];
  try {
    const { success, stderr } = await new Deno.Command("openssl", {
      args: [...args, ...names, ...use, "-keyout", certificateKeyFile, "-out", certificateFile],
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  } catch (error) {
    // deno-lint-ignore no-console -- a skipped test says why
    console.log(`skipped: no certificate could be made: ${error}`);
    return undefined;
  }
  return { certificateFile, certificateKeyFile, authorityFile: certificateFile };
}

Deno.test("tls carries messages both ways, for who trusts the certificate", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const tls = await makeCertificate(folder);
    if (!tls) return;
    await exchange(tcpTransport({ tls }), "localhost");

    const listener = await tcpTransport({ tls }).listen(loopback);
    const address = { ...listener.address, host: "localhost" };
    const accept = listener.accept();
    assertEquals(await codeOf(tcpTransport({ tls: {} }).connect(address)), "connect-failed");
    const stranger = await accept;
    await assertRejects(() => stranger.read(new Uint8Array(1)));
    stranger.close();

    // Who does not answer the TLS handshake is given up after the time that was set.
    const silent = await tcpTransport().listen(loopback);
    assertEquals(await codeOf(tcpTransport({ tls }).connect(silent.address, { timeoutMs: 50 })), "connect-timeout");
    const abort = new AbortController();
    const aborted = codeOf(tcpTransport({ tls }).connect(silent.address, { signal: abort.signal }));
    const unanswered = [await silent.accept(), await silent.accept()];
    abort.abort();
    assertEquals(await aborted, "connect-aborted");
    for (const each of [...unanswered, silent]) each.close();
    listener.close();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("tls says which file is missing", async () => {
  assertEquals(await codeOf(tcpTransport({ tls: {} }).listen(loopback)), "tls-invalid");
  const tls = { certificateFile: "/nowhere/cert.pem", certificateKeyFile: "/nowhere/key.pem" };
  const error = await assertRejects(() => tcpTransport({ tls }).listen(loopback), TransportError);
  if (!error.message.startsWith("cannot read /nowhere/cert.pem: ")) throw new Error(error.message);
  const authority = tcpTransport({ tls: { authorityFile: "/nowhere/ca.pem" } }).connect(loopback);
  assertEquals(await codeOf(authority), "tls-invalid");
});
