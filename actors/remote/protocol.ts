/**
 * What server and nodes say to each other. The bytes are specified in docs/protocol.md.
 *
 * @module
 */

/** The version of the wire protocol. A peer that speaks another one is refused. */
export const protocolVersion = 1;

/** A node's identity, given by the server: 16 lower-case hexadecimal digits. */
export type NodeId = string & { readonly __brand?: "NodeId" };

/** Tells one attempt at one task from all others of a run. */
export interface Attempt {
  /** The number of the task, from 0; a safe integer. */
  readonly task: number;
  /** The attempt, from 1. */
  readonly attempt: number;
}

/** One attempt at one task, as it travels to a node. */
export interface TaskEntry extends Attempt {
  /** How long the attempt may compute, in milliseconds; 0 for no limit. */
  readonly timeoutMs: number;
  /** The task's data as the payload codec wrote it. */
  readonly payload: Uint8Array;
}

/** How an attempt ended on its node. */
export interface ResultEntry extends Attempt {
  /** `ok`: the payload is the result; `failed`: the payload is a {@linkcode TaskFailure} (`encodeFailure`). */
  readonly status: "ok" | "failed";
  /** How long the attempt computed, in milliseconds. */
  readonly elapsedMs: number;
  readonly payload: Uint8Array;
}

/** Why an attempt failed. */
export interface TaskFailure {
  /**
   * `error`: user code threw. `encode`: the result cannot travel. `decode`: the task's data could not be read.
   * `timeout`: it computed for longer than its limit. `worker-lost`: its worker ended under it. `handed-back`: the
   * node gives the task back unharmed (its worker was lost through another task, or the node leaves).
   */
  readonly kind: "error" | "encode" | "decode" | "timeout" | "worker-lost" | "handed-back";
  /** The name of the error's class. */
  readonly name: string;
  /** The error's message. */
  readonly message: string;
  /** The stack where the error was thrown, on the node. */
  readonly stack?: string;
}

/** The first frame on a connection, from the node. */
export interface Hello {
  readonly type: "hello";
  readonly protocol: number;
  /** The version of the Gristmill package. */
  readonly package: string;
  /** The name of the job that the node was started with. */
  readonly job: string;
  /** The hash of the job's code: 64 hexadecimal digits. */
  readonly codeHash: string;
  /** A name for people, by default host name and process id. */
  readonly name: string;
  /** How many tasks the node computes at once. */
  readonly slots: number;
  /** What the node says of itself, such as `{ gpu: "1" }`. */
  readonly labels: Readonly<Record<string, string>>;
  /**
   * The node was registered before, under this identity in this run, and keeps what it holds. Absent if it starts anew.
   */
  readonly resume?: { readonly run: string; readonly node: NodeId };
  /** How long the node will live from now on, in whole milliseconds; absent: for ever. */
  readonly lifetimeMs?: number;
  /** 32 random bytes, part of the mutual proof. */
  readonly nonce: Uint8Array;
}

/** The first frame on a connection, from an operator: one who steers the server and computes nothing. */
export interface OperatorHello {
  readonly type: "operator-hello";
  readonly protocol: number;
  /** The version of the Gristmill package. */
  readonly package: string;
  /** A name for people, by default host name and process id. */
  readonly name: string;
  /** 32 random bytes, part of the mutual proof. */
  readonly nonce: Uint8Array;
}

/** The server's answer to a {@linkcode Hello} or {@linkcode OperatorHello} when a token is demanded. */
export interface Challenge {
  readonly type: "challenge";
  /** 32 random bytes. */
  readonly nonce: Uint8Array;
}

/** The answer to a {@linkcode Challenge}, and then the server's answer to that, when it was right. */
export interface Proof {
  readonly type: "proof";
  /** HMAC-SHA-256 over what both sides have said: the sender knows the token. */
  readonly proof: Uint8Array;
}

/** The operator may give orders. */
export interface OperatorWelcome {
  readonly type: "operator-welcome";
  readonly protocol: number;
  readonly package: string;
  /** The name of the job. */
  readonly job: string;
  /** The identity of the job's run. */
  readonly run: string;
}

/** The node is registered. What follows is one `initial` frame, unless the node is taken back, then tasks. */
export interface Welcome {
  readonly type: "welcome";
  readonly protocol: number;
  readonly package: string;
  readonly node: NodeId;
  /**
   * The identity of the job's run: 32 lower-case hexadecimal digits. A server that resumes a job keeps it, unless the
   * job keeps its own books.
   */
  readonly run: string;
  /**
   * Whether the node is taken back as {@linkcode Hello.resume} asked for: it keeps its workers, tasks and results, says
   * what it holds, and no `initial` frame follows. Otherwise the node drops all that it holds and starts anew.
   */
  readonly resumed: boolean;
  /** How often the node sends a heartbeat, in milliseconds. */
  readonly heartbeatMs: number;
  /** The job's options as the payload codec wrote them. */
  readonly options: Uint8Array;
}

/** What an operator can ask for; see {@linkcode Order}. */
export const orderActions = [
  "status",
  "nodes",
  "pause",
  "unpause",
  "drain",
  "drain-node",
  "remove-node",
  "stop",
  "message",
] as const;

/** From an operator; each is answered, in order. */
export interface Order {
  readonly type: "order";
  /** Chosen by the operator; the answer repeats it. */
  readonly id: number;
  readonly action: (typeof orderActions)[number];
  /** The identity or the name of a node: of `drain-node`, `remove-node`, `message`; there also `all`. */
  readonly node?: string;
  /** Why, of `stop`. */
  readonly reason?: string;
  /** What `message` passes on, as the payload codec wrote it: to a node, or to the job's server half. */
  readonly payload?: Uint8Array;
}

/** The server's answer to an {@linkcode Order}. */
export interface Answer {
  readonly type: "answer";
  readonly id: number;
  /** Whether the order is carried out. */
  readonly ok: boolean;
  /** One line for people. */
  readonly text: string;
  /** Whether a `custom` frame with the data that was asked for comes next. */
  readonly hasData: boolean;
}

/** The node is not taken; the server closes the connection after it. */
export interface Refused {
  readonly type: "refused";
  /** Stable, such as `version-mismatch`. */
  readonly code: RefusalCode;
  /** One line with both values and what to do. */
  readonly message: string;
  /** Whether another try may succeed without any change by a person. */
  readonly retry: boolean;
}

/** The reasons for a {@linkcode Refused}. */
export type RefusalCode =
  | "version-mismatch"
  | "job-mismatch"
  | "code-mismatch"
  /** The server asks for a token, and the client has none. */
  | "token-required"
  /** One side did not prove that it knows the other's token. */
  | "token-mismatch"
  /** Too many proofs from this address were wrong; for a while none is looked at. */
  | "token-attempts"
  /** It takes an operator, or more than the server knows of one. */
  | "role-refused"
  | "finished";

/** Either side is alive. From a node it carries what it is doing. */
export interface HeartbeatMessage {
  readonly type: "heartbeat";
  /** How many tasks the node computes right now. */
  readonly busy?: number;
  /** How many tasks wait on the node. */
  readonly queued?: number;
}

/** A line that user code wrote on a node. */
export interface LogMessage {
  /** Tells it from other control messages. */
  readonly type: "log";
  /** How grave it is. */
  readonly level: "debug" | "info" | "warn" | "error";
  /** The line, without its end. */
  readonly text: string;
  /** The task that was computed, where that is known. */
  readonly task?: number;
  /** The attempt at that task. */
  readonly attempt?: number;
}

/** How far a running attempt is. */
export interface ProgressMessage {
  readonly type: "progress";
  readonly task: number;
  readonly attempt: number;
  /** Between 0 and 1. */
  readonly fraction: number;
}

/** The node goes: it takes nothing more, and its tasks come back after this. */
export interface Leave {
  readonly type: "leave";
  readonly reason: string;
  /** How long tasks that run may take to end before they are handed back, in whole milliseconds; absent: no time. */
  readonly drainMs?: number;
}

/** The server wants these attempts ended; no result is expected of them. */
export interface Cancel {
  readonly type: "cancel";
  readonly attempts: readonly Attempt[];
}

/** The server would give these attempts to an idle node: hand back those that have not begun (`handed-back`). */
export interface Recall {
  readonly type: "recall";
  readonly attempts: readonly Attempt[];
}

/** The job is over; the node ends. */
export interface Finished {
  readonly type: "finished";
  readonly outcome: "complete" | "failed" | "stopped";
  readonly message: string;
}

/** Every control message. */
export type ControlMessage =
  | Hello
  | OperatorHello
  | Challenge
  | Proof
  | Welcome
  | OperatorWelcome
  | Order
  | Answer
  | Refused
  | HeartbeatMessage
  | LogMessage
  | ProgressMessage
  | Leave
  | Cancel
  | Recall
  | Finished;

/** What a connection carries, decoded. Payloads are views that stay valid for as long as they are held. */
export type WireMessage =
  | { readonly kind: "control"; readonly message: ControlMessage }
  | { readonly kind: "tasks"; readonly tasks: readonly TaskEntry[] }
  | { readonly kind: "results"; readonly results: readonly ResultEntry[] }
  /**
   * From the server: what it was told of these attempts is safe, or known to be superfluous. The node forgets them.
   */
  | { readonly kind: "acks"; readonly attempts: readonly Attempt[] }
  /**
   * From a node: all that it holds when this leaves, that is what waits, what runs, and what has ended and was not
   * acknowledged.
   */
  | { readonly kind: "held"; readonly attempts: readonly Attempt[] }
  /** The job's initial data for this node; an absent payload means that it has none. */
  | { readonly kind: "initial"; readonly payload: Uint8Array | undefined }
  /** A message between the two halves of the user's job. */
  | { readonly kind: "custom"; readonly payload: Uint8Array };
