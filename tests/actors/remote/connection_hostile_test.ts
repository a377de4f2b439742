/** What a peer that cuts, lies or talks garbage costs: its connection, and nothing more. */
import { assertEquals, assertInstanceOf } from "jsr:@std/assert@^1";
import { WireError } from "../../../actors/remote/errors.ts";
import { frameType, makeFrame } from "../../../actors/remote/frame.ts";
import { forSeeds, fromHex, rawTo, whole } from "./support.ts";

Deno.test("a clean end of the peer is told from a cut inside a frame or a value", async () => {
  const frame = makeFrame(frameType.custom, new Uint8Array(20));
  for (let length = 0; length <= frame.length; length++) {
    const { link, end, write } = await rawTo();
    await write(frame.subarray(0, length));
    link.close();
    const { reason, error } = await end.closed;
    const whole = length === 0 || length === frame.length;
    assertEquals(
      [reason, (error as WireError | undefined)?.code],
      whole ? ["peer", undefined] : ["error", "frame-truncated"],
    );
  }
  const { link, end, write } = await rawTo();
  await write(makeFrame(frameType.valueStart, fromHex("00000000 05000000 0010000000000000")));
  link.close();
  const { error } = await end.closed;
  assertEquals((error as WireError).code, "frame-truncated");
});

Deno.test("lengths that lie, and garbage, cost that connection and name the reason", async () => {
  const cases: [string, string][] = [
    ["01004000 05 00 0000", "frame-too-large"],
    ["ffffffff 02 00 0000", "frame-too-large"],
    ["00000080 01 00 0000", "frame-too-large"],
    ["474554202f20485454502f312e310d0a", "frame-invalid"],
    ["1603010200010001fc0303", "frame-invalid"],
    ["08000000 02 00 0000 ffffffff 00000000", "batch-invalid"],
    ["00000000 03 00 0000", "batch-invalid"],
    ["00000000 01 00 0000", "control-invalid"],
    ["08000000 04 00 0000 0200000000000000", "value-invalid"],
    ["10000000 06 00 0000 00000000 05000000 0000000000000000", "value-invalid"],
    ["10000000 06 00 0000 00000000 05000000 ffffffffffffffff", "value-too-large"],
    ["10000000 06 00 0000 00000000 05000000 0000000003000000", "value-too-large"],
    ["10000000 06 00 0000 00000000 01000000 0100000000000000", "value-invalid"],
    ["0c000000 07 00 0000 00000000 00000000 01020304 00000000", "value-invalid"],
    ["0c000000 05 01 0000 ffffffff 00000000 28b52ffd 00000000", "frame-too-large"],
    ["0c000000 05 01 0000 c8000000 00000000 28b52ffd 00000000", "compression-invalid"],
    ["1a000000 05 01 0000 c7000000 00000000 28b52ffd00584d00001000000100430a6001 000000000000", "compression-invalid"],
    ["1a000000 05 01 0000 c9000000 00000000 28b52ffd00584d00001000000100430a6001 000000000000", "compression-invalid"],
    ["04000000 05 01 0000 c8000000 00000000", "compression-invalid"],
  ];
  for (const [bytes, code] of cases) {
    const { end, write } = await rawTo();
    await write(fromHex(bytes));
    const { reason, error } = await end.closed;
    assertInstanceOf(error, WireError);
    assertEquals([bytes, reason, error.code], [bytes, "error", code]);
    assertEquals(end.messages, []);
  }
});

Deno.test("chunks must fit the value that is open", async () => {
  const start = makeFrame(frameType.valueStart, fromHex("07000000 05000000 0400000000000000"));
  const chunk = (body: string) => makeFrame(frameType.valueChunk, fromHex(body));
  const wrong = [
    [start, start],
    [start, chunk("08000000 00000000 01")],
    [start, chunk("07000000 01000000 01")],
    [start, chunk("07000000 00000000")],
    [start, chunk("07000000 00000000 0102030405")],
    [start, chunk("07000000 00000000 01020304"), chunk("07000000 00000000 01")],
  ];
  for (const frames of wrong) {
    const { end, write } = await rawTo();
    for (const frame of frames) await write(frame).catch(() => {});
    const { error } = await end.closed;
    assertEquals((error as WireError).code, "value-invalid");
  }
  const { end, write } = await rawTo();
  for (const frame of [start, chunk("07000000 00000000 0102"), chunk("07000000 00000000 0304")]) await write(frame);
  await end.count(1);
  assertEquals(end.messages, [{ kind: "custom", payload: fromHex("01020304") }]);
});

Deno.test("random garbage ends the connection by a wire error at the latest with the stream", async () => {
  await forSeeds(100, async (random) => {
    const { link, end, write } = await rawTo();
    const bytes = new Uint8Array(whole(random, 8, 400));
    for (let i = 0; i < bytes.length; i++) bytes[i] = whole(random, 0, 255);
    if (whole(random, 0, 1)) bytes.set([whole(random, 0, 64), 0, 0, 0, whole(random, 1, 7), whole(random, 0, 1), 0, 0]);
    await write(bytes).catch(() => {});
    link.close();
    const { reason, error } = await end.closed;
    if (reason !== "peer") assertInstanceOf(error, WireError);
  });
});

Deno.test("before its welcome a stranger may send plain control messages of 4 KiB, and nothing else", async () => {
  const bodies: [number, number, string][] = [
    [frameType.control, 4097, "frame-too-large"],
    [frameType.control, 2 ** 32 - 1, "frame-too-large"],
    [frameType.results, 8, "frame-unexpected"],
    [frameType.valueStart, 16, "frame-unexpected"],
    [frameType.custom, 0, "frame-unexpected"],
  ];
  const compressed = await rawTo({ greeted: false });
  await compressed.write(makeFrame(frameType.control, fromHex("c800000000000000 28b52ffd"), true));
  assertEquals(((await compressed.end.closed).error as WireError).code, "frame-unexpected");
  for (const [type, length, code] of bodies) {
    const { end, write } = await rawTo({ greeted: false });
    const header = makeFrame(type as 1, new Uint8Array(0));
    new DataView(header.buffer).setUint32(0, length, true);
    await write(header);
    const { error } = await end.closed;
    assertEquals((error as WireError).code, code);
  }
});
