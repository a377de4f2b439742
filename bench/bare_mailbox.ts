/**
 * What an actor costs at the least: an array as a mailbox, a run queue, and a drain in a microtask. No bounds, no
 * supervision, no turns for timers and sockets. The raw limit beside which the actor runtime is measured.
 *
 * @module
 */

/** A mailbox and what handles its messages. */
export interface BareActor<M> {
  readonly tell: (message: M) => void;
}

// Arrays are filled anew instead of emptied, which would have the engine allocate them each time.
let ready: (() => void)[] = [];
let readyCount = 0;
let spare: (() => void)[] = [];
let armed = false;

function drainAll(): void {
  while (readyCount > 0) {
    const batch = ready;
    const count = readyCount;
    ready = spare;
    readyCount = 0;
    for (let next = 0; next < count; next++) batch[next]();
    spare = batch;
  }
  armed = false;
}

/** Makes an actor that handles each message by `handle`. */
export function bareActor<M>(handle: (message: M) => void): BareActor<M> {
  const mailbox: M[] = [];
  let size = 0;
  let isReady = false;
  const run = (): void => {
    for (let next = 0; next < size; next++) handle(mailbox[next]);
    size = 0;
    isReady = false;
  };
  return {
    tell: (message) => {
      mailbox[size++] = message;
      if (isReady) return;
      isReady = true;
      ready[readyCount++] = run;
      if (armed) return;
      armed = true;
      queueMicrotask(drainAll);
    },
  };
}
