// The route table on its way: from the view's changes, through deltas and snapshots, to what a node acts on.
import test from 'ava';
import fc from 'fast-check';
import { encode } from '../../../../controller/store/record-codec.js';
import type { NodeRecord } from '../../../../controller/store/records.js';
import type { Change } from '../../../../controller/store/store.js';
import { FleetTable } from '../../../../controller/table/fleet-table.js';
import { View } from '../../../../controller/view/view.js';
import { noViewChanges } from '../../../../controller/view/view-changes.js';
import { type NodeTable, withDelta, withSnapshot } from '../../../../node/table/node-table.js';
import { formatPrefix, prefixFromKey, prefixKey, subnetAt } from '../../../../proto/domain/address.js';
import type { Route, Version } from '../../../../proto/domain/network.js';
import { testPool } from '../../../support/arbitrary.js';
import { leased, nodeRecord, poolRecord } from '../../../support/pools.js';

const version = (revision: number): Version => ({ clusterId: 'c', epoch: 1, revision });
const putChange = (key: string, value: string, modRevision: number): Change => ({
  kind: 'put',
  entry: { key, value, modRevision, createRevision: modRevision },
});
const subnetKey = (subnet: Parameters<typeof formatPrefix>[0]) =>
  `subnets/default/${formatPrefix(subnet).replace('/', '-')}`;

/** A view and its table, changed one revision at a time. */
class Rig {
  readonly view = new View();
  readonly table = new FleetTable();

  constructor() {
    this.apply([putChange('pools/default', encode('pool', poolRecord(testPool, 24)), 1)]);
  }

  apply(changes: readonly Change[]): void {
    this.table.update(this.view, this.view.apply(changes, this.view.revision + 1));
  }

  join(index: number, host: number): void {
    const at = this.view.revision + 1;
    this.apply([
      putChange(`nodes/n-${index}`, encode('node', nodeRecord(`web-${index}`, `192.168.${host}.${index + 1}`)), at),
      putChange(subnetKey(subnetAt(testPool, 24, index)), encode('subnet', leased(`n-${index}`)), at),
    ]);
  }

  leave(index: number): void {
    this.apply([
      { kind: 'delete', key: `nodes/n-${index}`, modRevision: this.view.revision + 1 },
      { kind: 'delete', key: subnetKey(subnetAt(testPool, 24, index)), modRevision: this.view.revision + 1 },
    ]);
  }

  snapshot(): NodeTable {
    const routes = [...this.table.entries.values()].flatMap((entry) => (entry.kind === 'route' ? [entry.route] : []));
    const unresolved = [...this.table.entries].flatMap(([id, entry]) =>
      entry.kind === 'route' ? [] : [prefixFromKey(id)],
    );
    const { pools, revision } = this.table;
    return withSnapshot(undefined, { version: version(revision), routes, unresolved, pools, fresh: true });
  }

  since(revision: number) {
    return this.table.since(revision, version(this.table.revision));
  }
}

function inOrder(routes: Iterable<readonly [number, Route]>): readonly (readonly [number, Route])[] {
  return [...routes].sort(([a], [b]) => a - b);
}

const action = fc.oneof(
  fc.record({ kind: fc.constant('join' as const), index: fc.nat(15), host: fc.integer({ min: 2, max: 250 }) }),
  fc.record({ kind: fc.constant('leave' as const), index: fc.nat(15), host: fc.constant(0) }),
);

test('a delta takes any older table to the newest one', (t) => {
  fc.assert(
    fc.property(fc.array(action, { minLength: 1, maxLength: 40 }), fc.nat(39), (actions, cut) => {
      const rig = new Rig();
      let old = rig.snapshot();
      for (const [index, step] of actions.entries()) {
        if (index === cut) old = rig.snapshot();
        if (step.kind === 'join') rig.join(step.index, step.host);
        else rig.leave(step.index);
      }
      const delta = rig.since(old.version.revision);
      t.true(rig.table.hasSince(old.version.revision));
      const confirmed = withDelta({ ...old, held: new Map() }, delta);
      const routes = [...confirmed.routes].filter(([id]) => !confirmed.held.has(id));
      t.deepEqual(inOrder(routes), inOrder(rig.snapshot().routes));
      const touched = [...delta.upserts.map(({ subnet }) => subnet), ...delta.removals].map(prefixKey);
      t.is(new Set(touched).size, touched.length, 'a subnet stands in a delta once');
    }),
  );
});

test('a table that did not change has an empty delta', (t) => {
  const rig = new Rig();
  rig.join(1, 11);
  const { revision } = rig.table;
  rig.apply([putChange('sessions/n-1', encode('session', { controller: 'c', fingerprint: 'f', sinceMs: 0 }), 9)]);
  t.true(rig.table.revision > revision);
  const delta = rig.since(revision);
  t.deepEqual([delta.upserts, delta.removals, delta.unresolved], [[], [], []]);
});

test('a record that can’t be read withdraws nothing', (t) => {
  const rig = new Rig();
  rig.join(1, 11);
  rig.join(2, 12);
  const before = rig.snapshot();
  const { revision } = rig.table;
  const key = subnetKey(subnetAt(testPool, 24, 1));
  rig.apply([putChange(key, '{not json', 100)]);
  rig.apply([putChange('nodes/n-2', '{"name":5}', 101)]);
  rig.apply([putChange('subnets/default/nonsense', '{}', 102)]);
  rig.apply([putChange('whatever', '{}', 103)]);
  t.deepEqual([...rig.view.undecodable.keys()].sort(), ['nodes/n-2', key, 'subnets/default/nonsense', 'whatever']);
  const delta = rig.since(revision);
  t.deepEqual(delta.removals, []);
  t.deepEqual(withDelta(before, delta).routes, before.routes);
});

test('after a restart, a record that can’t be read is unresolved, and nodes keep what they have', (t) => {
  const rig = new Rig();
  rig.join(1, 11);
  rig.join(2, 12);
  const node = rig.snapshot();
  const restarted = new View();
  const table = new FleetTable();
  const key = subnetKey(subnetAt(testPool, 24, 1));
  const entries = [
    { key: 'pools/default', value: encode('pool', poolRecord(testPool, 24)), modRevision: 1, createRevision: 1 },
    { key: 'nodes/n-2', value: 'x', modRevision: 3, createRevision: 3 },
    { key, value: '{', modRevision: 4, createRevision: 4 },
    {
      key: subnetKey(subnetAt(testPool, 24, 2)),
      value: encode('subnet', leased('n-2')),
      modRevision: 3,
      createRevision: 3,
    },
  ];
  table.update(restarted, restarted.replace({ revision: 9, entries, storeId: 's' }));
  t.deepEqual([...table.entries.values()], [{ kind: 'unresolved' }, { kind: 'unresolved' }]);
  const unresolved = [...table.entries.keys()].map(prefixFromKey);
  const after = withSnapshot(node, {
    version: version(9),
    routes: [],
    unresolved,
    pools: [{ ...testPool, subnetLength: 24 }],
    fresh: false,
  });
  t.deepEqual(after.routes, node.routes);
  t.is(after.held.size, 0);
});

test('a node that leaves is not routed to, a cordoned one is', (t) => {
  const rig = new Rig();
  rig.join(1, 11);
  const set = (availability: NodeRecord['availability']) =>
    rig.apply([putChange('nodes/n-1', encode('node', { ...nodeRecord('web-1', '192.168.83.11'), availability }), 9)]);
  set('cordoned');
  t.is(rig.table.entries.size, 1);
  set('leaving');
  t.is(rig.table.entries.size, 0);
  set('active');
  t.is(rig.table.entries.size, 1);
});

test('a second listing yields only what changed in between', (t) => {
  const rig = new Rig();
  rig.join(1, 11);
  rig.join(2, 12);
  const touched = rig.view.replace({
    revision: 50,
    storeId: 's',
    entries: [
      { key: 'pools/default', value: encode('pool', poolRecord(testPool, 24)), modRevision: 1, createRevision: 1 },
      {
        key: 'nodes/n-1',
        value: encode('node', nodeRecord('web-1', '192.168.83.11')),
        modRevision: 2,
        createRevision: 2,
      },
      {
        key: subnetKey(subnetAt(testPool, 24, 1)),
        value: encode('subnet', leased('n-1')),
        modRevision: 2,
        createRevision: 2,
      },
    ],
  });
  t.deepEqual(touched.subnets, new Set([prefixKey(subnetAt(testPool, 24, 2))]));
  rig.table.update(rig.view, touched);
  t.is(rig.table.entries.size, 1);
  t.deepEqual(rig.view.replace({ revision: 51, storeId: 's', entries: [] }).pools, true);
  t.deepEqual(noViewChanges().subnets.size, 0);
});
