import { assertEquals } from "jsr:@std/assert@^1";
import type { WireMessage } from "../../../actors/remote/protocol.ts";
import { createValve } from "../../../actors/remote/valve.ts";
import { heartbeat, result } from "./support.ts";

Deno.test("a valve holds back the reader while too much waits, and lets it go on at half of that", async () => {
  const valve = createValve();
  const held = Array.from({ length: 64 }, (_, busy) => valve.arrived(heartbeat(busy)));
  assertEquals(held.findIndex((each) => each !== undefined), 63);
  let isOpen = false;
  const opened = held[63]!.then(() => isOpen = true);
  for (let handled = 0; handled < 31; handled++) valve.handled();
  await undefined;
  assertEquals([isOpen, valve.isShut()], [false, true]);
  valve.handled();
  await opened;
  assertEquals([valve.isShut(), valve.arrived(heartbeat(0))], [false, undefined]);
});

Deno.test("a valve counts bytes: a few large messages hold back the reader as many small ones do", async () => {
  const mebibyte = new Uint8Array(1024 ** 2);
  const messages: WireMessage[] = [
    { kind: "custom", payload: mebibyte },
    { kind: "results", results: [result(1, mebibyte), result(2, new Uint8Array(8))] },
    { kind: "held", attempts: Array.from({ length: 2 ** 14 }, (_, task) => ({ task, attempt: 1 })) },
    { kind: "control", message: { type: "log", level: "info", text: "x".repeat(65_536) } },
  ];
  for (const message of messages) {
    const valve = createValve();
    let count = 0;
    let held: Promise<void> | undefined;
    while (!held) {
      held = valve.arrived(message);
      count++;
    }
    assertEquals(count, message.kind === "control" ? 64 : message.kind === "results" ? 16 : 17, message.kind);
    for (; valve.isShut(); count--) valve.handled();
    await held;
    assertEquals(count > 0, true, "it opens before all is handled");
  }
});

Deno.test("a message above all that may wait is let through, and nothing behind it until it was handled", async () => {
  const valve = createValve();
  const held = valve.arrived({ kind: "custom", payload: new Uint8Array(2 ** 25) });
  assertEquals(valve.isShut(), true);
  valve.handled();
  await held;
  assertEquals(valve.isShut(), false);
});
