import { assertEquals } from "jsr:@std/assert@^1";
import { closest } from "../../job/closest.ts";

const words = ["size", "max-iterations", "out"];

Deno.test("closest finds the word that was meant behind missing, wrong and swapped letters", () => {
  const meant = ["siz", "szie", "sice", "SIZE", "maxIterations", "max-iteration", "uot"].map((word) =>
    closest(word, words)
  );
  assertEquals(meant, ["size", "size", "size", "size", "max-iterations", "max-iterations", "out"]);
});

Deno.test("closest finds nothing where nothing is near", () => {
  assertEquals(["colour", "", "o"].map((word) => closest(word, words)), [undefined, undefined, undefined]);
  assertEquals(closest("size", []), undefined);
});

Deno.test("closest prefers the nearest, and of equals the first", () => {
  assertEquals(closest("chank", ["chunks", "chunk", "chink"]), "chunk");
});
