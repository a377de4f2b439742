/**
 * `node`: dials a server and computes for it.
 *
 * @module
 */
import { isOperatorToken } from "../actors/remote/token.ts";
import { visible } from "../actors/visible.ts";
import { startNode } from "../node/node.ts";
import { wireLimitsOf } from "../server/config.ts";
import { packageVersion } from "../version.ts";
import { serverAddress } from "./address.ts";
import { configFlags } from "./config_sources.ts";
import { parseDuration } from "./duration.ts";
import { exitCodes, UsageError } from "./errors.ts";
import { isolationFlags, isolationOf } from "./isolation.ts";
import { coreCount, defaultNodeName } from "./machine.ts";
import { networkOf } from "./network.ts";
import { watchSignals } from "./signals.ts";
import { watchStrayErrors } from "./stray_errors.ts";
import { commonFlags, type Invocation, setUp, targetJob, type Verb } from "./verb.ts";

/** The longest grace, in milliseconds: what a timer of the platform takes. */
const drainGraceMsMax = 2 ** 31 - 1;
/** What of the grace is left for handing back what has not ended, in milliseconds. */
const handBackMs = 2_000;

/** Reads what `--label` was given: `gpu=1`. */
export function parseLabels(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(words.map((word) => {
    const at = word.indexOf("=");
    if (at < 1) {
      throw new UsageError(`Cannot use --label ${JSON.stringify(word)}: a label is NAME=VALUE, such as gpu=1`);
    }
    return [word.slice(0, at), word.slice(at + 1)];
  }));
}

/** How long the node will live, and how long before its end it leaves, in milliseconds. */
export function parseLifetime(flags: Invocation["args"]["flags"]): { lifetimeMs?: number; drainGraceMs: number } {
  const grace = String(flags.get("drain-grace") ?? "10");
  const lifetime = String(flags.get("lifetime") ?? "unlimited");
  const drainGraceMs = parseDuration("drain-grace", grace);
  if (drainGraceMs > drainGraceMsMax) {
    throw new UsageError(`Cannot use --drain-grace ${JSON.stringify(grace)}: it may be 24 days at most`);
  }
  // What Slurm says of a job without a limit of time.
  if (lifetime.toLowerCase() === "unlimited") return { drainGraceMs };
  const lifetimeMs = parseDuration("lifetime", lifetime);
  if (lifetimeMs <= drainGraceMs) {
    const leaves = `the node leaves ${drainGraceMs / 1_000} s before its end (option --drain-grace)`;
    throw new UsageError(`Cannot use --lifetime ${JSON.stringify(lifetime)}: it must be longer, for ${leaves}`);
  }
  return { lifetimeMs, drainGraceMs };
}

async function execute(invocation: Invocation): Promise<number> {
  const { config, logger, isQuiet } = await setUp(invocation);
  const { args, terminal } = invocation;
  if (args.rest.length > 0) {
    throw new UsageError(`Unexpected ${JSON.stringify(args.rest[0])}: a node has the job's options from its server`);
  }
  const address = serverAddress(invocation, config.port);
  const labels = parseLabels((args.flags.get("label") ?? []) as readonly string[]);
  const { lifetimeMs, drainGraceMs } = parseLifetime(args.flags);
  const target = await targetJob(invocation);
  if (isOperatorToken(config.token)) {
    logger.warn(
      "this node has an operator's token, which opens more than it needs: `token --node` makes the nodes' of it",
    );
  }

  const node = startNode({
    job: { name: target.job.name, codeHash: target.codeHash, workerUrl: target.workerUrl },
    address,
    transport: networkOf(config),
    packageVersion,
    workers: config.workers || coreCount(),
    name: config.name || defaultNodeName(),
    labels,
    token: config.token,
    retryCounter: config.retryCounter,
    retryDelayMs: config.retryDelayMs,
    lifetimeMs,
    drainGraceMs,
    ...isolationOf(invocation),
    compress: config.compress,
    limits: wireLimitsOf(config),
    logger,
  });
  // Who presses Ctrl-C waits for the end; who sends SIGTERM gives time to come to it.
  using signals = watchSignals((signal) => {
    node.stop(`${signal} was received`, { graceMs: signal === "SIGTERM" ? Math.max(0, drainGraceMs - handBackMs) : 0 });
  });
  using _stray = watchStrayErrors((text, error) => logger.error(text, { error }));

  const { outcome, message, computed, failed } = await node.done;
  if (outcome === "refused" || outcome === "unreachable" || outcome === "failed") {
    terminal.note(visible(`error: ${message}`));
    return outcome === "failed" ? exitCodes.failed : exitCodes.unreachable;
  }
  if (!isQuiet) terminal.note(visible(`${outcome}: ${message}; computed here: ${computed}, failed: ${failed}`));
  return signals.exitCode() ?? exitCodes.complete;
}

/** The verb `node`. */
export const nodeVerb: Verb = {
  name: "node",
  summary: "Compute for a server",
  usage: "--join HOST:PORT [OPTIONS]",
  takesJobOptions: false,
  flags: [
    { name: "join", type: "string", placeholder: "HOST:PORT", help: "the server; an IPv6 address as [::1]:9000" },
    {
      name: "lifetime",
      type: "string",
      placeholder: "DURATION",
      help: "how long this node will live, such as 3600 (seconds), 2h30m or 1-12:00:00 (default for ever)",
    },
    {
      name: "drain-grace",
      type: "string",
      placeholder: "DURATION",
      help:
        "how long leaving may take after SIGTERM, and how long before the end of its lifetime it begins (default 10)",
    },
    ...isolationFlags,
    { name: "label", type: "list", placeholder: "NAME=VALUE", help: "what this node says of itself" },
    ...configFlags(({ side, name }) => side !== "server" && name !== "host" && name !== "port"),
    ...commonFlags,
  ],
  execute,
};
