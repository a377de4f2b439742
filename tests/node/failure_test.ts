import { assert, assertEquals, assertStringIncludes } from "jsr:@std/assert@^1";
import { failureOf } from "../../node/failure.ts";

Deno.test("a thrown error is reported with name, message, stack and causes", () => {
  const error = new TypeError("no such cell", { cause: new Error("disk", { cause: "dust" }) });
  const { kind, name, message, stack } = failureOf("error", error);
  assertEquals([kind, name, message], ["error", "TypeError", "no such cell"]);
  assertStringIncludes(stack!, "failure_test.ts");
  assertStringIncludes(stack!, "Caused by: Error: disk");
  assertStringIncludes(stack!, "Caused by: dust");
});

Deno.test("a thrown value that is no error is shown", () => {
  assertEquals(failureOf("error", "oops").message, 'a value that is no Error was thrown: "oops"');
  assertEquals(failureOf("error", undefined).message, "a value that is no Error was thrown: undefined");
  assertStringIncludes(failureOf("error", { code: 7 }).message, "{ code: 7 }");
});

Deno.test("a report is bounded and made of whatever is thrown", () => {
  assert(failureOf("error", new Error("x".repeat(1e6))).message.length < 5000);
  assert(failureOf("error", "y".repeat(1e6)).message.length < 5000);
  const hostile = new Error("x");
  Object.defineProperty(hostile, "message", {
    get: () => {
      throw new Error("no message for you");
    },
  });
  assertEquals(failureOf("error", hostile).message, "a value was thrown that cannot be shown");
});
