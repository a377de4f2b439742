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
const numbers = {
  priority: { min: -Number.MAX_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER },
  timeoutMs: { min: 0, max: timerMsMax },
  expectedMs: { min: 0, max: Number.MAX_SAFE_INTEGER },
} as const;

/**
 * Checks the needs of a task.
 *
 * @param task The task's number, for the message
 * @throws {JobError} code `tasks-invalid`, naming the task, the value and what is allowed.
 */
export function checkNeeds(task: number, needs: TaskNeeds): TaskNeeds {
  const complain = (what: string): never => {
    throw new JobError("tasks-invalid", `Cannot use the needs of task ${task}: ${what}`);
  };
  if (typeof needs !== "object" || needs === null) return complain(`${String(needs)} is no object`);
  for (const [name, { min, max }] of Object.entries(numbers)) {
    const value = needs[name as keyof typeof numbers];
    if (value !== undefined && !(Number.isInteger(value) && value >= min && value <= max)) {
      complain(`${name} = ${value} must be a whole number from ${min} to ${max}`);
    }
  }
  for (const [label, text] of Object.entries(needs.requires ?? {})) {
    try {
      parseRequirement(text);
    } catch (error) {
      complain(`label ${label}: ${error instanceof Error ? error.message : error}`);
    }
  }
  return needs;
}
