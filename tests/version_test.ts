import { assertEquals } from "jsr:@std/assert@^1";
import { packageVersion } from "../version.ts";

Deno.test("the manifests have the version that the package says", () => {
  for (const manifest of ["../deno.json", "../package.json"]) {
    const { version } = JSON.parse(Deno.readTextFileSync(new URL(manifest, import.meta.url)));
    assertEquals([manifest, version], [manifest, packageVersion]);
  }
});
