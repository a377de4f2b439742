/**
 * The `gristmill` command. Started by `deno run`, by `deno compile` and by the npm door alike.
 *
 * @module
 */
import { runCli } from "./cli/cli.ts";
import { commandName } from "./cli/door.ts";

if (import.meta.main) Deno.exit(await runCli(Deno.args, { program: commandName(import.meta.url) }));
