/** A server that runs out of file descriptors. */
import { assertEquals, assertMatch, assertStringIncludes } from "jsr:@std/assert@^1";
import { join, serve, temporaryFolder } from "./harness.ts";

/** The most descriptors of the server, and how many strangers dial in: far more. */
const descriptorsMax = 80;
const strangersCount = 300;

/** The first bytes of a client's hello in TLS, which announce more. */
const halfHello = Uint8Array.of(22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3);

/** How many descriptors a process has open. Linux only. */
const openCount = (pid: number): number => [...Deno.readDirSync(`/proc/${pid}/fd`)].length;

Deno.test({
  name: "a server without file descriptors goes on with its nodes, says how to get more, and takes in nodes again",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    using folder = temporaryFolder();
    const gate = `${folder.path}/gate`;
    await using server = await serve("gated.ts", ["--handshake-timeout", "60000", "--", "--gate", gate], {
      via: ["sh", "-c", `ulimit -n ${descriptorsMax}; exec "$0" "$@"`],
    });
    const [, port] = server.address.split(":");
    await using first = join(server.address, "gated.ts", ["--name", "first"]);
    await server.line(/^collected 60$/);
    const strangers: Deno.TcpConn[] = [];
    try {
      for (let i = 0; i < strangersCount; i++) {
        strangers.push(await Deno.connect({ hostname: "127.0.0.1", port: Number(port) }));
      }
      const [line] = await server.line(/no file descriptors are left.*/);
      assertStringIncludes(line, "ulimit -n NUMBER");
      // Strangers give way, one after another, and so the node has its turn.
      await using second = join(server.address, "gated.ts", ["--name", "second"]);
      await server.line(/node second joined/);
      Deno.writeTextFileSync(gate, "");
      const { code, stdout, stderr } = await server.exit();
      assertEquals(code, 0, stderr);
      assertStringIncludes(stdout, "sum 328350 of 100\n");
      assertEquals(stderr.match(/no file descriptors are left/g)!.length <= 7, true, "it is said once in ten seconds");
      assertMatch(stderr, /\d+ connections closed before introduction \(too-many-pending: \d+/);
      assertEquals([(await first.exit()).code, (await second.exit()).code], [0, 0]);
    } finally {
      for (const each of strangers) each.close();
    }
  },
});

Deno.test({
  name: "strangers on a TLS port that say nothing or half a hello give back their descriptors, by the server's will",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    using folder = temporaryFolder();
    const flags = ["--encrypt", "--handshake-timeout", "500", "--pending-per-address-max", "20"];
    const options = ["--", "--gate", `${folder.path}/gate`];
    await using server = await serve("gated.ts", [...flags, ...options], { cwd: folder.path });
    const before = openCount(server.pid);
    const strangers: Deno.TcpConn[] = [];
    // Should the server not hang up, this does, and the test fails.
    const giveUp = setTimeout(() => strangers.forEach((each) => each.close()), 20_000);
    try {
      for (let i = 0; i < 60; i++) {
        const stranger = await Deno.connect({ hostname: "127.0.0.1", port: Number(server.address.split(":")[1]) });
        strangers.push(stranger);
        // It may have been sent away already.
        if (i % 2 > 0) await stranger.write(halfHello).catch(() => {});
      }
      // Each is told so by the server, though it does not hang up: those that are too many at once, the others in time.
      const ends = await Promise.all(strangers.map((each) => each.read(new Uint8Array(100)).catch(({ name }) => name)));
      assertEquals(ends.filter((end) => end !== null && end !== "ConnectionReset"), []);
      // The server's end is closed a moment before or after that is heard; a few more files of its own do not count.
      while (openCount(server.pid) > before + 5) await new Promise((resolve) => setTimeout(resolve, 10));
    } finally {
      clearTimeout(giveUp);
      for (const each of strangers) each.close();
    }
  },
});
