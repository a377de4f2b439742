/** Events to actors of XState, which handles them at once: there is no mailbox between sender and receiver. */
import { createRequire } from "node:module";
import { report } from "./measure.mjs";

const { createActor, fromTransition } = createRequire(import.meta.url)("xstate");
const size = Number(process.argv[2]);
const counter = createActor(fromTransition((total, { by }) => total + by, 0)).start();
const tells = 131_072 * size;
await report("one-way tell", "messages/s", tells, () => {
  const event = { type: "add", by: 1 };
  for (let sent = 0; sent < tells; sent++) counter.send(event);
});
