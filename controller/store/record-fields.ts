// What the schemas of records are made of.
import * as v from 'valibot';
import { parseIpv4, parsePrefix } from '../../proto/domain/address.js';

/** object is an object whose known fields are typed and whose unknown fields are kept. */
export function object<const E extends v.ObjectEntries>(entries: E): v.ObjectSchema<E, undefined> {
  return v.looseObject(entries) as unknown as v.ObjectSchema<E, undefined>;
}

/** count is an integer from 0 on. */
export const count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** prefixText is a CIDR as text. */
export const prefixText = v.pipe(
  v.string(),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const parsed = parsePrefix(dataset.value);
    if (parsed !== undefined) return parsed;
    addIssue({ message: `"${dataset.value}" is not a CIDR` });
    return NEVER;
  }),
);

/** addressText is an IPv4 address as text. */
export const addressText = v.pipe(
  v.string(),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const parsed = parseIpv4(dataset.value);
    if (parsed !== undefined) return parsed;
    addIssue({ message: `"${dataset.value}" is not an address` });
    return NEVER;
  }),
);

/** drain is the draining of a node. */
export const drain = object({
  /** The availability to go back to. */
  before: v.picklist(['active', 'cordoned']),
  /** By the clock of the controller that wrote it. Others count from the time they saw `revision`. */
  sinceMs: count,
  /** The drain began at this revision of the store, or a few later. */
  revision: v.exactOptional(count),
  /** How long to wait for it; absent: as long as it takes. */
  deadlineMs: v.exactOptional(count),
  /** Whether the host has to leave as soon as no container uses its subnets, and whether it was told to. */
  remove: v.boolean(),
  leave: v.boolean(),
  /** When its host reported that no container uses its subnets; when the deadline had passed. */
  drainedMs: v.exactOptional(count),
  missedMs: v.exactOptional(count),
});

/** leaseUse describes how a host uses a lease. */
export const leaseUse = object({
  subnet: prefixText,
  generation: count,
  inForce: v.boolean(),
  ending: v.exactOptional(v.boolean()),
  inUse: v.exactOptional(v.boolean()),
  /** Only of an ending lease. */
  attached: v.exactOptional(v.array(v.string())),
});

/** heldRoutes are the routes that a node keeps although they were withdrawn. */
export const heldRoutes = object({
  count,
  subnets: v.array(prefixText),
  epoch: count,
  revision: count,
  isUnexplained: v.boolean(),
});
