/** Damages bytes as a seed says: what hostile peers, and bad luck, do to a stream. */
import type { Random } from "../../actors/types.ts";

/** Values at which lengths and counts change their meaning. */
const edges = [
  ...[0, 1, 2, 7, 8, 9, 63, 64, 127, 128, 255, 256, 4095, 4096, 4097, 65_535, 65_536],
  ...[
    2 ** 20,
    2 ** 22,
    2 ** 22 + 1,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 32 - 1,
    2 ** 32,
    2 ** 53 - 1,
    2 ** 53,
    2 ** 62,
    2 ** 63,
  ],
];
/** Bytes that begin something in MessagePack. */
const tokens = [0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, ...Array.from({ length: 32 }, (_, i) => 0xc0 + i)];
/** No input becomes longer. */
const bytesMax = 8_192;

const below = (random: Random, count: number): number => Math.floor(random.next() * count);

/** One of `corpus`, with up to six changes; now and then bytes without any sense. */
export function mutate(random: Random, corpus: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  if (random.next() < 0.03) return Uint8Array.from({ length: below(random, 200) }, () => below(random, 256));
  let bytes = corpus[below(random, corpus.length)].slice();
  for (let changes = below(random, 7); changes > 0; changes--) bytes = change(random, bytes, corpus);
  return bytes.length > bytesMax ? bytes.slice(0, bytesMax) : bytes;
}

function change(
  random: Random,
  bytes: Uint8Array<ArrayBuffer>,
  corpus: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const at = below(random, bytes.length + 1);
  const length = 1 + below(random, random.next() < 0.8 ? 8 : bytes.length);
  switch (below(random, 10)) {
    case 0: // A bit.
      if (at < bytes.length) bytes[at] ^= 1 << below(random, 8);
      return bytes;
    case 1: // A byte.
      if (at < bytes.length) bytes[at] = below(random, 256);
      return bytes;
    case 2: // A token.
      if (at < bytes.length) bytes[at] = tokens[below(random, tokens.length)];
      return bytes;
    case 3:
    case 4:
      return writeEdge(random, bytes, random.next() < 0.5 ? at & ~7 : at);
    case 5: // Less.
      return join(bytes.subarray(0, at), bytes.subarray(at + length));
    case 6: // Cut.
      return bytes.slice(0, at);
    case 7: // More.
      return join(bytes.subarray(0, at), bytes.subarray(at, at + length), bytes.subarray(at));
    case 8: { // A part of another.
      const other = corpus[below(random, corpus.length)];
      const from = below(random, other.length);
      return join(bytes.subarray(0, at), other.subarray(from, from + length), bytes.subarray(at));
    }
    default: // Another behind it.
      return join(bytes, corpus[below(random, corpus.length)]);
  }
}

/** A number at an edge, in a field of any width and order. */
function writeEdge(random: Random, bytes: Uint8Array<ArrayBuffer>, at: number): Uint8Array<ArrayBuffer> {
  const width = [1, 2, 4, 8][below(random, 4)];
  const isLittle = random.next() < 0.6;
  let value = BigInt(edges[below(random, edges.length)]);
  for (let i = 0; i < width; i++) {
    const place = at + (isLittle ? i : width - 1 - i);
    if (place < bytes.length) bytes[place] = Number(value & 255n);
    value >>= 8n;
  }
  return bytes;
}

function join(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/**
 * Makes an input smaller for as long as it still fails in the same way: takes out pieces, large ones first, and then
 * sets bytes to zero.
 */
export async function minimise(
  input: Uint8Array<ArrayBuffer>,
  fails: (bytes: Uint8Array<ArrayBuffer>) => Promise<boolean>,
): Promise<Uint8Array<ArrayBuffer>> {
  let best = input;
  for (let size = best.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at < best.length;) {
      const less = join(best.subarray(0, at), best.subarray(at + size));
      if (await fails(less)) best = less;
      else at += size;
    }
  }
  for (let at = 0; at < best.length; at++) {
    const plainer = best.slice();
    plainer[at] = 0;
    if (best[at] !== 0 && await fails(plainer)) best = plainer;
  }
  return best;
}
