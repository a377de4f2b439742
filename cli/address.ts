/**
 * Addresses as people write them: `HOST:PORT`, with IPv6 addresses in brackets.
 *
 * @module
 */
import type { Address } from "../actors/remote/transport.ts";
import { UsageError } from "./errors.ts";
import type { Invocation } from "./verb.ts";

/**
 * Reads `HOST:PORT`, `[::1]:PORT` or, with the default port, only the host.
 *
 * @throws {UsageError} When it is none of these, or the port is not from 1 to 65535.
 */
export function parseAddress(text: string, defaultPort: number): Address {
  const match = /^(?:\[([0-9a-fA-F:.%\w]+)\]|([^:[\]/\s]+))(?::(\d+))?$/.exec(text);
  const port = match?.[3] === undefined ? defaultPort : Number(match[3]);
  if (!match || port < 1 || port > 65_535) {
    throw new UsageError(
      `Cannot dial ${JSON.stringify(text)}: an address is HOST:PORT with a port from 1 to 65535, such as ` +
        `lab1.example.org:9000 or [::1]:9000`,
    );
  }
  return { host: match[1] ?? match[2], port };
}

/** Whether an address can only be reached from its own machine. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\./.test(host);
}

/** Whether listening there means every address of the machine. */
export function isWildcard(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

/** The server that `--join` names. @throws {UsageError} When it names none. */
export function serverAddress({ args, program }: Pick<Invocation, "args" | "program">, defaultPort: number): Address {
  const join = args.flags.get("join");
  if (join === undefined) {
    throw new UsageError(`No server: name it with --join HOST:PORT, as \`${program} serve\` prints it`);
  }
  return parseAddress(String(join), defaultPort);
}
