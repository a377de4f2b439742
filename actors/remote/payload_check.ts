/**
 * The look at MessagePack before a library reads it: is it one whole value, with no length that lies, no extension that
 * the writer does not use, and not too deep? So a few hostile bytes cannot make the reader allocate more than in
 * proportion to what has come.
 *
 * @module
 */
import { PayloadError } from "./errors.ts";
import { depthMax } from "./payload_scan.ts";

/** What may be in the MessagePack. */
export interface Dialect {
  /** How deep arrays and maps may be nested; at most that of payloads. */
  readonly depthMax: number;
  /** Bytes. */
  readonly bytes: boolean;
  /** The mark of specials, 0xc1. */
  readonly mark: boolean;
  /** Records, as msgpackr has them: keys that are written once. Numbers from 64 to 127 then take two bytes. */
  readonly records: boolean;
}

/** A payload of values that MessagePack knows. */
export const plainHead: Dialect = { depthMax, bytes: false, mark: false, records: true };
/** A payload with specials. */
export const specialHead: Dialect = { depthMax, bytes: true, mark: true, records: true };
/** A control message: a map of plain fields, of which some are lists or maps. */
export const controlMessage: Dialect = { depthMax: 2, bytes: true, mark: false, records: false };

/** Counts of what is still to come, by depth. A map has two for each entry. */
const pending = new Float64Array(depthMax + 2);
/** Whether the container at a depth is a map, whose every other value is a key. */
const isMap = new Uint8Array(depthMax + 2);
/** How many keys the record of each id has; -1 if it is not defined. */
const recordKeys = new Int32Array(64);

let bytes: Uint8Array;
let at = 0;
let end = 0;
let depth = 0;
let dialect = plainHead;

/** Checks the MessagePack from `start` to `stop`. @throws {PayloadError} code `payload-corrupt` */
export function checkMessagePack(source: Uint8Array, start: number, stop: number, allowed: Dialect): void {
  bytes = source;
  at = start;
  end = stop;
  dialect = allowed;
  depth = 0;
  pending[0] = 1;
  isMap[0] = 0;
  recordKeys.fill(-1);
  for (;;) {
    while (pending[depth] === 0) {
      if (depth === 0) {
        if (at !== end) throw corrupt(`${end - at} bytes behind the value`);
        return;
      }
      depth -= 1;
    }
    const isKey = isMap[depth] === 1 && pending[depth] % 2 === 0;
    pending[depth] -= 1;
    if (isKey) skipText();
    else checkValue();
  }
}

function checkValue(): void {
  const token = nextByte();
  if (token < 0x40 || token >= 0xe0) return;
  if (token < 0x80) return dialect.records ? enterRecord(recordKeys[token - 0x40]) : undefined;
  if (token < 0x90) return enter(2 * (token - 0x80), true);
  if (token < 0xa0) return enter(token - 0x90, false);
  if (token < 0xc0) return skip(token - 0xa0);
  switch (token) {
    case 0xc0: // nil
    case 0xc2: // false
    case 0xc3: // true
      return;
    case 0xc1: // the mark of specials
      if (!dialect.mark) break;
      return;
    case 0xc4: // bin 8, 16, 32
    case 0xc5:
    case 0xc6:
      if (!dialect.bytes) break;
      return skip(nextLength(1 << token - 0xc4));
    case 0xcb: // float 64
    case 0xcf: // uint 64
    case 0xd3: // int 64
      return skip(8);
    case 0xcc: // uint 8, 16, 32 and int 8, 16, 32
    case 0xcd:
    case 0xce:
      return skip(1 << token - 0xcc);
    case 0xd0:
    case 0xd1:
    case 0xd2:
      return skip(1 << token - 0xd0);
    case 0xd4: // fixext 1: a record's definition, or undefined
      return checkExtension();
    case 0xd9: // str 8, 16, 32
    case 0xda:
    case 0xdb:
      return skip(nextLength(1 << token - 0xd9));
    case 0xdc: // array 16, 32
    case 0xdd:
      return enter(nextLength(2 << token - 0xdc), false);
    case 0xde: // map 16, 32
    case 0xdf:
      return enter(2 * nextLength(2 << token - 0xde), true);
  }
  throw corrupt(`byte 0x${token.toString(16)} has no place there`);
}

function checkExtension(): void {
  const type = nextByte();
  const data = nextByte();
  if (dialect.records && type === 0 && data === 0) return;
  if (!dialect.records || type !== 0x72 || data < 0x40 || data >= 0x80) {
    throw corrupt(`extension ${type} has no place there`);
  }
  const token = nextByte();
  let count: number;
  if (token >= 0x90 && token < 0xa0) count = token - 0x90;
  else if (token === 0xdc || token === 0xdd) count = nextLength(2 << token - 0xdc);
  else throw corrupt("a record has no keys");
  for (let i = 0; i < count; i++) skipText();
  recordKeys[data - 0x40] = count;
  enterRecord(count);
}

function enterRecord(count: number): void {
  if (count < 0) throw corrupt("a record is not defined");
  enter(count, false);
}

function enter(count: number, map: boolean): void {
  // Each value takes at least one byte.
  if (count > end - at) throw corrupt(`${count} values in ${end - at} bytes`);
  if (depth > dialect.depthMax) throw corrupt(`it is nested deeper than ${dialect.depthMax} levels`);
  depth += 1;
  pending[depth] = count;
  isMap[depth] = map ? 1 : 0;
}

function skipText(): void {
  const token = nextByte();
  if (token >= 0xa0 && token < 0xc0) return skip(token - 0xa0);
  if (token < 0xd9 || token > 0xdb) throw corrupt("a key is not a text");
  skip(nextLength(1 << token - 0xd9));
}

function skip(length: number): void {
  if (length > end - at) throw corrupt(`${length} bytes are announced where ${end - at} are left`);
  at += length;
}

function nextByte(): number {
  if (at >= end) throw corrupt("it ends in the middle");
  return bytes[at++];
}

/** A big-endian length of 1, 2 or 4 bytes. */
function nextLength(width: number): number {
  let length = 0;
  for (let i = 0; i < width; i++) length = length * 256 + nextByte();
  return length;
}

function corrupt(what: string): PayloadError {
  return new PayloadError("payload-corrupt", `the bytes do not hold a value: ${what}`);
}
