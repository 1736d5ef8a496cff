// The address that takes the place of the node's address.
import test from 'ava';
import { AddressFollower } from '../../../../node/daemon/address-follower.js';
import { type Address, scopes } from '../../../../node/kernel/route-kernel.js';
import { successorOf } from '../../../../node/underlay/successor.js';
import { formatIpv4 } from '../../../../proto/domain/address.js';
import { address as ip, prefix } from '../../../support/pools.js';

const on = (ifindex: number, text: string, network: string, scope: number = scopes.universe): Address => ({
  ifindex,
  address: ip(text),
  prefix: prefix(network),
  scope,
  flags: 0,
});

const input = { assigned: ip('192.168.83.11'), ifindex: 2, pools: [prefix('10.76.0.0/16')] };
const found = (...addresses: readonly Address[]) => {
  const address = successorOf({ ...input, addresses });
  return address === undefined ? undefined : formatIpv4(address);
};

test('only one address of the same interface and network takes the place of another', (t) => {
  const moved = on(2, '192.168.83.99', '192.168.83.0/24');
  t.is(found(moved), '192.168.83.99');
  t.is(found(moved, on(3, '10.50.0.9', '10.50.0.0/16')), '192.168.83.99');
  t.is(found(), undefined);
  t.is(found(moved, on(2, '192.168.83.11', '192.168.83.0/24')), undefined, 'the address is there');
  t.is(found(moved, on(3, '192.168.83.11', '192.168.83.0/24')), undefined, 'it is on another interface');
  t.is(found(on(3, '192.168.83.99', '192.168.83.0/24')), undefined, 'another interface');
  t.is(found(on(2, '192.168.84.99', '192.168.84.0/24')), undefined, 'another network');
  t.is(found(moved, on(2, '192.168.83.98', '192.168.83.0/24')), undefined, 'two of them');
  t.is(found(on(2, '192.168.83.99', '192.168.83.0/24', scopes.link)), undefined, 'an address of the link alone');
  t.is(successorOf({ ...input, ifindex: undefined, addresses: [moved] }), undefined);
});

test('a new address is reported once it was there for a while', (t) => {
  let nowMs = 0;
  let addresses: readonly Address[] = [on(2, '192.168.83.11', '192.168.83.0/24')];
  const assignment = { address: ip('192.168.83.11') };
  const follower = new AddressFollower(
    {
      mirror: {
        get addresses() {
          return addresses;
        },
      },
      known: { current: { assignment, table: undefined } } as unknown as ConstructorParameters<
        typeof AddressFollower
      >[0]['known'],
      underlay: { current: { ifname: 'eth0', ifindex: 2, address: ip('192.168.83.11') } },
    },
    () => nowMs,
  );
  t.is(follower.look(), undefined);
  addresses = [on(2, '192.168.83.99', '192.168.83.0/24')];
  t.is(follower.look(), undefined);
  nowMs += 4_000;
  addresses = [on(2, '192.168.83.98', '192.168.83.0/24')];
  t.is(follower.look(), undefined, 'another one begins anew');
  nowMs += 4_000;
  t.is(follower.look(), undefined);
  nowMs += 1_000;
  t.is(follower.look(), ip('192.168.83.98'));
});
