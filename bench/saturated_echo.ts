/**
 * A TCP echo on the same event loop as a saturated actor system: how long sockets wait for actors.
 *
 * @module
 */
import { type Figure, latencies, type Settings } from "./figures.ts";
import { withSystem } from "./messages.ts";
import { echo } from "./raw.ts";

/** Round trips of one client, one after another, from a thread of its own. @returns milliseconds each */
async function roundTrips(port: number, count: number): Promise<readonly number[]> {
  const worker = new Worker(import.meta.resolve("./echo_client.ts"), { type: "module" });
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
      worker.postMessage({ port, count });
    });
  } finally {
    worker.terminate();
  }
}

/** Echoes on every connection until the listener is closed. */
async function serve(listener: Deno.TcpListener): Promise<void> {
  for await (const conn of listener) echo(conn).catch(() => {}).finally(() => conn.close());
}

/** Actors that always have something to do, for as long as `work` takes. */
function saturated<T>(work: () => Promise<T>): Promise<T> {
  return withSystem(async (system) => {
    for (let index = 0; index < 8; index++) {
      system.spawn<number>(({ self }) => {
        self.tell(0);
        return (count) => void self.tell(count + 1);
      });
    }
    return await work();
  });
}

/** Latencies of the echo beside an idle and a saturated system. */
export async function saturatedEcho({ quick }: Settings): Promise<Figure[]> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const ended = serve(listener);
  const count = quick ? 500 : 2_000;
  const measure = () => roundTrips(listener.addr.port, count);
  try {
    return await latencies(quick ? 3 : 5, [
      { name: "beside an idle loop", measure },
      { name: "beside a saturated system", measure: () => saturated(measure) },
    ]);
  } finally {
    listener.close();
    await ended;
  }
}
