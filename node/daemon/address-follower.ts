// Reports a new address of this host to the controllers, with --follow-address.
// Invariant: an address is reported only after it has been present for a while, so that a short replacement, as by a program
// that reconfigures the interface, changes nothing. An address that the host had beside the node's address, such as one that
// VRRP moves between hosts, is never reported.
import type { Ipv4 } from '../../proto/domain/address.js';
import type { KernelMirror } from '../kernel/mirror.js';
import type { Address } from '../kernel/route-kernel.js';
import type { LiveValue } from '../reconcile/live-value.js';
import type { Underlay } from '../underlay/choose.js';
import { successorOf } from '../underlay/successor.js';
import type { KnownReader } from './known.js';

// Longer than a DHCP client takes to replace an address by itself.
const settledMs = 5_000;

// A DHCP client that adds the new address first removes the former one much sooner.
const togetherMs = 30_000;

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
  /** Addresses that the host has or had beside the node's, and how long they were together. */
  readonly #beside = new Map<Ipv4, { readonly sinceMs: number; untilMs: number }>();

  /** @param nowMs returns the monotonic clock, in milliseconds */
  constructor(options: AddressFollowerOptions, nowMs: () => number = () => performance.now()) {
    this.#options = options;
    this.#nowMs = nowMs;
  }

  /** look returns the address to report; undefined: the node's address is right, or the new one is not certain yet. */
  look(): Ipv4 | undefined {
    const { mirror, known, underlay } = this.#options;
    const { assignment, table } = known.current;
    const { addresses } = mirror;
    if (assignment !== undefined) this.#noteBeside(assignment.address, addresses);
    const address = successorOf({
      assigned: assignment?.address,
      ifindex: underlay.current?.ifindex,
      addresses: addresses.filter((each) => !this.#isSecond(each.address)),
      pools: table?.pools ?? [],
    });
    if (address === undefined) this.#candidate = undefined;
    else if (this.#candidate?.address !== address) this.#candidate = { address, sinceMs: this.#nowMs() };
    const isSettled = this.#candidate !== undefined && this.#nowMs() - this.#candidate.sinceMs >= settledMs;
    return isSettled ? address : undefined;
  }

  #noteBeside(assigned: Ipv4, addresses: readonly Address[]): void {
    const present = new Set(addresses.map(({ address }) => address));
    for (const address of this.#beside.keys()) if (!present.has(address)) this.#beside.delete(address);
    // The node's former address is the host's own by now.
    this.#beside.delete(assigned);
    if (!present.delete(assigned)) return;
    const nowMs = this.#nowMs();
    for (const address of present) {
      const before = this.#beside.get(address);
      if (before === undefined) this.#beside.set(address, { sinceMs: nowMs, untilMs: nowMs });
      else before.untilMs = nowMs;
    }
  }

  #isSecond(address: Ipv4): boolean {
    const together = this.#beside.get(address);
    return together !== undefined && together.untilMs - together.sinceMs >= togetherMs;
  }
}
