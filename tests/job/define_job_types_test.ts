import { assertEquals } from "jsr:@std/assert@^1";
import { defineJob } from "../../job/define_job.ts";
import { defineJobPair } from "../../job/define_job_pair.ts";
import type { Job, ServerContext } from "../../job/types.ts";

// The compiler tests here: a wrong inference is an error of `deno check`, and of `@ts-expect-error` where none comes.
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;
function expectType<Wanted>() {
  return <Actual>(_value: Actual, ..._same: Same<Wanted, Actual> extends true ? [] : ["another type", Actual]) => {};
}

Deno.test("defineJob infers every type from what the functions return", () => {
  const job = defineJob({
    name: "typed",
    options: { size: 4000, out: "a.png", shade: true },
    state(options) {
      expectType<{ readonly size: number; readonly out: string; readonly shade: boolean }>()(options);
      return { sum: 0 };
    },
    *tasks(options, { state, settled, signal }) {
      expectType<number>()(options.size);
      expectType<{ sum: number }>()(state);
      expectType<(atMost?: number) => Promise<void>>()(settled);
      expectType<AbortSignal>()(signal);
      yield { x: 1, label: "a" };
    },
    total(options) {
      return options.size;
    },
    initial(options) {
      return { table: new Float64Array(options.size) };
    },
    async compute(task, { initial, options, signal, log, progress, attempt, node, taskNumber }) {
      expectType<{ x: number; label: string }>()(task);
      expectType<{ table: Float64Array<ArrayBuffer> }>()(initial);
      expectType<boolean>()(options.shade);
      expectType<AbortSignal>()(signal);
      expectType<number>()(attempt);
      expectType<number>()(taskNumber);
      expectType<string>()(`${node}`);
      log("half");
      progress(0.5);
      await Promise.resolve();
      return { tile: new Uint32Array(1) };
    },
    collect(result, task, { state, options }) {
      expectType<{ tile: Uint32Array<ArrayBuffer> }>()(result);
      expectType<string>()(task.label);
      expectType<string>()(options.out);
      state.sum += result.tile[0];
    },
    finish(summary, { state, options }) {
      expectType<"complete" | "failed" | "stopped">()(summary.outcome);
      expectType<{ sum: number }>()(state);
      expectType<number>()(options.size);
    },
  });
  expectType<Job<{ readonly size: number; readonly out: string; readonly shade: boolean }>>()(job);
});

Deno.test("defineJob infers the tasks of arrays, promises of arrays, iterables and async generators", () => {
  defineJob({ name: "a", tasks: () => [1, 2], compute: (task) => expectType<number>()(task) });
  defineJob({
    name: "b",
    tasks: () => Promise.resolve(["x"]),
    compute(task) {
      expectType<string>()(task);
    },
  });
  defineJob({ name: "c", tasks: () => new Set([1n]), compute: (task) => expectType<bigint>()(task) });
  defineJob({
    name: "d",
    async *tasks() {
      await Promise.resolve();
      yield [1, "one"] as const;
    },
    compute(task) {
      expectType<readonly [1, "one"]>()(task);
    },
  });
  defineJob({
    name: "e",
    async tasks() {
      await Promise.resolve();
      return [new Date(0)];
    },
    compute(task) {
      expectType<Date>()(task);
    },
  });
});

Deno.test("defineJob infers an asynchronous state and initial value without their promises", () => {
  defineJob({
    name: "later",
    state: async () => await Promise.resolve(new Map<string, number>()),
    tasks(_options, { state }) {
      expectType<Map<string, number>>()(state);
      return [1];
    },
    initial: async (_options, { state }) => await Promise.resolve(state.size),
    compute(_task, { initial }) {
      expectType<number>()(initial);
    },
  });
});

Deno.test("defineJob gives undefined where there is no state and no initial value", () => {
  defineJob({
    name: "bare",
    tasks: () => [1],
    compute(task, { initial }) {
      expectType<undefined>()(initial);
      return task;
    },
    collect(result, _task, { state }) {
      expectType<number>()(result);
      expectType<undefined>()(state);
    },
  });
});

Deno.test("defineJob infers what needs, agree, snapshot and restore are given", () => {
  defineJob({
    name: "recovering",
    options: { gpus: "1" },
    state: () => ({ best: new Map<string, number>() }),
    tasks: () => [{ from: 1 }],
    needs(task, options) {
      expectType<{ from: number }>()(task);
      expectType<string>()(options.gpus);
      return { priority: task.from, requires: { gpu: options.gpus } };
    },
    compute: (task) => ({ score: task.from / 2 }),
    replicas: 2,
    agree(a, b) {
      expectType<{ score: number }>()(a);
      expectType<{ score: number }>()(b);
      return Promise.resolve(a.score === b.score);
    },
    collect: (result, _task, { state }) => void state.best.set("x", result.score),
    snapshot(state) {
      expectType<{ best: Map<string, number> }>()(state);
      return { entries: [...state.best] };
    },
    restore(data, options) {
      expectType<{ entries: [string, number][] }>()(data);
      expectType<string>()(options.gpus);
      return { best: new Map(data.entries) };
    },
  });
});

Deno.test("defineJob refuses, when compiled, needs and states that do not fit", () => {
  const job = { name: "misfits", tasks: () => [1], compute: (task: number) => task };
  defineJob({
    ...job,
    // @ts-expect-error a priority is a number
    needs: () => ({ priority: "high" }),
  });
  defineJob({
    ...job,
    state: () => ({ sum: 0 }),
    snapshot: ({ sum }) => sum,
    // @ts-expect-error the snapshot is a number
    restore: (sum: string) => ({ sum: Number(sum) }),
  });
  defineJob({
    ...job,
    state: () => ({ sum: 0 }),
    snapshot: ({ sum }) => sum,
    // @ts-expect-error the state has a sum
    restore: (sum) => ({ total: sum }),
  });
  assertEquals(job.name, "misfits");
});

Deno.test("defineJobPair holds restore to what snapshot returns", () => {
  const node = () => ({ processDataFromServer: (data: number) => data });
  defineJobPair({
    name: "pair",
    server: () => {
      let done: number[] = [];
      return {
        prepareDataForNode: () => ({ status: "unfinished", data: 1, needs: { timeoutMs: 5 } }),
        processDataFromNode: (_node, result: number) => void done.push(result),
        snapshot: () => ({ done }),
        restore(data) {
          expectType<{ done: number[] }>()(data);
          done = data.done;
        },
      };
    },
    node,
  });
  defineJobPair({
    name: "pair",
    server: () => ({
      prepareDataForNode: () => ({ status: "unfinished", data: 1 }),
      processDataFromNode: (_node, _result: number) => {},
      snapshot: () => ({ done: [1] }),
      // @ts-expect-error the snapshot holds numbers
      restore: (_data: { done: string[] }) => {},
    }),
    node,
  });
  assertEquals(typeof node, "function");
});

Deno.test("defineJob refuses, when compiled, what does not fit together", () => {
  defineJob({
    name: "misfits",
    options: { size: 1 },
    // @ts-expect-error there is no such option
    tasks: (options) => [options.sizes],
    compute: (task) => task,
  });
  defineJob({
    name: "misfits",
    tasks: () => [1],
    compute: (task) => task,
    // @ts-expect-error a number is collected, not a string
    collect: (_result: string) => {},
  });
  // @ts-expect-error nothing is computed
  const incomplete = () => defineJob({ name: "misfits", tasks: () => [1] });
  // @ts-expect-error an option is a number, a string or a boolean
  const nested = () => defineJob({ name: "misfits", options: { a: {} }, tasks: () => [1], compute: () => {} });
  assertEquals([typeof incomplete, typeof nested], ["function", "function"]);
});

Deno.test("defineJobPair infers the node's task from the server and the server's options from their defaults", () => {
  defineJobPair({
    name: "pair",
    options: { size: 10, fast: false },
    server(options, context) {
      expectType<{ readonly size: number; readonly fast: boolean }>()(options);
      context.log("made");
      return {
        initialData: () => ({ start: 1 }),
        prepareDataForNode: () => ({ status: "unfinished", data: { from: 1, to: 2 } }),
        processDataFromNode(_node, result: { sum: number }) {
          expectType<number>()(result.sum);
        },
      };
    },
    node(options) {
      expectType<number>()(options.size);
      return {
        setInitialData(_node, data) {
          expectType<{ start: number } | undefined>()(data);
        },
        processDataFromServer(data) {
          expectType<{ from: number; to: number }>()(data);
          return { sum: data.from + data.to };
        },
      };
    },
  });
});

Deno.test("defineJobPair takes the type of custom messages from the server's context", () => {
  type Message = { readonly best: number };
  defineJobPair({
    name: "pair",
    server: (_options, context: ServerContext<Message>) => ({
      prepareDataForNode: (node) => ({ status: "unfinished", data: node.length }),
      processDataFromNode: (_node, _result: number) => {},
      customMessage(_node, message) {
        expectType<Message>()(message);
        context.send("all", message);
      },
    }),
    node: () => ({
      customMessage: (message) => expectType<Message>()(message),
      processDataFromServer(data, { send }) {
        expectType<(message: Message) => void>()(send);
        return data;
      },
    }),
  });
});

Deno.test("defineJobPair infers the task also where the server waits and finishes", () => {
  let rest = 3;
  defineJobPair({
    name: "pair",
    server: () => ({
      prepareDataForNode() {
        if (rest-- > 0) return { status: "unfinished", data: { rest } };
        return { status: rest < -5 ? "finished" : "waiting" };
      },
      processDataFromNode: (_node, _result: number) => {},
    }),
    node: () => ({
      processDataFromServer(data) {
        expectType<{ rest: number }>()(data);
        return data.rest;
      },
    }),
  });
});

Deno.test("defineJobPair refuses, when compiled, halves that do not fit together", () => {
  defineJobPair({
    name: "pair",
    server: () => ({
      prepareDataForNode: () => ({ status: "unfinished", data: { from: 1 } }),
      processDataFromNode: (_node, _result: number) => {},
    }),
    node: () => ({
      // @ts-expect-error the server's tasks have no `to`
      processDataFromServer: (data: { from: number; to: number }) => data.to,
    }),
  });
  defineJobPair({
    name: "pair",
    server: () => ({
      prepareDataForNode: () => ({ status: "unfinished", data: 1 }),
      processDataFromNode: (_node, _result: number) => {},
    }),
    node: () => ({
      // @ts-expect-error the server takes numbers
      processDataFromServer: (data) => String(data),
    }),
  });
});
