/**
 * `run`: a server and its nodes in this one process. They talk through memory, so it needs no port and no permission
 * for the network.
 *
 * @module
 */
import { memoryTransport } from "../actors/remote/memory.ts";
import { startNode } from "../node/node.ts";
import { wireLimitsOf } from "../server/config.ts";
import { packageVersion } from "../version.ts";
import { configFlags } from "./config_sources.ts";
import { UsageError } from "./errors.ts";
import { hostServer } from "./hosting.ts";
import { isolationFlags, isolationOf } from "./isolation.ts";
import { journalFlags, keepJournal } from "./journal.ts";
import { coreCount, defaultNodeName, workersPerNode } from "./machine.ts";
import { commonFlags, type Invocation, jobOptions, setUp, targetJob, type Verb } from "./verb.ts";

const settings = [
  "workers",
  "taskTimeoutMs",
  "maxAttempts",
  "maxNodeLosses",
  "onFailure",
  "speculate",
  "closeTimeoutMs",
  "logLevel",
  "logFile",
];

function nodeCount({ args }: Invocation): number {
  const count = args.flags.get("nodes") ?? 1;
  if (!Number.isInteger(count) || (count as number) < 1 || (count as number) > 1_024) {
    throw new UsageError(`Cannot start ${count} nodes: it must be a whole number from 1 to 1024 (option --nodes)`);
  }
  return count as number;
}

async function execute(invocation: Invocation): Promise<number> {
  const setup = await setUp(invocation);
  const { config, logger } = setup;
  const count = nodeCount(invocation);
  const target = await targetJob(invocation);
  const options = jobOptions(target.job, invocation);
  const isolation = isolationOf(invocation);
  const { codeHash } = target;

  using kept = keepJournal(invocation, target, options, false);
  const transport = memoryTransport();
  const listener = await transport.listen({ host: "memory", port: 0 });
  using server = hostServer(invocation, { ...setup, target, options, listener, kept });

  const nodes = Array.from({ length: count }, (_, index) =>
    startNode({
      job: { name: target.job.name, codeHash, workerUrl: target.workerUrl },
      address: listener.address,
      transport,
      packageVersion,
      workers: config.workers || workersPerNode(count, coreCount()),
      name: defaultNodeName(index + 1),
      token: config.token,
      ...isolation,
      compress: false,
      limits: wireLimitsOf(config),
      // What the server says of them is enough.
      logger: { ...logger, info: logger.debug },
    }));
  for (const node of nodes) {
    // Without its nodes this server would wait for ever: nobody else can dial in.
    node.done.then(({ outcome, message }) => outcome === "finished" || server.stop(message));
  }

  await server.done;
  for (const node of nodes) node.stop("the job is over");
  await Promise.all(nodes.map((node) => node.done));
  return await server.conclude();
}

/** The verb `run`. */
export const runVerb: Verb = {
  name: "run",
  summary: "Run a job on this machine",
  usage: "[OPTIONS]",
  takesJobOptions: true,
  flags: [
    { name: "nodes", type: "number", help: "how many nodes to start; they share the cores (default 1)" },
    ...isolationFlags,
    ...journalFlags(false),
    ...configFlags(({ name }) => settings.includes(name)),
    ...commonFlags,
  ],
  execute,
};
