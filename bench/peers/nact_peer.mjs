/** Messages between actors of nact. */
import { createRequire } from "node:module";
import { burst, inBursts, report } from "./measure.mjs";

const { dispatch, query, spawn, start, stop } = createRequire(import.meta.url)("nact");
const size = Number(process.argv[2]);
const system = start();

let total = 0;
let drained = () => {};
const counter = spawn(system, (_state, { by }) => {
  total += by;
  if (total % burst === 0) drained();
}, "counter");
const tells = 32 * burst * size;
await report(
  "one-way tell",
  "messages/s",
  tells,
  () => inBursts(tells, () => dispatch(counter, { by: 1 }), (then) => void (drained = then)),
);

let left = 0;
let done = () => {};
const player = (_state, { from }, { self }) => {
  if (left-- > 0) dispatch(from, { from: self });
  else done();
};
const [first, second] = [spawn(system, player, "first"), spawn(system, player, "second")];
const balls = 50_000 * size;
await report("ping-pong", "messages/s", balls, () =>
  new Promise((resolve) => {
    [left, done] = [balls, resolve];
    dispatch(first, { from: second });
  }));

const answerer = spawn(system, (_state, { value, from }) => dispatch(from, value + 1), "answerer");
const asks = 16 * size;
await report("ask", "asks/s", asks * 1024, async () => {
  for (let round = 0; round < asks; round++) {
    await Promise.all(Array.from({ length: 1024 }, (_, value) => query(answerer, (from) => ({ value, from }), 60_000)));
  }
});
stop(system);
