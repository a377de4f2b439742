/** What is fuzzed, as the engine sees it. */
import type { Random } from "../../actors/types.ts";

/** Something that takes bytes from a stranger. */
export interface Target {
  readonly name: string;
  /** Of a thousand inputs, how many are for this target. */
  readonly share: number;
  /** Whole and right inputs, from which damaged ones are made. */
  readonly corpus: readonly Uint8Array[];
  /**
   * Takes one input. It returns, or throws an error of its own kind, which `isExpected` knows; whatever else it throws
   * has been found.
   */
  readonly run: (bytes: Uint8Array<ArrayBuffer>, random: Random) => void | Promise<void>;
  readonly isExpected: (error: unknown) => boolean;
  /** Checks what holds only after many inputs. */
  readonly settle?: () => Promise<void>;
}
