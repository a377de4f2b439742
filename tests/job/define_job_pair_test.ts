import { assertEquals, assertRejects } from "jsr:@std/assert@^1";
import { defineJobPair } from "../../job/define_job_pair.ts";
import type { JobServer, ServerContext } from "../../job/types.ts";
import { fakeContext, node, summaryOf, taskContext } from "./fixtures.ts";

Deno.test("defineJobPair hands every call to the server's half, with the node and the context", async () => {
  const calls: unknown[] = [];
  const job = defineJobPair({
    name: "pair",
    options: { size: 3 },
    limits: { maxAttempts: 1 },
    server: ({ size }, context: ServerContext<string>) => ({
      initialData: (node) => `${node} of ${size}`,
      prepareDataForNode: (node) => ({ status: "unfinished", data: node.length }),
      processDataFromNode: (node, result: number) => void calls.push(["result", node, result]),
      heartbeatTimeout: (nodes) => void calls.push(["lost", nodes]),
      customMessage: (node, message) => void calls.push(["custom", context.send(node, message)]),
      finishJob: ({ outcome }) => context.log(outcome),
    }),
    node: () => ({ processDataFromServer: (data) => data }),
  });
  assertEquals([job.pinned, job.name, job.options, job.limits], [true, "pair", { size: 3 }, { maxAttempts: 1 }]);
  const { context, lines, sent } = fakeContext();
  const book = job.book({ size: 4 }, context);
  assertEquals(await book.initialData(node), `${node} of 4`);
  assertEquals(await book.next(node), { status: "unfinished", data: 16 });
  await book.collect(node, 9, 16);
  await book.lost([node]);
  await book.custom(node, "hello");
  await book.close();
  await book.finish(summaryOf());
  assertEquals(calls, [["result", node, 9], ["lost", [node]], ["custom", 1]]);
  assertEquals([lines, sent], [["complete"], [[node, "hello"]]]);
});

Deno.test("defineJobPair gives the node's half its options, initial data and tasks", async () => {
  const job = defineJobPair({
    name: "pair",
    options: { factor: 2 },
    server: () => ({
      initialData: () => ({ offset: 1 }),
      prepareDataForNode: () => ({ status: "unfinished", data: 10 }),
      processDataFromNode: (_node, _result: string) => {},
    }),
    node: ({ factor }) => {
      let offset = 0;
      return {
        setInitialData: (_node, data) => void (offset = data?.offset ?? 0),
        processDataFromServer: (data, { task }) => `${data * factor + offset} ${task}`,
      };
    },
  });
  const half = job.node({ factor: 5 });
  await half.setInitialData?.(node, { offset: 7 });
  assertEquals(await half.processDataFromServer(10, taskContext(3)), "57 3");
});

Deno.test("defineJobPair calls the server's half only after the call before has settled", async () => {
  const events: string[] = [];
  const gate = Promise.withResolvers<void>();
  const server: JobServer<undefined, number, number> = {
    prepareDataForNode: async () => {
      events.push("prepare begins");
      await gate.promise;
      events.push("prepare ends");
      return { status: "waiting" };
    },
    processDataFromNode: () => void events.push("result"),
    heartbeatTimeout: () => Promise.reject(new Error("no such node")),
    finishJob: () => void events.push("finish"),
  };
  const job = defineJobPair({
    name: "pair",
    server: () => server,
    node: () => ({ processDataFromServer: (data) => data }),
  });
  const book = job.book({}, fakeContext().context);
  const calls = [book.next(node), book.collect(node, 1, 1)];
  const lost = assertRejects(async () => await book.lost([node]), Error, "no such node");
  calls.push(book.finish(summaryOf()));
  assertEquals(events, ["prepare begins"]);
  gate.resolve();
  await Promise.all([...calls, lost]);
  assertEquals(events, ["prepare begins", "prepare ends", "result", "finish"]);
});

Deno.test("defineJobPair finishes a job that is complete, and no other", async () => {
  let finished = 0;
  const job = defineJobPair({
    name: "pair",
    server: () => ({
      prepareDataForNode: () => ({ status: "finished" }),
      processDataFromNode: (_node, _result: number) => {},
      finishJob: () => void finished++,
    }),
    node: () => ({ processDataFromServer: () => 1 }),
  });
  const book = job.book({}, fakeContext().context);
  await book.finish(summaryOf("failed"));
  await book.finish(summaryOf("stopped"));
  assertEquals(finished, 0);
  await book.finish(summaryOf("complete"));
  assertEquals(finished, 1);
});

Deno.test("defineJobPair needs no more than the two required functions of the server's half", async () => {
  const job = defineJobPair({
    name: "pair",
    server: () => ({
      prepareDataForNode: () => ({ status: "waiting" }),
      processDataFromNode: (_node, _result: number) => {},
    }),
    node: () => ({ processDataFromServer: () => 1 }),
  });
  const book = job.book({}, fakeContext().context);
  await book.lost([node]);
  await book.custom(node, 1);
  await book.dropped(1);
  await book.finish(summaryOf());
  assertEquals([await book.initialData(node), book.total()], [undefined, undefined]);
});
