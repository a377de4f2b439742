import { assertEquals, assertThrows } from "jsr:@std/assert@^1";
import { isLoopback, isWildcard, parseAddress } from "../../cli/address.ts";
import { UsageError } from "../../cli/errors.ts";

Deno.test("an address is a host and a port, with IPv6 in brackets", () => {
  assertEquals(parseAddress("lab1.example.org:9001", 9000), { host: "lab1.example.org", port: 9001 });
  assertEquals(parseAddress("10.0.0.7:1", 9000), { host: "10.0.0.7", port: 1 });
  assertEquals(parseAddress("[::1]:65535", 9000), { host: "::1", port: 65535 });
  assertEquals(parseAddress("[fe80::1%eth0]:80", 9000), { host: "fe80::1%eth0", port: 80 });
});

Deno.test("an address without a port has the default one", () => {
  assertEquals(parseAddress("lab1", 9000), { host: "lab1", port: 9000 });
  assertEquals(parseAddress("[::1]", 9000), { host: "::1", port: 9000 });
});

Deno.test("what is no address is refused by name", () => {
  for (const text of ["", ":9000", "::1", "a:b", "a:0", "a:65536", "a:1:2", "http://a:1", "a b:1"]) {
    assertThrows(() => parseAddress(text, 9000), UsageError, JSON.stringify(text));
  }
});

Deno.test("loopback and wildcard addresses are told apart from others", () => {
  assertEquals(["127.0.0.1", "127.8.0.1", "::1", "localhost"].map(isLoopback), [true, true, true, true]);
  assertEquals(["0.0.0.0", "::", "10.0.0.1", "128.0.0.1", "localhost.example"].map(isLoopback), Array(5).fill(false));
  assertEquals(["0.0.0.0", "::", "127.0.0.1"].map(isWildcard), [true, true, false]);
});
