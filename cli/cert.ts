/**
 * `cert`: makes a certificate for a server.
 *
 * @module
 */
import { certificateHash, formatFingerprint } from "../actors/remote/certificate.ts";
import { certificateDays, createCertificate, writeSecret } from "./certificate.ts";
import { configFlag, configFlags, gatherConfig } from "./config_sources.ts";
import { exitCodes, UsageError } from "./errors.ts";
import type { Invocation, Verb } from "./verb.ts";

const daysMax = 36_500;

async function execute({ args, environment, terminal }: Invocation): Promise<number> {
  const days = Number(args.flags.get("days") ?? certificateDays);
  if (!Number.isInteger(days) || !(days >= 1 && days <= daysMax)) {
    throw new UsageError(`Cannot use --days ${days}: it must be a whole number from 1 to ${daysMax}`);
  }
  const { config: { certificateFile, certificateKeyFile } } = await gatherConfig({ flags: args.flags, environment });
  const files = [certificateFile || "gristmill.pem", certificateKeyFile || "gristmill-key.pem"];
  const { certificate, certificateKey } = await createCertificate(args.positionals, days);
  writeSecret(files[1], certificateKey);
  writeSecret(files[0], certificate);
  terminal.note(`${files[0]} holds the certificate, ${files[1]} its key; for serve --encrypt with these two files`);
  terminal.print(formatFingerprint(certificateHash(certificate)));
  return exitCodes.complete;
}

/** The verb `cert`. */
export const certVerb: Verb = {
  name: "cert",
  summary: "Make a TLS certificate for a server",
  usage: "[OPTIONS]",
  operand: [
    "[NAME ...]",
    "NAME is a host name or IP address of the server, beside those of this machine. Prints the fingerprint.",
  ],
  takesJobOptions: false,
  flags: [
    ...configFlags(({ name }) => name === "certificateFile" || name === "certificateKeyFile"),
    { name: "days", type: "number", help: `how long it is good (default ${certificateDays})` },
    configFlag,
  ],
  execute,
};
