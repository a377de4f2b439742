/** What listens with TLS, and strangers who begin as TLS does and go on anyhow: nothing of it comes through. */
import { encodeControl } from "../../actors/remote/codec.ts";
import { TransportError } from "../../actors/remote/errors.ts";
import { frameType, makeFrame } from "../../actors/remote/frame.ts";
import { prepareTls } from "../../actors/remote/tls_listen.ts";
import { createCertificate } from "../../cli/certificate.ts";
import { linkPair, readAll } from "../actors/remote/support.ts";
import type { Target } from "./target.ts";

/**
 * What clients of node:tls said in whole connections that carried the text `hello`, recorded once so that inputs follow
 * from their seeds alone. To another listener all but the first flight is damaged by itself.
 */
const recorded: Readonly<Record<string, readonly string[]>> = {
  "TLSv1.3": [
    "16030100d1010000cd0303f287998670d7604111d9d4852b99ea6d10c4a2c8378f4d41adf442d655aa4d3d20c42e2e244235d1881ca4" +
    "30107ed81a6db9053c2eb8d7dbd87968945e64f10bb40012130213011303c02cc02bcca9c030c02fcca801000072000b00020100002d" +
    "00020101003300260024001d00206049640c50bcc4bcaed261890e18bbcd814eea14d842ac3e7d6d3fc950e8fb27000d001600140503" +
    "040306030807080608050804060105010401000a000a0008001d0017001811ec002b000302030400050005010000000000170000",
    "14030300010117030300451eef23aa88abb7dfc7cc9425c0cfb44eb5929908890a4bffd7ed0d7e4be10660abdfe84078a989b3b3f5ed" +
    "b1842d857a86e02a57091857f1c5143ca31c4f0b1dcf9911ea5b17030300166037fe85a3d9f46a1510ef242f4929fc472394f6d860",
    "1703030013e93e07822b3e15a3d877fae4e7b4f678586378",
  ],
  "TLSv1.2": [
    "160301008501000081030318a01f51c7f029eea4a3dc893e34e229df62a67058fad884417f5911d50a0784000014130213011303c02c" +
    "c02bcca9c030c02fcca800ff01000044002b0003020303000a00080006001d00170018000d0016001405030403060308070806080508" +
    "040601050104010017000000230000000b00020100000500050100000000",
    "160303002510000021203202cf9c02903d6d17ec98c687cb842cfc78ea32152b2adddf2b63ff0d17a845140303000101160303002879" +
    "c05c0c3af26d01f1eea5ee2136285c21cd2e185451b3918f54200bf43bbfa4cf8eabdae65427c2",
    "170303001d79c05c0c3af26d00e92b7ca82d05895400e6852b8279bcd287e63e8503",
    "150303001a79c05c0c3af26d0390a55cb0f9a7a07f0e34452f58751d7a2d6f",
  ],
};

function corpus(): Uint8Array[] {
  const clients = Object.values(recorded).map((flights) => flights.map((hex) => Uint8Array.fromHex(hex)));
  const whole = clients.map((flights) => new Uint8Array(flights.flatMap((flight) => [...flight])));
  return [...whole, ...clients.flat(), makeFrame(frameType.control, encodeControl({ type: "heartbeat" }))];
}

const secure = await prepareTls(await createCertificate([]));

/** A listener's end of TLS, before anybody has proven anything. */
export const tls: Target = {
  name: "tls",
  share: 3,
  corpus: corpus(),
  isExpected: (error) => error instanceof TransportError || /^ERR_SSL_/.test((error as { code?: string }).code ?? ""),
  run: async (bytes, random) => {
    const { dialed, accepted } = await linkPair();
    const link = secure(accepted);
    const heard = readAll(dialed);
    const came = readAll(link).finally(() => link.close());
    const cut = Math.floor(random.next() * bytes.length);
    for (const piece of [bytes.subarray(0, cut), bytes.subarray(cut)]) await dialed.write(piece).catch(() => {});
    if (random.next() < 0.5) await dialed.closeWrite!();
    else dialed.close();
    const [taken] = await Promise.all([came, heard]);
    if (taken.length > 0) throw new Error(`${taken.length} bytes of a stranger came through`);
  },
};
