// The schemas of the record of a subnet: leased, freed, or of a host that is not a node.
// Invariant: the three exclude each other, since a subnet has one key.
import * as v from 'valibot';
import { modes } from '../../proto/domain/network.js';
import { addressText, count, object } from './record-fields.js';

/** subnet is the record of a subnet, by its state. */
export const subnet = v.variant('state', [
  object({
    state: v.literal('leased'),
    node: v.string(),
    generation: count,
    sinceMs: count,
    /** Since when the host has to stop using the subnet; absent: the lease is not ending. */
    endingMs: v.optional(count),
    /** Absent: the node's mode, else the pool's; the pool's names. */
    mode: v.optional(v.picklist(modes)),
    networkName: v.optional(v.string()),
    bridgeName: v.optional(v.string()),
    /** Name of the network that the lease belongs to; absent: none. */
    network: v.exactOptional(v.string()),
    /** Of an ending lease: its host detaches containers. */
    detach: v.exactOptional(v.boolean()),
  }),
  object({
    state: v.literal('quarantined'),
    node: v.string(),
    nodeName: v.string(),
    address: addressText,
    generation: count,
    sinceMs: count,
    /** By the clock of the controller that wrote it. Others count `quarantineMs` from the time they saw the record. */
    untilMs: count,
    quarantineMs: v.optional(count),
    /** The epoch that the record was written in. */
    epoch: v.optional(count),
  }),
  object({
    state: v.literal('static'),
    /** Address of the host that uses the subnet and is not a node. */
    nextHop: addressText,
    /** Its name, for people. */
    name: v.string(),
    /** Of the last grant. */
    generation: count,
    sinceMs: count,
  }),
]);
