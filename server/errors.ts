/** Errors of the server. @module */

/** A setting that cannot be used. Its message names the setting, the value and what is allowed. */
export class ConfigError extends Error {
  /** The name of the class. */
  override readonly name = "ConfigError";
  /** Stable, for programs. */
  readonly code = "config-invalid";
}
