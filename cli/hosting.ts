/**
 * A server on behalf of a verb: with its progress, its signals, and what user code in this process prints or throws.
 *
 * @module
 */
import type { Listener } from "../actors/remote/transport.ts";
import type { JobOptions } from "../job/types.ts";
import { type ServerHandle, startServer } from "../server/server.ts";
import { packageVersion } from "../version.ts";
import { conclude } from "./conclude.ts";
import { captureConsole } from "./console_capture.ts";
import type { KeptJournal } from "./journal.ts";
import { progressWriter } from "./progress_bar.ts";
import { watchSignals } from "./signals.ts";
import { watchStrayErrors } from "./stray_errors.ts";
import type { Invocation, Setup, TargetJob } from "./verb.ts";

/** What a verb has made ready for its server. */
export interface Hosting extends Setup {
  readonly target: TargetJob;
  /** The job's options, filled in. */
  readonly options: JobOptions;
  /** Where nodes dial in. */
  readonly listener: Listener;
  /** The journal that is kept, if one is. */
  readonly kept: KeptJournal | undefined;
}

/** A server that follows the signals of this process until it is disposed of. */
export interface Hosted extends Disposable {
  readonly done: ServerHandle["done"];
  readonly stop: ServerHandle["stop"];
  /** Waits for the end of the job, and says how it went. @returns the exit code. */
  readonly conclude: () => Promise<number>;
}

/** Starts the server. */
export function hostServer({ terminal, program }: Invocation, hosting: Hosting): Hosted {
  const { config, logger, isQuiet, target, options, listener, kept } = hosting;
  const server = startServer({
    job: { job: target.job, options, codeHash: target.codeHash },
    config,
    listeners: [listener],
    packageVersion,
    logger,
    journal: kept?.journal,
    onProgress: isQuiet ? undefined : progressWriter(terminal),
  });
  const stack = new DisposableStack();
  const signals = stack.use(watchSignals((signal) => server.stop(`${signal} was received`)));
  stack.use(captureConsole(terminal));
  stack.use(watchStrayErrors((text, error) => logger.error(text, { error })));
  return {
    done: server.done,
    stop: server.stop,
    conclude: async () =>
      conclude(await server.done, { terminal, program, isQuiet, signalCode: signals.exitCode(), kept }),
    [Symbol.dispose]: () => stack.dispose(),
  };
}
