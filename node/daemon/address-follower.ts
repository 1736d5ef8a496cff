// Reports a new address of this host to the controllers, with --follow-address.
// Invariant: an address is reported only after it was there for a while, so that one that is replaced for a moment, as by a
// program that reconfigures the interface, changes nothing.
import type { Ipv4 } from '../../proto/domain/address.js';
import type { KernelMirror } from '../kernel/mirror.js';
import type { LiveValue } from '../reconcile/live-value.js';
import type { Underlay } from '../underlay/choose.js';
import { successorOf } from '../underlay/successor.js';
import type { KnownReader } from './known.js';

// Longer than a DHCP client takes to replace an address by itself.
const settledMs = 5_000;

/** AddressFollowerOptions are the inputs of the choice of the new address. */
export type AddressFollowerOptions = {
  readonly mirror: Pick<KernelMirror, 'addresses'>;
  readonly known: KnownReader;
  readonly underlay: Pick<LiveValue<Underlay | undefined>, 'current'>;
};

/** AddressFollower observes the address of this host. */
export class AddressFollower {
  readonly #options: AddressFollowerOptions;
  readonly #nowMs: () => number;
  #candidate: { readonly address: Ipv4; readonly sinceMs: number } | undefined;

  /** @param nowMs returns the monotonic clock, in milliseconds */
  constructor(options: AddressFollowerOptions, nowMs: () => number = () => performance.now()) {
    this.#options = options;
    this.#nowMs = nowMs;
  }

  /** look returns the address to report; undefined: the node's address is right, or the new one is not certain yet. */
  look(): Ipv4 | undefined {
    const { mirror, known, underlay } = this.#options;
    const { assignment, table } = known.current;
    const address = successorOf({
      assigned: assignment?.address,
      ifindex: underlay.current?.ifindex,
      addresses: mirror.addresses,
      pools: table?.pools ?? [],
    });
    if (address === undefined) this.#candidate = undefined;
    else if (this.#candidate?.address !== address) this.#candidate = { address, sinceMs: this.#nowMs() };
    const isSettled = this.#candidate !== undefined && this.#nowMs() - this.#candidate.sinceMs >= settledMs;
    return isSettled ? address : undefined;
  }
}
