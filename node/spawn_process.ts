/**
 * Starts workers in processes of their own.
 *
 * @module
 */
import { permissionFlags, type TaskPermissions } from "./permissions.ts";
import { bridgeVerb } from "./process_bridge.ts";
import { createMessageReader, encodeMessage } from "./process_frames.ts";
import { createTaskFeeder, type FromRemoteWorker, type ToRemoteWorker } from "./task_feeder.ts";
import type { SpawnWorker, WorkerEvents, WorkerPort } from "./worker_protocol.ts";

/** How much of the end of what a process wrote is kept, in characters. */
const lastWordsMax = 8192;

/** Options of {@linkcode processSpawner}. */
export interface ProcessOptions {
  /** Flags for `deno run`, such as `--import-map`; what this process was started with. @default none */
  readonly flags?: readonly string[];
  /** How much memory a process may have, in MiB; 0 for no limit. @default 0 */
  readonly memoryMb?: number;
  /** What user code may do. @default nothing */
  readonly permissions?: TaskPermissions;
}

/**
 * Makes a function that starts a worker, without any permission but those granted, in a process of its own. If that
 * process ends, say for want of memory, the task that it computed is lost and nothing else.
 *
 * @param workerUrl What `workerUrlFor` gives for a job's module.
 */
export function processSpawner(workerUrl: string | URL, options: ProcessOptions = {}): SpawnWorker {
  const args = commandLine(String(workerUrl), options);
  return (events) => {
    let child: Deno.ChildProcess;
    try {
      child = new Deno.Command(Deno.execPath(), { args, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
    } catch (error) {
      const message = `no process could be started for it: ${messageOf(error)}`;
      queueMicrotask(() => events.onError(message));
      return { post: () => {}, terminate: () => {} };
    }
    return attend(child, events);
  };
}

const messageOf = (error: unknown): string => error instanceof Error ? error.message : String(error);

/** What Deno, or a compiled program, is called with. */
function commandLine(workerUrl: string, { flags = [], memoryMb = 0, permissions = {} }: ProcessOptions): string[] {
  if (Deno.build.standalone) return [bridgeVerb, workerUrl, String(memoryMb), JSON.stringify(permissions)];
  const bridgeUrl = new URL("./process_bridge.ts", import.meta.url).href;
  const source = `import { bridge } from ${JSON.stringify(bridgeUrl)};\n` +
    `await bridge(${JSON.stringify({ workerUrl, memoryMb, permissions })});`;
  const heap = memoryMb > 0 ? [`--v8-flags=--max-old-space-size=${memoryMb}`] : [];
  return [
    "run",
    "--quiet",
    "--no-prompt",
    "--unstable-worker-options",
    // To load modules; the worker in that process, where user code runs, has only what is granted.
    "--allow-read",
    "--allow-import",
    ...permissionFlags({ ...permissions, read: undefined }),
    ...heap,
    ...flags,
    `data:application/typescript,${encodeURIComponent(source)}`,
  ];
}

function attend(child: Deno.ChildProcess, { onMessage, onError }: WorkerEvents): WorkerPort {
  let isOver = false;
  let fault: string | undefined;
  const kill = (): void => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
  };
  const input = child.stdin.getWriter();
  const send = (message: ToRemoteWorker): void => void input.write(encodeMessage(message)).catch(() => {});
  const feeder = createTaskFeeder(send, onMessage);
  const hear = (message: FromRemoteWorker): void => {
    if (isOver) return;
    if (message.kind !== "lost") return feeder.receive(message);
    isOver = true;
    onError(message.message);
  };
  const listening = listen(child.stdout, hear).catch((error) => {
    fault = `its output, by which it speaks with this node, was spoilt: ${messageOf(error)}`;
    kill();
  });
  const lastWords = readEnd(child.stderr);
  void Promise.all([child.status, listening, lastWords]).then(([status, , words]) => {
    if (isOver) return;
    isOver = true;
    onError(fault ?? causeOf(status, words));
  });
  return {
    post: (message) => isOver ? undefined : feeder.post(message),
    terminate: () => {
      isOver = true;
      kill();
      void input.close().catch(() => {});
    },
  };
}

async function listen(
  output: ReadableStream<Uint8Array>,
  onMessage: (message: FromRemoteWorker) => void,
): Promise<void> {
  const reader = createMessageReader();
  for await (const piece of output) {
    for (const message of reader.push(piece)) onMessage(message as FromRemoteWorker);
  }
}

/** The end of a text that may be long. */
async function readEnd(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (const piece of stream.pipeThrough(new TextDecoderStream())) text = (text + piece).slice(-lastWordsMax);
  return text;
}

/** Why a process has ended, as far as that shows. */
function causeOf({ code, signal }: Deno.CommandStatus, words: string): string {
  const how = signal === null ? `with code ${code}` : `by ${signal}`;
  if (/out of memory/i.test(words)) return `its process ended ${how}: it ran out of memory`;
  const last = words.trim().split("\n").at(-1) ?? "";
  return `its process ended ${how}${last === "" ? "" : `: ${last}`}`;
}
