/** The handshake as state machines: whatever is said, nobody who does not know the token comes in. */
import { encodeControl } from "../../actors/remote/codec.ts";
import { WireError } from "../../actors/remote/errors.ts";
import { frameType, makeFrame } from "../../actors/remote/frame.ts";
import { nodeHandshake, operatorHandshake, serverHandshake } from "../../actors/remote/handshake.ts";
import { createInbox } from "../../actors/remote/inbox.ts";
import { resolveLimits } from "../../actors/remote/limits.ts";
import { createPhase } from "../../actors/remote/phase.ts";
import type { ControlMessage } from "../../actors/remote/protocol.ts";
import { createFrameReader } from "../../actors/remote/reader.ts";
import type { Random } from "../../actors/types.ts";
import { identity } from "../server/fake_node.ts";
import type { Target } from "./target.ts";

const token = "a token that no input knows";
const limits = resolveLimits();
const bytes32 = new Uint8Array(32).fill(7);
const node = { ...identity, name: "n", slots: 2, labels: { gpu: "1" } };
const operator = { package: identity.package, name: "op" };

/** What is said in handshakes, alone and one after another. */
function corpus(): Uint8Array[] {
  const hex = "ab".repeat(32);
  const versions = { protocol: 1, package: identity.package };
  const said: ControlMessage[] = [
    nodeHandshake(node).hello,
    nodeHandshake({ ...node, resume: { run: hex.slice(0, 32), node: hex.slice(0, 16) } }).hello,
    operatorHandshake(operator).hello,
    { type: "challenge", nonce: bytes32 },
    { type: "proof", proof: bytes32 },
    {
      ...{ type: "welcome", ...versions, node: hex.slice(0, 16), run: hex.slice(0, 32), resumed: false },
      ...{ heartbeatMs: 1_000, options: bytes32 },
    },
    { type: "operator-welcome", ...versions, job: "test", run: hex.slice(0, 32) },
    { type: "refused", code: "finished", message: "over", retry: false },
    { type: "heartbeat" },
  ];
  const frames = said.map((message) => makeFrame(frameType.control, encodeControl(message)));
  const pairs = frames.flatMap((first) => frames.map((second) => new Uint8Array([...first, ...second])));
  return [...frames, ...pairs];
}

/** The control messages of a stream, as far as it is one. */
function* messagesOf(bytes: Uint8Array): Generator<ControlMessage> {
  const phase = createPhase(limits, false);
  const inbox = createInbox(limits, phase.inboundLimit);
  const reader = createFrameReader(inbox.place);
  for (let at = 0; at < bytes.length;) {
    const space = reader.space();
    const count = Math.min(space.length, bytes.length - at);
    space.set(bytes.subarray(at, at + count));
    at += count;
    reader.received(count);
    for (let frame = reader.next(phase.inboundLimit); frame; frame = reader.next(phase.inboundLimit)) {
      const message = inbox.accept(frame);
      if (message?.kind === "control") yield message.message;
    }
  }
}

function machine(random: Random, secret: string | undefined) {
  const which = random.next();
  if (which < 0.6) return serverHandshake({ ...identity, token: secret, isLocal: random.next() < 0.5 });
  return which < 0.8 ? nodeHandshake({ ...node, token: secret }) : operatorHandshake({ ...operator, token: secret });
}

/** What one side of a handshake is told. */
export const handshake: Target = {
  name: "handshake",
  share: 45,
  corpus: corpus(),
  isExpected: (error) => error instanceof WireError,
  run: async (bytes, random) => {
    const secret = random.next() < 0.7 ? token : undefined;
    const side = machine(random, secret);
    for (const message of messagesOf(bytes)) {
      const { outcome } = await side.receive(message);
      if (!outcome) continue;
      if (secret !== undefined && !("refused" in outcome)) throw new Error(`${message.type} let a stranger in`);
      return;
    }
  },
};
