/**
 * Hears what passes over a link, as the messages that it is.
 *
 * @module
 */
import { readFrame } from "../../actors/remote/frame.ts";
import { createInbox } from "../../actors/remote/inbox.ts";
import { resolveLimits } from "../../actors/remote/limits.ts";
import type { WireMessage } from "../../actors/remote/protocol.ts";
import type { Link } from "../../actors/remote/transport.ts";

/** Who hears. What it is given holds views of bytes that will be written over: it keeps nothing of them. */
export interface Listening {
  readonly onRead: (message: WireMessage) => void;
  readonly onWrite: (message: WireMessage) => void;
  /** The link is closed from this end, or has been read to its end. Once. */
  readonly onEnd: () => void;
}

const limits = resolveLimits();
const bodyLimit = () => ({ bytesMax: limits.frameBytesMax, option: "frameBytesMax" } as const);

/** Turns the bytes of one direction into messages. Between frames it holds no buffer, for there are many links. */
export function createEar(onMessage: (message: WireMessage) => void): (bytes: Uint8Array) => void {
  const inbox = createInbox(limits, bodyLimit);
  let rest: Uint8Array | undefined;
  return (bytes) => {
    let all = bytes;
    if (rest) {
      all = new Uint8Array(rest.length + bytes.length);
      all.set(rest);
      all.set(bytes, rest.length);
    }
    let start = 0;
    for (;;) {
      const at = readFrame(all, start, all.length, bodyLimit);
      if (!at.complete) break;
      start = at.end;
      const message = inbox.accept(at.frame);
      if (message) onMessage(message);
    }
    rest = start < all.length ? all.slice(start) : undefined;
  };
}

/** Listens at one end of a link. */
export function tapLink(link: Link, { onRead, onWrite, onEnd }: Listening): Link {
  const hearRead = createEar(onRead);
  const hearWrite = createEar(onWrite);
  let isOver = false;
  /** How many bytes were heard in the last write that the link did not take: they come again. */
  let heardBytes = 0;
  const end = () => {
    if (!isOver) onEnd();
    isOver = true;
  };
  return {
    remoteAddress: link.remoteAddress,
    local: link.local,
    read: async (buffer) => {
      const count = await link.read(buffer);
      if (count === null) end();
      else hearRead(buffer.subarray(0, count));
      return count;
    },
    // Heard when it is said, not when the link has room for it, or its machine runs again.
    write: async (data) => {
      hearWrite(data.subarray(heardBytes));
      heardBytes = data.length;
      const count = await link.write(data);
      heardBytes = data.length - count;
      return count;
    },
    ...(link.closeWrite && { closeWrite: () => link.closeWrite!() }),
    close: () => {
      link.close();
      end();
    },
  };
}
