// The schema of the record of a named network.
import * as v from 'valibot';
import { count, object } from './record-fields.js';

/** network is the record of a named network: which nodes have it, and from which pool each has its lease. */
export const network = object({
  pool: v.string(),
  /** Its Linux bridge on every host. */
  bridgeName: v.string(),
  /** Which nodes have it: all, or those with all of these labels (none: by name only) and those with these ids. */
  all: v.boolean(),
  labels: v.record(v.string(), v.string()),
  nodes: v.array(v.string()),
  /** Ids of nodes that are excluded. */
  except: v.array(v.string()),
  createdMs: count,
  /** The network is removed once all of its leases have ended; whether containers are detached first. */
  removing: v.exactOptional(object({ sinceMs: count, disconnect: v.boolean() })),
});
