/**
 * `@std/assert` for the npm door, over Node's own assertions. Stricter than the original in one point: within an
 * object or array, 0 and -0 differ.
 *
 * @module
 */
import nodeAssert from "node:assert";
import { inspect } from "node:util";

/** Thrown by every failed assertion. */
export class AssertionError extends Error {
  override name = "AssertionError";
}

// deno-lint-ignore no-explicit-any -- any error class, whatever its constructor takes
type ErrorClass<E extends Error> = abstract new (...args: any[]) => E;

/** Runs one of Node's assertions; its error becomes ours, behind the test's own words. */
function run(check: () => void, msg?: string): void {
  try {
    check();
  } catch (error) {
    throw new AssertionError(msg ? `${msg}: ${(error as Error).message}` : (error as Error).message);
  }
}

function require(holds: boolean, msg: string | undefined, text: () => string): asserts holds {
  if (!holds) throw new AssertionError(msg ? `${text()}: ${msg}` : text());
}

/** Fails unless `expr` is truthy. */
export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) throw new AssertionError(msg);
}

/** Fails unless both are deeply equal and of the same classes. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  if (actual !== expected) run(() => nodeAssert.deepStrictEqual(actual, expected), msg);
}

/** Fails if both are deeply equal and of the same classes. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  require(actual !== expected, msg, () => `Expected a value other than ${inspect(actual)}`);
  run(() => nodeAssert.notDeepStrictEqual(actual, expected), msg);
}

/** Fails unless both are the same value. */
export function assertStrictEquals<T>(actual: unknown, expected: T, msg?: string): asserts actual is T {
  run(() => nodeAssert.strictEqual(actual, expected), msg);
}

/** Fails unless the numbers differ by at most `tolerance`, by default 1e-7 of the expected one. */
export function assertAlmostEquals(actual: number, expected: number, tolerance?: number, msg?: string): void {
  if (Object.is(actual, expected)) return;
  const allowed = tolerance ?? (isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7);
  const close = Math.abs(actual - expected) <= allowed;
  require(close, msg, () => `Expected ${actual} to be within ${allowed} of ${expected}`);
}

/** Fails unless `actual > expected`. */
export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  require(actual > expected, msg, () => `Expected ${inspect(actual)} > ${inspect(expected)}`);
}

/** Fails unless `actual >= expected`. */
export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void {
  require(actual >= expected, msg, () => `Expected ${inspect(actual)} >= ${inspect(expected)}`);
}

/** Fails unless `actual < expected`. */
export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  require(actual < expected, msg, () => `Expected ${inspect(actual)} < ${inspect(expected)}`);
}

/** Fails unless `actual <= expected`. */
export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void {
  require(actual <= expected, msg, () => `Expected ${inspect(actual)} <= ${inspect(expected)}`);
}

/** Fails on null and undefined. */
export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T> {
  require(actual !== undefined && actual !== null, msg, () => `Expected a value, not ${actual}`);
}

/** Fails unless `actual` is an instance of the class. */
export function assertInstanceOf<
  // deno-lint-ignore no-explicit-any -- any class, whatever its constructor takes
  T extends abstract new (...args: any[]) => any,
>(actual: unknown, expectedType: T, msg?: string): asserts actual is InstanceType<T> {
  const text = () => `Expected an instance of ${expectedType.name}, not ${inspect(actual)}`;
  require(actual instanceof expectedType, msg, text);
}

/** Fails unless the text contains the other. */
export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  require(actual.includes(expected), msg, () => `Expected ${inspect(actual)} to contain ${inspect(expected)}`);
}

/** Fails unless the text matches. */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  run(() => nodeAssert.match(actual, expected), msg);
}

/** Fails unless every expected item is, deeply equal, among the actual ones. */
export function assertArrayIncludes<T>(actual: ArrayLike<T>, expected: ArrayLike<T>, msg?: string): void {
  const has = (item: T) => Array.from(actual).some((other) => isDeepEqual(other, item));
  const missing = Array.from(expected).filter((item) => !has(item));
  require(missing.length === 0, msg, () => `Expected ${inspect(actual)} to include ${inspect(missing)}`);
}

function isDeepEqual(left: unknown, right: unknown): boolean {
  try {
    assertEquals(left, right);
    return true;
  } catch {
    return false;
  }
}

/** Fails unless `error` is of the class, and its message contains the text. */
export function assertIsError<E extends Error = Error>(
  error: unknown,
  Class?: ErrorClass<E>,
  msgMatches?: string | RegExp,
  msg?: string,
): asserts error is E {
  require(error instanceof Error, msg, () => `Expected an Error, not ${inspect(error)}`);
  if (Class) {
    require(error instanceof Class, msg, () => `Expected a ${Class.name}, not a ${error.name}: ${error.message}`);
  }
  if (!msgMatches) return;
  const fits = typeof msgMatches === "string" ? error.message.includes(msgMatches) : msgMatches.test(error.message);
  require(fits, msg, () => `Expected a message with ${inspect(msgMatches)}, not ${inspect(error.message)}`);
}

/** Fails unless `fn` throws. @returns what it threw. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/** Fails unless `fn` throws an error of the class, with the text in its message. @returns the error. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  Class: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows<E extends Error>(
  fn: () => unknown,
  classOrMsg?: ErrorClass<E> | string,
  msgIncludes?: string,
  msg?: string,
): unknown {
  let thrown: { error: unknown } | undefined;
  try {
    fn();
  } catch (error) {
    thrown = { error };
  }
  return checkThrown(thrown, "Expected function to throw", classOrMsg, msgIncludes, msg);
}

/** Fails unless the promise of `fn` rejects. @returns what it rejected with. */
export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
/** Fails unless the promise of `fn` rejects with an error of the class, with the text in its message. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  Class: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects<E extends Error>(
  fn: () => PromiseLike<unknown>,
  classOrMsg?: ErrorClass<E> | string,
  msgIncludes?: string,
  msg?: string,
): Promise<unknown> {
  let promise: PromiseLike<unknown>;
  try {
    promise = fn();
  } catch (error) {
    throw new AssertionError(`Function throws when expected to reject: ${inspect(error)}`);
  }
  let thrown: { error: unknown } | undefined;
  try {
    await promise;
  } catch (error) {
    thrown = { error };
  }
  return checkThrown(thrown, "Expected function to reject", classOrMsg, msgIncludes, msg);
}

function checkThrown<E extends Error>(
  thrown: { error: unknown } | undefined,
  text: string,
  classOrMsg: ErrorClass<E> | string | undefined,
  msgIncludes: string | undefined,
  msg: string | undefined,
): unknown {
  require(thrown !== undefined, typeof classOrMsg === "string" ? classOrMsg : msg, () => text);
  if (typeof classOrMsg === "function") assertIsError(thrown.error, classOrMsg, msgIncludes, msg);
  return thrown.error;
}

/** Fails always. */
export function fail(msg?: string): never {
  throw new AssertionError(msg ? `Failed assertion: ${msg}` : "Failed assertion.");
}

/** Fails always: for code that must not be reached. */
export function unreachable(msg?: string): never {
  throw new AssertionError(msg ? `Unreachable: ${msg}` : "Unreachable.");
}
