// What a node accepts from a controller, whatever the controller says.
import test from 'ava';
import fc from 'fast-check';
import { connectedNetworks, parseMainRoutes, parseNameServers, usedRangesFrom } from '../../node/host/used-ranges.js';
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
  type UsedRange,
} from '../../node/table/admission-rules.js';
import type { NodeTable, TableSnapshot } from '../../node/table/node-table.js';
import { formatPrefix, ipv4FromNumber, prefixCovers, prefixesOverlap, prefixKey } from '../../proto/domain/address.js';
import type { Assignment, PoolRange, Route, Version } from '../../proto/domain/network.js';
import { anyIpv4, anyPrefix, someSubnet, testPool } from '../support/arbitrary.js';
import { address, prefix } from '../support/pools.js';

const pool = (cidr: string, subnetLength = 24): PoolRange => ({ ...prefix(cidr), subnetLength });
const route = (cidr: string, via: string, nodeName = 'web-2'): Route => ({
  subnet: prefix(cidr),
  nextHop: address(via),
  nodeName,
});
const version = (revision: number): Version => ({ clusterId: 'c', epoch: 1, revision });

// eth0 with the default route, a LAN of its own on eth1, a VPN, a name server, Docker's default bridge.
const mainRoutes = parseMainRoutes(
  [
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
    'eth0\t00000000\t0153A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0',
    'eth0\t0053A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
    'eth1\t0000320A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0',
    'tun0\t00003C0A\t0153A8C0\t0003\t0\t0\t0\t0000FFFF\t0\t0\t0',
    'docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0',
    'br-shop\t00044C0A\t00000000\t0001\t0\t0\t0\t00FCFFFF\t0\t0\t0',
    '*\t00004C0A\t00000000\t0200\t0\t0\t4294967295\t0000FFFF\t0\t0\t0',
    '',
  ].join('\n'),
);
const taken = usedRangesFrom({
  routes: mainRoutes.filter(({ ifname }) => ifname !== 'br-shop' && ifname !== '*'),
  nameServers: parseNameServers('search lan\nnameserver 10.99.0.53\n'),
  controllers: [{ kind: 'tcp', host: '10.98.0.2', port: 7400 }],
  own: [address('192.168.83.11')],
});
const rules: HostRules = {
  nodeName: 'web-1',
  own: [prefix('10.76.0.0/24')],
  addresses: new Map([
    [address('192.168.83.11'), prefix('192.168.83.0/24')],
    [address('10.50.0.9'), prefix('10.50.0.0/16')],
  ]),
  taken: () => taken,
  allowed: undefined,
  joined: [],
};
const snapshotOf = (pools: readonly PoolRange[], routes: readonly Route[], revision = 1): TableSnapshot => ({
  version: version(revision),
  routes,
  unresolved: [],
  pools,
  fresh: true,
});
const first = admitSnapshot(
  undefined,
  snapshotOf(
    [pool('10.76.0.0/16')],
    [route('10.76.0.0/24', '192.168.83.11', 'web-1'), route('10.76.1.0/24', '192.168.83.12')],
  ),
  rules,
);

test('the ranges that a host uses are read from what it says', (t) => {
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
  t.deepEqual(parseMainRoutes('garbage\n\nx\ty\tz\n'), []);
});

test('pools of the first contact are the operator’s, later ones must not be in the way of the host', (t) => {
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

test('a pool that was named at joining is accepted whenever it is told of, unless it is in the way of the host itself', (t) => {
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

test('a narrower --allowed-pools takes nothing away that is in force', (t) => {
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

test('a route is one subnet of a pool by an address that a peer can have', (t) => {
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

test('an assignment is for this node and within its pools, and names nothing of the host’s', (t) => {
  const good: Assignment = {
    nodeId: 'n-0123456789ab',
    nodeName: 'web-1',
    address: address('192.168.83.11'),
    availability: 'active',
    pool: 'default',
    subnet: prefix('10.76.0.0/24'),
    generation: 1,
    mode: 'bridge',
    networkName: 'xnet',
    bridgeName: 'xnet0',
  };
  const pools = [pool('10.76.0.0/16')];
  t.is(assignmentProblem(good, pools, rules), undefined);
  const bad: readonly Partial<Assignment>[] = [
    { nodeId: '../x' },
    { nodeName: 'web-2' },
    { pool: 'a b' },
    { generation: 0 },
    { subnet: prefix('192.168.83.0/24') },
    { subnet: prefix('10.76.0.0/16') },
    { subnet: prefix('10.76.0.0/25') },
    { address: address('127.0.0.1') },
    { address: address('10.76.3.1') },
    { bridgeName: 'docker0' },
    { bridgeName: 'lo' },
    { bridgeName: 'a/b' },
    { bridgeName: 'x'.repeat(16) },
    { networkName: 'host' },
    { networkName: '-x' },
  ];
  for (const each of bad) t.truthy(assignmentProblem({ ...good, ...each }, pools, rules), JSON.stringify(each));
  t.is(assignmentProblem({ ...good, mode: 'bip', networkName: '', bridgeName: '' }, pools, rules), undefined);
});

const anyPool = fc
  .tuple(anyPrefix, fc.integer({ min: 0, max: 40 }))
  .map(([range, subnetLength]): PoolRange => ({ ...range, subnetLength }));
const anyRoute = fc
  .tuple(
    fc.oneof(anyPrefix, someSubnet),
    fc.oneof(
      anyIpv4,
      fc.nat(300).map((n) => ipv4FromNumber(0xc0a85300 + n)),
    ),
    fc.string(),
  )
  .map(([subnet, nextHop, name]): Route => ({ subnet, nextHop, nodeName: name.length % 2 === 0 ? 'web-9' : name }));
const told = fc.record({
  pools: fc.array(fc.oneof(anyPool, fc.constant(pool('10.76.0.0/16')), fc.constant(pool('10.77.0.0/16')))),
  routes: fc.array(anyRoute),
});

function isHarmless(table: NodeTable, ranges: readonly UsedRange[]): boolean {
  const known = [...table.pools, pool('10.76.0.0/16')];
  return (
    [...table.routes.values()].every(
      ({ subnet }) =>
        subnet.length >= 8 && known.some((one) => prefixCovers(one, subnet) && one.subnetLength === subnet.length),
    ) && table.pools.every((one) => ranges.every((range) => !range.vital || !prefixesOverlap(range.prefix, one)))
  );
}

test('whatever a controller says, a host routes only subnets of its pools, and keeps what it had', (t) => {
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
          // What was there is there, changed at most by a route that is acceptable.
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

test('any pool beside the first ones leaves the host’s own ranges alone', (t) => {
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

test('a route that goes bad keeps what it was, and goes when it is withdrawn', (t) => {
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

test('what was refused is accepted once the host has changed, with the routes in it', (t) => {
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
