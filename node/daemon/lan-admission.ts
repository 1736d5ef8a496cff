// Keeps peers admitted on both interfaces while a move of LAN mode is planned, made or undone.
// Invariant: the firewall names the new interface before it gets the host's address, and the old one until the underlay is
// known to be another interface.
import type { LanPlace } from '../lan/journal.js';
import { LiveValue } from '../reconcile/live-value.js';
import { ownSubnets } from '../table/own-subnets.js';
import { type LanAssignment, lanInterfaces } from './desired-lan.js';

// How long a move waits for a turn of the firewall. Without that turn, packets to containers of other modes may be dropped.
const longestMs = 5_000;

/** LanAdmission passes values between the firewall lane and the lane of LAN mode. */
export class LanAdmission {
  /** place is the move as the lane of LAN mode has it. */
  readonly place = new LiveValue<LanPlace | undefined>(undefined);
  #last: LanPlace | undefined;
  readonly #admitted = new LiveValue<readonly string[]>([]);

  /** besides returns the interfaces that the firewall has to name besides `underlay`. */
  besides(assignment: LanAssignment, underlay: string): readonly string[] {
    const { current } = this.place;
    // The routes lane may not have seen yet that the bridge is gone.
    if (current !== undefined || underlay !== this.#last?.bridge) this.#last = current;
    return lanInterfaces(assignment, this.#last).filter((name) => name !== underlay);
  }

  /** admitted records the interfaces on which the firewall admits peers. */
  admitted(names: readonly string[]): void {
    this.#admitted.set(names);
  }

  /** untilAdmitted waits, 5 s at most, until peers are admitted on a bridge. It returns at once if the node has no routed subnets. */
  async untilAdmitted(bridge: string, assignment: LanAssignment, signal: AbortSignal): Promise<void> {
    const isAdmitted = () => this.#admitted.current.includes(bridge);
    if (ownSubnets(assignment).length === 0 || isAdmitted() || signal.aborted) return;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(longestMs)]);
    await new Promise<void>((resolve) => {
      const end = this.#admitted.subscribe(() => isAdmitted() && done());
      const done = () => {
        end();
        resolve();
      };
      limit.addEventListener('abort', done, { once: true });
    });
  }
}
