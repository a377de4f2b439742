import { assertEquals } from "jsr:@std/assert@^1";
import { figure, inTurn, percentile } from "../../bench/figures.ts";
import { createWindows } from "../../bench/jobs/windows.ts";

Deno.test("a figure is the median of its rounds, with their range", () => {
  assertEquals(figure("a", "s", [3, 1, 2]), {
    ...{ name: "a", unit: "s", median: 2, min: 1, max: 3, rounds: 3 },
    against: undefined,
  });
  assertEquals(figure("a", "s", [4, 1, 2, 3]).median, 2.5);
});

Deno.test("a percentile is a sample, the greatest one at most", () => {
  const samples = [5, 1, 4, 2, 3];
  assertEquals([0, 0.5, 0.99, 1].map((share) => percentile(samples, share)), [1, 3, 5, 5]);
});

Deno.test("ways that are compared take turns, and their first round does not count", async () => {
  const calls: string[] = [];
  const way = (name: string) => ({ name, measure: () => calls.push(name) });
  const [a, b] = await inTurn("calls", 2, [way("a"), way("b")]);
  assertEquals(calls, ["a", "b", "a", "b", "a", "b"]);
  assertEquals([a.min, a.max, b.min, b.max], [3, 5, 4, 6]);
});

Deno.test("windows begin when all nodes are at work and end with the last that is wanted", () => {
  const windows = createWindows({ nodes: 2, warmUp: 1, window: 2, windows: 3 });
  const collect = (node: string, times: number) => {
    for (let index = 0; index < times; index++) windows.collected(node);
  };
  collect("a", 100);
  assertEquals(windows.isDone(), false);
  collect("b", 1);
  collect("a", 2 + 2 * 3 - 1);
  assertEquals(windows.isDone(), false);
  collect("b", 1);
  assertEquals(windows.isDone(), true);
});
