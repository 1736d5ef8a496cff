// Which addresses that vanish from a host make its daemon connect anew.
import test from 'ava';
import { onAddressGone } from '../../../../node/daemon/address-gone.js';
import type { KernelChange } from '../../../../node/kernel/mirror.js';
import type { Address } from '../../../../node/kernel/route-kernel.js';
import type { Underlay } from '../../../../node/underlay/choose.js';
import { prefixOf } from '../../../../proto/domain/address.js';
import { address } from '../../../support/pools.js';

const on = (ifindex: number, text: string): Address => {
  const prefix = prefixOf(address(text), 24);
  return { ifindex, address: address(text), prefix, scope: 0, flags: 0 } as Address;
};

test('an address that the underlay loses is noticed, once; one that it gets, and those of bridges, are not', (t) => {
  const former = on(2, '192.168.83.11');
  const next = on(2, '192.168.83.99');
  const bridge = on(3, '10.76.0.1');
  let tell = (_: ReadonlySet<KernelChange>): void => undefined;
  let addresses: readonly Address[] = [former, bridge];
  const mirror = {
    get addresses() {
      return addresses;
    },
    onChange(listener: typeof tell) {
      tell = listener;
      return () => undefined;
    },
  };
  const underlay: { current: Underlay | undefined } = { current: undefined };
  let noticed = 0;
  onAddressGone(mirror, underlay, () => {
    noticed += 1;
  });
  const change = (now: readonly Address[], kind: KernelChange = 'address') => {
    addresses = now;
    tell(new Set([kind]));
    return noticed;
  };
  t.is(change([bridge, former], 'route'), 0);
  underlay.current = { ifname: 'eth0', ifindex: 2, address: former.address };
  t.is(change([former, bridge]), 0, 'the underlay is known now');
  t.is(change([former, next, bridge]), 0, 'one more');
  t.is(change([former, next]), 0, 'that of a bridge is gone');
  t.is(change([next]), 1);
  t.is(change([next, bridge]), 1);
  t.is(change([], 'lost'), 2, 'notifications were lost');
});
