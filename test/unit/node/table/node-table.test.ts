// The table that a node acts on: how many routes a change may withdraw, and what a delta and a snapshot make of it.
import test from 'ava';
import fc from 'fast-check';
import {
  mostWithdrawals,
  type NodeTable,
  toExplain,
  withApproval,
  withDelta,
  withSnapshot,
} from '../../../../node/table/node-table.js';
import { prefixKey, subnetAt } from '../../../../proto/domain/address.js';
import type { Route, Version } from '../../../../proto/domain/network.js';
import { someRoute, someSubnet } from '../../../support/arbitrary.js';
import { address, prefix } from '../../../support/pools.js';

const version = (revision: number): Version => ({ clusterId: 'c', epoch: 1, revision });

const tableOf = (routes: readonly Route[], revision = 1): NodeTable =>
  withSnapshot(undefined, { version: version(revision), routes, unresolved: [], pools: [], fresh: true });

const uniqueRoutes = fc
  .array(someRoute, { maxLength: 32 })
  .map((routes) => [...new Map(routes.map((route) => [prefixKey(route.subnet), route])).values()]);

test('no change withdraws more than max(3, 20 %) of the routes that the store was not asked about', (t) => {
  fc.assert(
    fc.property(uniqueRoutes, uniqueRoutes, fc.boolean(), (first, second, fresh) => {
      const before = tableOf(first);
      const snapshot = { version: version(2), routes: second, unresolved: [], pools: [], fresh };
      const after = withSnapshot(before, snapshot);
      const wanted = new Set(second.map((route) => prefixKey(route.subnet)));
      const missing = [...before.routes.keys()].filter((id) => !wanted.has(id));
      const kept = missing.filter((id) => after.routes.has(id));
      for (const route of second) t.deepEqual(after.routes.get(prefixKey(route.subnet)), route);
      if (missing.length <= mostWithdrawals(before.routes.size)) {
        t.deepEqual(kept, []);
        t.is(after.held.size, 0);
      } else {
        t.deepEqual(kept, missing);
        t.deepEqual([...after.held.keys()], missing);
        t.deepEqual(toExplain(after).map(prefixKey), missing);
      }
    }),
  );
});

test('deltas hold withdrawals too; a fresh snapshot releases those that the store explains, an approval the others', (t) => {
  const fates = fc.array(fc.constantFrom('stays', 'ended', 'unexplained'), { minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(uniqueRoutes, fates, fc.uniqueArray(someSubnet), (routes, fate, others) => {
      const of = (...these: readonly string[]) =>
        routes.flatMap(({ subnet }, index) => (these.includes(fate[index] ?? '') ? [subnet] : []));
      const removals = [
        ...new Map([...of('ended', 'unexplained'), ...others].map((each) => [prefixKey(each), each])).values(),
      ];
      const unexplained = of('unexplained');
      const before = tableOf(routes);
      const delta = {
        fromRevision: 1,
        to: version(2),
        upserts: [],
        removals,
        unresolved: [],
        pools: undefined,
      };
      const after = withDelta(before, delta);
      const gone = removals.filter((subnet) => before.routes.has(prefixKey(subnet)));
      const few = gone.length <= mostWithdrawals(before.routes.size);
      t.is(after.routes.size, few ? before.routes.size - gone.length : before.routes.size);
      t.is(after.held.size, few ? 0 : gone.length);
      const left = routes.filter((route) => !removals.some((subnet) => prefixKey(subnet) === prefixKey(route.subnet)));
      const confirmed = withSnapshot(after, {
        version: version(3),
        routes: left,
        unresolved: [],
        pools: [],
        fresh: true,
        unexplained,
      });
      const open = gone.filter((subnet) => unexplained.some((each) => prefixKey(each) === prefixKey(subnet)));
      const waits = after.held.size > 0;
      t.is(confirmed.routes.size, left.length + (waits ? open.length : 0));
      t.is(confirmed.held.size, waits ? open.length : 0);
      t.deepEqual(toExplain(confirmed), [], 'the store is asked once');
      t.is(withApproval(confirmed, version(2)), confirmed, 'an approval of before the withdrawal approves nothing');
      t.is(withApproval(confirmed, { ...version(3), clusterId: 'other' }), confirmed);
      const approved = withApproval(confirmed, version(3));
      t.is(approved.routes.size, left.length);
      t.is(approved.held.size, 0);
    }),
  );
});

test('a route that comes back is not held any more', (t) => {
  const routes = [1, 2, 3, 4, 5].map(
    (index): Route => ({
      subnet: prefix(`10.76.${index}.0/24`),
      nextHop: address(`192.168.83.${index}`),
      nodeName: `web-${index}`,
    }),
  );
  const delta = { fromRevision: 1, to: version(2), unresolved: [], pools: undefined };
  const held = withDelta(tableOf(routes), { ...delta, upserts: [], removals: routes.map((route) => route.subnet) });
  t.is(held.held.size, 5);
  const gone = withDelta(withDelta(held, { ...delta, upserts: routes, removals: [] }), {
    ...{ ...delta, fromRevision: 2, to: version(7) },
    ...{ upserts: [], removals: routes.map((route) => route.subnet) },
  });
  t.is(withApproval(gone, version(6)).held.size, 5, 'withdrawn again: the approval of the first time says nothing');
  t.is(withApproval(gone, { ...version(1), epoch: 2 }).held.size, 0, 'a later epoch is later');
  const back = withDelta(held, { ...delta, upserts: routes.slice(0, 3), removals: [] });
  t.is(back.held.size, 0, 'two that are left to withdraw need no confirmation');
  t.is(back.routes.size, 3);
  const unexplained = routes.map(({ subnet }) => subnet);
  const answer = { version: version(3), routes: [], unresolved: [], pools: [], fresh: true, unexplained };
  const missing = withSnapshot(held, answer);
  t.is(missing.held.size, 5);
  const next = { ...delta, fromRevision: 3, to: version(4), removals: [] };
  const left = withDelta(missing, { ...next, upserts: routes.slice(0, 3) });
  t.is(left.routes.size, 5);
  t.is(left.held.size, 2, 'what the store does not explain waits, also when it is little');
  const elsewhere = withSnapshot(left, {
    ...{ ...answer, version: version(5), routes: routes.slice(0, 3) },
    ...{ fresh: false, unexplained: [] },
  });
  t.deepEqual([elsewhere.held.size, toExplain(elsewhere).length], [2, 2], 'the store is asked again');
  const again = { ...answer, version: version(6), routes: routes.slice(0, 3) };
  const last = withSnapshot(elsewhere, again);
  t.deepEqual([last.held.size, toExplain(last).length], [2, 0]);
  t.is(withApproval(last, version(6)).routes.size, 3);
  t.is(withSnapshot(elsewhere, { ...again, unexplained: [] }).routes.size, 3, 'now it explains them');
});

test('static routes that a restored store lost wait for an approval, however few there are', (t) => {
  const route = (index: number): Route => ({
    ...{ subnet: prefix(`10.76.${index}.0/24`), nextHop: address(`192.168.83.${index}`), nodeName: `web-${index}` },
    ...(index === 1 ? { isStatic: true } : {}),
  });
  const before = tableOf([route(1), route(2)]);
  const empty = { version: { ...version(9), epoch: 2 }, routes: [], unresolved: [], pools: [], fresh: false };
  const restored = withSnapshot(before, empty);
  t.deepEqual([...restored.routes.keys()], [prefixKey(route(1).subnet)], 'the lease goes as before');
  t.deepEqual(toExplain(restored), [route(1).subnet]);
  // Also from another controller, which was not asked.
  const again = withSnapshot(restored, { ...empty, version: { ...version(10), epoch: 2 } });
  t.is(again.held.size, 1);
  const answer = { ...empty, version: { ...version(11), epoch: 2 }, fresh: true };
  const unexplained = withSnapshot(again, { ...answer, unexplained: [route(1).subnet] });
  t.deepEqual([unexplained.held.size, toExplain(unexplained).length], [1, 0]);
  t.is(withApproval(unexplained, { ...version(11), epoch: 2 }).routes.size, 0);
  t.is(withSnapshot(again, { ...answer, unexplained: [] }).routes.size, 0, 'it was removed after the restore');
  const added = withSnapshot(unexplained, { ...empty, version: { ...version(12), epoch: 2 }, routes: [route(1)] });
  t.deepEqual([added.held.size, added.routes.size], [0, 1], 'it was added again');
  const removed = { fromRevision: 1, to: version(2), upserts: [], unresolved: [], pools: undefined };
  t.is(withDelta(before, { ...removed, removals: [route(1).subnet] }).routes.size, 1, 'in the same epoch it just goes');
});

test('a change replaces only the parts that it changes, and an equal snapshot replaces none', (t) => {
  const routes = Array.from({ length: 2_000 }, (_, index) => ({
    subnet: subnetAt(prefix('10.0.0.0/8'), 24, index),
    nextHop: address('192.168.83.11'),
    nodeName: `web-${index}`,
  }));
  const before = tableOf(routes);
  const [first] = routes;
  if (first === undefined) return t.fail();
  const moved = { ...first, nextHop: address('192.168.83.12') };
  const delta = { fromRevision: 1, to: version(2), upserts: [moved], removals: [], unresolved: [], pools: undefined };
  const after = withDelta(before, delta);
  t.deepEqual(after.routes.changedSince(before.routes), [prefixKey(first.subnet)]);
  t.is(before.routes.get(prefixKey(first.subnet)), first);
  const copies = routes.slice(1).map((route) => ({ ...route, subnet: { ...route.subnet } }));
  const snapshot = { version: version(3), routes: [moved, ...copies], unresolved: [], pools: [], fresh: true };
  t.is(withSnapshot(after, snapshot).routes, after.routes);
});
