/**
 * The check of what a task says that it needs.
 *
 * @module
 */
import { JobError } from "./errors.ts";
import { parseRequirement } from "./requirements.ts";
import type { TaskNeeds } from "./types.ts";

const timerMsMax = 0xffff_ffff;

/** The bounds of each number. */
const bounds: Readonly<Record<string, readonly [min: number, max: number]>> = {
  priority: [-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  timeoutMs: [0, timerMsMax],
  expectedMs: [0, Number.MAX_SAFE_INTEGER],
};

const known = ["requires", ...Object.keys(bounds)];

function wrong(task: number, what: string, options?: ErrorOptions): JobError {
  return new JobError("tasks-invalid", `Cannot use the needs of task ${task}: ${what}`, options);
}

function checkRequires(task: number, requires: unknown): void {
  if (typeof requires !== "object" || requires === null || Array.isArray(requires)) {
    throw wrong(task, `requires must be an object of labels, such as { gpu: "1" }`);
  }
  for (const [label, text] of Object.entries(requires)) {
    try {
      parseRequirement(text);
    } catch (error) {
      throw wrong(task, `label ${label}: ${error instanceof Error ? error.message : error}`, { cause: error });
    }
  }
}

/**
 * Checks the needs of a task.
 *
 * @param task The task's number, for the message
 * @throws {JobError} code `tasks-invalid`, naming the task, the value and what is allowed.
 */
export function checkNeeds(task: number, needs: TaskNeeds): TaskNeeds {
  if (typeof needs !== "object" || needs === null) throw wrong(task, `${String(needs)} is no object`);
  for (const [name, value] of Object.entries(needs)) {
    if (value === undefined) continue;
    if (name === "requires") checkRequires(task, value);
    else if (!Object.hasOwn(bounds, name)) {
      throw wrong(task, `there is no ${JSON.stringify(name)} among them (these are ${known.join(", ")})`);
    } else {
      const [min, max] = bounds[name];
      if (Number.isInteger(value) && value >= min && value <= max) continue;
      throw wrong(task, `${name} = ${value} must be a whole number from ${min} to ${max}`);
    }
  }
  return needs;
}
