// Decisions that change what a node is, or end it, on cores over one store in memory.
import test from 'ava';
import { type DrainStep, drainStepOf } from '../../../../controller/registry/drain-node.js';
import { isNamed } from '../../../../controller/registry/rename-node.js';
import { stageOf } from '../../../../controller/service/departure.js';
import type { NodeRecord } from '../../../../controller/store/records.js';
import { assignmentOf } from '../../../../controller/view/assignment.js';
import { prefix } from '../../../support/pools.js';
import { newNode, once, rig, subnetOf } from '../../../support/registry-values.js';

test('a renamed node keeps its id, subnet and reservations; its former name is free, and its host is understood', async (t) => {
  const { core, close } = await rig();
  const { feed, nodes, pools } = core;
  const { subject: id } = await nodes.add(once, newNode('web-1', 1));
  await nodes.add(once, newNode('web-2', 2));
  const subnet = subnetOf(core, id);
  await pools.reserve(once, { pool: 'default', cidr: prefix('10.76.8.0/24'), nodeName: 'web-1', reason: '' });
  await t.throwsAsync(nodes.rename(once, id, 'web-2'), { message: /there is a node web-2 already/ });
  const { message } = await nodes.rename(once, id, 'web-9');
  t.is(message, 'name: web-1 → web-9');
  t.is(feed.view.nodeOfName.get('web-9'), id);
  t.is(subnetOf(core, id), subnet);
  t.is(feed.view.pools.get('default')?.record.reservations[0]?.nodeName, 'web-9');
  t.true((await nodes.rename(once, id, 'web-9')).unchanged);
  const { subject: other } = await nodes.add(once, newNode('web-1', 3));
  t.true(isNamed(feed.view, id, 'web-1') && isNamed(feed.view, other, 'web-1') && isNamed(feed.view, id, 'web-9'));
  t.false(isNamed(feed.view, other, 'web-9'));
  t.deepEqual([...feed.view.contradictions], []);
  await close();
});

test('of two names given at once to one node, or of two nodes that want one name, one wins and the store is consistent', async (t) => {
  const { cores, cluster, close } = await rig(2);
  const [a, b] = cores;
  if (a === undefined || b === undefined) throw new Error('no core');
  const { subject: one } = await a.nodes.add(once, newNode('web-1', 1));
  const { subject: two } = await a.nodes.add(once, newNode('web-2', 2));
  await b.feed.reached(cluster.revision, 1_000);
  await Promise.all([a.nodes.rename(once, one, 'x-1'), b.nodes.rename(once, one, 'y-1')]);
  const results = await Promise.allSettled([a.nodes.rename(once, one, 'z-1'), b.nodes.rename(once, two, 'z-1')]);
  t.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  await a.feed.reached(cluster.revision, 1_000);
  t.is(a.feed.view.nodes.size, 2);
  t.is(a.feed.view.nodeOfName.size, 2);
  t.deepEqual([...a.feed.view.contradictions], []);
  await close();
});

const leases = [{ subnet: prefix('10.76.0.0/24'), generation: 1, inForce: true }];

test('what a draining node is due for depends on its record, on a report made meanwhile, and on the clock', (t) => {
  const drain = { before: 'active' as const, sinceMs: 1_000, remove: false, leave: false };
  const record = (more: Partial<NonNullable<NodeRecord['drain']>>) => ({
    availability: 'draining' as const,
    drain: { ...drain, ...more },
  });
  const empty = { leases, containerCount: 0 };
  const used = { leases, containerCount: 2 };
  const old = { leases: [], containerCount: 0 };
  const silent = { leases };
  const cases: readonly (readonly [
    Parameters<typeof drainStepOf>[0],
    typeof empty | typeof old | typeof silent | undefined,
    number,
    DrainStep?,
  ])[] = [
    [{ availability: 'active' }, empty, 0],
    [{ availability: 'cordoned', drain: { ...drain, missedMs: 2 } }, empty, 9_000],
    [record({}), undefined, 9_000_000],
    [record({}), used, 9_000_000],
    // A daemon that knows one lease says nothing of containers.
    [record({}), old, 9_000_000],
    // Docker has not answered the daemon since that started.
    [record({}), silent, 9_000_000],
    [record({ remove: true, drainedMs: 1_200 }), silent, 9_000],
    [record({ deadlineMs: 500 }), silent, 1_500, 'deadline'],
    [record({}), empty, 1_000, 'drained'],
    [record({ deadlineMs: 500 }), used, 1_499],
    [record({ deadlineMs: 500 }), used, 1_500, 'deadline'],
    [record({ deadlineMs: 500 }), undefined, 1_500, 'deadline'],
    [record({ deadlineMs: 500 }), empty, 9_000, 'drained'],
    [record({ deadlineMs: 500, drainedMs: 1_200 }), used, 9_000, 'used'],
    [record({ remove: true, drainedMs: 1_200 }), empty, 9_000, 'leave'],
    // Containers came back after it was drained.
    [record({ remove: true, drainedMs: 1_200 }), used, 9_000, 'used'],
    [record({ remove: true, leave: true, drainedMs: 1_200 }), used, 9_000],
    [record({ remove: true, leave: true, drainedMs: 1_200 }), empty, 9_000],
  ];
  for (const [node, status, nowMs, step] of cases) {
    t.is(drainStepOf(node, status, nowMs), step, JSON.stringify([node, status, nowMs]));
  }
});

test('a drain remembers the former availability; two controllers take each step once', async (t) => {
  let nowMs = 1_000;
  const { cores, cluster, close } = await rig(2, '10.76.0.0/16', () => nowMs);
  const [a, b] = cores;
  if (a === undefined || b === undefined) throw new Error('no core');
  const { subject: id } = await a.nodes.add(once, newNode('web-1', 1));
  const nodeOf = () => a.feed.view.nodes.get(id)?.record;
  const cordon = { availability: 'cordoned' as const, setLabels: {}, removeLabels: [] };
  await a.nodes.set(once, id, cordon);
  await a.nodes.drain(once, id, { deadlineMs: 500, remove: false });
  t.true((await a.nodes.drain(once, id, { deadlineMs: undefined, remove: false })).unchanged);
  t.like(nodeOf(), { availability: 'draining', drain: { before: 'cordoned', deadlineMs: 500 } });
  await a.nodes.drain(once, id, undefined);
  t.is(nodeOf()?.availability, 'cordoned');
  t.is(nodeOf()?.drain, undefined);
  t.true((await a.nodes.drain(once, id, undefined)).unchanged);
  // The deadline, on both controllers at once.
  await a.nodes.drain(once, id, { deadlineMs: 500, remove: true });
  nowMs = 1_500;
  await b.feed.reached(cluster.revision, 1_000);
  await Promise.all(cores.map((core) => core.nodes.stepDrain(id, 'deadline', 2)));
  await a.feed.reached(cluster.revision, 1_000);
  t.like(nodeOf(), { availability: 'cordoned', drain: { missedMs: 1_500, remove: false } });
  t.is(stageOf(nodeOf()).stage, 'DEPARTURE_STAGE_MISSED');
  // Again, to the end; an uncordoned node is not drained any more.
  await a.nodes.drain(once, id, { deadlineMs: undefined, remove: true });
  await b.feed.reached(cluster.revision, 1_000);
  await Promise.all(cores.map((core) => core.nodes.stepDrain(id, 'drained', 0)));
  await a.feed.reached(cluster.revision, 1_000);
  t.deepEqual(stageOf(nodeOf()), { stage: 'DEPARTURE_STAGE_DRAINED', done: false });
  await Promise.all(cores.map((core) => core.nodes.stepDrain(id, 'used', 2)));
  await a.feed.reached(cluster.revision, 1_000);
  t.deepEqual(stageOf(nodeOf()), { stage: 'DEPARTURE_STAGE_DRAINING', done: false });
  await a.nodes.stepDrain(id, 'drained', 0);
  await a.nodes.stepDrain(id, 'leave', 0);
  t.is(assignmentOf(a.feed.view, id)?.leave, true);
  await a.nodes.set(once, id, { ...cordon, availability: 'leaving' });
  t.deepEqual(stageOf(nodeOf()), { stage: 'DEPARTURE_STAGE_WITHDRAWING', done: false });
  await t.throwsAsync(a.nodes.drain(once, id, undefined), { message: /web-1 is leaving/ });
  await a.nodes.leave(once, id);
  t.deepEqual(stageOf(nodeOf()), { stage: 'DEPARTURE_STAGE_REMOVED', done: true });
  const reasons = cluster.history.flatMap(({ changes }) =>
    changes.flatMap((change) => {
      const key = change.kind === 'put' ? change.entry : undefined;
      return key?.key.startsWith('events/') === true ? [JSON.parse(key.value).reason as string] : [];
    }),
  );
  t.deepEqual(reasons, [
    ...['PoolCreated', 'NodeAdded', 'NodeCordoned', 'NodeDraining', 'DrainCancelled', 'NodeDraining'],
    ...['DrainDeadline', 'NodeDraining', 'NodeDrained', 'NodeDraining', 'NodeDrained'],
    ...['NodeToLeave', 'NodeLeaving', 'NodeLeft'],
  ]);
  await close();
});
