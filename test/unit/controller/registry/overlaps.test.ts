// Pools, reservations and leases that may not overlap, when they are made at once.
import test from 'ava';
import fc from 'fast-check';
import { overlapWarnings } from '../../../../controller/registry/node-networks.js';
import { fittingSubnetLength, poolProblems, poolWarnings } from '../../../../controller/registry/pool-rules.js';
import { parsePrefix } from '../../../../proto/domain/address.js';
import { overlapsIn } from '../../../support/controller.js';
import { address, prefix } from '../../../support/pools.js';
import { newNode, newPool, once, reportNetworks, rig, subnetOf } from '../../../support/registry-values.js';

test('a subnet comes back to its host at once, to others after the quarantine', async (t) => {
  let nowMs = 1_000_000;
  const { core, close } = await rig(1, '10.76.0.0/24', () => nowMs);
  const pool = newPool('10.80.0.0/24', 'small', 60);
  await core.pools.create(once, { ...pool, subnetLength: 24 });
  const small = { pool: 'small' };
  const first = await core.nodes.add(once, { ...newNode('web-1', 1), ...small });
  t.is(subnetOf(core, first.subject), '10.80.0.0/24');
  await core.nodes.remove(once, first.subject, () => undefined);
  await t.throwsAsync(core.nodes.add(once, { ...newNode('web-2', 2), ...small }), { message: /1 in quarantine/ });
  const back = await core.nodes.add(once, { ...newNode('web-1', 1), ...small });
  t.is(subnetOf(core, back.subject), '10.80.0.0/24');
  t.is(core.feed.view.subnets.get(core.feed.view.leasesOfNode.get(back.subject)?.[0] ?? 0)?.record.generation, 2);
  await core.nodes.remove(once, back.subject, () => undefined);
  nowMs += 60_000;
  const other = await core.nodes.add(once, { ...newNode('web-2', 2), ...small });
  t.is(subnetOf(core, other.subject), '10.80.0.0/24');
  await core.nodes.remove(once, other.subject, () => undefined);
  await core.pools.release(once, prefix('10.80.0.0/24'));
  await core.nodes.add(once, { ...newNode('web-3', 3), ...small });
  await close();
});

test('P11 pools overlap nothing: no pool, no node address, no network of a host', async (t) => {
  const { core, close } = await rig();
  const { subject } = await core.nodes.add(once, newNode('web-1', 1));
  const hostNetworks = [{ prefix: prefix('172.18.0.0/16'), source: 'docker network app_default' }];
  await reportNetworks(core, subject, hostNetworks);
  const attempt = async (cidr: string) =>
    (await t.throwsAsync(core.pools.create(once, newPool(cidr, 'other'))))?.message ?? '';
  t.regex(await attempt('10.76.128.0/17'), /overlaps pool default \(10.76.0.0\/16\)/);
  t.regex(await attempt('10.0.0.0/8'), /overlaps pool default/);
  t.regex(await attempt('192.168.80.0/20'), /covers the address of node web-1 \(192.168.80.1\)/);
  t.regex(await attempt('172.16.0.0/12'), /overlaps 172.18.0.0\/16 of docker network app_default on node web-1/);
  await t.throwsAsync(core.nodes.add(once, { name: 'x', address: address('10.76.3.4'), labels: {} }), {
    message: /10.76.3.4 lies inside pool default/,
  });
  await t.throwsAsync(
    core.nodes.set(once, subject, { address: address('10.76.3.4'), setLabels: {}, removeLabels: [] }),
    { message: /lies inside pool default/ },
  );
  await close();
});

test('nodes get subnets that overlap no host’s network while there are any, and a warning afterwards', async (t) => {
  const { core, close } = await rig(1, '10.76.0.0/22');
  const { subject } = await core.nodes.add(once, newNode('web-1', 1));
  const hostNetworks = [{ prefix: prefix('10.76.0.0/23'), source: 'docker network shop' }];
  await reportNetworks(core, subject, hostNetworks);
  const add = async (name: string, host: number) => {
    const subnet = subnetOf(core, (await core.nodes.add(once, newNode(name, host))).subject);
    return [subnet, ...overlapWarnings(core.feed.view, name, prefix(subnet))];
  };
  t.deepEqual(await add('web-2', 2), ['10.76.2.0/24']);
  t.deepEqual(await add('web-3', 3), ['10.76.3.0/24']);
  t.deepEqual(await add('web-4', 4), [
    '10.76.1.0/24',
    '10.76.1.0/24 overlaps 10.76.0.0/23 of docker network shop on node web-1: these hosts will not route to it; ' +
      'renumber their networks, or lease another subnet with --subnet',
  ]);
  await t.throwsAsync(core.nodes.add(once, { ...newNode('web-5', 5), networks: hostNetworks }), {
    message: /no free subnet that does not overlap the host's own 10\.76\.0\.0\/23 \(docker network shop\)/,
  });
  await close();
});

test('P17 of a pool and a node address that overlap, one is refused', async (t) => {
  for (let round = 0; round < 20; round++) {
    const { cores, cluster, close } = await rig(2);
    const [a, b] = cores;
    if (a === undefined || b === undefined) throw new Error('no core');
    const results = await Promise.allSettled([
      a.pools.create(once, newPool('192.168.80.0/24', 'lan')),
      b.nodes.add(once, newNode('web-1', 1)),
    ]);
    t.is(results.filter((result) => result.status === 'fulfilled').length, 1, `round ${round}`);
    t.deepEqual(overlapsIn(cluster.history), []);
    await close();
  }
});

test('of a reservation and a lease that overlap, one is refused', async (t) => {
  for (let round = 0; round < 20; round++) {
    const { cores, close } = await rig(2);
    const [a, b] = cores;
    if (a === undefined || b === undefined) throw new Error('no core');
    const results = await Promise.allSettled([
      a.pools.reserve(once, { pool: 'default', cidr: prefix('10.76.4.0/22'), reason: '' }),
      b.nodes.add(once, { ...newNode('web-1', 1), subnet: prefix('10.76.5.0/24') }),
    ]);
    t.is(results.filter((result) => result.status === 'fulfilled').length, 1, `round ${round}`);
    await close();
  }
});

test('removing a pool while a node is added leaves no lease without a pool', async (t) => {
  for (let round = 0; round < 20; round++) {
    const { cores, cluster, core, close } = await rig(2);
    const [a, b] = cores;
    if (a === undefined || b === undefined) throw new Error('no core');
    await Promise.allSettled([a.pools.remove(once, 'default', false), b.nodes.add(once, newNode('web-1', 1))]);
    await core.feed.reached(cluster.revision, 1_000);
    t.is(core.feed.view.pools.size, core.feed.view.nodes.size, `round ${round}`);
    await close();
  }
});

test('R9 a moved node frees its old address, and can take no other node’s', async (t) => {
  const { core, close } = await rig();
  const a = await core.nodes.add(once, newNode('web-1', 1));
  await core.nodes.add(once, newNode('web-2', 2));
  const move = (to: number) =>
    core.nodes.set(once, a.subject, { address: newNode('', to).address, setLabels: {}, removeLabels: [] });
  await t.throwsAsync(move(2), { message: /is that of node web-2/ });
  await move(3);
  await core.nodes.add(once, newNode('web-3', 1));
  t.is(core.feed.view.nodeOfAddress.size, 3);
  await close();
});

test('all problems of a pool are reported at once', (t) => {
  const problems = (cidr: string, subnetLength: number) =>
    poolProblems({ cidr: prefix(cidr), subnetLength }).join('; ');
  t.is(problems('10.76.0.0/16', 24), '');
  t.is(problems('10.76.0.0/24', 24), '');
  t.regex(problems('10.76.0.0/24', 16), /larger than the pool/);
  t.regex(problems('10.76.0.0/16', 31), /no room for a container/);
  t.regex(problems('10.0.0.0/8', 30), /would have 4194304 subnets/);
  t.regex(problems('127.0.0.0/8', 16), /loopback/);
  for (const [cidr, length] of [['10.76.0.0/31', 30] as const, ['10.76.0.0/32', 32] as const]) {
    t.is(problems(cidr, length), `cidr: ${cidr} is smaller than a /30, the smallest subnet with room for a container`);
  }
  t.regex(problems('8.0.0.0/7', 16), /larger than a \/8/);
  t.deepEqual(poolWarnings(prefix('10.76.0.0/16'), []), []);
  const warnings = poolWarnings(prefix('172.172.0.0/16'), [prefix('10.76.0.0/16')]);
  t.regex(warnings[0] ?? '', /public range/);
  t.regex(warnings[1] ?? '', /"allowed-pools: \[10\.76\.0\.0\/16, 172\.172\.0\.0\/16\]".*systemctl restart xnetd/);
  fc.assert(
    fc.property(fc.integer({ min: 8, max: 30 }), (length) => {
      const cidr = parsePrefix(`10.0.0.0/${length}`);
      if (cidr === undefined) return t.fail();
      return t.deepEqual(poolProblems({ cidr, subnetLength: fittingSubnetLength(cidr) }), []);
    }),
  );
});
