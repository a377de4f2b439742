/** Messages to in-memory actors of comedy. */
import { createRequire } from "node:module";
import { burst, inBursts, report } from "./measure.mjs";

const actors = createRequire(import.meta.url)("comedy");
const size = Number(process.argv[2]);
const system = actors({ log: { debug() {}, info() {}, warn() {}, error() {} } });
const root = await system.rootActor();

let total = 0;
let drained = () => {};
const counter = await root.createChild({
  add(by) {
    total += by;
    if (total % burst === 0) drained();
  },
  increment: (value) => value + 1,
});
const tells = 32 * burst * size;
await report(
  "one-way tell",
  "messages/s",
  tells,
  () => inBursts(tells, () => counter.send("add", 1), (then) => void (drained = then)),
);
const asks = 16 * size;
await report("ask", "asks/s", asks * 1024, async () => {
  for (let round = 0; round < asks; round++) {
    await Promise.all(Array.from({ length: 1024 }, (_, value) => counter.sendAndReceive("increment", value)));
  }
});
await system.destroy();
process.exit(0);
