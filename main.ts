/**
 * The `gristmill` command. Started by `deno run`, by `deno compile` and by the npm door alike.
 *
 * @module
 */
import { runCli } from "./cli/cli.ts";

if (import.meta.main) Deno.exit(await runCli(Deno.args));
