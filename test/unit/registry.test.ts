// What controllers do to the store, through one or several of them at once.
import test from 'ava';
import fc from 'fast-check';
import { requestDigest } from '../../controller/registry/operation.js';
import { fittingSubnetLength, type NewPool, poolProblems, poolWarnings } from '../../controller/registry/pool-rules.js';
import { findNode } from '../../controller/service/find-node.js';
import { encode } from '../../controller/store/record-codec.js';
import { overlapWarnings } from '../../controller/table/node-networks.js';
import { formatPrefix, ipv4FromNumber, parsePrefix, prefixFromKey } from '../../proto/domain/address.js';
import { XnetError } from '../../proto/errors.js';
import { Core, overlapsIn } from '../support/controller.js';
import { MemoryCluster, MemoryStore } from '../support/memory-store.js';
import { address, prefix } from '../support/pools.js';

const once = { operationId: '', dryRun: false };
const newPool = (cidr: string, name = 'default', quarantineSeconds = 3600): NewPool => ({
  name,
  cidr: prefix(cidr),
  subnetLength: fittingSubnetLength(prefix(cidr)),
  mode: 'bip',
  networkName: 'xnet',
  bridgeName: 'xnet0',
  quarantineSeconds,
});
const newNode = (name: string, host: number) => ({
  name,
  address: ipv4FromNumber(address('192.168.80.0') + host),
  labels: {},
});

async function rig(cores = 1, cidr = '10.76.0.0/16', now?: () => number) {
  const cluster = new MemoryCluster();
  const stores = Array.from({ length: cores }, () => new MemoryStore(cluster));
  const started = stores.map((store) => Core.start(store, now === undefined ? {} : { now }));
  await Promise.all(started.map((core) => core.ready()));
  const [first] = started;
  if (first === undefined) throw new Error('no core');
  await first.pools.create(once, newPool(cidr));
  for (const core of started) await core.feed.reached(cluster.revision, 1_000);
  const close = async () => {
    await Promise.all(started.map((core) => core.stop()));
  };
  return { cluster, stores, cores: started, core: first, close };
}

function subnetOf(core: Core, nodeId: string): string {
  const id = core.feed.view.subnetOfNode.get(nodeId);
  return id === undefined ? '' : formatPrefix(prefixFromKey(id));
}

test('64 nodes added at once through two controllers get 64 subnets', async (t) => {
  const { cores, cluster, close } = await rig(2);
  const added = await Promise.all(
    Array.from({ length: 64 }, (_, index) => {
      const core = cores[index % 2];
      if (core === undefined) throw new Error('no core');
      return core.nodes.add(once, newNode(`web-${index}`, index + 1));
    }),
  );
  const [core] = cores;
  if (core === undefined) throw new Error('no core');
  await core.feed.reached(cluster.revision, 1_000);
  t.is(new Set(added.map((done) => subnetOf(core, done.subject))).size, 64);
  t.deepEqual(overlapsIn(cluster.history), []);
  await close();
});

test('of two that want the last subnet one gets it, the other learns why not', async (t) => {
  const { cores, close } = await rig(2, '10.76.0.0/24');
  // A /24 pool has four /26s; three are taken.
  const [a, b] = cores;
  if (a === undefined || b === undefined) throw new Error('no core');
  for (const index of [1, 2, 3]) await a.nodes.add(once, newNode(`web-${index}`, index));
  const results = await Promise.allSettled([
    a.nodes.add(once, newNode('web-8', 8)),
    b.nodes.add(once, newNode('web-9', 9)),
  ]);
  const failed = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  t.is(failed.length, 1);
  const [error] = failed;
  t.true(error instanceof XnetError && error.code === 'PoolExhausted');
  t.regex(error instanceof Error ? error.message : '', /of 4, 4 are leased, 0 reserved, 0 in quarantine/);
  await close();
});

test('an answer that was lost is found again, however often the call is repeated', async (t) => {
  const { stores, core, cluster, close } = await rig();
  const [store] = stores;
  if (store === undefined) throw new Error('no store');
  store.lostAnswers = 1;
  const operation = { operationId: 'op-1', dryRun: false };
  const first = await core.nodes.add(operation, newNode('web-1', 1));
  const again = await core.nodes.add(operation, newNode('web-1', 1));
  t.is(again.subject, first.subject);
  t.is([...core.feed.view.nodes.keys()].length, 1);
  store.lostAnswers = 1;
  const removal = { operationId: 'op-2', dryRun: false };
  const removed = await core.nodes.remove(removal, first.subject, () => undefined);
  t.true(removed.repeated);
  t.is((await core.nodes.remove(removal, first.subject, () => undefined)).subject, first.subject);
  t.is(core.feed.view.nodes.size, 0);
  await t.throwsAsync(core.pools.create(removal, newPool('10.80.0.0/16', 'other')), {
    message: /used for another call/,
  });
  const asked = { ...operation, digest: requestDigest({ name: 'web-1', operationId: 'op-1' }) };
  const other = { ...operation, digest: requestDigest({ name: 'web-2', operationId: 'op-1' }) };
  t.true((await core.nodes.add({ ...asked, operationId: 'op-3' }, newNode('web-3', 3))).message !== '');
  t.true((await core.nodes.add({ ...asked, operationId: 'op-3' }, newNode('web-3', 3))).repeated);
  await t.throwsAsync(core.nodes.add({ ...other, operationId: 'op-3' }, newNode('web-4', 4)), {
    message: /operation id "op-3" was used with other arguments/,
  });
  await t.throwsAsync(core.nodes.recall({ ...other, operationId: 'op-2' }, 'SetNode'), { message: /another call/ });
  t.is(core.feed.view.nodes.size, 1);
  t.deepEqual(overlapsIn(cluster.history), []);
  await close();
});

test('a request is named by what it asks for, however its fields are ordered', (t) => {
  const request = { name: 'web-1', labels: { a: '1', b: '2' }, uses: 3, operationId: 'x', dryRun: false };
  const digest = requestDigest(request);
  t.is(requestDigest({ uses: 3, dryRun: true, labels: { b: '2', a: '1' }, name: 'web-1', operationId: 'y' }), digest);
  for (const other of [{ name: 'web-2' }, { labels: { a: '1', b: '3' } }, { labels: { a: '1' } }, { uses: 4 }]) {
    t.not(requestDigest({ ...request, ...other }), digest);
  }
});

test('what a view that is behind would refuse, or find done already, is asked of the store', async (t) => {
  const { stores, cores, core, cluster, close } = await rig(2);
  const [, late] = cores;
  const [, store] = stores;
  if (late === undefined || store === undefined) throw new Error('no second core');
  const web1 = (await core.nodes.add(once, newNode('web-1', 1))).subject;
  await late.feed.reached(cluster.revision, 1_000);
  // Its watch tells nothing any more, while the store answers.
  store.deaf = true;
  const web2 = (await core.nodes.add(once, newNode('web-2', 2))).subject;
  await core.nodes.remove(once, web1, () => undefined);
  await t.throwsAsync(late.nodes.add(once, newNode('web-3', 2)), { message: /192.168.80.2 is that of node web-2/ });
  const again = late.nodes.add(once, newNode('web-1', 1));
  await core.feed.reached(cluster.revision + 1, 5_000);
  store.deaf = false;
  store.connect(true);
  const { unchanged, subject } = await again;
  t.deepEqual([unchanged, subject === web1, subject === web2], [false, false, false]);
  store.connect(false);
  await t.throwsAsync(late.pools.remove(once, 'none', false), { message: /the store does not answer/ });
  store.connect(true);
  t.deepEqual(overlapsIn(cluster.history), []);
  await close();
});

test('the same command again changes nothing; another under the same name is told what is there', async (t) => {
  const { core, cluster, close } = await rig();
  const first = await core.nodes.add(once, newNode('web-1', 1));
  const { revision } = cluster;
  const same = await core.nodes.add(once, newNode('web-1', 1));
  t.true(same.unchanged);
  t.is(same.subject, first.subject);
  t.is(cluster.revision, revision);
  await t.throwsAsync(core.nodes.add(once, newNode('web-1', 2)), {
    message: /web-1 already: its address is 192.168.80.1/,
  });
  await t.throwsAsync(core.nodes.add(once, newNode('web-2', 1)), { message: /192.168.80.1 is that of node web-1/ });
  await t.throwsAsync(core.nodes.add(once, { ...newNode('web-1', 1), subnet: prefix('10.76.9.0/24') }), {
    message: /its subnet is 10.76.0.0\/24/,
  });
  t.true((await core.pools.create(once, newPool('10.76.0.0/16'))).unchanged);
  await t.throwsAsync(core.pools.create(once, newPool('10.99.0.0/16')), { message: /there is a pool default already/ });
  t.is(cluster.revision, revision);
  await close();
});

test('a dry run changes nothing', async (t) => {
  const { core, cluster, close } = await rig();
  const { revision } = cluster;
  const dry = { operationId: 'dry', dryRun: true };
  await core.nodes.add(dry, newNode('web-1', 1));
  await core.pools.create(dry, newPool('10.77.0.0/16', 'other'));
  await core.pools.reserve(dry, { pool: 'default', cidr: prefix('10.76.4.0/24'), reason: '' });
  await core.pools.remove(dry, 'default', false);
  t.is(cluster.revision, revision);
  await close();
});

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
  t.is(core.feed.view.subnets.get(core.feed.view.subnetOfNode.get(back.subject) ?? 0)?.record.generation, 2);
  await core.nodes.remove(once, back.subject, () => undefined);
  nowMs += 60_000;
  const other = await core.nodes.add(once, { ...newNode('web-2', 2), ...small });
  t.is(subnetOf(core, other.subject), '10.80.0.0/24');
  await core.nodes.remove(once, other.subject, () => undefined);
  await core.pools.release(once, prefix('10.80.0.0/24'));
  await core.nodes.add(once, { ...newNode('web-3', 3), ...small });
  await close();
});

test('pools overlap nothing: no pool, no node address, no network of a host', async (t) => {
  const { core, close } = await rig();
  const { subject } = await core.nodes.add(once, newNode('web-1', 1));
  const hostNetworks = [{ prefix: prefix('172.18.0.0/16'), source: 'docker network app_default' }];
  const routes = { desired: 0, installed: 0, conflicting: 0, unreachable: 0 };
  const status = {
    routes,
    conditions: [],
    daemonVersion: '',
    kernelVersion: '',
    dockerVersion: '',
    hostNetworks,
    silentPeers: [],
  };
  const { revision } = await core.context.store.commit({
    guards: [],
    operations: [{ kind: 'put', key: `status/${subject}`, value: encode('status', { ...status, reportedMs: 1 }) }],
  });
  await core.feed.reached(revision, 1_000);
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

test('nodes get subnets that no host’s network overlaps, as long as there are any, and are told when not', async (t) => {
  const { core, close } = await rig(1, '10.76.0.0/22');
  const { subject } = await core.nodes.add(once, newNode('web-1', 1));
  const hostNetworks = [{ prefix: prefix('10.76.0.0/23'), source: 'docker network shop' }];
  const routes = { desired: 0, installed: 0, conflicting: 0, unreachable: 0 };
  const status = {
    routes,
    conditions: [],
    daemonVersion: '',
    kernelVersion: '',
    dockerVersion: '',
    hostNetworks,
    silentPeers: [],
  };
  const { revision } = await core.context.store.commit({
    guards: [],
    operations: [{ kind: 'put', key: `status/${subject}`, value: encode('status', { ...status, reportedMs: 1 }) }],
  });
  await core.feed.reached(revision, 1_000);
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

test('a pool and a node address that meet: one of them loses', async (t) => {
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

test('a reservation and a lease that meet: one of them loses', async (t) => {
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

test('a pool that is removed while a node is added: no lease without a pool', async (t) => {
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

test('a moved node frees its old address, and nobody else’s is taken', async (t) => {
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

test('a node is found by whatever people have at hand', async (t) => {
  const { core, close } = await rig();
  const { subject } = await core.nodes.add(once, newNode('web-1', 1));
  await core.nodes.add(once, newNode('db-1', 2));
  const { view } = core.feed;
  for (const text of ['web-1', subject, subject.slice(0, 6), '192.168.80.1', '10.76.0.0/24', '10.76.0.17']) {
    t.is(findNode(view, text), subject, text);
  }
  t.throws(() => findNode(view, 'n-'), { message: /begins the ids of 2 nodes/ });
  const error = t.throws(() => findNode(view, 'wbe-1'));
  t.is(error instanceof XnetError ? error.hint : '', 'did you mean web-1?');
  t.throws(() => findNode(view, '\u001b[2J'), { message: /there is no node "\\u001b\[2J"/ });
  await close();
});

test('a pool by itself is checked whole', (t) => {
  const problems = (cidr: string, subnetLength: number) =>
    poolProblems({ cidr: prefix(cidr), subnetLength }).join('; ');
  t.is(problems('10.76.0.0/16', 24), '');
  t.is(problems('10.76.0.0/24', 24), '');
  t.regex(problems('10.76.0.0/24', 16), /larger than the pool/);
  t.regex(problems('10.76.0.0/16', 31), /no room for a container/);
  t.regex(problems('10.0.0.0/8', 30), /would have 4194304 subnets/);
  t.regex(problems('127.0.0.0/8', 16), /loopback/);
  t.regex(problems('8.0.0.0/7', 16), /larger than a \/8/);
  t.deepEqual(poolWarnings(prefix('10.76.0.0/16'), []), []);
  const warnings = poolWarnings(prefix('172.172.0.0/16'), [prefix('10.76.0.0/16')]);
  t.regex(warnings[0] ?? '', /public range/);
  t.regex(warnings[1] ?? '', /"allowed-pools: \[10\.76\.0\.0\/16, 172\.172\.0\.0\/16\]".*systemctl restart xnetd/);
  fc.assert(
    fc.property(fc.integer({ min: 8, max: 28 }), (length) => {
      const cidr = parsePrefix(`10.0.0.0/${length}`);
      if (cidr === undefined) return t.fail();
      return t.deepEqual(poolProblems({ cidr, subnetLength: fittingSubnetLength(cidr) }), []);
    }),
  );
});

type Step = {
  readonly do: 'add' | 'remove' | 'reserve' | 'unreserve' | 'lose' | 'set';
  readonly n: number;
  readonly via: number;
};
const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom('add', 'add', 'add', 'remove', 'reserve', 'unreserve', 'lose', 'set'),
  n: fc.nat(11),
  via: fc.nat(2),
});

test('any mix of calls through three controllers keeps every invariant, at every revision', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
      const { cores, stores, cluster, core, close } = await rig(3, '10.76.0.0/21');
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
      t.is(view.nodeOfName.size, view.nodes.size);
      t.is(view.nodeOfAddress.size, view.nodes.size);
      t.is(view.subnetOfNode.size, view.nodes.size, 'one subnet each');
      for (const [id, { record }] of view.nodes) {
        t.is(view.nodeOfName.get(record.name), id);
        t.is(view.nodeOfAddress.get(record.address), id);
        t.true(view.subnetOfNode.has(id));
      }
      t.deepEqual([...view.undecodable], []);
      await close();
    }),
    { numRuns: 60 },
  );
});
