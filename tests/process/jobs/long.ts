import { defineJob } from "../../../job/mod.ts";

/** Many tasks, each of which takes a kilobyte as long as anybody keeps it. */
export default defineJob({
  name: "long",
  options: { count: 200_000 },
  state: () => ({ letters: 0 }),
  *tasks({ count }) {
    for (let task = 0; task < count; task++) yield String(task).padEnd(1_000);
  },
  compute: (text) => text.trimEnd(),
  collect: (text, task, { state }) => void (state.letters += text.length + task.length),
  // deno-lint-ignore no-console -- prints what the tests read
  finish: (_summary, { state }) => console.log(`letters ${state.letters}`),
});
