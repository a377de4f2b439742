/**
 * A bounded stream of bytes in one direction.
 *
 * @module
 */
import { TransportError } from "./errors.ts";
import { createFifo } from "./fifo.ts";

/** One direction of a link in memory. */
export interface Pipe {
  /** As in a link. Pending and later reads give `null` once the reader has discarded the pipe. */
  readonly read: (buffer: Uint8Array) => Promise<number | null>;
  /** As in a link: takes what there is room for, and waits while there is none. */
  readonly write: (data: Uint8Array) => Promise<number>;
  /** The writer's end: what is in the pipe can still be read. */
  readonly end: () => void;
  /** The reader's end: what is in the pipe is lost, and writing fails. */
  readonly discard: () => void;
}

/** An empty pipe that holds at most `bytesMax`. */
export function createPipe(bytesMax = 64 * 1024): Pipe {
  const chunks = createFifo<Uint8Array>();
  let bytes = 0;
  /** How much of the first chunk was read. */
  let offset = 0;
  let state: "open" | "ended" | "discarded" = "open";
  let readers: (() => void)[] = [];
  let writers: (() => void)[] = [];

  const wakeReaders = () => {
    const woken = readers;
    readers = [];
    for (const wake of woken) wake();
  };
  const wakeWriters = () => {
    const woken = writers;
    writers = [];
    for (const wake of woken) wake();
  };
  const take = (buffer: Uint8Array): number => {
    let count = 0;
    for (let first = chunks.first(); first && count < buffer.length; first = chunks.first()) {
      const part = first.subarray(offset, offset + buffer.length - count);
      buffer.set(part, count);
      count += part.length;
      offset += part.length;
      if (offset < first.length) break;
      chunks.shift();
      offset = 0;
    }
    bytes -= count;
    wakeWriters();
    return count;
  };

  return {
    read: async (buffer) => {
      while (bytes === 0 && state === "open") await new Promise<void>((resolve) => readers.push(resolve));
      if (state === "discarded" || bytes === 0) return null;
      return take(buffer);
    },
    write: async (data) => {
      while (bytes >= bytesMax && state === "open") await new Promise<void>((resolve) => writers.push(resolve));
      if (state === "discarded") throw new TransportError("connection-lost", "the peer has closed the connection");
      if (state === "ended") throw new TransportError("connection-closed", "this end of the connection was closed");
      const part = data.slice(0, bytesMax - bytes);
      if (part.length > 0) chunks.push(part);
      bytes += part.length;
      wakeReaders();
      return part.length;
    },
    end: () => {
      if (state === "open") state = "ended";
      wakeReaders();
      wakeWriters();
    },
    discard: () => {
      state = "discarded";
      wakeReaders();
      wakeWriters();
    },
  };
}
