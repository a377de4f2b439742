import { assertEquals } from "jsr:@std/assert@^1";
import { missingPermissions, permissionFlags, workerPermissions } from "../../node/permissions.ts";

Deno.test("a worker has what is granted, and nothing else", () => {
  const none = { read: false, write: false, net: false, env: false, run: false, sys: false, ffi: false, import: false };
  assertEquals(workerPermissions({}), none);
  assertEquals(workerPermissions({ read: ["/data"], env: true }), { ...none, read: ["/data"], env: true });
});

Deno.test("grants are flags of Deno", () => {
  assertEquals(permissionFlags({}), []);
  assertEquals(permissionFlags({ net: ["a:1", "b"], sys: true }), ["--allow-net=a:1,b", "--allow-sys"]);
});

Deno.test({
  name: "what this process may not do is missing",
  permissions: { read: ["/data"], env: true },
  fn: () => {
    assertEquals(missingPermissions({ read: ["/data", "/data/below"], env: ["HOME"] }), []);
    assertEquals(missingPermissions({ read: ["/data", "/etc", "/usr"], net: true, env: true }), [
      "--allow-read=/etc,/usr",
      "--allow-net",
    ]);
  },
});
