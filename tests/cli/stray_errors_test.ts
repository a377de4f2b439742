import { assertEquals } from "jsr:@std/assert@^1";
import { watchStrayErrors } from "../../cli/stray_errors.ts";

Deno.test("a rejection that nobody waits for is reported and does not end the process", async () => {
  const reported = Promise.withResolvers<unknown>();
  using _watch = watchStrayErrors((_text, error) => reported.resolve(error));
  const error = new Error("left alone");
  Promise.reject(error);
  assertEquals(await reported.promise, error);
});
