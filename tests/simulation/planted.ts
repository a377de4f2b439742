/**
 * Bugs that can be planted into a simulated cluster, by changing what its parts say to each other.
 *
 * @module
 */
import type { Link } from "../../actors/remote/transport.ts";
import type { Config } from "../../server/config.ts";
import type { Journal } from "../../server/journal/types.ts";
import type { Peers } from "../../server/peers.ts";
import type { Cluster } from "./cluster.ts";
import type { Scenario } from "./scenario.ts";

/** A bug; what it does not change is as it should be. */
export interface Bug {
  /** Changes what the actors of a server say to each other. */
  readonly peers?: (peers: Peers, cluster: Omit<Cluster, "life">) => Peers;
  /** Changes what the server writes and reads. */
  readonly journal?: (journal: Journal) => Journal;
  /** Changes what a node says and hears. */
  readonly nodeLink?: (link: Link) => Link;
  /** Changes the settings that the server goes by. */
  readonly config?: (scenario: Scenario) => Partial<Config>;
}

/** None. */
export const noBug: Bug = {};
