/** A fixed budget of fuzzing, and every input that was ever found to be taken wrongly. */
import { assert, assertEquals, assertNotEquals } from "jsr:@std/assert@^1";
import { createRandom } from "../../actors/clock.ts";
import { WireError } from "../../actors/remote/errors.ts";
import { fuzz } from "./engine.ts";
import { minimise, mutate } from "./mutate.ts";
import type { Target } from "./target.ts";
import { targets } from "./targets.ts";

/** About ten seconds on one core. */
const inputs = 150_000;

Deno.test("generated and damaged inputs are taken or refused, and the server's job is done", async () => {
  const { finding, counts } = await fuzz({ targets, inputs, seed: 1 });
  if (finding) {
    const { target, index, bytes, error } = finding;
    throw new Error(`${target}, input ${index}: ${bytes.toHex()} (npm run fuzz -- --seed 1 --only ${index})`, {
      cause: error,
    });
  }
  for (const [name, { inputs, accepted }] of Object.entries(counts)) {
    // A fuzzer all of whose inputs are refused at once, or none, tests nothing.
    assert(accepted > inputs / 50 && (accepted < inputs || name === "live"), `${name}: ${accepted} of ${inputs}`);
  }
});

const folder = new URL("found/", import.meta.url);
for (const { name } of [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1)) {
  const target = targets.find((candidate) => name.startsWith(`${candidate.name}_`));
  if (!target) continue;
  Deno.test(`an input that was found is taken or refused: ${name}`, async () => {
    const bytes = Uint8Array.fromHex(Deno.readTextFileSync(new URL(name, folder)).trim());
    for (let seed = 0; seed < 20; seed++) {
      try {
        await target.run(bytes.slice(), createRandom(seed));
      } catch (error) {
        assert(target.isExpected(error), String(error));
      }
    }
    await target.settle?.();
  });
}

/** A parser that takes a length at its word. */
const broken: Target = {
  name: "broken",
  share: 1,
  corpus: [new Uint8Array(20)],
  isExpected: (error) => error instanceof WireError,
  run: (bytes) => {
    const at = bytes.indexOf(0xc4);
    if (at >= 0 && bytes[at + 1] > 200) throw new RangeError("out of bounds");
    if (at >= 0) throw new WireError("frame-invalid", "no");
  },
};

Deno.test("the fuzzer finds a planted fault, makes it small, and finds it again by its number", async () => {
  const options = { targets: [broken], inputs: 1_000_000, seed: 3 };
  const { finding } = await fuzz(options);
  assertEquals([finding!.bytes.length, finding!.bytes[0], finding!.bytes[1] > 200], [2, 0xc4, true]);
  const { finding: again } = await fuzz({ ...options, only: finding!.index });
  assertEquals(again!.bytes, finding!.bytes);
});

Deno.test("the fuzzer finds what hangs after many inputs only", async () => {
  const target: Target = {
    ...broken,
    run: () => {},
    settle: () => Promise.reject(new Error("the job was not done")),
  };
  const { finding } = await fuzz({ targets: [target], inputs: 10, seed: 1 });
  assertEquals([finding!.index, (finding!.error as Error).message], [9, "the job was not done"]);
});

Deno.test("inputs follow from their seeds, and differ", () => {
  const corpus = [new Uint8Array(100)];
  const of = (seed: number) => mutate(createRandom(seed), corpus).toHex();
  assertEquals([of(1), of(2)], [of(1), of(2)]);
  assertNotEquals(of(1), of(2));
});

Deno.test("minimising keeps what is needed, and zeros the rest", async () => {
  const input = Uint8Array.from({ length: 300 }, (_, i) => i + 1);
  const small = await minimise(input, (bytes) => Promise.resolve(bytes.length >= 3 && bytes.includes(77)));
  assertEquals([small.length, [...small].filter((byte) => byte !== 0)], [3, [77]]);
});
