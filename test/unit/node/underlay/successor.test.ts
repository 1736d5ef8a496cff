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

test('a new address counts only if it is the only one of the same interface and network', (t) => {
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

function followerOf() {
  const state = { nowMs: 0, addresses: [on(2, '192.168.83.11', '192.168.83.0/24')] as readonly Address[] };
  const assignment = { address: ip('192.168.83.11') };
  const follower = new AddressFollower(
    {
      mirror: {
        get addresses() {
          return state.addresses;
        },
      },
      known: { current: { assignment, table: undefined } } as unknown as ConstructorParameters<
        typeof AddressFollower
      >[0]['known'],
      underlay: { current: { ifname: 'eth0', ifindex: 2, address: ip('192.168.83.11') } },
    },
    () => state.nowMs,
  );
  return { state, follower };
}

test('a new address is reported once it was there for a while', (t) => {
  const { state, follower } = followerOf();
  t.is(follower.look(), undefined);
  state.addresses = [on(2, '192.168.83.99', '192.168.83.0/24')];
  t.is(follower.look(), undefined);
  state.nowMs += 4_000;
  state.addresses = [on(2, '192.168.83.98', '192.168.83.0/24')];
  t.is(follower.look(), undefined, 'another one begins anew');
  state.nowMs += 4_000;
  t.is(follower.look(), undefined);
  state.nowMs += 1_000;
  t.is(follower.look(), ip('192.168.83.98'));
});

test('a second address, as of VRRP, is never reported; one that DHCP gave before it took the former one is', (t) => {
  const own = on(2, '192.168.83.11', '192.168.83.0/24');
  const virtual = on(2, '192.168.83.5', '192.168.83.0/24');
  const given = on(2, '192.168.83.99', '192.168.83.0/24');
  const { state, follower } = followerOf();
  const lookAfter = (ms: number, ...addresses: readonly Address[]) => {
    state.addresses = addresses;
    state.nowMs += ms;
    return follower.look();
  };
  lookAfter(0, own, virtual);
  lookAfter(31_000, own, virtual);
  for (const ms of [0, 6_000, 600_000]) t.is(lookAfter(ms, virtual), undefined);
  t.is(lookAfter(0, virtual, given), undefined);
  t.is(lookAfter(6_000, virtual, given), ip('192.168.83.99'));
  const soon = followerOf();
  soon.state.addresses = [own, given];
  soon.follower.look();
  soon.state.nowMs += 2_000;
  soon.follower.look();
  soon.state.addresses = [given];
  soon.follower.look();
  soon.state.nowMs += 6_000;
  t.is(soon.follower.look(), ip('192.168.83.99'));
});
