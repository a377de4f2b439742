/**
 * What the I/O thread and one worker share: which task the worker has begun, readable while user code runs and never
 * yields, and a way to take back the tasks behind it.
 *
 * The tasks given to a worker are numbered in order, modulo 2^30. The first word holds the number of the last task that
 * the worker has begun. It begins one by a compare-and-swap; the I/O thread sets the flag beside the number to revoke
 * all later ones, and since one of the two comes first, both know which tasks these are. The second word counts the
 * messages that a worker must see before it begins another task.
 *
 * @module
 */

const claimWord = 0;
const urgentWord = 1;
const numberMask = 0x3fff_ffff;
const revokedFlag = 0x4000_0000;

/** The shared words. */
export type Claims = Int32Array<SharedArrayBuffer>;

/** Makes the words for one worker. */
export const createClaims = (): Claims => new Int32Array(new SharedArrayBuffer(8));

/** The number after `by` more tasks. */
export const advance = (number: number, by: number): number => (number + by) & numberMask;

/** For the I/O thread: how many tasks behind number `from` the worker has begun. */
export const begunSince = (claims: Claims, from: number): number =>
  (Atomics.load(claims, claimWord) - from) & numberMask;

/** For the I/O thread: keeps the worker from beginning any more tasks. @returns as {@linkcode begunSince}. */
export const revoke = (claims: Claims, from: number): number =>
  (Atomics.or(claims, claimWord, revokedFlag) - from) & numberMask;

/** For both: lets the worker begin tasks again. */
export const allow = (claims: Claims): void => void Atomics.and(claims, claimWord, numberMask);

/** For the worker: begins the task after number `last`. @returns `false` if it was revoked. */
export const claim = (claims: Claims, last: number): boolean =>
  Atomics.compareExchange(claims, claimWord, last, advance(last, 1)) === last;

/** For the I/O thread: one more message is on its way that the worker must see first. */
export const announce = (claims: Claims): void => void Atomics.add(claims, urgentWord, 1);

/** For the worker: how many such messages were sent so far, modulo 2^32. */
export const announced = (claims: Claims): number => Atomics.load(claims, urgentWord);
