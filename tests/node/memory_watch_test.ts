import { assertEquals, assertStringIncludes } from "jsr:@std/assert@^1";
import { createMemoryWatch, memoryLookMs, type MemoryReading } from "../../node/memory_watch.ts";

const mebibyte = 2 ** 20;
const reading = (heap: number, external = 0, limit = 4000): MemoryReading => {
  return { heapBytes: heap * mebibyte, heapLimitBytes: limit * mebibyte, externalBytes: external * mebibyte };
};

Deno.test("a worker may have as much memory as its limit, heap and buffers together", () => {
  assertEquals(createMemoryWatch(() => reading(60, 40), 100)(0), undefined);
  const error = createMemoryWatch(() => reading(60, 41), 100)(0)!;
  assertEquals([error.name, error.code], ["MemoryLimitError", "memory-limit"]);
  assertStringIncludes(error.message, "it had 101 MiB of memory, more than 100 MiB (option --worker-memory)");
});

Deno.test("without a limit a worker ends before its heap would end the node", () => {
  assertEquals(createMemoryWatch(() => reading(3600, 9000), 0)(0), undefined);
  assertStringIncludes(
    createMemoryWatch(() => reading(3601), 0)(0)!.message,
    "3601 MiB is about to end the whole node",
  );
});

Deno.test("memory is looked at now and then only", () => {
  let looks = 0;
  const watch = createMemoryWatch(() => {
    looks++;
    return reading(1);
  }, 100);
  for (let nowMs = 0; nowMs < 10 * memoryLookMs; nowMs += 5) watch(nowMs);
  assertEquals(looks, 10);
});
