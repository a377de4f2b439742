/**
 * Payloads that are one number: indexes, sums and counts are what many jobs send, a million times. They are written and
 * read here without the machinery for whole trees, byte for byte as msgpackr writes them.
 *
 * @module
 */
import type { Allocate } from "./slab.ts";

/** From here to 0x7f a byte is the id of a record, so these numbers take a byte more. */
const fixintEnd = 0x40;
const fixintMin = -0x20;
/** The marks of MessagePack: of 8, 16 and 32 bits without a sign, with one, and of a double. */
const marks = { uint8: 0xcc, uint16: 0xcd, uint32: 0xce, int8: 0xd0, int16: 0xd1, int32: 0xd2, float64: 0xcb };

const double = new DataView(new ArrayBuffer(8));

/** What {@linkcode readNumber} returns where something else than one number stands. */
export const notOneNumber = Symbol("not one number");

/** Writes the MessagePack of a number behind `reserved` bytes. */
export function writeNumber(value: number, reserved: number, allocate: Allocate): Uint8Array<ArrayBuffer> {
  const head = reserved + 1;
  if (value >>> 0 === value) {
    if (value < fixintEnd) return write(allocate(head), reserved, value, 0);
    if (value <= 0xff) return write(allocate(head + 1), reserved, marks.uint8, value);
    if (value <= 0xffff) return write(allocate(head + 2), reserved, marks.uint16, value);
    return write(allocate(head + 4), reserved, marks.uint32, value);
  }
  if (value >> 0 === value) {
    if (value >= fixintMin) return write(allocate(head), reserved, value & 0xff, 0);
    if (value >= -0x80) return write(allocate(head + 1), reserved, marks.int8, value);
    if (value >= -0x8000) return write(allocate(head + 2), reserved, marks.int16, value);
    return write(allocate(head + 4), reserved, marks.int32, value);
  }
  const bytes = allocate(head + 8);
  bytes[reserved] = marks.float64;
  double.setFloat64(0, value);
  for (let index = 0; index < 8; index++) bytes[head + index] = double.getUint8(index);
  return bytes;
}

/** Writes a mark at `at`, and behind it, to the end, the lowest bytes of a number, the highest of these first. */
function write(bytes: Uint8Array<ArrayBuffer>, at: number, mark: number, value: number): Uint8Array<ArrayBuffer> {
  bytes[at] = mark;
  for (let index = bytes.length - 1, rest = value; index > at; index--, rest >>>= 8) bytes[index] = rest;
  return bytes;
}

/** Reads a number that takes up all of `bytes` from `start` on. @returns {@linkcode notOneNumber} if that is not so */
export function readNumber(bytes: Uint8Array, start: number): number | typeof notOneNumber {
  const mark = bytes[start];
  switch (bytes.length - start) {
    case 1:
      if (mark < fixintEnd) return mark;
      return mark >= 0x100 + fixintMin ? mark - 0x100 : notOneNumber;
    case 2:
      if (mark === marks.uint8) return bytes[start + 1];
      return mark === marks.int8 ? bytes[start + 1] << 24 >> 24 : notOneNumber;
    case 3: {
      const value = bytes[start + 1] << 8 | bytes[start + 2];
      if (mark === marks.uint16) return value;
      return mark === marks.int16 ? value << 16 >> 16 : notOneNumber;
    }
    case 5: {
      const value = bytes[start + 1] << 24 | bytes[start + 2] << 16 | bytes[start + 3] << 8 | bytes[start + 4];
      if (mark === marks.uint32) return value >>> 0;
      return mark === marks.int32 ? value : notOneNumber;
    }
    case 9:
      if (mark !== marks.float64) return notOneNumber;
      for (let index = 0; index < 8; index++) double.setUint8(index, bytes[start + 1 + index]);
      return double.getFloat64(0);
    default:
      return notOneNumber;
  }
}
