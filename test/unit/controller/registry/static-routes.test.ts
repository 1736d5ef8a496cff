// Static routes: what can have one, who can lease the subnet, and what the nodes get.
import test, { type ExecutionContext } from 'ava';
import { ipamFindings } from '../../../../controller/registry/ipam-findings.js';
import { StaticRouteRegistry } from '../../../../controller/registry/static-routes.js';
import { usageOf } from '../../../../controller/registry/usage.js';
import { keys } from '../../../../controller/store/keys.js';
import { FleetTable } from '../../../../controller/table/fleet-table.js';
import { assignmentOf } from '../../../../controller/view/assignment.js';
import { noViewChanges } from '../../../../controller/view/view-changes.js';
import { formatIpv4, formatPrefix } from '../../../../proto/domain/address.js';
import { address, poolStateOf, prefix } from '../../../support/pools.js';
import { newNode, newPool, once, rig } from '../../../support/registry-values.js';
import { restorableStore } from '../../../support/restorable-store.js';

const subnet = prefix('10.76.3.0/24');

async function scene(t: ExecutionContext) {
  const { core, close } = await rig();
  t.teardown(close);
  const routes = new StaticRouteRegistry(core.context);
  const add = (cidr: string, nextHop = '192.168.80.19', name = 'db-1') =>
    routes.add(once, { subnet: prefix(cidr), nextHop: address(nextHop), name });
  const remove = (cidr: string) => routes.remove(once, prefix(cidr));
  const refused = async (run: Promise<unknown>, message: RegExp) => {
    const revision = core.feed.view.revision;
    await t.throwsAsync(run, { message });
    t.is(core.feed.view.revision, revision, 'nothing was written');
  };
  // The table as nodes get it: "10.76.3.0/24 via 192.168.80.19 db-1 static".
  const table = () => {
    const fleet = new FleetTable();
    const { view } = core.feed;
    fleet.update(view, { ...noViewChanges(), subnets: new Set(view.subnets.keys()), pools: true });
    return [...fleet.entries.values()].map((entry) => {
      if (entry.kind !== 'route') return entry.kind;
      const { subnet: to, nextHop, nodeName, isStatic = false } = entry.route;
      return `${formatPrefix(to)} via ${formatIpv4(nextHop)} ${nodeName}${isStatic ? ' static' : ''}`;
    });
  };
  return { core, add, remove, refused, table };
}

test('a static route is to one free subnet of a pool, by an address that is no node’s and in no pool', async (t) => {
  const { core, add, refused, table } = await scene(t);
  await core.nodes.add(once, newNode('web-1', 1));
  await refused(add('10.99.0.0/24'), /10\.99\.0\.0\/24 is not within a pool/);
  await refused(add('10.76.3.0/25'), /has to be a \/24/);
  await refused(add('10.76.0.0/24'), /10\.76\.0\.0\/24 is already leased/);
  await refused(add('10.76.3.0/24', '192.168.80.1'), /192\.168\.80\.1 is the address of node web-1/);
  await refused(add('10.76.3.0/24', '10.76.9.1'), /10\.76\.9\.1 lies inside pool default/);
  await core.pools.reserve(once, { pool: 'default', cidr: prefix('10.76.4.0/24'), nodeName: 'web-4', reason: '' });
  await refused(add('10.76.4.0/24'), /reserved for web-4/);
  t.deepEqual(table(), ['10.76.0.0/24 via 192.168.80.1 web-1']);
  await add('10.76.3.0/24');
  t.true((await add('10.76.3.0/24')).unchanged);
  t.deepEqual(table().sort(), ['10.76.0.0/24 via 192.168.80.1 web-1', '10.76.3.0/24 via 192.168.80.19 db-1 static']);
  await add('10.76.3.0/24', '192.168.80.20');
  t.true(table().includes('10.76.3.0/24 via 192.168.80.20 db-1 static'), 'it was changed');
  await refused(core.pools.create(once, newPool('192.168.80.0/24', 'lan')), /192\.168\.80\.20|address of node/);
});

test('a subnet with a static route is leased only to the node with its next hop', async (t) => {
  const { core, add, refused, table } = await scene(t);
  await core.pools.reserve(once, { pool: 'default', cidr: prefix('10.76.3.0/24'), reason: 'by hand' });
  for (const index of [0, 3]) await add(`10.76.${index}.0/24`, `192.168.80.${19 + index}`);
  const wanted = (name: string, index: number, cidr?: string) => ({
    ...newNode(name, index),
    ...(cidr === undefined ? {} : { subnet: prefix(cidr) }),
  });
  await core.nodes.add(once, wanted('web-1', 1));
  t.true(table().includes('10.76.1.0/24 via 192.168.80.1 web-1'), 'the first subnet that nobody has');
  await refused(core.nodes.add(once, wanted('web-2', 2, '10.76.3.0/24')), /static route to db-1 at 192\.168\.80\.22/);
  await core.nodes.add(once, wanted('web-19', 19));
  await core.nodes.add(once, wanted('web-22', 22, '10.76.3.0/24'));
  t.deepEqual(table().sort(), [
    '10.76.0.0/24 via 192.168.80.19 web-19',
    '10.76.1.0/24 via 192.168.80.1 web-1',
    '10.76.3.0/24 via 192.168.80.22 web-22',
  ]);
});

test('a node with the address of a static route gets that subnet, whichever pool it is in', async (t) => {
  const { core, add, table } = await scene(t);
  await core.pools.create(once, newPool('10.200.0.0/16', 'old'));
  await add('10.200.3.0/24', '192.168.80.19');
  await core.nodes.add(once, newNode('web-19', 19));
  await core.nodes.add(once, newNode('web-1', 1));
  t.deepEqual(table().sort(), ['10.200.3.0/24 via 192.168.80.19 web-19', '10.76.0.0/24 via 192.168.80.1 web-1'].sort());
  await add('10.200.4.0/24', '192.168.80.20');
  await core.nodes.add(once, { ...newNode('web-20', 20), pool: 'default' });
  t.true(table().includes('10.76.1.0/24 via 192.168.80.20 web-20'), 'the operator said so');
});

test('a removed static route leaves a quarantine, which its host can end by a route or as a node', async (t) => {
  const { core, add, remove, refused, table } = await scene(t);
  await add('10.76.3.0/24');
  await refused(core.pools.release(once, subnet), /has a static route to db-1/);
  await refused(core.pools.remove(once, 'default', true), /has 1 static route/);
  await refused(core.pools.resize(once, 'default', prefix('10.76.0.0/23')), /10\.76\.3\.0\/24 has a static route/);
  await remove('10.76.3.0/24');
  t.deepEqual(table(), []);
  await refused(remove('10.76.3.0/24'), /there is no static route to 10\.76\.3\.0\/24/);
  await refused(add('10.76.3.0/24', '192.168.80.77', 'other'), /in quarantine until .*: db-1 had it/);
  await add('10.76.3.0/24', '192.168.80.19', 'renamed');
  t.deepEqual(table(), ['10.76.3.0/24 via 192.168.80.19 renamed static']);
  await remove('10.76.3.0/24');
  await refused(core.nodes.add(once, { ...newNode('web-2', 2), subnet }), /in quarantine until .*: renamed had it/);
  await core.nodes.add(once, newNode('web-19', 19));
  t.deepEqual(table(), ['10.76.3.0/24 via 192.168.80.19 web-19']);
});

test('subnets with static routes are counted, also reserved ones; one that leads to a node is a finding', async (t) => {
  const { core, add } = await scene(t);
  await core.pools.reserve(once, { pool: 'default', cidr: prefix('10.76.2.0/23'), reason: '' });
  for (const cidr of ['10.76.3.0/24', '10.76.5.0/24']) await add(cidr);
  const { view } = core.feed;
  const { record } = view.pools.get('default') ?? {};
  if (record === undefined) return t.fail();
  const state = { ...poolStateOf(record), subnets: view.subnetsOfPool.get('default') ?? new Map() };
  t.deepEqual(usageOf(state, Date.now()), {
    total: 256,
    leased: 0,
    staticRoutes: 2,
    reserved: 1,
    quarantined: 0,
    free: 253,
  });
  await core.nodes.add(once, newNode('web-19', 19));
  const found = ipamFindings(core.feed.view, () => undefined, Date.now());
  t.is(found.length, 1);
  t.like(found[0], { reason: 'StaticRouteToNode', key: '' });
  const left = core.feed.view.subnets.get(subnet.network * 64 + 24)?.record.state === 'static' ? 3 : 5;
  t.is(found[0]?.subject, keys.subnet('default', prefix(`10.76.${left}.0/24`)));
});

test('a host whose lease replaced its static route after the backup gets the lease again from the restored store', async (t) => {
  const { core, cluster, start } = await restorableStore(t);
  await core.pools.reserve(once, { pool: 'default', cidr: prefix('10.76.8.0/24'), reason: 'by hand' });
  const routes = new StaticRouteRegistry(core.context);
  const own = prefix('10.76.8.0/24');
  await routes.add(once, { subnet: own, nextHop: address('192.168.83.8'), name: 'db-1' });
  const backup = cluster.revision;
  const { subject } = await core.nodes.add(once, { name: 'web-8', address: address('192.168.83.8'), labels: {} });
  const held = assignmentOf(core.feed.view, subject);
  if (held === undefined) return t.fail();
  t.deepEqual(held.leases[0].subnet, own);
  await core.stop();
  cluster.restore(backup);
  const { core: accepting } = start({ acceptStore: true });
  await accepting.ready();
  const elsewhere = { ...held, address: address('192.168.83.9') };
  await t.throwsAsync(accepting.nodes.adopt(subject, elsewhere), { message: /is reserved|has a static route/ });
  await accepting.nodes.adopt(subject, held);
  t.deepEqual(assignmentOf(accepting.feed.view, subject)?.leases[0].subnet, own);
});
