// The schemas of records that say who is running and connected.
import * as v from 'valibot';
import { addressText, count, object } from './record-fields.js';

/** session says which controller a node is connected to. It ends with the connection. */
export const session = object({
  controller: v.string(),
  fingerprint: v.string(),
  sinceMs: count,
  /** An address of another node that the host reports as its own, and that this connection comes from. */
  claimedAddress: v.exactOptional(addressText),
});

/** absence is the time since which a node that was connected is not. */
export const absence = object({
  /**
   * When the node's stream ended, or when a controller noticed that no controller has the node: milliseconds since
   * 1970.
   */
  sinceMs: count,
  /** Whether an event has reported the absence. */
  told: v.boolean(),
});

/** controller is the presence of a running controller. */
export const controller = object({
  version: v.string(),
  startedMs: count,
  addresses: v.array(v.string()),
  /** The addresses that hosts join at. */
  joinAddresses: v.optional(v.array(v.string()), []),
  /** Id of its registration, which stays the same across restarts; empty: written by an older version. */
  registration: v.optional(v.string(), ''),
  /**
   * Whether it knows join tokens of hosts that keep their network. A controller that does not would lease such a host any
   * subnet.
   */
  knowsAdoption: v.exactOptional(v.boolean()),
});

/** progress counts how many nodes of one controller have which table revision. */
export const progress = object({
  /**
   * Pairs of a table revision and the number of this controller's nodes that have exactly that revision in their
   * kernel.
   */
  applied: v.array(v.tuple([v.number(), count])),
  /** Names of up to ten nodes that are furthest behind. */
  behind: v.array(v.string()),
});

/** registration is a controller that is expected to run. */
export const registration = object({
  version: v.string(),
  addresses: v.array(v.string()),
  /** The clock of this controller when it wrote the record, milliseconds since 1970. */
  clockMs: count,
});
