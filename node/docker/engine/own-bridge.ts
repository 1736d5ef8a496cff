// The bridges with the node's subnets, as the kernel has them: docker0 in mode bip and block, xnet's own in mode bridge.
// Invariant: read-only. The Docker effect repairs the bridges.
import { gatewayOf, prefixesOverlap } from '../../../proto/domain/address.js';
import type { Lease } from '../../../proto/domain/network.js';
import type { KernelMirror } from '../../kernel/mirror.js';
import type { OwnSubnet } from '../../table/own-subnets.js';
import type { EngineNetwork } from './engine.js';

/** BridgeState is the state of a bridge in the kernel: missing, present without its gateway address, or complete. */
export type BridgeState = 'gone' | 'without gateway' | 'whole';

/** bridgeState returns the present state of the bridge of a subnet. */
export function bridgeState(
  { links, addresses }: Pick<KernelMirror, 'links' | 'addresses'>,
  { bridge, subnet, partLength }: OwnSubnet,
): BridgeState {
  const link = [...links.values()].find((each) => each.name === bridge);
  if (link === undefined) return 'gone';
  const gateway = gatewayOf(subnet);
  // The same address with another length is that of another mode.
  const has = addresses.some(
    ({ ifindex, address, prefix }) =>
      ifindex === link.ifindex && address === gateway && (partLength === undefined || partLength === prefix.length),
  );
  return has ? 'whole' : 'without gateway';
}

/** hasLink reports whether the host has an interface of a name. */
export function hasLink({ links }: Pick<KernelMirror, 'links'>, bridge: string): boolean {
  return [...links.values()].some(({ name }) => name === bridge);
}

/** hands reports whether Docker hands out addresses of a lease of mode lan on a network. */
export function hands({ subnets, bridgeName }: EngineNetwork, lease: Pick<Lease, 'subnet' | 'bridgeName'>): boolean {
  const overlaps = ({ prefix, range = prefix }: EngineNetwork['subnets'][number]) =>
    prefixesOverlap(range, lease.subnet);
  return bridgeName === lease.bridgeName && subnets.some(overlaps);
}

/**
 * onBridgeChange calls `listener` when another program deletes or restores a bridge or its gateway address.
 * @param own the subnets of the present assignment; none if there is none
 * @returns unsubscribes
 */
export function onBridgeChange(
  mirror: Pick<KernelMirror, 'links' | 'addresses' | 'onChange'>,
  own: () => readonly OwnSubnet[],
  listener: () => void,
): () => void {
  let before: ReadonlyMap<string, BridgeState> = new Map();
  return mirror.onChange((changes) => {
    if (!(changes.has('link') || changes.has('address') || changes.has('lost'))) return;
    const now = new Map(
      own().map((each) => [`${each.bridge} ${gatewayOf(each.subnet)}`, bridgeState(mirror, each)] as const),
    );
    // One that is seen for the first time counts as whole.
    const isChanged = [...now].some(([key, state]) => state !== (before.get(key) ?? 'whole'));
    before = now;
    if (isChanged) listener();
  });
}
