/**
 * Frames of many values, each encoded and decoded by itself with msgpackr: 4 bytes of length, then for each value 4
 * bytes of length and its bytes.
 *
 * @module
 */
import { Packr } from "npm:msgpackr@^1";

const packr = new Packr({ useRecords: false });

/** Writes a frame, its length first. */
export function writeFrame(values: readonly unknown[]): Uint8Array<ArrayBuffer> {
  const entries = values.map((value) => packr.pack(value));
  const length = entries.reduce((total, entry) => total + 4 + entry.length, 0);
  const frame = new Uint8Array(4 + length);
  const view = new DataView(frame.buffer);
  view.setUint32(0, length, true);
  let at = 4;
  for (const entry of entries) {
    view.setUint32(at, entry.length, true);
    frame.set(entry, at + 4);
    at += 4 + entry.length;
  }
  return frame;
}

/** Reads the body of a frame, value by value. */
export function readEntries(body: Uint8Array<ArrayBuffer>, onValue: (value: unknown) => void): void {
  const view = new DataView(body.buffer, body.byteOffset);
  for (let at = 0; at < body.length;) {
    const end = at + 4 + view.getUint32(at, true);
    onValue(packr.unpack(body.subarray(at + 4, end)));
    at = end;
  }
}
