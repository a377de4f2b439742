/**
 * A job without tasks.
 *
 * @module
 */
import { defineJob } from "../../job/mod.ts";

export default defineJob({ name: "bench-empty", tasks: () => [], compute: (task: number) => task });
