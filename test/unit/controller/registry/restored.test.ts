// Nodes and a store that was restored from a backup: who stays removed, who comes back, and which epoch begins.
import { join } from 'node:path';
import test from 'ava';
import { holdersOfNetwork } from '../../../../controller/network/members.js';
import { NetworkRegistry } from '../../../../controller/network/networks.js';
import { NicRegistry } from '../../../../controller/registry/nics.js';
import { differencesFrom } from '../../../../controller/registry/restored.js';
import { decideSweep, longestSkewMs } from '../../../../controller/registry/sweep.js';
import { nextOf } from '../../../../controller/rollout/next.js';
import { RolloutRegistry } from '../../../../controller/rollout/rollouts.js';
import { keys } from '../../../../controller/store/keys.js';
import { encode } from '../../../../controller/store/record-codec.js';
import { assignmentOf } from '../../../../controller/view/assignment.js';
import { primaryLease } from '../../../../proto/domain/network.js';
import { prefix } from '../../../support/pools.js';
import { restorableStore, sampleFleet } from '../../../support/restorable-store.js';
import { until } from '../../../support/until.js';

const { once, pool, networks, node, put } = sampleFleet;

test('a node that was removed does not come back to a store that was accepted, also when its subnet is free again', async (t) => {
  const { core, cluster, start, backup } = await restorableStore(t);
  await core.stop();
  cluster.restore(backup);
  const { core: accepting } = start({ acceptStore: true });
  await accepting.ready();
  const { feed, nodes, pools } = accepting;
  await pools.create(once, { ...pool, ...networks, name: 'new', cidr: prefix('10.78.0.0/24'), quarantineSeconds: 0 });
  const { subject } = await nodes.add(once, { ...node(7), pool: 'new' });
  const held = assignmentOf(feed.view, subject);
  if (held === undefined) return t.fail();
  const { subnet } = primaryLease(held);
  await nodes.remove(once, subject, () => undefined);
  // Another one has its subnet after it, and goes as well.
  const { subject: next } = await nodes.add(once, { ...node(8), pool: 'new' });
  t.deepEqual(assignmentOf(feed.view, next)?.leases[0].subnet, subnet);
  await nodes.remove(once, next, () => undefined);
  await pools.release(once, subnet);
  await t.throwsAsync(nodes.adopt(subject, held), { message: /it was removed/ });
  t.false(feed.view.nodes.has(subject));
  // One that the store does not know at all may be lost.
  await nodes.adopt('n-lost', held);
  t.true(feed.view.nodes.has('n-lost'));
});

test('a node that was removed before a backup does not come back to the store restored from it', async (t) => {
  const { core, cluster, start } = await restorableStore(t);
  const { feed, nodes, pools } = core;
  await pools.create(once, { ...pool, ...networks, name: 'new', cidr: prefix('10.78.0.0/24'), quarantineSeconds: 0 });
  const { subject } = await nodes.add(once, { ...node(7), pool: 'new' });
  const held = assignmentOf(feed.view, subject);
  if (held === undefined) return t.fail();
  const { subnet } = primaryLease(held);
  const [notBeforeMs, notAfterMs] = [Date.now() - 1_000, Date.now() + 60_000];
  const certificate = { role: 'node' as const, id: subject, notBeforeMs, notAfterMs, keyDigest: 'k', issuer: 'i' };
  const { revision } = cluster.commit(put(keys.certificate('0a'), encode('certificate', certificate)));
  await feed.reached(revision, 5_000);
  await nodes.remove(once, subject, () => undefined);
  // Nothing else tells of it: its subnet is another node's, and free again.
  const { subject: next } = await nodes.add(once, { ...node(8), pool: 'new' });
  await nodes.remove(once, next, () => undefined);
  await pools.release(once, subnet);
  const backup = cluster.revision;
  await nodes.add(once, { ...node(9), pool: 'new' });
  await core.stop();
  cluster.restore(backup);
  const { core: accepting } = start({ acceptStore: true });
  await accepting.ready();
  await t.throwsAsync(accepting.nodes.adopt(subject, held), { message: /it was removed/ });
  const record = accepting.feed.view.revoked.get(`removed-${subject}`)?.record;
  t.true((record?.untilMs ?? 0) >= notAfterMs, 'as long as it could show its certificate');
  t.is(decideSweep(accepting.feed.view, notAfterMs), undefined);
  t.deepEqual(decideSweep(accepting.feed.view, (record?.untilMs ?? 0) + longestSkewMs)?.operations, [
    { kind: 'delete', key: `revoked/removed-${subject}` },
  ]);
  // A subnet that is reserved for another node is not given to a host because the host holds it.
  await accepting.pools.reserve(once, { pool: 'new', cidr: subnet, nodeName: 'db-1', reason: '' });
  await t.throwsAsync(accepting.nodes.adopt('n-lost', held), { message: /is reserved for db-1/ });
  t.false(accepting.feed.view.nodes.has('n-lost'));
  await accepting.pools.unreserve(once, 'new', subnet);
  await accepting.nodes.adopt('n-lost', held);
  t.true(accepting.feed.view.nodes.has('n-lost'));
});

test('a backup that is restored twice begins two epochs, even if the accepting controller has no memory', async (t) => {
  const { core, cluster, start, backup, dir } = await restorableStore(t);
  await core.stop();
  const accept = async (name: string) => {
    cluster.restore(backup);
    const { core: accepting } = start({
      acceptStore: true,
      seenPath: join(dir, name),
      ownKey: `registrations/${name}`,
    });
    await accepting.ready();
    const { epoch } = accepting.feed.version;
    t.not(accepting.feed.view.cluster?.record.acceptedMs, undefined, 'what it lacks waits in quarantine');
    await accepting.stop();
    return epoch;
  };
  const first = await accept('empty-1');
  // One that has seen the first follows to the second, and not back.
  const follower = start({ seenPath: join(dir, 'follower'), ownKey: 'registrations/c-9' });
  await follower.core.ready();
  await until('the next millisecond', async () => Date.now() > first);
  await follower.core.stop();
  const second = await accept('empty-2');
  t.true(second > first && first > 1, `${first}, ${second}`);
  const again = start({ seenPath: join(dir, 'follower'), ownKey: 'registrations/c-9' });
  await again.core.ready();
  t.is(again.core.feed.version.epoch, second);
  await again.core.stop();
  // The flag that is left in place begins no epoch anew.
  const restarted = start({ acceptStore: true, seenPath: join(dir, 'follower'), ownKey: 'registrations/c-9' });
  await restarted.core.ready();
  t.is(restarted.core.feed.version.epoch, second);
});

test('a controller that used a restored store before --accept-store begins an epoch with it', async (t) => {
  const { core, cluster, start, backup, dir } = await restorableStore(t);
  await core.stop();
  cluster.restore(backup);
  const fresh = { seenPath: join(dir, 'fresh'), ownKey: 'registrations/c-9' };
  const { core: unaware } = start(fresh);
  await unaware.ready();
  t.is(unaware.feed.version.epoch, 1, 'it remembers nothing');
  await unaware.stop();
  const { core: told } = start({ ...fresh, acceptStore: true });
  await told.ready();
  const { epoch } = told.feed.version;
  t.true(epoch > 1);
  await told.stop();
  const { core: again } = start({ ...fresh, acceptStore: true });
  await again.ready();
  t.is(again.feed.version.epoch, epoch, 'the flag was left in place');
});

test('hosts that have seen a higher epoch than the store’s are admitted after --epoch-after, which works once', async (t) => {
  const { core, cluster, start, backup, dir } = await restorableStore(t);
  await core.stop();
  cluster.restore(backup);
  // As accepted by a controller whose clock was two hours ahead, before the backup was restored once more.
  const seen = Date.now() + 7_200_000;
  const fresh = { seenPath: join(dir, 'fresh'), ownKey: 'registrations/c-9' };
  const { core: accepting } = start({ ...fresh, acceptStore: true });
  await accepting.ready();
  t.true(accepting.feed.version.epoch < seen);
  const follower = start({ seenPath: join(dir, 'follower'), ownKey: 'registrations/c-8' });
  await follower.core.ready();
  await accepting.stop();
  // The flag to accept a store does nothing more: it was accepted.
  const { core: again } = start({ ...fresh, acceptStore: true });
  await again.ready();
  t.true(again.feed.version.epoch < seen);
  await again.stop();
  const { core: after } = start({ ...fresh, epochAfter: seen });
  await after.ready();
  t.is(after.feed.version.epoch, seen + 1);
  await until('the other controller follows', async () => follower.core.feed.version.epoch === seen + 1);
  await after.stop();
  const { core: left } = start({ ...fresh, epochAfter: seen });
  await left.ready();
  t.is(left.feed.version.epoch, seen + 1, 'it was left in place');
});

test('--epoch-after accepts no store that the controller refuses', async (t) => {
  const { core, cluster, start, backup, seenPath } = await restorableStore(t);
  await core.stop();
  cluster.restore(backup);
  const { core: refusing } = start({ seenPath, epochAfter: 7 });
  await until('it refuses', async () => refusing.feed.refusal !== '');
  t.regex(refusing.feed.refusal, /was restored from an older backup/);
  t.regex(cluster.get('cluster')?.value ?? '', /"epoch":1,/);
});

test('a host gets back all leases that the restored store lost, of a node that it knows or not', async (t) => {
  const { core, cluster, start } = await restorableStore(t);
  const { feed, nodes, pools, leases } = core;
  await pools.create(once, { ...pool, ...networks, name: 'new', cidr: prefix('10.78.0.0/20'), dockerLength: 25 });
  await pools.create(once, { ...pool, ...networks, name: 'side', cidr: prefix('10.79.0.0/20'), mode: 'bridge' });
  const { subject: known } = await nodes.add(once, node(7));
  const backup = cluster.revision;
  const { subject: lost } = await nodes.add(once, node(8));
  // Both moved after the backup, and have a lease of mode bridge besides.
  for (const id of [known, lost]) {
    const [first] = assignmentOf(feed.view, id)?.leases ?? [];
    await leases.add(once, id, { pool: 'new', ...(first === undefined ? {} : { replace: first.subnet }) });
    await leases.add(once, id, { pool: 'side', networkName: 'blue' });
    await new NicRegistry(core.context).add(once, id, { container: 'db', pool: 'new' }, new Map());
  }
  const held = new Map([known, lost].map((id) => [id, assignmentOf(feed.view, id)]));
  await core.stop();
  cluster.restore(backup);
  const { core: accepting } = start({ acceptStore: true });
  await accepting.ready();
  for (const [id, assignment] of held) {
    if (assignment === undefined) return t.fail();
    await accepting.nodes.adopt(id, assignment);
    const { leases: now, nics } = assignmentOf(accepting.feed.view, id) ?? {};
    t.deepEqual(now, assignment.leases, 'all, with their states');
    t.is(assignment.nics?.nics.length, 1);
    t.deepEqual(nics?.nics, assignment.nics?.nics, 'and the nics of its containers');
    t.deepEqual(differencesFrom(accepting.feed.view, id, assignment), []);
    t.true((await accepting.nodes.adopt(id, assignment)).unchanged);
    t.deepEqual([...accepting.feed.view.contradictions], []);
  }
});

test('a lease for a network of the backup is restored with its network', async (t) => {
  const { core, cluster, start } = await restorableStore(t);
  const { feed, nodes, pools, leases } = core;
  await pools.create(once, { ...pool, ...networks, name: 'side', cidr: prefix('10.79.0.0/20') });
  const { subject: id } = await nodes.add(once, node(7));
  const selection = { all: true, labels: {}, nodes: [] };
  await new NetworkRegistry(core.context).create(once, { name: 'blue', pool: 'side', selection });
  const backup = cluster.revision;
  const wanted = { pool: 'side', mode: 'bridge', networkName: 'blue', bridgeName: 'br-blue', network: 'blue' } as const;
  await leases.add(once, id, wanted);
  const held = assignmentOf(feed.view, id);
  if (held === undefined) return t.fail();
  await core.stop();
  cluster.restore(backup);
  const { core: accepting } = start({ acceptStore: true });
  await accepting.ready();
  await accepting.nodes.adopt(id, held);
  t.deepEqual(assignmentOf(accepting.feed.view, id)?.leases, held.leases);
  t.deepEqual([...holdersOfNetwork(accepting.feed.view, 'blue')], [id]);
  return undefined;
});

test('if another node has one of the leases, none is restored', async (t) => {
  const { core, cluster, start } = await restorableStore(t);
  const { feed, nodes, pools, leases } = core;
  await pools.create(once, { ...pool, ...networks, name: 'side', cidr: prefix('10.79.0.0/20'), mode: 'bridge' });
  const { subject: known } = await nodes.add(once, node(7));
  const { subject: other } = await nodes.add(once, node(8));
  const backup = cluster.revision;
  await leases.add(once, known, { pool: 'side', subnet: prefix('10.79.1.0/24') });
  await leases.add(once, known, { pool: 'side', subnet: prefix('10.79.2.0/24'), networkName: 'b', bridgeName: 'b' });
  const held = assignmentOf(feed.view, known);
  if (held === undefined) return t.fail();
  await core.stop();
  cluster.restore(backup);
  const { core: accepting } = start({ acceptStore: true });
  await accepting.ready();
  await accepting.pools.release(once, prefix('10.79.2.0/24'));
  await accepting.leases.add(once, other, { pool: 'side', subnet: prefix('10.79.2.0/24') });
  await t.throwsAsync(accepting.nodes.adopt(known, held), { message: /10\.79\.2\.0\/24 is held by web-8/ });
  t.is(assignmentOf(accepting.feed.view, known)?.leases.length, 1);
});

test('a host keeps the leases that it holds, and does not use others of the backup', async (t) => {
  const { core, cluster, start } = await restorableStore(t);
  const { feed, nodes, pools, leases } = core;
  await pools.create(once, { ...pool, ...networks, name: 'side', cidr: prefix('10.79.0.0/20'), mode: 'bridge' });
  const { subject: id } = await nodes.add(once, node(7));
  const [first] = assignmentOf(feed.view, id)?.leases ?? [];
  if (first === undefined) return t.fail();
  const held = assignmentOf(feed.view, id);
  await leases.add(once, id, { pool: 'default', subnet: prefix('10.76.40.0/24'), replace: first.subnet });
  await leases.add(once, id, { pool: 'side', subnet: prefix('10.79.1.0/24') });
  await pools.create(once, { ...pool, ...networks, name: 'new', cidr: prefix('10.78.0.0/20') });
  const moves = [{ nodeId: id, pool: 'new' }];
  const wanted = { moves, maxUnavailable: '1', healthSeconds: 60, createdBy: 'admin/alice' };
  const { subject: rollout } = await new RolloutRegistry(core.context).create(once, () => wanted);
  const backup = cluster.revision;
  await nodes.add(once, node(8));
  await core.stop();
  cluster.restore(backup);
  const { core: accepting } = start({ acceptStore: true });
  await accepting.ready();
  const facts = {
    stateOf: () => 'NODE_STATE_READY' as const,
    statusOf: () => undefined,
    isRouted: () => true,
    permittedMs: () => 0,
  };
  const next = () => nextOf(accepting.feed.view, rollout, facts);
  t.like(next(), { kind: 'wait' });
  t.regex(JSON.stringify(next()), /the store was restored/);
  for (const control of ['pause', 'resume'] as const) {
    await new RolloutRegistry(accepting.context).control(once, rollout, control);
  }
  t.notRegex(JSON.stringify(next()), /restored/);
  // After the backup the host went back to its first lease; other nodes may have the other leases since.
  if (held === undefined) return t.fail();
  t.is(assignmentOf(accepting.feed.view, id)?.permit, undefined, 'nothing is permitted before the host is seen');
  await accepting.nodes.adopt(id, held);
  const now = assignmentOf(accepting.feed.view, id)?.leases ?? [];
  t.deepEqual(
    now.map(({ subnet, state }) => [subnet.network, state]),
    [
      [first.subnet.network, 'wanted'],
      [prefix('10.76.40.0/24').network, 'ending'],
      [prefix('10.79.1.0/24').network, 'ending'],
    ],
  );
  t.deepEqual(differencesFrom(accepting.feed.view, id, held), []);
  t.deepEqual([...accepting.feed.view.contradictions], []);
});
