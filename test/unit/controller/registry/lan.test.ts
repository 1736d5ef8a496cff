// Pools of mode lan: what is leased of the hosts' own network, and that no route leads there.
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { leaseFromWire, poolFromWire } from '../../../../cli/output/pool.js';
import { poolCells } from '../../../../cli/output/pool-map.js';
import { barredIn, barredOf } from '../../../../controller/registry/lan.js';
import type { NewPool } from '../../../../controller/registry/pool-rules.js';
import { StaticRouteRegistry } from '../../../../controller/registry/static-routes.js';
import { usageOf } from '../../../../controller/registry/usage.js';
import { requireKnownModes } from '../../../../controller/service/known-modes.js';
import { newPoolOf } from '../../../../controller/service/new-pool.js';
import { findPathEnd } from '../../../../controller/service/path-end.js';
import { wireFromPool, wireFromSubnets } from '../../../../controller/service/to-wire/records.js';
import { FleetTable } from '../../../../controller/table/fleet-table.js';
import { assignmentOf } from '../../../../controller/view/assignment.js';
import { noViewChanges } from '../../../../controller/view/view-changes.js';
import { formatIpv4, formatPrefix, ipv4FromNumber, lastAddress } from '../../../../proto/domain/address.js';
import { checkRange, prefixesOfRange } from '../../../../proto/domain/address-range.js';
import type { CreatePoolRequest__Output } from '../../../../proto/gen/xnet/v1/CreatePoolRequest.js';
import type { Pool__Output } from '../../../../proto/gen/xnet/v1/Pool.js';
import type { Subnet__Output } from '../../../../proto/gen/xnet/v1/Subnet.js';
import { address, prefix } from '../../../support/pools.js';
import { newNode, once, reportNetworks, rig, subnetOf } from '../../../support/registry-values.js';

const lan = { prefix: prefix('192.168.80.0/24'), gateway: address('192.168.80.254') };
const lanPool: NewPool = {
  ...{ name: 'lan', cidr: lan.prefix, subnetLength: 27, mode: 'lan', lan },
  ...{ networkName: 'xnet-lan', bridgeName: 'xnet-lan', quarantineSeconds: 3600 },
};
const ofLan = (name: string, host: number) => ({ ...newNode(name, host), pool: 'lan' });

async function scene(t: ExecutionContext) {
  const { core, close } = await rig();
  t.teardown(close);
  await core.pools.create(once, lanPool);
  const refused = async (run: Promise<unknown>, message: RegExp) => {
    const { revision } = core.feed.view;
    await t.throwsAsync(run, { message });
    t.is(core.feed.view.revision, revision, 'nothing was written');
  };
  return { core, refused };
}

const bars = 'no subnet of a LAN is leased that has an address of a host, the gateway, the LAN or a reserved range';
test(bars, async (t) => {
  const { core, refused } = await scene(t);
  await core.pools.reserve(once, { pool: 'lan', cidr: prefix('192.168.80.100/30'), reason: 'DHCP' });
  const { subject: first } = await core.nodes.add(once, ofLan('web-1', 11));
  t.is(subnetOf(core, first), '192.168.80.32/27');
  await refused(core.nodes.add(once, newNode('db-1', 40)), /192\.168\.80\.40 lies inside 192\.168\.80\.32\/27/);
  await core.nodes.add(once, newNode('db-1', 70));
  const { subject: second } = await core.nodes.add(once, ofLan('web-2', 12));
  t.is(subnetOf(core, second), '192.168.80.128/27', '.64 has db-1, .96 has DHCP');
  const wish = (cidr: string) => core.nodes.add(once, { ...ofLan('web-3', 13), subnet: prefix(cidr) });
  await refused(wish('192.168.80.64/27'), /contains 192\.168\.80\.70, the address of node db-1/);
  await refused(wish('192.168.80.0/27'), /contains 192\.168\.80\.0, the LAN's own address/);
  await refused(
    wish('192.168.80.224/27'),
    /contains 192\.168\.80\.255, the LAN's broadcast|contains 192\.168\.80\.254/,
  );
  await refused(wish('192.168.80.96/27'), /is reserved \(DHCP\)/);
  const far = { ...ofLan('web-3', 13), address: address('192.168.81.13') };
  await refused(core.nodes.add(once, far), /192\.168\.81\.13 is not in 192\.168\.80\.0\/24, the LAN of pool lan/);
  const { view } = core.feed;
  const record = view.pools.get('lan')?.record;
  t.truthy(record);
  if (record === undefined) return;
  const subnets = view.subnetsOfPool.get('lan') ?? new Map();
  const usage = usageOf({ record, subnets, barred: barredIn(view, record) }, Date.now());
  t.deepEqual(usage, { total: 8, leased: 2, staticRoutes: 0, reserved: 4, quarantined: 0, free: 2 });
  const shown = wireFromSubnets(view, 'lan', Date.now());
  const rows = shown
    .filter(({ state }) => state === 'SUBNET_STATE_RESERVED')
    .map(({ cidr, reason }) => `${cidr} ${reason}`);
  t.deepEqual(rows, [
    "192.168.80.0/27 it has 192.168.80.0, the LAN's own address",
    '192.168.80.64/27 it has 192.168.80.70, the address of node db-1',
    '192.168.80.100/30 DHCP',
    "192.168.80.224/27 it has 192.168.80.255, the LAN's broadcast address",
  ]);
  const output = poolFromWire(wireFromPool(view, 'lan', Date.now()) as Pool__Output);
  const leases = shown.map((subnet) => leaseFromWire(subnet as Subnet__Output));
  t.is(poolCells(output, leases).join(''), 'r#rr#..r');
  await refused(
    core.pools.reserve(once, { pool: 'lan', cidr: prefix('192.168.80.130/32'), reason: '' }),
    /192\.168\.80\.128\/27 is leased to web-2/,
  );
  await refused(
    core.pools.reserve(once, { pool: 'default', cidr: prefix('10.76.9.0/30'), reason: '' }),
    /smaller than a subnet/,
  );
});

test('no route leads to a LAN, and its hosts receive its prefix and gateway', async (t) => {
  const { core, refused } = await scene(t);
  const lanNetwork = { prefix: lan.prefix, source: 'interface eth0' };
  const { subject: id } = await core.nodes.add(once, { ...ofLan('web-1', 11), networks: [lanNetwork] });
  await reportNetworks(core, id, [lanNetwork]);
  const other = { prefix: prefix('192.168.80.64/28'), source: 'docker network blue' };
  const { subject: second } = await core.nodes.add(once, { ...ofLan('web-2', 12), networks: [lanNetwork, other] });
  t.is(subnetOf(core, second), '192.168.80.96/27', 'its own network is in .64');
  await core.nodes.add(once, newNode('db-1', 1));
  const { view } = core.feed;
  const [lease] = assignmentOf(view, id)?.leases ?? [];
  t.like(lease, { mode: 'lan', lan, networkName: 'xnet-lan', bridgeName: 'xnet-lan' });
  const assigned = assignmentOf(view, id);
  t.throws(() => assigned && requireKnownModes(assigned, []), { message: /xnetd on web-1 does not support mode lan/ });
  t.notThrows(() => assigned && requireKnownModes(assigned, ['MODE_BIP', 'MODE_LAN']));
  // The first address of its subnet is a container's.
  t.like(findPathEnd(view, 'web-1'), { address: formatIpv4(assigned?.address ?? address('0.0.0.0')), subnet: '' });
  t.like(findPathEnd(view, '192.168.80.97'), { node: 'web-2', address: '192.168.80.97', subnet: '' });
  const fleet = new FleetTable();
  fleet.update(view, { ...noViewChanges(), subnets: new Set(view.subnets.keys()), pools: true });
  t.deepEqual(fleet.pools.map(formatPrefix), ['10.76.0.0/16']);
  const routes = [...fleet.entries.values()].flatMap((entry) => (entry.kind === 'route' ? [entry.route] : []));
  t.deepEqual(
    routes.map(({ subnet }) => formatPrefix(subnet)),
    ['10.76.0.0/24'],
  );
  const statics = new StaticRouteRegistry(core.context);
  const route = { subnet: prefix('192.168.80.160/27'), nextHop: address('192.168.81.9'), name: 'x' };
  await refused(statics.add(once, route), /of mode lan: no route leads there/);
  await refused(core.nodes.add(once, { ...ofLan('web-3', 13), mode: 'bip' }), /pool lan is of mode lan/);
  await refused(
    core.nodes.add(once, { ...newNode('web-3', 13), pool: 'default', mode: 'lan' }),
    /default is of mode bip/,
  );
  await core.leases.add(once, second, { pool: 'default' });
  t.deepEqual(
    assignmentOf(core.feed.view, second)?.leases.map(({ mode }) => mode),
    ['bip', 'lan'],
    'beside each other',
  );
  await refused(
    core.leases.add(once, second, { pool: 'lan', subnet: prefix('192.168.80.192/27') }),
    /network xnet-lan/,
  );
});

const request = {
  ...{ operationId: '', dryRun: false, name: 'lan', cidr: '192.168.80.0/24', subnetLength: 27, mode: 'MODE_LAN' },
  ...{
    networkName: '',
    bridgeName: '',
    networkLength: 0,
    dockerLength: 0,
    lan: { prefix: '', gateway: '192.168.80.254', defaultNetwork: false },
  },
  reservations: [{ cidr: '192.168.80.100/31', nodeName: '', reason: 'DHCP' }],
} as unknown as CreatePoolRequest__Output;

test('a pool of mode lan names its gateway, lies in its LAN, and may have reservations at once', (t) => {
  const ofDefault = { prefix: '', gateway: '192.168.80.254', defaultNetwork: true };
  t.deepEqual(newPoolOf({ ...request, lan: ofDefault }).lan, { ...lan, defaultNetwork: true });
  t.like(newPoolOf(request), { lan, networkName: 'xnet-lan', bridgeName: 'xnet-lan' });
  const problems = (change: Partial<CreatePoolRequest__Output>) => {
    const error = t.throws(() => newPoolOf({ ...request, ...change }), { any: true }) as Error & { problems: string[] };
    return [error.message, ...error.problems].join('\n');
  };
  t.regex(problems({ lan: null }), /mode lan needs the address of the LAN's router/);
  t.regex(
    problems({ lan: { prefix: '', gateway: '192.168.81.1', defaultNetwork: true } }),
    /192\.168\.81\.1 is not in the LAN/,
  );
  t.regex(
    problems({ lan: { prefix: '', gateway: '192.168.80.255', defaultNetwork: false } }),
    /gateway: 192\.168\.80\.255/,
  );
  t.regex(
    problems({ lan: { prefix: '192.168.81.0/24', gateway: '192.168.81.1', defaultNetwork: false } }),
    /is not within the LAN 192\.168\.81/,
  );
  t.regex(problems({ dockerLength: 28 }), /docker length: in mode lan, Docker hands out the whole/);
  t.regex(problems({ mode: 'MODE_BIP' }), /only a pool of mode lan has one/);
  const twice = [...request.reservations, { cidr: '192.168.80.101/32', nodeName: '', reason: '' }];
  const wrong = problems({ reservations: [...twice, { cidr: '10.0.0.0/8', nodeName: '', reason: '' }] });
  t.regex(wrong, /192\.168\.80\.101\/32 overlaps the reservation of 192\.168\.80\.100\/31/);
  t.regex(wrong, /10\.0\.0\.0\/8 is outside pool lan/, 'all at once');
});

test('a range of addresses is the same addresses as its CIDRs', (t) => {
  fc.assert(
    fc.property(fc.nat(0xffffffff), fc.nat(600), (first, size) => {
      const last = Math.min(0xffffffff, first + size);
      const parts = prefixesOfRange(ipv4FromNumber(first), ipv4FromNumber(last));
      t.is(parts[0]?.network, ipv4FromNumber(first));
      t.is(
        parts.reduce((sum, { length }) => sum + 2 ** (32 - length), 0),
        last - first + 1,
      );
      const ends = parts.map((part) => Number(lastAddress(part)));
      t.true(parts.every((part, index) => index === 0 || part.network === (ends[index - 1] ?? 0) + 1));
      t.is(ends.at(-1), last);
    }),
  );
  t.deepEqual(checkRange('192.168.80.7'), { value: [prefix('192.168.80.7/32')] });
  for (const text of ['', '-', '1.2.3.4-', '1.2.3.9-1.2.3.4', '1.2.3.4-1.2.3.5-1.2.3.6', '1.2.3.4/24']) {
    t.true('problem' in checkRange(text), text);
  }
  t.is(barredOf([{ address: address('10.0.0.9'), what: '' }], prefix('10.0.0.0/29')), undefined);
});
