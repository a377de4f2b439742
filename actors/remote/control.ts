/**
 * The fields of control messages: what each must hold. What comes from the wire is read field by field into a new
 * object, and fields that are not known are left out.
 *
 * @module
 */
import { WireError } from "./errors.ts";
import { type Attempt, type ControlMessage, type Hello, orderActions, type RefusalCode } from "./protocol.ts";
import { textLengthMax } from "./text.ts";

/** The length of nonces and proofs, in bytes. */
export const proofBytes = 32;
/** The length of names of jobs and nodes, in UTF-16 code units. */
const nameLengthMax = 256;
const versionLengthMax = 64;
/** The lengths of the identities of nodes and runs, in hexadecimal digits. */
const nodeIdLength = 16;
const runLength = 32;
const labelsMax = 64;
const labelKeyLengthMax = 64;
const labelValueLengthMax = 256;
/** As many as a node can be told to have. */
const slotsMax = 4_096;
const uint32Max = 2 ** 32 - 1;

const refusalCodes: readonly RefusalCode[] = [
  "version-mismatch",
  "job-mismatch",
  "code-mismatch",
  "token-required",
  "token-mismatch",
  "token-attempts",
  "role-refused",
  "finished",
];
const logLevels = ["debug", "info", "warn", "error"] as const;
const outcomes = ["complete", "failed", "stopped"] as const;

type Readers = {
  readonly [T in ControlMessage["type"]]: (fields: Fields) => Omit<Extract<ControlMessage, { type: T }>, "type">;
};

const readers: Readers = {
  hello: (f) => ({
    protocol: f.whole("protocol", uint32Max),
    package: f.text("package", versionLengthMax),
    job: f.text("job", nameLengthMax),
    codeHash: f.hex("codeHash", 64),
    name: f.text("name", nameLengthMax),
    slots: f.whole("slots", slotsMax, 1),
    labels: readLabels(f),
    ...readResume(f),
    ...f.optionalWhole("lifetimeMs"),
    nonce: f.bytes("nonce", proofBytes),
  }),
  "operator-hello": (f) => ({
    protocol: f.whole("protocol", uint32Max),
    package: f.text("package", versionLengthMax),
    name: f.text("name", nameLengthMax),
    nonce: f.bytes("nonce", proofBytes),
  }),
  challenge: (f) => ({ nonce: f.bytes("nonce", proofBytes) }),
  proof: (f) => ({ proof: f.bytes("proof", proofBytes) }),
  welcome: (f) => ({
    protocol: f.whole("protocol", uint32Max),
    package: f.text("package", versionLengthMax),
    node: f.hex("node", nodeIdLength),
    run: f.hex("run", runLength),
    resumed: f.boolean("resumed"),
    heartbeatMs: f.number("heartbeatMs", 1, uint32Max),
    options: f.bytes("options"),
  }),
  "operator-welcome": (f) => ({
    protocol: f.whole("protocol", uint32Max),
    package: f.text("package", versionLengthMax),
    job: f.text("job", nameLengthMax),
    run: f.hex("run", runLength),
  }),
  order: (f) => ({
    id: f.whole("id"),
    action: f.oneOf("action", orderActions),
    ...f.optional("node", () => f.text("node", nameLengthMax)),
    ...f.optional("reason", () => f.text("reason", textLengthMax)),
    ...f.optional("payload", () => f.bytes("payload")),
  }),
  answer: (f) => ({
    id: f.whole("id"),
    ok: f.boolean("ok"),
    text: f.text("text", textLengthMax),
    hasData: f.boolean("hasData"),
  }),
  refused: (f) => ({
    code: f.oneOf("code", refusalCodes),
    message: f.text("message", textLengthMax),
    retry: f.boolean("retry"),
  }),
  heartbeat: (f) => ({ ...f.optionalWhole("busy"), ...f.optionalWhole("queued") }),
  log: (f) => ({
    level: f.oneOf("level", logLevels),
    text: f.text("text", textLengthMax),
    ...f.optionalWhole("task"),
    ...f.optionalWhole("attempt"),
  }),
  progress: (f) => ({
    task: f.whole("task"),
    attempt: f.whole("attempt", uint32Max),
    fraction: f.number("fraction", 0, 1),
  }),
  leave: (f) => ({ reason: f.text("reason", textLengthMax), ...f.optionalWhole("drainMs") }),
  cancel: (f) => ({ attempts: readAttempts(f) }),
  recall: (f) => ({ attempts: readAttempts(f) }),
  finished: (f) => ({ outcome: f.oneOf("outcome", outcomes), message: f.text("message", textLengthMax) }),
};

/** Reads a control message from decoded MessagePack. @throws {WireError} code `control-invalid` */
export function checkControl(value: unknown): ControlMessage {
  if (!isMap(value)) {
    throw new WireError("control-invalid", "a control message is not a map: the peer speaks another protocol");
  }
  const type = Object.hasOwn(value, "type") ? value.type : undefined;
  if (typeof type !== "string" || !Object.hasOwn(readers, type)) {
    const shown = typeof type === "string" ? JSON.stringify(type.slice(0, 40)) : typeof type;
    throw new WireError("control-invalid", `unknown control message ${shown}: the peer speaks another protocol`);
  }
  const read = readers[type as ControlMessage["type"]];
  return { type, ...read(fieldsOf(value, type)) } as ControlMessage;
}

/** Reads typed fields of one message. */
type Fields = ReturnType<typeof fieldsOf>;

function fieldsOf(value: Record<string, unknown>, type: string) {
  const get = (key: string) => Object.hasOwn(value, key) ? value[key] : undefined;
  const wrong = (key: string, wanted: string) => {
    throw new WireError("control-invalid", `${type}.${key} is not ${wanted}: the peer's message is damaged`);
  };
  const text = (key: string, lengthMax: number): string => {
    const field = get(key);
    if (typeof field === "string" && field.length <= lengthMax) return field;
    return wrong(key, `a text of at most ${lengthMax} characters`);
  };
  const whole = (key: string, max: number = Number.MAX_SAFE_INTEGER, min = 0): number => {
    const field = toNumber(get(key));
    if (Number.isSafeInteger(field) && field >= min && field <= max) return field;
    return wrong(key, `a whole number from ${min} to ${max}`);
  };
  const optional = <K extends string, T>(key: K, read: () => T): { [P in K]?: T } =>
    get(key) === undefined ? {} : { [key]: read() } as { [P in K]?: T };
  return {
    get,
    wrong,
    text,
    whole,
    number: (key: string, min: number, max: number): number => {
      const field = toNumber(get(key));
      if (field >= min && field <= max) return field;
      return wrong(key, `a number from ${min} to ${max}`);
    },
    optional,
    optionalWhole: <K extends string>(key: K) => optional(key, () => whole(key)),
    boolean: (key: string): boolean => {
      const field = get(key);
      return typeof field === "boolean" ? field : wrong(key, "true or false");
    },
    oneOf: <T extends string>(key: string, values: readonly T[]): T => {
      const field = get(key);
      return values.find((each) => each === field) ?? wrong(key, `one of ${values.join(", ")}`);
    },
    hex: (key: string, length: number): string => {
      const field = text(key, length);
      return field.length === length && /^[0-9a-f]*$/.test(field) ? field : wrong(key, `${length} hexadecimal digits`);
    },
    bytes: (key: string, length?: number): Uint8Array => {
      const field = get(key);
      if (!(field instanceof Uint8Array) || (length !== undefined && field.length !== length)) {
        return wrong(key, length === undefined ? "bytes" : `${length} bytes`);
      }
      return new Uint8Array(field);
    },
  };
}

function readLabels(fields: Fields): Record<string, string> {
  const value = fields.get("labels");
  if (!isMap(value)) {
    return fields.wrong("labels", "a map");
  }
  const entries = Object.entries(value);
  if (entries.length > labelsMax) return fields.wrong("labels", `a map of at most ${labelsMax} entries`);
  const labels: Record<string, string> = {};
  for (const [key, label] of entries) {
    const valid = key !== "__proto__" && key.length <= labelKeyLengthMax && typeof label === "string" &&
      label.length <= labelValueLengthMax;
    if (!valid) {
      return fields.wrong("labels", `a map of texts (${labelKeyLengthMax} and ${labelValueLengthMax} characters)`);
    }
    labels[key] = label;
  }
  return labels;
}

function readResume(fields: Fields): Pick<Hello, "resume"> {
  const value = fields.get("resume");
  if (value === undefined) return {};
  if (!isMap(value)) {
    return fields.wrong("resume", "a map");
  }
  const inner = fieldsOf(value, "hello.resume");
  return { resume: { run: inner.hex("run", runLength), node: inner.hex("node", nodeIdLength) } };
}

function readAttempts(fields: Fields): Attempt[] {
  const list = fields.get("attempts");
  if (!Array.isArray(list) || list.length % 2 !== 0) return fields.wrong("attempts", "a list of pairs");
  const attempts: Attempt[] = [];
  for (let i = 0; i < list.length; i += 2) {
    const [task, attempt] = [toNumber(list[i]), toNumber(list[i + 1])];
    const valid = Number.isSafeInteger(task) && task >= 0 && Number.isSafeInteger(attempt) && attempt >= 0 &&
      attempt <= uint32Max;
    if (!valid) return fields.wrong("attempts", "a list of pairs of whole numbers");
    attempts.push({ task, attempt });
  }
  return attempts;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

/** MessagePack integers of 64 bits come as bigints. */
function toNumber(field: unknown): number {
  // The sum turns -0 into 0.
  if (typeof field === "number") return field + 0;
  return typeof field === "bigint" ? Number(field) : NaN;
}
