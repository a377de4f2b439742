/**
 * A TCP proxy that does to connections what networks do: cut them, with a word or without, swallow what they carry,
 * hold it up, or end them in the middle of a frame.
 */
import { connect, createServer, type Server, type Socket } from "node:net";

/** A proxy between nodes and one server. Disposing of it ends all connections. */
export interface Proxy extends AsyncDisposable {
  /** `HOST:PORT`, for `--join`. */
  readonly address: string;
  /** Ends all connections, and new ones at once, until {@linkcode Proxy.mend}. */
  readonly cut: (how: "reset" | "close") => void;
  /** From now on nothing arrives on either side, also of new connections, until {@linkcode Proxy.mend}. */
  readonly swallow: () => void;
  /** All is well again. Connections that have lost bytes are reset, as they are once a router remembers nothing. */
  readonly mend: () => void;
  /**
   * Lets half of what comes next in this direction through, if it is at least `bytesMin` bytes, and then ends that
   * connection. Settles when it has.
   */
  readonly truncate: (direction: "up" | "down", bytesMin: number) => Promise<void>;
  /** How many connections there were so far. */
  readonly connections: () => number;
}

type Mode = "fine" | "reset" | "close" | "swallow";

interface Pair {
  readonly node: Socket;
  readonly server: Socket;
  hasLostBytes: boolean;
}

interface Truncation {
  readonly direction: "up" | "down";
  readonly bytesMin: number;
  readonly done: () => void;
}

interface State {
  readonly target: { readonly host: string; readonly port: number };
  readonly pairs: Set<Pair>;
  readonly delayMs: number;
  mode: Mode;
  truncation: Truncation | undefined;
  count: number;
}

/**
 * Starts a proxy at a free port of the loopback.
 *
 * @param address `HOST:PORT` of the server
 * @param delayMs How much longer everything takes, each way. @default 0
 */
export async function startProxy(address: string, delayMs = 0): Promise<Proxy> {
  const at = address.lastIndexOf(":");
  const state: State = {
    target: { host: address.slice(0, at), port: Number(address.slice(at + 1)) },
    pairs: new Set(),
    delayMs,
    mode: "fine",
    truncation: undefined,
    count: 0,
  };
  const listener: Server = createServer((node) => accept(state, node));
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const { port } = listener.address() as { port: number };
  return {
    address: `127.0.0.1:${port}`,
    cut: (how) => {
      state.mode = how;
      for (const pair of state.pairs) end(state, pair, how);
    },
    swallow: () => void (state.mode = "swallow"),
    mend: () => {
      state.mode = "fine";
      for (const pair of state.pairs) if (pair.hasLostBytes) end(state, pair, "reset");
    },
    truncate: (direction, bytesMin) =>
      new Promise((done) => {
        state.truncation = { direction, bytesMin, done };
      }),
    connections: () => state.count,
    [Symbol.asyncDispose]: async () => {
      for (const pair of state.pairs) end(state, pair, "reset");
      await new Promise<void>((resolve) => listener.close(() => resolve()));
    },
  };
}

function accept(state: State, node: Socket): void {
  state.count++;
  // What a socket that is given up says does not matter to anybody.
  node.on("error", () => {});
  if (state.mode === "reset" || state.mode === "close") return void node.resetAndDestroy();
  const pair: Pair = { node, server: connect(state.target), hasLostBytes: false };
  state.pairs.add(pair);
  relay(state, pair, "up");
  relay(state, pair, "down");
}

function end(state: State, pair: Pair, how: "reset" | "close"): void {
  state.pairs.delete(pair);
  for (const socket of [pair.node, pair.server]) {
    if (how === "reset") socket.resetAndDestroy();
    else socket.end(() => socket.destroy());
  }
}

/** Carries one direction. What a side says last is carried before its end is. */
function relay(state: State, pair: Pair, direction: "up" | "down"): void {
  const [from, to] = direction === "up" ? [pair.node, pair.server] : [pair.server, pair.node];
  const pass = (act: () => void): void => {
    const isGone = () => !state.pairs.has(pair) || pair.hasLostBytes;
    if (state.delayMs > 0) setTimeout(() => isGone() || act(), state.delayMs);
    else act();
  };
  from.on("data", (bytes: Uint8Array) => {
    if (state.mode === "swallow") pair.hasLostBytes = true;
    if (pair.hasLostBytes) return;
    const { truncation } = state;
    if (truncation?.direction !== direction || bytes.length < truncation.bytesMin) {
      return pass(() => void to.write(bytes));
    }
    state.truncation = undefined;
    pair.hasLostBytes = true;
    state.pairs.delete(pair);
    to.end(bytes.subarray(0, bytes.length >> 1));
    from.resetAndDestroy();
    truncation.done();
  });
  from.on("end", () => pair.hasLostBytes || pass(() => void to.end()));
  from.on("error", () => pair.hasLostBytes || pass(() => void to.destroy()));
  from.on("close", () => from.destroyed && to.destroyed && state.pairs.delete(pair));
}
