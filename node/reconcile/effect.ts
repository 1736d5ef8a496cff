// The interface of everything that the daemon keeps as desired: routes, firewall, Docker.
// Invariant: converge() observes the host each time, changes only xnet's objects, and may be killed anywhere,
// repeated any number of times, and run after changes by other programs.
import type { ConditionType } from '../../proto/domain/network.js';

/** Finding is one deviation from the desired state. `Reason`: the reasons that it can have, where they are known. */
export type Finding<Reason extends string = string> = {
  readonly type: ConditionType;
  /** It may pass by itself or by the next turn. False: an operator must act. */
  readonly transient: boolean;
  /** Informational: the node is ready despite it. */
  readonly isNote?: boolean;
  /** CamelCase, stable: "ForeignRoute". */
  readonly reason: Reason;
  /** The problem, its place and cause, in one line without a full stop. The remedy is in `fix`. */
  readonly message: string;
  /** What to type or do about it, in one line: a command where there is one. */
  readonly fix?: string;
};

/** Outcome is the result of one turn. An effect that is as desired has no findings. */
export type Outcome = {
  readonly findings: readonly Finding[];
  /** The number of changes that this turn made to the host. */
  readonly changes: number;
  /** Their descriptions, for logs: "add 10.76.1.0/24 via 192.168.83.12". May be incomplete. */
  readonly what?: readonly string[];
  /** False: the host is not as desired, even if all findings are informational or transient. */
  readonly inForce?: false;
};

/** Effect is one part of the host that the daemon keeps as desired. */
export interface Effect<Desired> {
  /** For logs: "routes". */
  readonly name: string;
  /**
   * converge makes the host as `desired`. A problem of the host is a finding, never an exception. It
   * continues after a failed change.
   */
  converge(desired: Desired, signal: AbortSignal): Promise<Outcome>;
  /**
   * advance makes a host that is as the last turn left it as `desired`, which differs little from before.
   * @returns undefined if it takes a turn; nothing was changed then
   */
  advance?(desired: Desired): Outcome | undefined;
}
