// The range and the settings of a pool change: growing, shrinking, races with what is granted meanwhile.
import test from 'ava';
import { prefixCovers, prefixFromKey } from '../../../../proto/domain/address.js';
import type { XnetError } from '../../../../proto/errors.js';
import { overlapsIn } from '../../../support/controller.js';
import { prefix } from '../../../support/pools.js';
import { newNode, newPool, once, reportNetworks, rig } from '../../../support/registry-values.js';

test('P10 a pool does not grow over another range, and an existing overlap does not prevent its growth', async (t) => {
  const { core, close } = await rig(1, '10.76.0.0/22');
  t.teardown(close);
  await core.pools.create(once, newPool('10.78.0.0/16', 'other'));
  for (const host of [1, 2, 3, 4]) await core.nodes.add(once, newNode(`web-${host}`, host));
  await t.throwsAsync(core.nodes.add(once, newNode('web-5', 5)), { message: /are leased/ });
  const [first] = core.feed.view.nodes.keys();
  if (first === undefined) return t.fail();
  const networks = (cidr: string) => [{ prefix: prefix(cidr), source: 'docker network shop' }];
  await reportNetworks(core, first, networks('10.76.1.0/24'));
  const grow = (cidr: string) => core.pools.resize(once, 'default', prefix(cidr));
  await t.throwsAsync(grow('10.76.0.0/14'), { message: /overlaps pool other \(10.78.0.0\/16\)/ });
  await t.throwsAsync(grow('10.77.0.0/16'), { message: /have nothing in common/ });
  await t.throwsAsync(grow('10.0.0.0/7'), { message: /invalid range|larger than a \/8/ });
  t.regex((await core.pools.resize({ ...once, dryRun: true }, 'default', prefix('10.76.0.0/16'))).message, /\/22 → /);
  t.is(core.feed.view.pools.get('default')?.record.cidr.length, 22);
  await reportNetworks(core, first, networks('10.76.128.0/24'));
  await t.throwsAsync(grow('10.76.0.0/16'), {
    message: /overlaps 10.76.128.0\/24 of docker network shop on node web-1/,
  });
  await reportNetworks(core, first, networks('10.76.1.0/24'));
  t.false((await grow('10.76.0.0/16')).unchanged);
  t.true((await grow('10.76.0.0/16')).unchanged);
  await core.nodes.add(once, newNode('web-5', 5));
  t.is(core.feed.view.contradictions.size, 0);
});

test('P10 a pool shrinks when nothing is outside; otherwise everything outside is named at once', async (t) => {
  let now = Date.now();
  const { core, close } = await rig(1, '10.76.0.0/16', () => now);
  t.teardown(close);
  const at = (host: number, subnet: string) =>
    core.nodes.add(once, { ...newNode(`web-${host}`, host), subnet: prefix(subnet) });
  await at(1, '10.76.1.0/24');
  const high = await at(2, '10.76.200.0/24');
  const gone = await at(3, '10.76.201.0/24');
  await core.nodes.remove(once, gone.subject, () => undefined);
  await core.pools.reserve(once, { pool: 'default', cidr: prefix('10.76.128.0/22'), reason: '' });
  const shrink = () => core.pools.resize(once, 'default', prefix('10.76.0.0/17'));
  const error = await t.throwsAsync<XnetError>(shrink());
  const text = [error.message, ...error.problems].join('\n');
  t.regex(text, /10.76.200.0\/24 is leased to web-2/);
  t.regex(text, /10.76.201.0\/24 is in quarantine until .*: xctl leases release 10.76.201.0\/24/);
  t.regex(text, /10.76.128.0\/22 is reserved: xctl pools unreserve default 10.76.128.0\/22/);
  t.is(core.feed.view.pools.get('default')?.record.cidr.length, 16);
  await core.pools.unreserve(once, 'default', prefix('10.76.128.0/22'));
  await core.nodes.remove(once, high.subject, () => undefined);
  await t.throwsAsync(shrink(), { message: /in quarantine/ });
  now += 7_200_000;
  await shrink();
  // Records of ended quarantines would contradict the pool.
  t.is(core.feed.view.contradictions.size, 0);
  t.deepEqual(
    [...core.feed.view.subnets.keys()].filter((id) => !prefixCovers(prefix('10.76.0.0/17'), prefixFromKey(id))),
    [],
  );
});

test('P10 P17 of a shrinking pool and a grant outside of it, one is refused', async (t) => {
  for (let round = 0; round < 8; round++) {
    const { cores, cluster, core, close } = await rig(2);
    const [a, b] = cores;
    if (a === undefined || b === undefined) throw new Error('no core');
    const results = await Promise.allSettled([
      a.pools.resize(once, 'default', prefix('10.76.0.0/17')),
      b.nodes.add(once, { ...newNode('web-1', 1), subnet: prefix('10.76.200.0/24') }),
    ]);
    t.is(results.filter((result) => result.status === 'fulfilled').length, 1, `round ${round}`);
    await core.feed.reached(cluster.revision, 1_000);
    t.is(core.feed.view.contradictions.size, 0);
    t.deepEqual(overlapsIn(cluster.history), []);
    await close();
  }
});

test('of two pools that grow into the same range, one is refused', async (t) => {
  for (let round = 0; round < 8; round++) {
    const { cores, cluster, core, close } = await rig(2, '10.76.0.0/17');
    const [a, b] = cores;
    if (a === undefined || b === undefined) throw new Error('no core');
    await a.pools.create(once, newPool('10.76.192.0/18', 'other'));
    await b.feed.reached(cluster.revision, 1_000);
    const results = await Promise.allSettled([
      a.pools.resize(once, 'default', prefix('10.76.0.0/16')),
      b.pools.resize(once, 'other', prefix('10.76.128.0/17')),
    ]);
    t.is(results.filter((result) => result.status === 'fulfilled').length, 1, `round ${round}`);
    await core.feed.reached(cluster.revision, 1_000);
    t.is(core.feed.view.contradictions.size, 0);
    await close();
  }
});

test('settings of a pool change, except for its mode', async (t) => {
  const { core, close } = await rig();
  t.teardown(close);
  const done = await core.pools.set(once, 'default', { quarantineSeconds: 7_200, reclaimAfterSeconds: 604_800 });
  t.is(done.message, 'quarantine: 1h → 2h, reclaim after: never → 7d');
  t.true((await core.pools.set(once, 'default', { reclaimAfterSeconds: 604_800, mode: 'bip' })).unchanged);
  const error = await t.throwsAsync<XnetError>(core.pools.set(once, 'default', { mode: 'bridge' }));
  t.is(error.code, 'FailedPrecondition');
  t.regex(error.hint ?? '', /xctl apply/);
  await t.throwsAsync(core.pools.set(once, 'edge', { quarantineSeconds: 1 }), { message: /no pool edge/ });
  // How subnets are divided: while nobody has one.
  const divide = (dockerLength: number) => core.pools.set(once, 'spare', { dockerLength });
  await core.pools.create(once, newPool('10.93.0.0/16', 'spare'));
  t.is((await divide(25)).message, 'docker length: none → 25');
  t.true((await divide(25)).unchanged);
  t.is(core.feed.view.pools.get('spare')?.record.dockerLength, 25);
  await t.throwsAsync(divide(24), { message: /\/24 is not one of \/25 to \/29/ });
  t.is((await divide(0)).message, 'docker length: 25 → none');
  t.is(core.feed.view.pools.get('spare')?.record.dockerLength, undefined);
  await core.nodes.add(once, { ...newNode('divided', 93), pool: 'spare' });
  const inUse = await t.throwsAsync<XnetError>(divide(26), {
    message: /pool spare can't change: nodes have 1 lease of/,
  });
  t.regex(inUse?.hint ?? '', /pools create NAME CIDR --docker-length 26, then xctl nodes move/);
});
