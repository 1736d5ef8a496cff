// Finds the address that took the place of the node's address on its interface, as after a DHCP server gave another. Pure.
// Invariant: only an address of the same interface and the same network counts: peers reach it as they reached the former
// one. Of several, none does: an administrator has to say which.
import { type Ipv4, type Prefix, prefixContains } from '../../proto/domain/address.js';
import { type Address, scopes } from '../kernel/route-kernel.js';

/** SuccessorInput is what the choice follows from. */
export type SuccessorInput = {
  /** The node address that peers route to. */
  readonly assigned: Ipv4 | undefined;
  /** Index of the interface that peers are reached by; undefined: by none. */
  readonly ifindex: number | undefined;
  readonly addresses: readonly Address[];
  /** Pools: addresses within are those of bridges. */
  readonly pools: readonly Prefix[];
};

/** successorOf returns the address; undefined while the node's address is there, or if there is not exactly one. */
export function successorOf({ assigned, ifindex, addresses, pools }: SuccessorInput): Ipv4 | undefined {
  if (assigned === undefined || ifindex === undefined) return undefined;
  if (addresses.some(({ address }) => address === assigned)) return undefined;
  const candidates = addresses.filter(
    (each) =>
      each.ifindex === ifindex &&
      each.scope < scopes.link &&
      prefixContains(each.prefix, assigned) &&
      !pools.some((pool) => prefixContains(pool, each.address)),
  );
  const [only, second] = new Set(candidates.map(({ address }) => address));
  return second === undefined ? only : undefined;
}
