/**
 * How the actors of a server find each other.
 *
 * @module
 */
import type { Ref } from "../actors/types.ts";
import type {
  HeartbeatActorMessage,
  JobMessage,
  JournalMessage,
  RegistryMessage,
  RootMessage,
  SchedulerMessage,
} from "./messages.ts";

/** The most messages that may wait for one of these actors. Credit keeps them far below it. */
export const internalMailboxMax = 1_000_000;

/** The actors of which a server has one each. */
export interface PeerRefs {
  readonly root: Ref<RootMessage>;
  readonly registry: Ref<RegistryMessage>;
  readonly heartbeat: Ref<HeartbeatActorMessage>;
  readonly scheduler: Ref<SchedulerMessage>;
  readonly job: Ref<JobMessage>;
  readonly journal: Ref<JournalMessage>;
}

type MessageTo<Name extends keyof PeerRefs> = PeerRefs[Name] extends Ref<infer M> ? M : never;

/** Tells one of the server's actors something; see {@linkcode createPeers}. */
export interface Peers {
  /**
   * Tells an actor something that may not be lost.
   *
   * @throws {Error} If its mailbox is full. Credit should have prevented that: it is a bug, and it must show.
   */
  readonly deliver: <Name extends keyof PeerRefs>(to: Name, message: MessageTo<Name>) => void;
  /** Makes the actors known, once they are all there. */
  readonly connect: (refs: PeerRefs) => void;
  /** From now on nobody needs to hear anything. */
  readonly end: () => void;
}

/** Makes a directory that is filled once all actors are there; none of them speaks before it has a message. */
export function createPeers(): Peers {
  let refs: PeerRefs | undefined;
  let isEnding = false;
  return {
    connect: (all) => refs = all,
    end: () => isEnding = true,
    deliver: (to, message) => {
      if (isEnding) return;
      const ref = refs![to] as Ref<typeof message>;
      if (!ref.tell(message)) {
        throw new Error(`Cannot deliver to ${ref.path}: it has ended, or ${internalMailboxMax} messages wait for it`);
      }
    },
  };
}
