import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "jsr:@std/assert@^1";
import { certificateHash, formatFingerprint } from "../../actors/remote/certificate.ts";
import { tcpTransport } from "../../actors/remote/tcp.ts";
import type { Link } from "../../actors/remote/transport.ts";
import { createCertificate } from "../../cli/certificate.ts";
import { gristmill, jobPath, join, serve, type Server, temporaryFolder } from "./harness.ts";

const once = ["--retry-counter", "0", "--log-level", "error"];

async function fingerprintOf(server: Server): Promise<string> {
  const [, fingerprint] = await server.line(/^join with: .* --encrypt --fingerprint (sha256:[0-9a-f]{64}) /);
  return fingerprint;
}

Deno.test("serve --encrypt keeps a certificate beside the journal, and pins it in the line that joins", async () => {
  using folder = temporaryFolder();
  const options = { cwd: folder.path };
  let fingerprint: string;
  {
    await using server = await serve("sum.ts", ["--encrypt"], options);
    fingerprint = await fingerprintOf(server);
    await using other = join(server.address, "sum.ts", ["--encrypt", "--fingerprint", `sha256:${"0".repeat(64)}`]);
    const refused = await other.exit();
    assertEquals(refused.code, 3);
    assertStringIncludes(refused.stderr, `is ${fingerprint}, not sha256:000`);
    server.kill("SIGTERM");
    await server.exit();
  }
  if (Deno.build.os !== "windows") {
    assertEquals(Deno.statSync(`${folder.path}/sum.journal.pem`).mode! & 0o777, 0o600);
  }
  await using server = await serve("sum.ts", ["--encrypt", "--resume"], options);
  assertEquals(await fingerprintOf(server), fingerprint);
  await using node = join(server.address, "sum.ts", ["--encrypt", "--fingerprint", fingerprint]);
  assertEquals((await node.exit()).code, 0);
  assertStringIncludes((await server.exit()).stdout, "sum 328350\n");
});

Deno.test("a node that pinned a server goes on with it after that was killed and started again", async () => {
  using folder = temporaryFolder();
  const secret = { env: { GRISTMILL_TOKEN: "a secret of many" } };
  const options = { ...secret, cwd: folder.path };
  const gate = ["--", "--gate", `${folder.path}/gate`];
  await using killed = await serve("gated.ts", ["--encrypt", ...gate], options);
  const pin = ["--encrypt", "--fingerprint", await fingerprintOf(killed)];
  const patient = ["--retry-counter", "1000", "--retry-delay", "50"];
  await using node = join(killed.address, "gated.ts", [...pin, ...patient], secret);
  await killed.line(/^collected 60$/);
  killed.kill("SIGKILL");
  await killed.exit();
  Deno.writeTextFileSync(`${folder.path}/gate`, "");
  const again = ["serve", "--port", killed.address.split(":")[1], "--encrypt", "--resume"];
  await using server = gristmill([...again, jobPath("gated.ts"), ...gate], options);
  const [ended, { code, stdout, stderr }] = await Promise.all([node.exit(), server.exit()]);
  assertEquals([ended.code, code], [0, 0], ended.stderr + stderr);
  assertMatch(ended.stderr, /taken back by the server/);
  assertStringIncludes(stdout, "sum 328350 of 100\n");
});

Deno.test("plain text is refused where TLS is demanded, by one line on each side", async () => {
  await using secure = await serve("sum.ts", ["--encrypt"]);
  await using plain = join(secure.address, "sum.ts", once);
  const refused = await plain.exit();
  assertEquals(refused.code, 3);
  assertMatch(refused.stderr, /^error: [^\n]*the peer speaks TLS, and this side does not[^\n]*--encrypt[^\n]*\n$/);
  await secure.line(/the peer does not speak TLS, which this side demands: .*--encrypt/);

  await using open = await serve("sum.ts");
  const pin = ["--encrypt", "--fingerprint", await fingerprintOf(secure)];
  await using wary = join(open.address, "sum.ts", [...pin, ...once]);
  const disappointed = await wary.exit();
  assertEquals(disappointed.code, 3);
  assertMatch(disappointed.stderr, /^error: [^\n]*does not speak TLS: [^\n]*--encrypt[^\n]*\n$/);
  await open.line(/the peer speaks TLS, and this side does not/);
});

/** Sends bytes, and waits until the server has closed; it may do so with a reset. */
async function send(server: Server, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const [hostname, port] = server.address.split(":");
  using connection = await Deno.connect({ hostname, port: Number(port) });
  await connection.write(bytes);
  await connection.readable.pipeTo(new WritableStream()).catch(() => {});
}

/** Has a node do the job, and counts the lines of the server about connections. */
async function finish(server: Server, args: string[], closed: number): Promise<void> {
  await using node = join(server.address, "sum.ts", args);
  assertEquals((await node.exit()).code, 0);
  const { code, stdout, stderr } = await server.exit();
  assertEquals(code, 0);
  assertStringIncludes(stdout, "sum 328350\n");
  assertEquals(stderr.match(/connection of \S+ closed: /g)?.length, closed, stderr);
}

Deno.test("what is no TLS on a TLS port costs its connection and one line", async () => {
  await using server = await serve("sum.ts", ["--encrypt", "--handshake-timeout", "1000"]);
  const noTls = /^\S+ WARN {2}connection of \S+ closed: the peer does not speak TLS, which this side demands/;
  const strangers: [bytes: Uint8Array<ArrayBuffer>, line: RegExp][] = [
    [new TextEncoder().encode("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), noTls],
    [new TextEncoder().encode("SSH-2.0-OpenSSH_9.6\r\n"), noTls],
    // A frame as a node without TLS sends it, and bytes without any sense.
    [new Uint8Array([16, 0, 0, 0, 1, 0, 0, 0, ...new Uint8Array(16)]), noTls],
    [new Uint8Array(8_192).fill(0xff), noTls],
    [new Uint8Array([0x16, 3, 1, 0, 4, 9, 9, 9, 9]), noTls],
  ];
  for (const [bytes, line] of strangers) {
    await send(server, bytes);
    await server.line(line);
  }
  const [hostname, port] = server.address.split(":");
  using half = await Deno.connect({ hostname, port: Number(port) });
  await half.write(new Uint8Array([0x16, 3, 1, 0, 244, 1, 0, 0, 240, 3, 3]));
  await server.line(/closed: no introduction within 1000 ms \(option --handshake-timeout\)/);
  await finish(server, ["--encrypt", "--fingerprint", await fingerprintOf(server)], strangers.length + 1);
});

Deno.test("a TLS client on a plain port costs its connection and one line", async () => {
  await using server = await serve("sum.ts");
  const [hostname, port] = server.address.split(":");
  await assertRejects(async () => {
    using connection = await Deno.connectTls({ hostname, port: Number(port) });
    await connection.handshake();
  });
  await server.line(/connection of \S+ closed: the peer speaks TLS, and this side does not: .*--encrypt/);
  await finish(server, [], 1);
});

Deno.test("a token does not pass through someone who ends the encryption in between", async () => {
  const secret = { env: { GRISTMILL_TOKEN: "a secret of many" } };
  await using server = await serve("sum.ts", ["--encrypt"], secret);
  const own = await createCertificate([]);
  const [host, port] = server.address.split(":");
  const behind = tcpTransport({ tls: { fingerprint: await fingerprintOf(server) } });
  const listener = await tcpTransport({ tls: own }).listen({ host, port: 0 });
  const relaying = listener.accept().then(async (client) => {
    const upstream = await behind.connect({ host, port: Number(port) });
    await Promise.all([pump(client, upstream), pump(upstream, client)]);
  });
  const fooled = ["--encrypt", "--fingerprint", formatFingerprint(certificateHash(own.certificate))];
  await using node = join(`${host}:${listener.address.port}`, "sum.ts", [...fooled, ...once], secret);
  const { code, stderr } = await node.exit();
  assertEquals(code, 3);
  assertMatch(stderr, /^error: [^\n]*or something between both ends the encryption/);
  await relaying;
  listener.close();
});

/** Passes on all that comes, and the end. */
async function pump(from: Link, to: Link): Promise<void> {
  const buffer = new Uint8Array(65_536);
  for (;;) {
    const count = await from.read(buffer).catch(() => null);
    if (count === null) break;
    for (let at = 0; at < count;) {
      const taken = await to.write(buffer.subarray(at, count)).catch(() => null);
      if (taken === null) return;
      at += taken;
    }
  }
  await to.closeWrite?.().catch(() => {});
  to.close();
}

Deno.test("cert makes files for serve, and never writes over any", async () => {
  using folder = temporaryFolder();
  const options = { cwd: folder.path };
  const cert = async (...words: string[]) => {
    await using process = gristmill(["cert", ...words], options);
    return await process.exit();
  };
  const made = await cert("lab1.example.org", "10.0.0.7");
  assertEquals(made.code, 0, made.stderr);
  const fingerprint = made.stdout.trim();
  const again = await cert();
  assertEquals([again.code, again.stdout], [2, ""]);
  assertStringIncludes(again.stderr, "gristmill-key.pem: it is there, and is not overwritten");
  assertEquals((await cert("--days", "0")).code, 2);

  const files = ["--certificate-file", "gristmill.pem", "--certificate-key-file", "gristmill-key.pem"];
  await using server = await serve("sum.ts", ["--encrypt", "--no-journal", ...files], options);
  assertEquals(await fingerprintOf(server), fingerprint);
  const authority = ["--encrypt", "--authority-file", "gristmill.pem"];
  await using node = join(server.address, "sum.ts", authority, options);
  assertEquals((await node.exit()).code, 0);

  await using half = gristmill(
    ["serve", "--encrypt", "--no-journal", ...files.slice(0, 2), jobPath("sum.ts")],
    options,
  );
  const refused = await half.exit();
  assertEquals(refused.code, 2);
  assertStringIncludes(refused.stderr, "half a certificate");
});
