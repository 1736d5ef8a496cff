// The schemas of the records of a rollout and its steps.
import * as v from 'valibot';
import { modes } from '../../proto/domain/network.js';
import { count, object, prefixText } from './record-fields.js';

/** rolloutStates lists the states of a rollout. Only "running" and "undoing" begin new steps. */
export const rolloutStates = ['running', 'paused', 'failed', 'done', 'cancelled', 'undoing', 'undone'] as const;

/**
 * stepStates lists the states of a step. "granted": the node has the new lease, and peers begin to route to it.
 * "permitted": its host may restart Docker. "verifying": the host uses the new lease. "done" and "undone": the node is
 * healthy with it. "skipped": there is nothing to do any more.
 */
export const stepStates = [
  'pending',
  'granted',
  'permitted',
  'verifying',
  'done',
  'failed',
  'undone',
  'skipped',
] as const;

/** rollout is the schema of a rollout without its steps. */
export const rollout = object({
  /** "nodes": the nodes that were named go to another pool. "pool": every node of `pool` goes to `mode`. */
  kind: v.picklist(['nodes', 'pool']),
  pool: v.optional(v.string()),
  mode: v.optional(v.picklist(modes)),
  /** The mode that the pool had. */
  formerMode: v.optional(v.picklist(modes)),
  state: v.picklist(rolloutStates),
  /** Whether its nodes go back to the leases that they had. */
  undo: v.boolean(),
  /** How many nodes of a group may be unavailable at once: "1", "10%". */
  maxUnavailable: v.string(),
  /** Key of the label by whose values nodes are grouped; absent: all nodes are one group. */
  per: v.optional(v.string()),
  /** How long a step may take from its permit until its node is healthy. */
  healthSeconds: count,
  /** Number of the records that hold its steps. */
  parts: count,
  createdMs: count,
  /** "admin/alice" */
  createdBy: v.string(),
  /** When `state` was entered, milliseconds since 1970. */
  sinceMs: count,
  /** Why it failed. */
  message: v.string(),
});

const place = object({ pool: v.string(), subnet: prefixText, generation: count, mode: v.picklist(modes) });

const step = object({
  node: v.string(),
  nodeName: v.string(),
  /** Value of the label of `per`. */
  group: v.string(),
  /** The lease that the node had before. */
  from: place,
  to: object({ pool: v.string(), mode: v.picklist(modes) }),
  state: v.picklist(stepStates),
  /** The node goes back to `from`. */
  undo: v.optional(v.boolean(), false),
  /** The lease that this step granted: of `to`, or, while it is undone, in place of `from`. */
  granted: v.optional(place),
  /** Number of permits given. */
  attempt: v.optional(count, 0),
  /** `sinceMs` of the failure of Docker that the node reported when the permit was given: it is not one of this attempt. */
  failureMs: v.optional(v.number()),
  message: v.optional(v.string(), ''),
  sinceMs: count,
});

/** steps is the schema of some steps of a rollout. */
export const steps = object({ steps: v.array(step) });
