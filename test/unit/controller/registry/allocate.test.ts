import test from 'ava';
import fc from 'fast-check';
import { checkReservable, chooseSubnet, type Wish } from '../../../../controller/registry/allocate.js';
import { hindering, type Placement } from '../../../../controller/registry/node-networks.js';
import { usageOf } from '../../../../controller/registry/usage.js';
import type { SubnetRecord } from '../../../../controller/store/records.js';
import { HostNetworks } from '../../../../controller/view/host-networks.js';
import {
  formatPrefix,
  type Prefix,
  prefixCovers,
  prefixesOverlap,
  subnetAt,
} from '../../../../proto/domain/address.js';
import { poolShape } from '../../../support/arbitrary.js';
import { address, leased, poolRecord, poolStateOf, prefix, quarantined } from '../../../support/pools.js';

const pool = poolRecord(prefix('10.76.0.0/16'), 24);
const wish = (nodeName: string, at = '192.168.83.11', subnet?: string): Wish => ({
  nodeName,
  address: address(at),
  ...(subnet === undefined ? {} : { subnet: prefix(subnet) }),
});
const show = (subnet: Prefix | undefined) => (subnet === undefined ? undefined : formatPrefix(subnet));

test('grants are disjoint subnets of the pool until it is full', (t) => {
  fc.assert(
    fc.property(poolShape, fc.integer({ min: 0, max: 70 }), ({ cidr, subnetLength, count }, spread) => {
      const record = poolRecord(cidr, subnetLength);
      const granted: Prefix[] = [];
      for (let index = 0; index <= count; index++) {
        const state = poolStateOf(
          record,
          granted.map((subnet) => [subnet, leased('n')] as const),
        );
        const subnet = chooseSubnet(state, wish(`n${index}`), 0, spread);
        if (index === count) t.is(subnet, undefined);
        else if (subnet === undefined) t.fail(`nothing after ${index} of ${count}`);
        else {
          t.is(subnet.length, subnetLength);
          t.true(prefixCovers(cidr, subnet));
          t.false(granted.some((other) => prefixesOverlap(other, subnet)));
          granted.push(subnet);
        }
      }
      const state = poolStateOf(
        record,
        granted.map((subnet) => [subnet, leased('n')] as const),
      );
      t.deepEqual(usageOf(state, 0), {
        total: count,
        leased: count,
        staticRoutes: 0,
        reserved: 0,
        quarantined: 0,
        free: 0,
      });
    }),
    { numRuns: 60 },
  );
});

test('the order is: the former subnet, the reserved one, the lowest fresh one, the longest-freed one', (t) => {
  const record = poolRecord(prefix('10.76.0.0/22'), 24, [
    { cidr: prefix('10.76.2.0/24'), nodeName: 'db-1', reason: 'firewall rules' },
  ]);
  const first = quarantined('web-1', '192.168.83.11', 100, 200);
  const second = quarantined('web-2', '192.168.83.12', 50, 150);
  const subnets: (readonly [Prefix, SubnetRecord])[] = [
    [prefix('10.76.0.0/24'), first],
    [prefix('10.76.1.0/24'), second],
  ];
  const state = poolStateOf(record, subnets);
  t.is(show(chooseSubnet(state, wish('web-1'), 150)), '10.76.0.0/24', 'its own, even in quarantine');
  t.is(show(chooseSubnet(state, wish('db-1'), 1_000)), '10.76.2.0/24', 'the one that is kept for it');
  t.is(show(chooseSubnet(state, wish('new-1'), 1_000)), '10.76.3.0/24', 'one that nobody ever had');
  const full = poolStateOf(record, [...subnets, [prefix('10.76.3.0/24'), leased('n')]]);
  t.is(show(chooseSubnet(full, wish('new-1'), 1_000)), '10.76.1.0/24', 'the one freed first');
  t.is(show(chooseSubnet(full, wish('new-1'), 160)), '10.76.1.0/24', 'the other one is in quarantine');
  t.is(chooseSubnet(full, wish('new-1'), 140), undefined, 'both are in quarantine');
});

test('a name at another address is another host: it waits for the quarantine', (t) => {
  const state = poolStateOf(poolRecord(prefix('10.76.0.0/24'), 24), [
    [prefix('10.76.0.0/24'), quarantined('web-1', '192.168.83.11', 0, 100)],
  ]);
  t.is(chooseSubnet(state, wish('web-1', '192.168.83.99'), 50), undefined);
  t.is(show(chooseSubnet(state, wish('web-1', '192.168.83.99'), 100)), '10.76.0.0/24');
});

test('P12 a requested subnet is granted, or the refusal is explained', (t) => {
  const record = poolRecord(prefix('10.76.0.0/16'), 24, [
    { cidr: prefix('10.76.8.0/22'), reason: 'the printers' },
    { cidr: prefix('10.76.4.0/24'), nodeName: 'db-1', reason: '' },
  ]);
  const state = poolStateOf(record, [
    [prefix('10.76.1.0/24'), leased('n-1')],
    [prefix('10.76.2.0/24'), quarantined('web-2', '192.168.83.12', 0, 1_000_000)],
  ]);
  const attempt = (subnet: string, name = 'web-9') =>
    t.throws(() => chooseSubnet(state, wish(name, '192.168.83.19', subnet), 10))?.message ?? '';
  t.is(show(chooseSubnet(state, wish('web-9', '192.168.83.19', '10.76.7.0/24'), 10)), '10.76.7.0/24');
  t.is(show(chooseSubnet(state, wish('db-1', '192.168.83.19', '10.76.4.0/24'), 10)), '10.76.4.0/24');
  t.is(show(chooseSubnet(state, wish('web-2', '192.168.83.12', '10.76.2.0/24'), 10)), '10.76.2.0/24');
  t.regex(attempt('10.76.1.0/24'), /already leased/);
  t.regex(attempt('10.76.2.0/24'), /in quarantine until .*web-2 had it/);
  t.regex(attempt('10.76.9.0/24'), /is reserved \(the printers\)/);
  t.regex(attempt('10.76.4.0/24'), /is reserved for db-1/);
  t.regex(attempt('10.77.1.0/24'), /outside pool default/);
  t.regex(attempt('10.76.0.0/23'), /has to be a \/24/);
});

test('N20 a subnet that overlaps another host’s network comes last, one that overlaps the host’s own never', (t) => {
  const record = poolRecord(prefix('10.76.0.0/22'), 24);
  const choose = (changes: Partial<Wish>, subnets: Iterable<readonly [Prefix, SubnetRecord]> = []) =>
    show(chooseSubnet(poolStateOf(record, subnets), { ...wish('web-1'), ...changes }, 1_000));
  const half = prefix('10.76.0.0/23');
  const own = [{ prefix: half, source: 'interface br-shop' }];
  t.is(choose({ avoid: [half] }), '10.76.2.0/24');
  t.is(choose({ avoid: [prefix('10.76.0.128/25'), prefix('10.0.0.0/8')] }), '10.76.0.0/24', 'all overlap: the first');
  // A freed subnet comes before a fresh one that a host can't route to, and both come before the node's own former
  // subnet.
  const freed: [Prefix, SubnetRecord][] = [
    [prefix('10.76.0.0/24'), quarantined('web-1', '192.168.83.11', 100, 200)],
    [prefix('10.76.2.0/24'), quarantined('web-2', '192.168.83.12', 100, 200)],
    [prefix('10.76.3.0/24'), leased('n')],
  ];
  t.is(choose({}, freed), '10.76.0.0/24');
  t.is(choose({ avoid: [half] }, freed), '10.76.2.0/24');
  t.is(choose({ own }), '10.76.2.0/24');
  t.is(choose({ own, avoid: [prefix('10.76.2.0/23')] }), '10.76.2.0/24');
  t.is(choose({ own: [{ prefix: prefix('10.76.0.0/16'), source: 'interface br-shop' }] }), undefined);
  t.throws(() => choose({ own, subnet: prefix('10.76.1.0/24') }), {
    message: 'subnet 10.76.1.0/24 overlaps 10.76.0.0/23 of interface br-shop, which web-1 has itself',
  });
  t.is(choose({ avoid: [half], subnet: prefix('10.76.1.0/24') }), '10.76.1.0/24', 'an operator may');
});

test('networks of a host that the lease replaces do not block it', (t) => {
  const networks = ['docker0', 'xnet0', 'br-shop'].map((name) => ({
    prefix: prefix('10.76.3.0/24'),
    source: `interface ${name}`,
  }));
  const left = (placement: Placement) => hindering(networks, placement).map(({ source }) => source.split(' ')[1]);
  t.deepEqual(left({ mode: 'bip', bridgeName: 'xnet0' }), ['br-shop']);
  t.deepEqual(left({ mode: 'bridge', bridgeName: 'xnet0' }), ['docker0', 'br-shop']);
  t.deepEqual(left({ mode: 'bridge', bridgeName: 'xnet0', subnet: prefix('10.76.3.0/24') }), ['br-shop']);
  t.deepEqual(left({ mode: 'bridge', bridgeName: 'fleet0', subnet: prefix('10.76.4.0/24') }).length, 3);
});

test('the networks of all hosts are those of the newest reports, whatever came before', (t) => {
  const cidrs = fc.constantFrom('10.76.0.0/16', '10.76.4.0/22', '10.76.4.0/24', '172.17.0.0/16', '192.168.83.0/24');
  const network = cidrs.map((cidr) => ({ prefix: prefix(cidr), source: 'interface eth0' }));
  const report = fc.record({
    node: fc.constantFrom('a', 'b', 'c'),
    networks: fc.option(fc.array(network, { maxLength: 4 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(report, { maxLength: 12 }), cidrs, (reports, range) => {
      const networks = new HostNetworks();
      const newest = new Map<string, readonly Prefix[]>();
      for (const { node, networks: told } of reports) {
        if (told === undefined) networks.delete(node);
        else networks.set(node, told);
        newest.set(
          node,
          (told ?? []).map((each) => each.prefix),
        );
      }
      const expected = new Set<string>();
      for (const [node, told] of newest) {
        for (const each of told)
          if (prefixesOverlap(each, prefix(range))) expected.add(`${formatPrefix(each)} ${node}`);
      }
      const found = networks.overlapping(prefix(range));
      const listed = found.flatMap((each) =>
        [...each.sources.keys()].map((node) => `${formatPrefix(each.prefix)} ${node}`),
      );
      t.deepEqual(listed.sort(), [...expected].sort());
    }),
  );
});

test('excluded subnets are not granted, and not counted as fresh', (t) => {
  const state = { ...poolStateOf(pool), excluded: new Set([prefix('10.76.0.0/24').network * 64 + 24]) };
  t.is(show(chooseSubnet(state, wish('a'), 0)), '10.76.1.0/24');
});

test('a pool never grants a subnet of another length', (t) => {
  const state = poolStateOf(pool, [[prefix('10.76.0.0/25'), quarantined('web-1', '192.168.83.11', 0, 0)]]);
  t.is(show(chooseSubnet(state, wish('web-1'), 10)), '10.76.0.0/24');
});

test('usage adds up, whatever records a pool has', (t) => {
  const kinds = fc.constantFrom('free', 'leased', 'quarantined', 'freed');
  fc.assert(
    fc.property(fc.array(kinds, { maxLength: 32 }), fc.nat(7), fc.integer({ min: 0, max: 3 }), (states, from, bits) => {
      const cidr = prefix('10.76.0.0/19');
      const reserved = subnetAt(cidr, 24 - bits, from % 2 ** (5 - bits));
      const subnets = states.flatMap((kind, index): (readonly [Prefix, SubnetRecord])[] => {
        if (kind === 'free') return [];
        const record =
          kind === 'leased' ? leased('n') : quarantined('n', '192.168.83.11', 0, kind === 'freed' ? 10 : 1_000);
        return [[subnetAt(cidr, 24, index), record]];
      });
      const usage = usageOf(poolStateOf(poolRecord(cidr, 24, [{ cidr: reserved, reason: '' }]), subnets), 100);
      t.is(usage.leased + usage.reserved + usage.quarantined + usage.free, usage.total);
      t.true(Object.values(usage).every((count) => count >= 0));
    }),
  );
});

test('a range can be reserved if no other node holds a part of it', (t) => {
  const state = poolStateOf(poolRecord(prefix('10.76.0.0/16'), 24, [{ cidr: prefix('10.76.8.0/22'), reason: '' }]), [
    [prefix('10.76.1.0/24'), leased('n-1')],
  ]);
  const check = (range: string, nodeName?: string) => checkReservable(state, prefix(range), nodeName, () => 'web-1');
  t.is(check('10.76.2.0/24'), undefined);
  t.is(check('10.76.16.0/20'), undefined);
  t.is(check('10.76.1.0/24', 'web-1'), undefined, 'for the holder itself');
  t.regex(check('10.76.1.0/24') ?? '', /leased to web-1/);
  t.regex(check('10.76.0.0/20') ?? '', /overlaps the reservation of 10.76.8.0\/22/);
  t.regex(check('10.76.9.0/24') ?? '', /overlaps the reservation/);
  t.regex(check('10.76.2.0/25') ?? '', /smaller than a subnet/);
  t.regex(check('10.75.0.0/16') ?? '', /outside pool/);
});
