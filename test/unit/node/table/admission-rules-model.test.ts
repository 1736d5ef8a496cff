// What a node accepts from a controller, over a sequence of tables.
import test from 'ava';
import fc from 'fast-check';
import {
  admitDelta,
  admitSnapshot,
  reconsider,
  routeProblem,
  type UsedRange,
} from '../../../../node/table/admission-rules.js';
import type { NodeTable } from '../../../../node/table/node-table.js';
import { prefixCovers, prefixesOverlap, prefixKey } from '../../../../proto/domain/address.js';
import {
  anyPool,
  first,
  pool,
  route,
  rules,
  snapshotOf,
  taken,
  told,
  version,
} from '../../../support/admission-values.js';
import { testPool } from '../../../support/arbitrary.js';
import { prefix } from '../../../support/pools.js';

function isHarmless(table: NodeTable, ranges: readonly UsedRange[]): boolean {
  const known = [...table.pools, pool('10.76.0.0/16')];
  return (
    [...table.routes.values()].every(
      ({ subnet }) =>
        subnet.length >= 8 && known.some((one) => prefixCovers(one, subnet) && one.subnetLength === subnet.length),
    ) && table.pools.every((one) => ranges.every((range) => !range.vital || !prefixesOverlap(range.prefix, one)))
  );
}

test('for any input of a controller, a host routes only subnets of its pools, and keeps its routes', (t) => {
  fc.assert(
    fc.property(fc.option(told), fc.array(told, { maxLength: 3 }), (snapshot, deltas) => {
      let table =
        snapshot === null ? first : admitSnapshot(first, snapshotOf(snapshot.pools, snapshot.routes, 2), rules);
      t.true(isHarmless(table, taken));
      for (const [index, { pools, routes }] of deltas.entries()) {
        const before = table;
        const delta = {
          fromRevision: index + 2,
          to: version(index + 3),
          upserts: routes,
          removals: [],
          unresolved: [],
          pools,
        };
        table = admitDelta(before, delta, rules);
        t.true(isHarmless(table, taken));
        for (const [id, held] of before.routes) {
          // The former routes are there, changed at most by an acceptable route.
          const after = table.routes.get(id);
          t.truthy(after);
          if (after !== held) t.is(routeProblem(after ?? held, table.pools, rules), undefined);
        }
        for (const one of routes) {
          const id = prefixKey(one.subnet);
          t.true(table.routes.has(id) || table.refused.routes.has(id));
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('a later pool never covers the host’s own ranges', (t) => {
  fc.assert(
    fc.property(fc.array(anyPool, { maxLength: 8 }), (pools) => {
      const table = admitSnapshot(first, snapshotOf([...pools, pool('10.76.0.0/16')], [], 2), rules);
      for (const one of table.pools) {
        if (prefixCovers(testPool, one)) continue;
        for (const { prefix: range } of taken) t.false(prefixesOverlap(range, one));
      }
      t.true(
        table.pools.every((one, index) =>
          table.pools.every((other, at) => at === index || !prefixesOverlap(one, other)),
        ),
      );
    }),
  );
});

test('a route that becomes invalid keeps its former next hop until it is withdrawn', (t) => {
  const delta = { fromRevision: 1, to: version(2), removals: [], unresolved: [], pools: undefined };
  const bad = admitDelta(first, { ...delta, upserts: [route('10.76.1.0/24', '127.0.0.1')] }, rules);
  t.deepEqual(bad.routes, first.routes);
  t.is(bad.refused.routes.size, 1);
  const whole = admitSnapshot(bad, snapshotOf([pool('10.76.0.0/16')], [route('10.76.1.0/24', '127.0.0.1')], 3), rules);
  t.deepEqual(whole.routes.get(prefixKey(prefix('10.76.1.0/24'))), route('10.76.1.0/24', '192.168.83.12'));
  const good = admitDelta(bad, { ...delta, upserts: [route('10.76.1.0/24', '192.168.83.13')] }, rules);
  t.is(good.refused.routes.size, 0);
  t.deepEqual(good.routes.get(prefixKey(prefix('10.76.1.0/24'))), route('10.76.1.0/24', '192.168.83.13'));
  const gone = admitDelta(bad, { ...delta, upserts: [], removals: [prefix('10.76.1.0/24')] }, rules);
  t.false(gone.routes.has(prefixKey(prefix('10.76.1.0/24'))));
  t.is(gone.refused.routes.size, 0);
});

test('a refused pool is accepted with its routes once the host has changed', (t) => {
  const table = admitSnapshot(
    first,
    snapshotOf(
      [pool('10.76.0.0/16'), pool('10.60.0.0/16')],
      [...first.routes.values(), route('10.60.1.0/24', '192.168.83.14')],
      2,
    ),
    rules,
  );
  t.deepEqual(table.pools, [pool('10.76.0.0/16')]);
  t.is(table.routes.size, 2);
  t.is(reconsider(table, rules), table);
  const after = reconsider(table, { ...rules, taken: () => taken.filter(({ what }) => !what.includes('tun0')) });
  t.deepEqual(after.pools, [pool('10.60.0.0/16'), pool('10.76.0.0/16')]);
  t.is(after.routes.size, 3);
  t.deepEqual([after.refused.pools.length, after.refused.routes.size], [0, 0]);
});
