/**
 * A user's own program that is its own job, as text: server and node in one file.
 *
 * @module
 */

/** Its source. @param from The specifier of Gristmill, such as `jsr:@gristmill/gristmill` */
export function ownProgram(from: string): string {
  return `import { defineJob, main } from ${JSON.stringify(from)};

let total = 0;
const job = defineJob({
  name: "squares",
  options: { count: 10 },
  *tasks({ count }) {
    for (let n = 0; n < count; n++) yield n;
  },
  compute: (n: number) => n * n,
  collect: (square: number) => {
    total += square;
  },
  finish: () => console.log("the squares sum up to", total),
});

await main(job, import.meta);
`;
}

/** What it prints: the sum of the squares below 10. */
export const ownProgramPrints = "the squares sum up to 285";
