/**
 * Errors that nobody waits for: a promise that a job's code left alone must not take a server down.
 *
 * @module
 */

/** Reports such errors, and lets the process live, until it is disposed of. */
export function watchStrayErrors(report: (text: string, error: unknown) => void): Disposable {
  const onRejection = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    report("a promise was rejected and nobody waited for it", event.reason);
  };
  const onError = (event: ErrorEvent) => {
    event.preventDefault();
    report("an error was thrown where nobody could catch it", event.error ?? event.message);
  };
  globalThis.addEventListener("unhandledrejection", onRejection);
  globalThis.addEventListener("error", onError);
  return {
    [Symbol.dispose]: () => {
      globalThis.removeEventListener("unhandledrejection", onRejection);
      globalThis.removeEventListener("error", onError);
    },
  };
}
