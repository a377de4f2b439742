/**
 * Payloads that are one number: indexes, sums and counts are what many jobs send, a million times. They are written and
 * read here without the machinery for whole trees, byte for byte as msgpackr writes them.
 *
 * @module
 */
/** From here to 0x7f a byte is the id of a record, so these numbers take a byte more. */
const fixintEnd = 0x40;
const fixintMin = -0x20;
/** The marks of MessagePack: of 8, 16 and 32 bits without a sign, with one, and of a double. */
const marks = { uint8: 0xcc, uint16: 0xcd, uint32: 0xce, int8: 0xd0, int16: 0xd1, int32: 0xd2, float64: 0xcb };

const double = new DataView(new ArrayBuffer(8));

/** What {@linkcode readNumber} returns where something else than one number stands. */
export const notOneNumber = Symbol("not one number");

/** Writes the MessagePack of a number behind `reserved` bytes, in a buffer of its own. */
export function writeNumber(value: number, reserved: number): Uint8Array<ArrayBuffer> {
  if (value >>> 0 === value) {
    if (value < fixintEnd) return write(value, 0, 0, reserved);
    if (value <= 0xff) return write(marks.uint8, value, 1, reserved);
    return value <= 0xffff ? write(marks.uint16, value, 2, reserved) : write(marks.uint32, value, 4, reserved);
  }
  if (value >> 0 === value) {
    if (value >= fixintMin) return write(value & 0xff, 0, 0, reserved);
    if (value >= -0x80) return write(marks.int8, value, 1, reserved);
    return value >= -0x8000 ? write(marks.int16, value, 2, reserved) : write(marks.int32, value, 4, reserved);
  }
  const bytes = new Uint8Array(reserved + 9);
  bytes[reserved] = marks.float64;
  double.setFloat64(0, value);
  for (let index = 0; index < 8; index++) bytes[reserved + 1 + index] = double.getUint8(index);
  return bytes;
}

/** Writes a mark and the lowest `count` bytes of a number behind it, the highest of these first. */
function write(mark: number, value: number, count: number, reserved: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(reserved + 1 + count);
  bytes[reserved] = mark;
  for (let index = 0; index < count; index++) bytes[reserved + 1 + index] = value >>> (8 * (count - 1 - index));
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
