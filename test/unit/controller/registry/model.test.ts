// Any mix of mutations keeps the invariants at every revision.
import test from 'ava';
import fc from 'fast-check';
import type { HeldLease } from '../../../../controller/view/held.js';
import { leasesOf } from '../../../../controller/view/leases.js';
import { View } from '../../../../controller/view/view.js';
import { XnetError } from '../../../../proto/errors.js';
import { type Core, overlapsIn } from '../../../support/controller.js';
import { clashesOf } from '../../../support/lease-clashes.js';
import { prefix } from '../../../support/pools.js';
import { newNode, newPool, once, rig } from '../../../support/registry-values.js';

type Step = {
  readonly do:
    | 'add'
    | 'remove'
    | 'reserve'
    | 'unreserve'
    | 'lose'
    | 'set'
    | 'lease'
    | 'bridge'
    | 'move'
    | 'end'
    | 'finish';
  readonly n: number;
  readonly via: number;
};

const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom(
    'add',
    'add',
    'add',
    'remove',
    'reserve',
    'unreserve',
    'lose',
    'set',
    'lease',
    'bridge',
    'move',
    'end',
    'finish',
  ),
  n: fc.nat(11),
  via: fc.nat(2),
});

// One of a node's leases.
function leaseAt({ feed }: Core, nodeId: string, n: number): HeldLease {
  const leases = leasesOf(feed.view, nodeId);
  const lease = leases[n % Math.max(1, leases.length)];
  if (lease === undefined) throw new XnetError('NotFound', 'no lease');
  return lease;
}

test('P8 any mix of calls through three controllers keeps every invariant, at every revision', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
      const { cores, stores, cluster, core, close } = await rig(3, '10.76.0.0/21');
      await core.pools.create(once, newPool('10.80.0.0/21', 'edge'));
      for (const { feed } of cores) await feed.reached(cluster.revision, 1_000);
      const run = async ({ do: what, n, via }: Step, index: number) => {
        const through = cores[via];
        const store = stores[via];
        if (through === undefined || store === undefined) throw new Error('no core');
        const id = { operationId: `op-${index}`, dryRun: false };
        const nodeId = through.feed.view.nodeOfName.get(`web-${n}`) ?? 'n-none';
        switch (what) {
          case 'add':
            return through.nodes.add(id, newNode(`web-${n}`, n + 1));
          case 'remove':
            return through.nodes.remove(id, nodeId, () => undefined);
          case 'set':
            return through.nodes.set(id, nodeId, {
              address: newNode('', ((n * 7) % 12) + 1).address,
              setLabels: {},
              removeLabels: [],
            });
          case 'lease':
            return through.leases.add(id, nodeId, { pool: 'edge' });
          case 'bridge':
            return through.leases.add(id, nodeId, { pool: 'edge', mode: 'bridge', networkName: `net-${n % 2}` });
          case 'move':
            return through.leases.add(id, nodeId, { pool: 'edge', replace: leaseAt(through, nodeId, n).subnet });
          case 'end':
            return through.leases.end(id, {
              nodeId,
              subnet: leaseAt(through, nodeId, n).subnet,
              force: false,
              isConnected: n % 3 > 0,
            });
          case 'finish':
            return through.leases.finish(nodeId, {
              leases: leasesOf(through.feed.view, nodeId).map(({ subnet, record: { generation } }) => ({
                subnet,
                generation,
                inForce: false,
                ending: true,
              })),
              containers: [],
              containerCount: 0,
            });
          case 'reserve':
            return through.pools.reserve(id, { pool: 'default', cidr: prefix(`10.76.${n % 8}.0/24`), reason: '' });
          case 'unreserve':
            return through.pools.unreserve(id, 'default', prefix(`10.76.${n % 8}.0/24`));
          default:
            store.lostAnswers += 1;
            return undefined;
        }
      };
      const results = await Promise.allSettled(steps.map(run));
      for (const result of results) {
        if (result.status === 'rejected') t.true(result.reason instanceof XnetError, String(result.reason));
      }
      for (const store of stores) store.lostAnswers = 0;
      await core.feed.reached(cluster.revision, 1_000);
      const { view } = core.feed;
      t.deepEqual(overlapsIn(cluster.history), []);
      const replayed = new View();
      for (const { revision, changes } of cluster.history) {
        for (const id of replayed.apply(changes, revision).nodes) {
          t.deepEqual(clashesOf(replayed, id), [], `revision ${revision}`);
          const leases = leasesOf(replayed, id);
          const ending = leases.filter((lease) => lease.record.endingMs !== undefined);
          t.true(!replayed.nodes.has(id) || ending.length < leases.length, `a lease stays at ${revision}`);
        }
        t.deepEqual([...replayed.contradictions], [], `revision ${revision}`);
      }
      t.is(view.nodeOfName.size, view.nodes.size);
      t.is(view.nodeOfAddress.size, view.nodes.size);
      t.is(view.leasesOfNode.size, view.nodes.size, 'a lease each');
      for (const [id, { record }] of view.nodes) {
        t.deepEqual(clashesOf(view, id), []);
        t.true(leasesOf(view, id).some((lease) => lease.record.endingMs === undefined));
        t.is(view.nodeOfName.get(record.name), id);
        t.is(view.nodeOfAddress.get(record.address), id);
        t.true(view.leasesOfNode.has(id));
      }
      t.deepEqual([...view.undecodable], []);
      await close();
    }),
    { numRuns: 50 },
  );
});
