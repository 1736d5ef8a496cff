// The bridge with the node's subnet, as the kernel has it: docker0 in mode bip, xnet's own in mode bridge.
// Invariant: read-only. The Docker effect repairs the bridge.
import type { Ipv4 } from '../../../proto/domain/address.js';
import type { Assignment } from '../../../proto/domain/network.js';
import type { KernelMirror } from '../../kernel/mirror.js';

/** bridgeNameOf returns the name of the interface that has, or is to get, a node's gateway address: "docker0". */
export function bridgeNameOf({ mode, bridgeName }: Pick<Assignment, 'mode' | 'bridgeName'>): string {
  return mode === 'bip' ? 'docker0' : bridgeName;
}

/** BridgeState is the state of a bridge in the kernel: missing, present without its gateway address, or complete. */
export type BridgeState = 'gone' | 'without gateway' | 'whole';

/** OwnBridge is the desired bridge. */
export type OwnBridge = { readonly name: string; readonly gateway: Ipv4 };

/** bridgeState returns the present state of a bridge. */
export function bridgeState(
  { links, addresses }: Pick<KernelMirror, 'links' | 'addresses'>,
  { name, gateway }: OwnBridge,
): BridgeState {
  const link = [...links.values()].find((each) => each.name === name);
  if (link === undefined) return 'gone';
  const has = addresses.some(({ ifindex, address }) => ifindex === link.ifindex && address === gateway);
  return has ? 'whole' : 'without gateway';
}

/**
 * onBridgeChange calls `listener` when somebody deletes or restores the bridge or its gateway address.
 * @param bridge the bridge of the present assignment; undefined if there is none
 * @returns unsubscribes
 */
export function onBridgeChange(
  mirror: Pick<KernelMirror, 'links' | 'addresses' | 'onChange'>,
  bridge: () => OwnBridge | undefined,
  listener: (state: BridgeState) => void,
): () => void {
  let before: { readonly of: string; readonly state: BridgeState } | undefined;
  return mirror.onChange((changes) => {
    const own = bridge();
    if (own === undefined || !(changes.has('link') || changes.has('address') || changes.has('lost'))) return;
    const now = { of: `${own.name} ${own.gateway}`, state: bridgeState(mirror, own) };
    const same = before === undefined ? now.state === 'whole' : before.of === now.of && before.state === now.state;
    before = now;
    if (!same) listener(now.state);
  });
}
