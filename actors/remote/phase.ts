/**
 * What a connection lets pass before and after the welcome. Before it, the peer is nobody yet: only control messages
 * pass, and only short ones from a stranger.
 *
 * @module
 */
import { WireError } from "./errors.ts";
import { type BodyLimit, type FrameType, frameType } from "./frame.ts";
import type { WireLimits } from "./limits.ts";
import type { WireMessage } from "./protocol.ts";

/** Follows the handshake of one connection. */
export interface Phase {
  /** The limit of a frame that comes. @throws {WireError} code `frame-unexpected` */
  readonly inboundLimit: (type: FrameType) => BodyLimit;
  /** The limit of a frame that goes. @throws {WireError} code `frame-unexpected` */
  readonly outboundLimit: (type: FrameType) => BodyLimit;
  /** Takes notice of a message that goes, before it is queued. */
  readonly sending: (message: WireMessage) => void;
  /** Takes notice of a message that has come. */
  readonly receiving: (message: WireMessage) => void;
}

/**
 * The phase of a new connection.
 *
 * @param limits The limits of the connection
 * @param greeted Whether the handshake is over already
 */
export function createPhase(limits: WireLimits, greeted: boolean): Phase {
  let welcomed = greeted;
  /** This side has introduced itself, so the peer is one that it chose to dial. */
  let dialed = false;

  const preAuth: BodyLimit = { bytesMax: limits.preAuthFrameBytesMax, option: "preAuthFrameBytesMax", isPlain: true };
  const control: BodyLimit = { bytesMax: limits.controlBytesMax, option: "controlBytesMax" };
  const other: BodyLimit = { bytesMax: limits.frameBytesMax, option: "frameBytesMax" };
  const limit = (type: FrameType, strict: boolean): BodyLimit => {
    if (welcomed) return type === frameType.control ? control : other;
    if (type !== frameType.control) {
      throw new WireError(
        "frame-unexpected",
        `a frame of type ${type} before the handshake is over: only control messages may go before the welcome`,
      );
    }
    return strict ? preAuth : control;
  };
  return {
    inboundLimit: (type) => limit(type, !dialed),
    outboundLimit: (type) => limit(type, dialed),
    sending: (message) => {
      if (welcomed || message.kind !== "control") return;
      const { type } = message.message;
      if (type === "hello" || type === "operator-hello") dialed = true;
      if (isWelcome(message)) welcomed = true;
    },
    receiving: (message) => {
      if (!welcomed && message.kind === "control" && dialed) welcomed = isWelcome(message);
    },
  };
}

function isWelcome({ message: { type } }: Extract<WireMessage, { kind: "control" }>): boolean {
  return type === "welcome" || type === "operator-welcome";
}
