// What the daemon's log says of the changes that a turn has made.
import test from 'ava';
import { describePlan } from '../../../../node/firewall/describe.js';
import type { KernelRoute } from '../../../../node/kernel/route-kernel.js';
import { describeChanges } from '../../../../node/reconcile/lane.js';
import { nameChange } from '../../../../node/routes/problems.js';
import { address, prefix } from '../../../support/pools.js';

test('a log line names the first changes and counts the rest', (t) => {
  t.deepEqual(describeChanges({ changes: 2, what: ['add a', 'delete b'] }), {
    changes: 2,
    what: ['add a', 'delete b'],
  });
  t.deepEqual(describeChanges({ changes: 1 }), { changes: 1 });
  const many = Array.from({ length: 11 }, (_, index) => `add ${index}`);
  const told = describeChanges({ changes: 5_000, what: many });
  t.is(told.changes, 5_000);
  t.deepEqual(told.what?.slice(-2), ['add 9', 'and 4990 more']);
});

test('routes and next hops are named', (t) => {
  const route = { destination: prefix('10.76.5.0/24') } as KernelRoute;
  t.is(nameChange({ op: 'addRoute', route }), 'add route to 10.76.5.0/24');
  t.is(nameChange({ op: 'deleteRoute', route }), 'delete route to 10.76.5.0/24');
  const nextHop = {
    id: 7,
    protocol: 88,
    hop: { ifindex: 2, gateway: address('192.168.83.12'), flags: 0 },
    members: [],
  };
  t.is(nameChange({ op: 'replaceNextHop', nextHop }), 'replace next hop 192.168.83.12');
});

test('rules and elements of sets are named', (t) => {
  const rules = (text: string, changes: number) => ({ text, changes, used: true, misplaced: [], unreached: [] });
  const what = describePlan({
    table: {
      kind: 'elements',
      sets: [{ name: 'peers', missing: [address('10.76.1.0')], superfluous: [address('10.76.2.0')] }],
      changes: 2,
    },
    rules: new Map([
      ['nft', rules('*filter\n-A DOCKER-USER -m mark --mark 0x1 -j ACCEPT\nCOMMIT\n', 1)],
      ['legacy', rules('*filter\n-A DOCKER-USER -j DROP\nCOMMIT\n', 0)],
    ]),
  });
  t.deepEqual(what, [
    'xnet: peers - 10.76.2.0',
    'xnet: peers + 10.76.1.0',
    'nft: -A DOCKER-USER -m mark --mark 0x1 -j ACCEPT',
  ]);
});
