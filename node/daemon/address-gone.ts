// Notices when the host loses an address of its underlay. A connection from that address gets no packet any more, and
// finds that out by itself only after half a minute (proto/rpc/limits.ts); until then the host would hear of no change.
// Invariant: read-only. Addresses of other interfaces, such as bridges of containers, come and go unnoticed.
import type { KernelMirror } from '../kernel/mirror.js';
import type { LiveValue } from '../reconcile/live-value.js';
import type { Underlay } from '../underlay/choose.js';

/**
 * onAddressGone calls `listener` after an address of the underlay's interface has vanished.
 * @returns unsubscribes
 */
export function onAddressGone(
  mirror: Pick<KernelMirror, 'addresses' | 'onChange'>,
  underlay: Pick<LiveValue<Underlay | undefined>, 'current'>,
  listener: () => void,
): () => void {
  const present = () => {
    const ifindex = underlay.current?.ifindex;
    return new Set(mirror.addresses.filter((each) => each.ifindex === ifindex).map(({ address }) => address));
  };
  let before = present();
  return mirror.onChange((changes) => {
    if (!(changes.has('link') || changes.has('address') || changes.has('lost'))) return;
    const now = present();
    const isGone = [...before].some((address) => !now.has(address));
    before = now;
    if (isGone) listener();
  });
}
