// What a node accepts from a controller: pools, routes and assignments one by one.
import test from 'ava';
import {
  admitDelta,
  admitSnapshot,
  assignmentProblem,
  type HostRules,
  nextHopProblem,
  notAllowed,
  poolProblem,
  reconsider,
  routeProblem,
} from '../../../../node/table/admission-rules.js';
import type { NodeTable } from '../../../../node/table/node-table.js';
import { connectedNetworks, type MainRoute, usedRangesFrom } from '../../../../node/table/used-ranges.js';
import { formatPrefix, prefixKey } from '../../../../proto/domain/address.js';
import type { Assignment, Lease } from '../../../../proto/domain/network.js';
import type { NonEmpty } from '../../../../proto/domain/non-empty.js';
import {
  first,
  mainRoutes,
  pool,
  route,
  rules,
  snapshotOf,
  taken,
  version,
} from '../../../support/admission-values.js';
import { address, prefix } from '../../../support/pools.js';

test('the used ranges of a host are read from its routes and addresses', (t) => {
  t.deepEqual(
    taken.map(({ prefix: range, vital }) => `${formatPrefix(range)}${vital ? ' vital' : ''}`),
    [
      '192.168.83.0/24 vital',
      '10.50.0.0/16',
      '10.60.0.0/16',
      '172.17.0.0/16',
      '192.168.83.1/32 vital',
      '10.98.0.2/32 vital',
      '192.168.83.11/32 vital',
      '10.99.0.53/32',
    ],
  );
  t.deepEqual(
    connectedNetworks(mainRoutes).map(({ prefix, source }) => `${formatPrefix(prefix)} ${source}`),
    [
      '192.168.83.0/24 interface eth0',
      '10.50.0.0/16 interface eth1',
      '172.17.0.0/16 interface docker0',
      '10.76.4.0/22 interface br-shop',
    ],
  );
});

test('every way out of a host is vital, also where its default route has several', (t) => {
  const [one, other] = [address('192.168.83.1'), address('10.50.0.1')];
  const routes: readonly MainRoute[] = [
    { destination: prefix('0.0.0.0/0'), gateway: one, ifname: 'eth0' },
    { destination: prefix('0.0.0.0/0'), gateway: other, ifname: 'eth1' },
    { destination: prefix('0.0.0.0/0'), gateway: undefined, ifname: '*' },
    { destination: prefix('10.50.0.0/16'), gateway: undefined, ifname: 'eth1' },
    { destination: prefix('10.60.0.0/16'), gateway: undefined, ifname: 'tun0' },
    { destination: prefix('192.168.0.0/16'), gateway: undefined, ifname: '*' },
  ];
  const ranges = usedRangesFrom({ routes, nameServers: [], controllers: [], own: [address('192.168.83.11')] });
  t.deepEqual(
    ranges.filter(({ vital }) => vital).map((range) => formatPrefix(range.prefix)),
    ['10.50.0.0/16', '192.168.83.1/32', '10.50.0.1/32', '192.168.83.11/32'],
  );
});

test('pools of the first contact are accepted, later ones may not overlap the host’s own ranges', (t) => {
  const before = [pool('10.76.0.0/16')];
  const asFirst = (cidr: string, length?: number) =>
    poolProblem(pool(cidr, length), { rules, before: [], accepted: [] });
  const later = (cidr: string, allowed?: readonly string[]) =>
    poolProblem(pool(cidr), { rules: { ...rules, allowed: allowed?.map(prefix) }, before, accepted: before });
  for (const cidr of ['10.76.0.0/16', '198.51.100.0/24', '172.16.0.0/12', '10.60.0.0/16'])
    t.is(asFirst(cidr), undefined);
  for (const cidr of ['192.168.0.0/16', '192.168.83.8/29', '10.98.0.0/16', '127.0.0.0/8', '224.0.0.0/8', '0.0.0.0/0']) {
    t.truthy(asFirst(cidr, 30), cidr);
  }
  t.truthy(asFirst('10.76.0.0/16', 15));
  t.truthy(asFirst('10.76.0.0/16', 0));
  t.truthy(asFirst('10.76.0.0/16', 31));
  t.is(later('10.77.0.0/16'), undefined, 'a fleet can grow');
  t.is(later('100.64.0.0/16'), undefined);
  for (const cidr of [
    '10.50.1.0/24',
    '10.60.0.0/24',
    '10.99.0.0/16',
    '10.98.0.0/24',
    '172.17.0.0/16',
    '192.168.0.0/16',
  ]) {
    t.truthy(later(cidr), cidr);
  }
  t.regex(later('8.8.8.0/24') ?? '', /public range/);
  t.is(later('198.51.100.0/24', ['198.51.100.0/24', '10.0.0.0/8']), undefined);
  t.regex(later('10.77.0.0/16', ['10.76.0.0/16']) ?? '', /allowed-pools/);
  t.regex(later('10.76.128.0/17') ?? '', /overlaps the pool/);
});

test('a pool named at the join is accepted at any time, unless it overlaps the host itself', (t) => {
  const joined: HostRules = { ...rules, joined: [prefix('172.172.0.0/16'), prefix('192.168.83.0/24')] };
  // As a controller tells it: a table of before the pool was made, and what has come since.
  const [range, subnet] = [pool('172.172.0.0/16'), route('172.172.1.0/24', '192.168.83.12')];
  const changes = { upserts: [subnet], removals: [], unresolved: [] };
  const delta = { fromRevision: 1, to: version(2), ...changes, pools: [...first.pools, range] };
  const strangers = admitDelta(first, delta, rules);
  t.deepEqual(strangers.pools.map(formatPrefix), ['10.76.0.0/16']);
  const table = admitDelta(first, delta, joined);
  t.deepEqual(table.pools.map(formatPrefix), ['10.76.0.0/16', '172.172.0.0/16']);
  t.true(table.routes.has(prefixKey(subnet.subnet)));
  t.deepEqual(table.refused.pools, []);
  t.truthy(poolProblem(pool('192.168.83.0/24'), { rules: joined, before: first.pools, accepted: [] }));
  // Refused first, and known from joining anew.
  t.deepEqual(reconsider(strangers, joined).pools.map(formatPrefix), ['10.76.0.0/16', '172.172.0.0/16']);
});

test('a pool grows, or stays as it is where the host has no room for it', (t) => {
  const free = { ...rules, taken: () => [] };
  const begun = snapshotOf([pool('10.76.0.0/16')], [route('10.76.1.0/24', '192.168.83.12')]);
  const table = admitSnapshot(undefined, begun, free);
  const ranges = ({ pools }: NodeTable) => pools.map(formatPrefix);
  const wide = { prefix: prefix('10.77.8.0/24'), what: '10.77.8.0/24, which this host routes by tun0', vital: false };
  const used = { ...rules, taken: () => [wide] };
  const upserts = [route('10.77.1.0/24', '192.168.83.13')];
  const delta = {
    fromRevision: 1,
    to: version(2),
    upserts,
    removals: [],
    unresolved: [],
    pools: [pool('10.76.0.0/15')],
  };
  const grown = admitDelta(table, delta, free);
  t.deepEqual([ranges(grown), grown.routes.size, grown.refused.pools.length], [['10.76.0.0/15'], 2, 0]);
  const refused = admitDelta(table, delta, used);
  t.deepEqual([ranges(refused), refused.routes.size], [['10.76.0.0/16'], 1]);
  t.regex(refused.refused.pools.map(({ problem }) => problem).join(), /overlaps 10.77.8.0\/24, which this host routes/);
  t.is(reconsider(refused, used), refused);
  const later = reconsider(refused, free);
  t.deepEqual([ranges(later), later.routes.size, later.refused.pools.length], [['10.76.0.0/15'], 2, 0]);
  // It shrinks at once, whatever the host uses.
  const back = { ...delta, fromRevision: 2, to: version(3), upserts: [], removals: [prefix('10.77.1.0/24')] };
  const shrunk = admitDelta(grown, { ...back, pools: [pool('10.76.0.0/17')] }, used);
  t.deepEqual([ranges(shrunk), shrunk.routes.size], [['10.76.0.0/17'], 1]);
});

test('narrowing --allowed-pools removes no pool in force', (t) => {
  const narrowed: HostRules = { ...rules, allowed: [prefix('10.77.0.0/16')] };
  const again = snapshotOf(
    [pool('10.76.0.0/16'), pool('10.77.0.0/16'), pool('10.78.0.0/16')],
    [...first.routes.values()],
  );
  const table = admitSnapshot(first, again, narrowed);
  t.deepEqual(table.pools.map(formatPrefix), ['10.76.0.0/16', '10.77.0.0/16']);
  t.deepEqual([...table.routes.keys()], [...first.routes.keys()]);
  t.deepEqual([...table.unresolved], []);
  t.deepEqual(
    table.refused.pools.map(({ pool: refused }) => formatPrefix(refused)),
    ['10.78.0.0/16'],
  );
  t.deepEqual(notAllowed(table.pools, narrowed).map(formatPrefix), ['10.76.0.0/16']);
});

test('a route is one subnet of a pool by a valid peer address', (t) => {
  const problem = (cidr: string, via: string, name?: string) =>
    routeProblem(route(cidr, via, name), [pool('10.76.0.0/16')], rules);
  t.is(problem('10.76.5.0/24', '192.168.83.12'), undefined);
  t.is(problem('10.76.0.0/24', '192.168.83.11'), undefined, 'the own one is never routed');
  for (const cidr of [
    '0.0.0.0/0',
    '10.76.0.0/16',
    '10.76.5.0/25',
    '10.76.5.7/32',
    '10.77.0.0/24',
    '192.168.83.0/24',
    '8.8.8.0/24',
  ]) {
    t.truthy(problem(cidr, '192.168.83.12'), cidr);
  }
  for (const via of [
    '192.168.83.11',
    '10.50.0.9',
    '127.0.0.1',
    '0.0.0.0',
    '224.0.0.5',
    '255.255.255.255',
    '192.168.83.255',
    '192.168.83.0',
    '10.76.9.1',
  ]) {
    t.truthy(problem('10.76.5.0/24', via), via);
  }
  t.truthy(problem('10.76.5.0/24', '192.168.83.12', '\u001b[2J'));
  t.is(
    nextHopProblem(
      address('192.168.90.1'),
      { addresses: new Map([[address('192.168.90.0'), prefix('192.168.90.0/31')]]) },
      [],
    ),
    undefined,
  );
});

test('an assignment must be for this node, within its pools, and name no interface of the host', (t) => {
  const lease = {
    pool: 'default',
    subnet: prefix('10.76.0.0/24'),
    generation: 1,
    mode: 'bridge',
    networkName: 'xnet',
    bridgeName: 'xnet0',
  } as const;
  const good: Assignment = {
    nodeId: 'n-0123456789ab',
    nodeName: 'web-1',
    address: address('192.168.83.11'),
    availability: 'active',
    leases: [{ ...lease, state: 'wanted' }],
    permit: undefined,
    leave: false,
  };
  const pools = [pool('10.76.0.0/16')];
  t.is(assignmentProblem(good, pools, rules), undefined);
  // The certificate names the node by its id: a name can change then.
  const certified = { ...rules, nodeId: good.nodeId };
  t.is(assignmentProblem({ ...good, nodeName: 'web-2' }, pools, certified), undefined);
  t.regex(assignmentProblem({ ...good, nodeName: 'a b' }, pools, certified) ?? '', /not the name of a node/);
  t.regex(assignmentProblem({ ...good, nodeId: 'n-1' }, pools, certified) ?? '', /it is for the node "n-1"/);
  const other: Lease = {
    ...lease,
    subnet: prefix('10.76.7.0/24'),
    networkName: 'xnet-7',
    bridgeName: 'xnet7',
    state: 'in force',
  };
  const bad: readonly Partial<Assignment>[] = [
    { nodeId: '../x' },
    { nodeName: 'web-2' },
    { address: address('127.0.0.1') },
    { address: address('10.76.3.1') },
  ];
  for (const each of bad) t.truthy(assignmentProblem({ ...good, ...each }, pools, rules), JSON.stringify(each));
  const badLease: readonly Partial<Lease>[] = [
    { pool: 'a b' },
    { generation: 0 },
    { subnet: prefix('192.168.83.0/24') },
    { subnet: prefix('10.76.0.0/16') },
    { subnet: prefix('10.76.0.0/25') },
    { bridgeName: 'docker0' },
    { bridgeName: 'lo' },
    { bridgeName: 'a/b' },
    { bridgeName: 'x'.repeat(16) },
    { networkName: 'host' },
    { networkName: '-x' },
  ];
  const [own] = good.leases;
  const problem = (...leases: NonEmpty<Lease>) => assignmentProblem({ ...good, leases }, pools, rules);
  for (const each of badLease) {
    t.truthy(problem({ ...own, ...each }), JSON.stringify(each));
    t.truthy(problem(other, { ...own, ...each }), 'whichever it is');
  }
  const bip: Lease = { ...own, mode: 'bip', networkName: '', bridgeName: '' };
  t.is(problem(bip), undefined);
  t.regex(
    problem({ ...bip, mode: 'block', networkLength: 26 }) ?? '',
    /10\.76\.0\.0\/24 has no room for docker0 and other/,
  );
  const lan = { prefix: prefix('192.168.83.0/24'), gateway: address('192.168.83.254') };
  const ofLan: Lease = { ...own, subnet: prefix('192.168.83.64/27'), mode: 'lan', lan };
  t.is(problem(ofLan), undefined, 'its pool is not routed, so that the table does not have it');
  t.is(problem(bip, { ...ofLan, networkName: 'xnet-lan', bridgeName: 'xnet-lan' }), undefined);
  const badLan: readonly (readonly [Partial<Lease>, RegExp])[] = [
    [{ subnet: prefix('192.168.83.0/27') }, /has 192\.168\.83\.\d+, the/],
    [{ subnet: prefix('192.168.83.224/27') }, /has 192\.168\.83\.254, the gateway/],
    [{ subnet: prefix('192.168.84.0/27') }, /not within the LAN 192\.168\.83\.0\/24/],
    [{ lan: { ...lan, gateway: address('192.168.84.1') } }, /the gateway 192\.168\.84\.1 is not in the LAN/],
    [{ lan: { ...lan, prefix: prefix('192.168.83.64/26') } }, /the node address 192\.168\.83\.\d+ is not in the LAN/],
    [{ lan: { ...lan, prefix: prefix('0.0.0.0/0') }, subnet: prefix('10.76.3.0/24') }, /overlaps the pool/],
    [{ bridgeName: 'docker0' }, /docker0/],
  ];
  for (const [change, expected] of badLan) t.regex(problem({ ...ofLan, ...change }) ?? '', expected);
  // Side by side: one to begin with and others that end on docker0, bridges with names of their own, no overlap.
  const ending: Lease = { ...bip, subnet: prefix('10.76.8.0/24'), state: 'ending' };
  t.is(problem(bip, other, ending, { ...ending, subnet: prefix('10.76.9.0/24') }), undefined);
  t.regex(
    problem(bip, { ...ending, state: 'wanted' }) ?? '',
    /docker0 can't have 10\.76\.0\.0\/24 and 10\.76\.8\.0\/24/,
  );
  t.regex(problem(own, { ...other, networkName: 'xnet' }) ?? '', /the network xnet is the same for/);
  t.regex(
    problem(own, { ...other, bridgeName: 'xnet0', state: 'ending' }) ?? '',
    /the interface xnet0 is the same for/,
  );
  t.regex(problem(bip, { ...other, subnet: bip.subnet }) ?? '', /overlap/);
});
