// What the daemon's loop asks of each thing it keeps as desired: routes, firewall, Docker.
// Invariant: converge() looks at the real world each time, changes only what is ours, and may be killed anywhere,
// repeated any number of times, and run after any other program has changed things.
import type { ConditionType } from '../../proto/domain/network.js';

/** Finding is one thing that is not as desired. */
export type Finding = {
  readonly type: ConditionType;
  /** Waiting is enough, or the next turn may do it. False: somebody has to act. */
  readonly transient: boolean;
  /** Worth knowing, and not wrong: the node is as ready as without it. */
  readonly isNote?: boolean;
  /** CamelCase, stable: "ForeignRoute". */
  readonly reason: string;
  /** What is wrong, where and why, in one line without a full stop at the end. What to do is in `fix`. */
  readonly message: string;
  /** What to type or do about it, in one line: a command where there is one. */
  readonly fix?: string;
};

/** Outcome is what one turn came to. An effect that is as desired has no findings. */
export type Outcome = {
  readonly findings: readonly Finding[];
  /** How many changes this turn made to the host. */
  readonly changes: number;
  /** What these were, for logs: "add 10.76.1.0/24 via 192.168.83.12". Perhaps not all of them. */
  readonly what?: readonly string[];
  /** False: the host has not what is desired, whatever the findings say of who can help it. */
  readonly inForce?: false;
};

/** Effect is one thing the daemon keeps as desired. */
export interface Effect<Desired> {
  /** For logs: "routes". */
  readonly name: string;
  /**
   * converge makes the host as `desired`. It never throws for what is wrong with the host: that is a finding. It
   * collects: one thing that can't be done does not keep the others from being done.
   */
  converge(desired: Desired, signal: AbortSignal): Promise<Outcome>;
}
