// Pools, routes and host rules that tests of the admission rules share.
import fc from 'fast-check';
import { type KernelRoute, routeTypes, scopes } from '../../node/kernel/route-kernel.js';
import { admitSnapshot, type HostRules } from '../../node/table/admission-rules.js';
import type { TableSnapshot } from '../../node/table/node-table.js';
import { mainRoutesFrom, parseNameServers, usedRangesFrom } from '../../node/table/used-ranges.js';
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

const links = ['eth0', 'eth1', 'tun0', 'docker0', 'br-shop'];
/** kernelRoute is a main route by an interface; undefined: an unreachable one. */
export const kernelRoute = (cidr: string, ifname: string | undefined, gateway?: string): KernelRoute => ({
  ...{ destination: prefix(cidr), tos: 0, metric: 0, protocol: 4, nextHopId: 0, preferredSource: undefined },
  ...{ type: ifname === undefined ? routeTypes.unreachable : routeTypes.unicast, hasOptions: false },
  scope: gateway === undefined ? scopes.link : scopes.universe,
  hops:
    ifname === undefined
      ? []
      : [
          {
            gateway: gateway === undefined ? undefined : address(gateway),
            ifindex: links.indexOf(ifname) + 1,
            flags: 0,
          },
        ],
});

// eth0 with the default route, another LAN on eth1, a VPN, a name server, Docker's default bridge.
export const mainRoutes = mainRoutesFrom(
  [
    kernelRoute('0.0.0.0/0', 'eth0', '192.168.83.1'),
    kernelRoute('192.168.83.0/24', 'eth0'),
    kernelRoute('10.50.0.0/16', 'eth1'),
    kernelRoute('10.60.0.0/16', 'tun0', '192.168.83.1'),
    kernelRoute('172.17.0.0/16', 'docker0'),
    kernelRoute('10.76.4.0/22', 'br-shop'),
    kernelRoute('10.76.0.0/16', undefined),
  ],
  {
    links: new Map(links.map((name, at) => [at + 1, { ifindex: at + 1, name, flags: 0, master: 0, mtu: 1500 }])),
    nextHops: undefined,
  },
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
