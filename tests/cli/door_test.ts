import { assertEquals, assertMatch } from "jsr:@std/assert@^1";
import { commandName, isNpmDoor, programName } from "../../cli/door.ts";

Deno.test("the command names itself so that it can be pasted, by the door that it was entered through", () => {
  const checkout = isNpmDoor() ? "npm run -s gristmill --" : "deno task gristmill";
  assertEquals(commandName(new URL("../../main.ts", import.meta.url).href), checkout);
  assertMatch(
    commandName("https://example.org/main.ts"),
    /^deno run --unstable-worker-options .* https:\/\/\S+main\.ts$/,
  );
});

Deno.test("a program that is its own job names itself by its path from here", () => {
  assertMatch(programName(import.meta.url), /^deno run --unstable-worker-options .* tests\/cli\/door_test\.ts$/);
});
