// deno-lint-ignore-file no-console -- prints what the test reads
import { defineJob } from "../../../job/mod.ts";

/** What each task does that a task may not. */
const deeds: Readonly<Record<string, (where: string) => unknown>> = {
  read: (where) => Deno.readTextFileSync(where),
  write: (where) => Deno.writeTextFileSync(where, "x"),
  net: async () => (await Deno.connect({ hostname: "127.0.0.1", port: 1 })).close(),
  listen: () => Deno.listen({ hostname: "127.0.0.1", port: 0 }).close(),
  fetch: () => fetch("http://127.0.0.1:8000/"),
  env: () => Deno.env.get("HOME"),
  run: () => new Deno.Command(Deno.execPath(), { args: ["--version"] }).outputSync(),
  spawn: () => new Deno.Command("sh", { args: ["-c", "exit"] }).outputSync(),
  sys: () => Deno.hostname(),
  ffi: () => Deno.dlopen("libc.so.6", {}),
  worker: () => {
    new Worker(`data:text/javascript,${encodeURIComponent("Deno.readTextFileSync('/etc/hosts')")}`, {
      ...{ type: "module", deno: { permissions: { read: true } } },
    });
  },
};

/** Does what its options say, on a node. */
export default defineJob({
  name: "reaches-out",
  options: { deeds: Object.keys(deeds).join(","), where: "/etc/hosts" },
  tasks: (options) => options.deeds.split(","),
  compute: async (deed, { options }) => {
    await deeds[deed](options.where);
    return deed;
  },
  collect: (deed) => console.log(`done: ${deed}`),
});
