/** Which chunks of a job are free, with a node, or done: the books of a job that keeps its own. @module */
import type { NodeId } from "../actors/remote/protocol.ts";
import { JobError } from "./errors.ts";

/** `empty`: to be done. `processing`: with a node. `finished`: its result is there. */
export type ChunkState = "empty" | "processing" | "finished";

/** One chunk of a {@linkcode ChunkList}, as it was when it was asked for. */
export interface Chunk<Data> {
  /** The chunk's number, from 0. */
  readonly id: number;
  /** What it was pushed with. */
  readonly data: Data;
  /** Its state. */
  readonly state: ChunkState;
  /** The node that has it, while it is processing. */
  readonly node?: NodeId;
}

/** How many chunks are in which state. */
export type ChunkStats = Readonly<Record<ChunkState, number>>;

/** A {@linkcode ChunkList} as plain data, which can travel and be stored. */
export interface ChunkListData<Data> {
  /** The data of each chunk. */
  readonly chunks: readonly Data[];
  /** The ids of finished chunks. */
  readonly finished: readonly number[];
}

interface Entry<Data> {
  readonly data: Data;
  state: ChunkState;
  node: NodeId | undefined;
}

/**
 * Chunks and their states. Every call but {@linkcode ChunkList.save} takes a time that does not grow with the list.
 *
 * @typeParam Data What describes a chunk, such as a `ChunkRegion`
 *
 * @example
 * ```ts
 * import { ChunkList, createChunkGrid } from "@gristmill/gristmill/job";
 *
 * const list = ChunkList.of(createChunkGrid({ width: 100, height: 100, chunkWidth: 50, chunkHeight: 50 }));
 * const chunk = list.next("00000000000000a1")!;
 * list.heartbeatTimeout(["00000000000000a1"]); // the node is gone: its chunks are free again
 * list.next("00000000000000b2")!.id === chunk.id; // true
 * const widths: number[] = [];
 * list.finish(chunk.id, "00000000000000b2", ({ data }) => widths.push(data.width)); // [50]
 * list.stats; // { empty: 3, processing: 0, finished: 1 }
 * ```
 */
export class ChunkList<Data> {
  readonly #entries: Entry<Data>[] = [];
  readonly #held = new Map<NodeId, Set<number>>();
  /** Chunks that were given out and came back. */
  readonly #returned: number[] = [];
  /** No chunk from here on was ever given out. */
  #fresh = 0;
  #processing = 0;
  #finished = 0;

  /** Makes a list of free chunks from anything that can be iterated, such as a `ChunkGrid`. */
  static of<Data>(chunks: Iterable<Data>): ChunkList<Data> {
    const list = new ChunkList<Data>();
    for (const chunk of chunks) list.push(chunk);
    return list;
  }

  /**
   * Makes a list from what {@linkcode ChunkList.save} returned. Chunks that were with a node then are free now.
   *
   * @throws {RangeError} if a finished id is none of the list.
   */
  static restore<Data>({ chunks, finished }: ChunkListData<Data>): ChunkList<Data> {
    const list = ChunkList.of(chunks);
    for (const id of finished) {
      const entry = list.#entry(id);
      if (entry.state !== "finished") list.#finished++;
      entry.state = "finished";
    }
    return list;
  }

  /** The list as plain data. */
  save(): ChunkListData<Data> {
    const finished: number[] = [];
    this.#entries.forEach(({ state }, id) => state === "finished" && finished.push(id));
    return { chunks: this.#entries.map(({ data }) => data), finished };
  }

  /** Adds a free chunk. @returns its id */
  push(data: Data): number {
    return this.#entries.push({ data, state: "empty", node: undefined }) - 1;
  }

  /** How many chunks there are. */
  get length(): number {
    return this.#entries.length;
  }

  /** How many chunks are in which state. */
  get stats(): ChunkStats {
    const [processing, finished] = [this.#processing, this.#finished];
    return { empty: this.length - processing - finished, processing, finished };
  }

  /** Whether every chunk is finished. */
  get allFinished(): boolean {
    return this.#finished === this.length;
  }

  /** One chunk, as it is now. @throws {RangeError} if there is no such chunk. */
  get(id: number): Chunk<Data> {
    const { data, state, node } = this.#entry(id);
    return node === undefined ? { id, data, state } : { id, data, state, node };
  }

  /** Whether one chunk is finished. @throws {RangeError} if there is no such chunk. */
  isFinished(id: number): boolean {
    return this.#entry(id).state === "finished";
  }

  /**
   * Gives a free chunk to a node: those that came back first, then in the order of their ids.
   *
   * @returns the chunk, now processing; `undefined` if none is free.
   */
  next(node: NodeId): Chunk<Data> | undefined {
    const id = this.#returned.pop() ?? this.#nextFresh();
    if (id === undefined) return undefined;
    const entry = this.#entries[id];
    entry.state = "processing";
    entry.node = node;
    this.#processing++;
    let held = this.#held.get(node);
    if (!held) this.#held.set(node, held = new Set());
    held.add(id);
    return { id, data: entry.data, state: "processing", node };
  }

  /**
   * Takes a chunk as finished, once its result has been stored.
   *
   * @param store Stores the result, at once. If it throws, nothing is stored: the chunk stays with the node, and the
   * error goes on to the caller.
   * @throws {RangeError} if there is no such chunk.
   * @throws {JobError} code `chunk-not-held`, if this node does not have it; `store` is not called then.
   */
  finish(id: number, node: NodeId, store?: (chunk: Chunk<Data>) => void): void {
    const entry = this.#heldEntry(id, node);
    store?.({ id, data: entry.data, state: "processing", node });
    this.#letGo(id, entry, "finished");
    this.#finished++;
  }

  /**
   * Takes a chunk back from a node that could not do it. It is free again.
   *
   * @throws {RangeError} if there is no such chunk.
   * @throws {JobError} code `chunk-not-held`, if this node does not have it.
   */
  release(id: number, node: NodeId): void {
    this.#letGo(id, this.#heldEntry(id, node), "empty");
    this.#returned.push(id);
  }

  /**
   * Takes all chunks back from nodes that are gone. They are free again.
   *
   * @returns how many chunks that were
   */
  heartbeatTimeout(nodes: Iterable<NodeId>): number {
    let released = 0;
    for (const node of nodes) {
      for (const id of [...this.#held.get(node) ?? []]) {
        this.release(id, node);
        released++;
      }
    }
    return released;
  }

  #entry(id: number): Entry<Data> {
    if (Number.isInteger(id) && id >= 0 && id < this.length) return this.#entries[id];
    throw new RangeError(`No chunk ${id}: there are ${this.length}, numbered from 0`);
  }

  #heldEntry(id: number, node: NodeId): Entry<Data> {
    const entry = this.#entry(id);
    if (entry.state === "processing" && entry.node === node) return entry;
    const where = entry.state === "processing" ? `it is with node ${entry.node}` : `it is ${entry.state}`;
    throw new JobError("chunk-not-held", `Node ${node} does not have chunk ${id}: ${where}`);
  }

  #letGo(id: number, entry: Entry<Data>, state: ChunkState): void {
    const held = this.#held.get(entry.node!)!;
    held.delete(id);
    if (held.size === 0) this.#held.delete(entry.node!);
    entry.state = state;
    entry.node = undefined;
    this.#processing--;
  }

  #nextFresh(): number | undefined {
    // Only a restored list has finished chunks here; each is passed once.
    while (this.#fresh < this.length && this.#entries[this.#fresh].state !== "empty") this.#fresh++;
    return this.#fresh < this.length ? this.#fresh++ : undefined;
  }
}
