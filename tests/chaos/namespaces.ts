/** Two hosts with a cable between them, as network namespaces of Linux: a link that is pulled says nothing. */
import { assertEquals } from "jsr:@std/assert@^1";
import { refusalOf } from "./command.ts";

/** One end of the cable. */
export interface Host {
  /** What runs a process there. */
  readonly via: readonly string[];
  readonly address: string;
  /** Takes its network interface down, or up again. */
  readonly link: (state: "down" | "up") => void;
}

/** Two hosts. Disposing of them removes them. */
export interface Hosts extends Disposable {
  readonly near: Host;
  readonly far: Host;
}

/** Makes two hosts; `undefined`, and a line that says why, where that is not allowed. */
export function connectedHosts(): Hosts | undefined {
  const names = ["near", "far"].map((end) => `gristmill-${Deno.pid}-${end}`);
  const [near, far] = names;
  const made: string[] = [];
  const remove = () => made.map((name) => refusalOf("ip", "netns", "delete", name)).filter((refused) => refused !== "");
  const steps = [
    ...names.map((name) => ["netns", "add", name]),
    ["-n", near, "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", far],
    ...names.flatMap((name, index) => [
      ["-n", name, "address", "add", `10.77.0.${index + 1}/24`, "dev", "cable"],
      ["-n", name, "link", "set", "cable", "up"],
      ["-n", name, "link", "set", "lo", "up"],
    ]),
  ];
  for (const words of steps) {
    const refused = refusalOf("ip", ...words);
    if (refused !== "") {
      remove();
      // deno-lint-ignore no-console -- why a test tests nothing here
      console.log(`not tested: network namespaces cannot be made here: ${refused}`);
      return undefined;
    }
    if (words[1] === "add") made.push(words[2]);
  }
  const [one, other] = names.map((name, index): Host => ({
    via: ["ip", "netns", "exec", name],
    address: `10.77.0.${index + 1}`,
    link: (state) => assertEquals(refusalOf("ip", "-n", name, "link", "set", "cable", state), ""),
  }));
  return { near: one, far: other, [Symbol.dispose]: () => assertEquals(remove(), []) };
}
