// Pools, routes and host rules that tests of the admission rules share.
import fc from 'fast-check';
import { admitSnapshot, type HostRules } from '../../node/table/admission-rules.js';
import type { TableSnapshot } from '../../node/table/node-table.js';
import { parseMainRoutes, parseNameServers, usedRangesFrom } from '../../node/table/used-ranges.js';
import { ipv4FromNumber } from '../../proto/domain/address.js';
import type { PoolRange, Route, Version } from '../../proto/domain/network.js';
import { anyIpv4, anyPrefix, someSubnet } from './arbitrary.js';
import { address, prefix } from './pools.js';

export const pool = (cidr: string, subnetLength = 24): PoolRange => ({ ...prefix(cidr), subnetLength });

export const route = (cidr: string, via: string, nodeName = 'web-2'): Route => ({
  subnet: prefix(cidr),
  nextHop: address(via),
  nodeName,
});

export const version = (revision: number): Version => ({ clusterId: 'c', epoch: 1, revision });

// eth0 with the default route, another LAN on eth1, a VPN, a name server, Docker's default bridge.
export const mainRoutes = parseMainRoutes(
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

export const taken = usedRangesFrom({
  routes: mainRoutes.filter(({ ifname }) => ifname !== 'br-shop' && ifname !== '*'),
  nameServers: parseNameServers('search lan\nnameserver 10.99.0.53\n'),
  controllers: [{ kind: 'tcp', host: '10.98.0.2', port: 7400 }],
  own: [address('192.168.83.11')],
});

export const rules: HostRules = {
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

export const snapshotOf = (pools: readonly PoolRange[], routes: readonly Route[], revision = 1): TableSnapshot => ({
  version: version(revision),
  routes,
  unresolved: [],
  pools,
  fresh: true,
});

export const first = admitSnapshot(
  undefined,
  snapshotOf(
    [pool('10.76.0.0/16')],
    [route('10.76.0.0/24', '192.168.83.11', 'web-1'), route('10.76.1.0/24', '192.168.83.12')],
  ),
  rules,
);

export const anyPool = fc
  .tuple(anyPrefix, fc.integer({ min: 0, max: 40 }))
  .map(([range, subnetLength]): PoolRange => ({ ...range, subnetLength }));

export const anyRoute = fc
  .tuple(
    fc.oneof(anyPrefix, someSubnet),
    fc.oneof(
      anyIpv4,
      fc.nat(300).map((n) => ipv4FromNumber(0xc0a85300 + n)),
    ),
    fc.string(),
  )
  .map(([subnet, nextHop, name]): Route => ({ subnet, nextHop, nodeName: name.length % 2 === 0 ? 'web-9' : name }));

export const told = fc.record({
  pools: fc.array(fc.oneof(anyPool, fc.constant(pool('10.76.0.0/16')), fc.constant(pool('10.77.0.0/16')))),
  routes: fc.array(anyRoute),
});
