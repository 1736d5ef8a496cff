// The bridges with the node's subnets, as the kernel has them: docker0 in mode bip and block, xnet's own in mode bridge.
// Invariant: read-only. The Docker effect repairs the bridges.
import { gatewayOf, prefixesOverlap } from '../../../proto/domain/address.js';
import type { Lease } from '../../../proto/domain/network.js';
import type { KernelMirror } from '../../kernel/mirror.js';
import { type Link, linkFlags } from '../../kernel/route-kernel.js';
import type { Finding } from '../../reconcile/effect.js';
import type { OwnSubnet } from '../../table/own-subnets.js';
import type { EngineNetwork } from './engine.js';
import { blocked } from './settings.js';

/** BridgeState is the state of a bridge in the kernel: missing, present without its gateway address, or complete. */
export type BridgeState = 'gone' | 'without gateway' | 'whole';

/** bridgeState returns the present state of the bridge of a subnet. */
export function bridgeState(
  { links, addresses }: Pick<KernelMirror, 'links' | 'addresses'>,
  { bridge, subnet, partLength }: OwnSubnet,
): BridgeState {
  const link = linkOf({ links }, bridge);
  if (link === undefined) return 'gone';
  const gateway = gatewayOf(subnet);
  // The same address with another length is that of another mode.
  const has = addresses.some(
    ({ ifindex, address, prefix }) =>
      ifindex === link.ifindex && address === gateway && (partLength === undefined || partLength === prefix.length),
  );
  return has ? 'whole' : 'without gateway';
}

function linkOf({ links }: Pick<KernelMirror, 'links'>, bridge: string): Link | undefined {
  return [...links.values()].find(({ name }) => name === bridge);
}

/** hasLink reports whether the host has an interface of a name. */
export function hasLink(mirror: Pick<KernelMirror, 'links'>, bridge: string): boolean {
  return linkOf(mirror, bridge) !== undefined;
}

// Whether a bridge is switched off. One without containers is not. Its address stays, so its lease counts as in force.
function isDown(mirror: Pick<KernelMirror, 'links'>, bridge: string): boolean {
  const link = linkOf(mirror, bridge);
  return link !== undefined && (link.flags & linkFlags.up) === 0;
}

/** downFindings names the bridges that are switched off: no packet reaches their containers until they are up again. */
export function downFindings(mirror: Pick<KernelMirror, 'links'>, own: readonly OwnSubnet[]): readonly Finding[] {
  const down = new Set(own.map(({ bridge }) => bridge).filter((bridge) => isDown(mirror, bridge)));
  return [...down].map((bridge) =>
    blocked(
      'BridgeDown',
      `${bridge} is down, so no packet reaches its containers: another program switched it off`,
      `ip link set ${bridge} up`,
    ),
  );
}

/** hands reports whether a Docker network hands out addresses of a lease of mode lan. */
export function hands({ subnets, bridgeName }: EngineNetwork, lease: Pick<Lease, 'subnet' | 'bridgeName'>): boolean {
  const overlaps = ({ prefix, range = prefix }: EngineNetwork['subnets'][number]) =>
    prefixesOverlap(range, lease.subnet);
  return bridgeName === lease.bridgeName && subnets.some(overlaps);
}

/**
 * onBridgeChange calls `listener` when another program deletes or restores a bridge or its gateway address, or switches it
 * off or on.
 * @param own the subnets of the present assignment; none if there is none
 * @returns unsubscribes
 */
export function onBridgeChange(
  mirror: Pick<KernelMirror, 'links' | 'addresses' | 'onChange'>,
  own: () => readonly OwnSubnet[],
  listener: () => void,
): () => void {
  let before: ReadonlyMap<string, string> = new Map();
  const stateOf = (each: OwnSubnet) => `${bridgeState(mirror, each)}${isDown(mirror, each.bridge) ? ', down' : ''}`;
  return mirror.onChange((changes) => {
    if (!(changes.has('link') || changes.has('address') || changes.has('lost'))) return;
    const now = new Map(own().map((each) => [`${each.bridge} ${gatewayOf(each.subnet)}`, stateOf(each)] as const));
    // One that is seen for the first time counts as whole.
    const isChanged = [...now].some(([key, state]) => state !== (before.get(key) ?? 'whole'));
    before = now;
    if (isChanged) listener();
  });
}
