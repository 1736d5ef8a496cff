// The bridge that a node's subnet stands on, as the kernel has it: docker0 in mode bip, xnet's own in mode bridge.
// Invariant: only reads. What is wrong with the bridge is repaired by the Docker effect.
import type { Ipv4 } from '../../../proto/domain/address.js';
import type { Assignment } from '../../../proto/domain/network.js';
import type { KernelMirror } from '../../kernel/mirror.js';

/** bridgeNameOf is the name of the interface that has, or is to get, a node's gateway address: "docker0". */
export function bridgeNameOf({ mode, bridgeName }: Pick<Assignment, 'mode' | 'bridgeName'>): string {
  return mode === 'bip' ? 'docker0' : bridgeName;
}

/** BridgeState is what the kernel has of a bridge: nothing, the interface alone, or the interface with its gateway. */
export type BridgeState = 'gone' | 'without gateway' | 'whole';

/** OwnBridge is a bridge as it should be. */
export type OwnBridge = { readonly name: string; readonly gateway: Ipv4 };

/** bridgeState says what there is of a bridge. */
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
 * onBridgeChange calls `listener` when somebody deletes the bridge or its gateway address, or puts it back.
 * @param bridge the bridge of the present assignment; undefined when there is none
 * @returns ends it
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
