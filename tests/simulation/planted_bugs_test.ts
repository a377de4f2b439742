import { plantedBugs } from "./planted_bugs.ts";
import { simulate, Violation } from "./simulate.ts";

/** Within so many seeds each bug must be found. */
const seedsMax = 200;
const size = { nodes: 4, tasks: 60 };

for (const [name, bug] of Object.entries(plantedBugs)) {
  Deno.test(`the simulator finds out when ${name}`, async () => {
    const { foundBy } = bug;
    for (let seed = 1; seed <= seedsMax; seed++) {
      try {
        await simulate(seed, size, { bug });
      } catch (thrown) {
        if (!(thrown instanceof Violation)) throw thrown;
        // What a bug leads to may be found out in another way first.
        if (foundBy.test(thrown.message)) return;
      }
    }
    throw new Error(`nothing like ${foundBy} was found within ${seedsMax} seeds`);
  });
}
