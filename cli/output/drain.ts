// The draining of a node in JSON. Pure.
import type { Drain__Output } from '../../proto/gen/xnet/v1/Drain.js';
import { isoTime } from './time.js';

/** DrainOutput is the draining of a node. */
export type DrainOutput = {
  readonly since: string | null;
  /** Null: as long as it takes. */
  readonly deadlineAt: string | null;
  /** When no container used its subnets any more; null: some did. */
  readonly drainedAt: string | null;
  /** When the deadline had passed, since when the node is cordoned. */
  readonly missedAt: string | null;
  /** Its host has to leave as soon as it is drained; it was told to. */
  readonly remove: boolean;
  readonly leave: boolean;
};

/** drainFromWire converts the draining of a node. */
export function drainFromWire(wire: Drain__Output | null): DrainOutput | null {
  if (wire === null) return null;
  const { sinceMs, deadlineMs, drainedMs, missedMs, remove, leave } = wire;
  return {
    since: isoTime(sinceMs),
    deadlineAt: deadlineMs === 0 ? null : isoTime(sinceMs + deadlineMs),
    drainedAt: isoTime(drainedMs),
    missedAt: isoTime(missedMs),
    remove,
    leave,
  };
}
