/** Runs a command that may not be allowed here. @returns Why it failed; empty if it did not */
export function refusalOf(command: string, ...args: string[]): string {
  try {
    const { success, stderr } = new Deno.Command(command, { args, stdout: "null", stderr: "piped" }).outputSync();
    return success ? "" : new TextDecoder().decode(stderr).trim() || `${command} failed`;
  } catch (error) {
    return String(error);
  }
}
