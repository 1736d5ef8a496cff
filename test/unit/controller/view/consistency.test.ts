// Records that contradict each other: what is believed of them, and that nothing is withdrawn because of any.
import test from 'ava';
import { encode } from '../../../../controller/store/record-codec.js';
import type { FleetTable } from '../../../../controller/table/fleet-table.js';
import { assignmentOf } from '../../../../controller/view/assignment.js';
import { View } from '../../../../controller/view/view.js';
import { formatIpv4, formatPrefix } from '../../../../proto/domain/address.js';
import { address, nodeRecord } from '../../../support/pools.js';
import { freed, lease, pool, Rig } from '../../../support/written-records.js';

function fleet(): Rig {
  return new Rig()
    .write({ 'pools/default': pool('10.76.0.0/16') })
    .join(1)
    .join(2);
}

function routesOf(table: FleetTable): Readonly<Record<string, string>> {
  const routes = [...table.entries.values()].flatMap((entry) => (entry.kind === 'route' ? [entry.route] : []));
  return Object.fromEntries(routes.map(({ subnet, nextHop }) => [formatPrefix(subnet), formatIpv4(nextHop)]));
}

const both = { '10.76.1.0/24': '192.168.83.1', '10.76.2.0/24': '192.168.83.2' };

// A record that could be written with etcdctl, and the key that is named for it.
const mistakes: readonly (readonly [string, Readonly<Record<string, string | undefined>>, string, RegExp])[] = [
  [
    'the same subnet under another pool',
    { 'subnets/other/10.76.1.0-24': lease('n-2') },
    'subnets/other/10.76.1.0-24',
    /overlaps subnets\/default\/10.76.1.0-24/,
  ],
  [
    'a second lease for a node',
    { 'subnets/default/10.76.9.0-24': lease('n-1') },
    'subnets/default/10.76.9.0-24',
    /n-1 holds subnets\/default\/10.76.1.0-24/,
  ],
  [
    'a /23 over two leases',
    { 'subnets/default/10.76.2.0-23': lease('n-9') },
    'subnets/default/10.76.2.0-23',
    /overlaps subnets\/default\/10.76.2.0-24/,
  ],
  [
    'a /25 in a lease',
    { 'subnets/default/10.76.1.128-25': lease('n-9') },
    'subnets/default/10.76.1.128-25',
    /overlaps/,
  ],
  ['a freed subnet in a lease', { 'subnets/b/10.76.1.0-25': freed }, 'subnets/b/10.76.1.0-25', /overlaps/],
  [
    'a lease in no pool',
    { 'subnets/gone/10.99.0.0-24': lease('n-9') },
    'subnets/gone/10.99.0.0-24',
    /there is no pool gone/,
  ],
  [
    'a lease to no node',
    { 'subnets/default/10.76.9.0-24': lease('n-9') },
    'subnets/default/10.76.9.0-24',
    /n-9 does not exist/,
  ],
  [
    'a name that is said to be of another node',
    { 'names/web-1': encode('name', { node: 'n-2' }) },
    'names/web-1',
    /n-2 is web-2 at 192.168.83.2/,
  ],
  ['a name of no node', { 'names/web-7': encode('name', { node: 'n-7' }) }, 'names/web-7', /n-7 does not exist/],
  [
    'an address that is said to be of another node',
    { 'addresses/192.168.83.1': encode('address', { node: 'n-2' }) },
    'addresses/192.168.83.1',
    /n-2 is web-2/,
  ],
  [
    'a node that takes the address of another',
    { 'nodes/n-2': encode('node', nodeRecord('web-2', '192.168.83.1')) },
    'nodes/n-2',
    /address 192.168.83.1 is that of node n-1/,
  ],
  [
    'a new node under the name of another',
    { 'nodes/n-3': encode('node', nodeRecord('web-1', '192.168.83.3')) },
    'nodes/n-3',
    /name web-1 is that of node n-1/,
  ],
  [
    'a lease that is given to another node',
    { 'subnets/default/10.76.1.0-24': lease('n-2') },
    'subnets/default/10.76.1.0-24',
    /n-2 holds subnets\/default\/10.76.2.0-24/,
  ],
  ['a pool over another', { 'pools/b': pool('10.0.0.0/8') }, 'pools/b', /overlaps 10.76.0.0\/16 of pools\/default/],
  [
    'another range for a pool with leases',
    { 'pools/default': pool('10.80.0.0/16') },
    'subnets/default/10.76.1.0-24',
    /has no such subnet/,
  ],
  ['a node that was deleted', { 'nodes/n-1': undefined }, 'subnets/default/10.76.1.0-24', /n-1 does not exist/],
  ['a lease that was deleted', { 'subnets/default/10.76.1.0-24': undefined }, 'nodes/n-1', /no lease/],
  [
    'a pool that was deleted',
    { 'pools/default': undefined },
    'subnets/default/10.76.2.0-24',
    /there is no pool default/,
  ],
  ['a name that was deleted', { 'names/web-1': undefined }, 'nodes/n-1', /no key names\/web-1/],
];

for (const [title, written, key, problem] of mistakes) {
  test(`${title} is named, and nothing is withdrawn or taken over because of it`, (t) => {
    const rig = fleet();
    t.deepEqual([...rig.view.contradictions], []);
    const before = [assignmentOf(rig.view, 'n-1'), assignmentOf(rig.view, 'n-2')];
    rig.write(written);
    t.regex(rig.view.contradictions.get(key) ?? '', problem);
    t.like(routesOf(rig.table), both);
    const isRange = title.startsWith('another range');
    if (!isRange) t.deepEqual([assignmentOf(rig.view, 'n-1'), assignmentOf(rig.view, 'n-2')], before);
    t.deepEqual([...rig.restarted().view.contradictions].sort(), [...rig.view.contradictions].sort());
    t.like(routesOf(rig.restarted(rig.view).table), both, 'a fresh reading keeps what was held');
    // A controller that never saw it otherwise holds back: no route to elsewhere, and none withdrawn but of what is gone.
    for (const [subnet, nextHop] of Object.entries(routesOf(rig.restarted().table))) {
      if (subnet in both) t.is(nextHop, both[subnet as keyof typeof both]);
    }
  });
}

test('deleting the newer of two contradicting keys leaves the older one unchanged', (t) => {
  const rig = fleet().write({ 'subnets/other/10.76.1.0-24': lease('n-2') });
  rig.write({ 'subnets/other/10.76.1.0-24': undefined });
  t.deepEqual(routesOf(rig.table), both);
  t.deepEqual([...rig.view.contradictions], []);
  t.deepEqual([...rig.view.strays, ...rig.view.unresolvedSubnets], []);
});

test('after a regular deletion of the older key, the newer one applies', (t) => {
  const rig = fleet().write({ 'pools/other': pool('10.76.0.0/16'), 'subnets/other/10.76.1.0-24': lease('n-3') });
  rig.write({ 'nodes/n-3': encode('node', nodeRecord('web-3', '192.168.83.3')) });
  const gone = ['nodes/n-1', 'names/web-1', 'addresses/192.168.83.1', 'subnets/default/10.76.1.0-24'];
  rig.write(Object.fromEntries(gone.map((key) => [key, undefined])));
  t.deepEqual(routesOf(rig.table), { ...both, '10.76.1.0/24': '192.168.83.3' });
});

test('a subnet that is leased again belongs to its new holder, however old its key is', (t) => {
  const rig = fleet().write({ 'subnets/default/10.76.5.0-24': freed }).join(5);
  rig.write({ 'subnets/default/10.76.4.0-24': freed }).write({ 'subnets/default/10.76.4.0-24': lease('n-5') });
  t.is(routesOf(rig.table)['10.76.5.0/24'], '192.168.83.5');
  t.regex(
    rig.view.contradictions.get('subnets/default/10.76.4.0-24') ?? '',
    /n-5 holds subnets\/default\/10.76.5.0-24/,
  );
});

test('C19 a record of a newer version is held, not absent', (t) => {
  const rig = fleet();
  rig.write({ 'pools/default': pool('10.76.0.0/16').replace('"bip"', '"overlay"') });
  rig.write({ 'nodes/n-1': encode('node', nodeRecord('web-1', '192.168.83.1')).replace('"active"', '"paused"') });
  rig.write({ 'subnets/default/10.76.2.0-24': '{"state":"moving","node":"n-2"}' });
  rig.write({ 'revoked/n-2': '{"version":2}' });
  t.deepEqual(routesOf(rig.table), both);
  const { view, table } = rig.restarted();
  t.deepEqual([...table.entries.values()], [{ kind: 'unresolved' }, { kind: 'unresolved' }]);
  t.true(view.revoked.has('n-2'), 'a denial that can’t be read denies');
  t.deepEqual([...view.strays.keys()].sort(), ['subnets/default/10.76.1.0-24', 'subnets/default/10.76.2.0-24']);
});

test('a cluster keeps its id, and its epoch never goes back', (t) => {
  const cluster = (id: string, epoch: number) => encode('cluster', { id, epoch, createdMs: 0, schema: 1 });
  const rig = new Rig().write({ cluster: cluster('a', 2) });
  rig.write({ cluster: cluster('b', 3) });
  t.is(rig.view.cluster?.record.id, 'a');
  t.regex(rig.view.undecodable.get('cluster') ?? '', /cluster b, epoch 3; this is a, epoch 2/);
  rig.write({ cluster: cluster('a', 1) });
  t.is(rig.view.cluster?.record.epoch, 2);
  rig.write({ cluster: cluster('a', 3) });
  t.is(rig.view.cluster?.record.epoch, 3);
  t.false(rig.view.undecodable.has('cluster'));
});

test('a listing of a new epoch replaces everything: a restored store repeats revisions', (t) => {
  const cluster = (epoch: number) => encode('cluster', { id: 'a', epoch, createdMs: 0, schema: 1 });
  const entry = (key: string, value: string) => ({ key, value, modRevision: 7, createRevision: 7 });
  const view = new View();
  const listing = (epoch: number, host: number) => ({
    revision: 9,
    storeId: 's',
    entries: [
      entry('cluster', cluster(epoch)),
      entry('nodes/n-1', encode('node', nodeRecord('web-1', `192.168.83.${host}`))),
    ],
  });
  view.replace(listing(1, 1));
  view.replace(listing(2, 2));
  t.is(view.nodes.get('n-1')?.record.address, address('192.168.83.2'));
});
