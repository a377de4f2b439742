/** All targets. */
import { control, failure, frames, payload } from "./codec_targets.ts";
import { handshake } from "./handshake_target.ts";
import { live } from "./live_target.ts";
import type { Target } from "./target.ts";
import { tls } from "./tls_target.ts";

export const targets: readonly Target[] = [frames, payload, failure, control, handshake, tls, live];
