// deno-lint-ignore-file no-console -- a command: says what it finds
/**
 * Fuzzes for as long as one wishes: `--inputs N` (default 1 million), `--seed S` (default another each time),
 * `--target NAME` (default all), `--only I` to make one input again. What is found is printed with the command that
 * makes it again, and kept in `tests/fuzz/found/`, where the tests find it.
 */
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { type Finding, fuzz } from "./engine.ts";
import { targets } from "./targets.ts";

const { values } = parseArgs({
  options: {
    inputs: { type: "string", default: "1000000" },
    seed: { type: "string" },
    target: { type: "string" },
    only: { type: "string" },
  },
});
const seed = Number(values.seed ?? Math.floor(performance.timeOrigin) % 1_000_000);
const chosen = targets.filter(({ name }) => values.target === undefined || name === values.target);
if (chosen.length === 0) {
  console.error(`no target ${values.target}: there are ${targets.map(({ name }) => name).join(", ")}`);
  Deno.exit(2);
}

const mebibytes = (bytes: number): number => Math.round(bytes / 2 ** 20);
const memory = () => {
  const { rss, heapUsed } = Deno.memoryUsage();
  return `${mebibytes(rss)} MiB resident, ${mebibytes(heapUsed)} MiB of heap used`;
};

async function keep({ target, index, error, bytes }: Finding): Promise<void> {
  const hex = bytes.toHex();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(bytes)));
  const path = fileURLToPath(new URL(`found/${target}_${digest.subarray(0, 4).toHex()}.hex`, import.meta.url));
  await Deno.mkdir(new URL("found/", import.meta.url), { recursive: true });
  await Deno.writeTextFile(path, `${hex}\n`);
  console.error(`found in ${target}, input ${index}:`, error);
  console.error(`smallest input: ${hex}`);
  console.error(
    `kept in ${path}; again by: npm run fuzz -- --seed ${seed} --only ${index}${
      values.target === undefined ? "" : ` --target ${values.target}`
    }`,
  );
}

const inputs = Number(values.inputs);
const startMs = performance.now();
console.log(`seed ${seed}, ${inputs} inputs, Deno ${Deno.version.deno}, ${memory()}`);
const report = await fuzz({
  ...{ targets: chosen, seed, inputs },
  only: values.only === undefined ? undefined : Number(values.only),
  progressEvery: Math.max(1, Math.floor(inputs / 20)),
  onProgress: (done) =>
    console.log(`${done} inputs in ${Math.round((performance.now() - startMs) / 1_000)} s, ${memory()}`),
});
const seconds = (performance.now() - startMs) / 1_000;
console.table(report.counts);
console.log(
  `${report.inputs} inputs in ${seconds.toFixed(1)} s, the slowest ${report.slowestMs.toFixed(1)} ms, ${memory()}`,
);
if (report.finding) await keep(report.finding);
Deno.exit(report.finding ? 1 : 0);
