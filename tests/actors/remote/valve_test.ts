import { assertEquals } from "jsr:@std/assert@^1";
import { createValve } from "../../../actors/remote/valve.ts";

Deno.test("a valve holds back the reader while too much waits, and lets it go on at half of that", async () => {
  const valve = createValve();
  const held = Array.from({ length: 64 }, valve.arrived);
  assertEquals(held.findIndex((each) => each !== undefined), 63);
  let isOpen = false;
  const opened = held[63]!.then(() => isOpen = true);
  for (let handled = 0; handled < 31; handled++) valve.handled();
  await undefined;
  assertEquals(isOpen, false);
  valve.handled();
  await opened;
  assertEquals(valve.arrived(), undefined);
});
