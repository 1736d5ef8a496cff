// Generated states of a host's kernel, and events, for property tests of the routes effect.
import fc from 'fast-check';
import { KernelMirror } from '../../node/kernel/mirror.js';
import {
  type KernelRoute,
  type NextHop,
  type RouteChange,
  routeTypes,
  scopes,
} from '../../node/kernel/route-kernel.js';
import type { DesiredRoutes } from '../../node/routes/desired.js';
import { guardMetric, leads } from '../../node/routes/ownership.js';
import { Routes } from '../../node/routes/routes.js';
import { ipv4FromNumber, type Prefix, prefixCovers, prefixKey } from '../../proto/domain/address.js';
import type { Route } from '../../proto/domain/network.js';
import { MemoryRouteHost } from './memory-route-host.js';
import { ip, peer, peerId, pool, prefix, wanted } from './route-fixtures.js';

// The generated content: six peers' subnets and the host's own, and few gateways, so that collisions are frequent.
const indexes = fc.integer({ min: 0, max: 6 });
const gateways = fc.constantFrom('192.168.83.11', '192.168.83.12', '192.168.83.99', '198.51.100.7', '198.51.100.8');
const protocols = fc.constantFrom(4, 12, 88);
/** ifindex is the index of eth0, the first interface that a host creates. */
export const ifindex = 2;

const destinations: fc.Arbitrary<Prefix> = fc.oneof(
  { weight: 6, arbitrary: indexes.map((index) => ({ network: ipv4FromNumber(peerId(index)), length: 24 })) },
  indexes.map((index) => ({ network: ipv4FromNumber(peerId(index) + 128), length: 25 })),
  fc.constant(pool),
  fc.constant(prefix('203.0.113.0/24')),
);

type Way = Pick<KernelRoute, 'type' | 'hops' | 'nextHopId'>;
const ways: fc.Arbitrary<Way> = fc.oneof(
  gateways.map((gateway) => ({
    type: routeTypes.unicast,
    hops: [{ gateway: ip(gateway), ifindex, flags: 0 }],
    nextHopId: 0,
  })),
  indexes.map((index) => ({ type: routeTypes.unicast, hops: [], nextHopId: peerId(index) })),
  fc.constant({ type: routeTypes.unicast, hops: [{ gateway: undefined, ifindex, flags: 0 }], nextHopId: 0 }),
  fc.constantFrom(routeTypes.blackhole, routeTypes.unreachable).map((type) => ({ type, hops: [], nextHopId: 0 })),
);

const kernelRoutes: fc.Arbitrary<KernelRoute> = fc
  .record({
    destination: destinations,
    protocol: protocols,
    tos: fc.constantFrom(0, 0, 0, 16),
    metric: fc.constantFrom(0, 0, 0, 100, guardMetric),
    preferredSource: fc.constantFrom(undefined, undefined, ip('10.76.0.1')),
    hasOptions: fc.constantFrom(false, false, true),
    scope: fc.constant(scopes.universe),
    way: ways,
  })
  .map(({ way, ...rest }) => ({ ...rest, ...way }));

/** nextHops generates next-hop objects of xnet and of others. */
export const nextHops: fc.Arbitrary<NextHop> = fc
  .record({ index: indexes, protocol: protocols, gateway: gateways })
  .map(({ index, protocol, gateway }) => ({
    id: peerId(index),
    protocol,
    hop: { gateway: ip(gateway), ifindex, flags: 0 },
    members: [],
  }));

/** changes generates changes that other parties may make. */
export const changes: fc.Arbitrary<RouteChange> = fc.oneof(
  fc
    .record({ op: fc.constantFrom('addRoute' as const, 'appendRoute' as const), route: kernelRoutes })
    .map((change): RouteChange => change),
  kernelRoutes.map((route): RouteChange => ({ op: 'deleteRoute', route })),
  fc
    .record({
      op: fc.constantFrom('addNextHop' as const, 'replaceNextHop' as const, 'deleteNextHop' as const),
      nextHop: nextHops,
    })
    .map((change): RouteChange => change),
);

/** Step is one event. */
export type Step =
  | { readonly kind: 'change'; readonly change: RouteChange }
  | { readonly kind: 'converge'; readonly peers: readonly Route[]; readonly mode: 'auto' | 'never' }
  | { readonly kind: 'eth0'; readonly state: 'up' | 'down' }
  | { readonly kind: 'docker0' | 'secondNetwork' | 'localNetwork'; readonly present: boolean }
  | { readonly kind: 'flood' };

/** peers generates a subset of the possible peers. */
export const peers: fc.Arbitrary<readonly Route[]> = fc
  .array(fc.record({ index: indexes, gateway: gateways }), { maxLength: 7 })
  .map((list) => [...new Map(list.map(({ index, gateway }) => [index, peer(index, gateway)])).values()]);

const converges = fc.record({
  kind: fc.constant('converge' as const),
  peers,
  mode: fc.constantFrom('auto' as const, 'auto' as const, 'never' as const),
});

/** steps generates a sequence of events. */
export const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof<fc.Arbitrary<Step>[]>(
    { weight: 6, arbitrary: changes.map((change) => ({ kind: 'change', change })) } as never,
    { weight: 3, arbitrary: converges } as never,
    fc.record({ kind: fc.constant('eth0' as const), state: fc.constantFrom('up' as const, 'down' as const) }),
    fc.record({
      kind: fc.constantFrom('docker0' as const, 'secondNetwork' as const, 'localNetwork' as const),
      present: fc.boolean(),
    }),
    fc.constant({ kind: 'flood' as const }),
  ),
  { maxLength: 14 },
);

/** World is one host, one mirror that exists throughout all events, and the checks that hold at any time. */
export class World {
  readonly host = new MemoryRouteHost();
  readonly mirror = new KernelMirror({ kernel: this.host.kernel, protocol: 88 });
  readonly #effects = {
    auto: new Routes({ kernel: this.host.kernel, mirror: this.mirror }),
    never: new Routes({ kernel: this.host.kernel, mirror: this.mirror, nextHops: 'never' }),
  };

  constructor() {
    this.host.addLink('eth0');
    this.host.addLink('docker0');
    this.host.addLink('shop');
    this.host.addAddress('eth0', '192.168.83.1/24');
  }

  has(cidr: string): boolean {
    return this.host.addresses.some(({ address }) => address === ip(cidr.split('/')[0] ?? ''));
  }

  setAddress(name: string, cidr: string, present: boolean): void {
    if (present && !this.has(cidr)) this.host.addAddress(name, cidr);
    if (!present && this.has(cidr)) this.host.removeAddress(name, cidr);
  }

  foreign(): readonly unknown[] {
    const objects = [...(this.host.nextHops?.values() ?? [])].filter(({ protocol }) => protocol !== 88);
    return [...[...this.host.routes.all()].filter(({ protocol }) => protocol !== 88), ...objects];
  }

  leading(desired: DesiredRoutes): ReadonlySet<Route> {
    const all = [...desired.peers.values()];
    return new Set(
      all.filter((each) => {
        if (this.has('10.76.4.1/23') && prefixCovers(prefix('10.76.4.0/23'), each.subnet)) return false;
        const first = this.host.routes.at(prefixKey(each.subnet)).find(({ metric, tos }) => metric === 0 && tos === 0);
        return first !== undefined && leads(first, each.nextHop, ifindex, this.host.nextHops);
      }),
    );
  }

  async converge(desired: DesiredRoutes, mode: 'auto' | 'never'): Promise<number> {
    const foreign = this.foreign();
    const before = this.leading(desired);
    const interrupted = new Set<Route>();
    this.host.afterChange = () => {
      const now = this.leading(desired);
      for (const each of before) if (!now.has(each)) interrupted.add(each);
    };
    const outcome = await this.#effects[mode].converge(desired, new AbortController().signal);
    this.host.afterChange = () => undefined;
    if (JSON.stringify(this.foreign()) !== JSON.stringify(foreign)) throw new Error('a foreign object was changed');
    const after = this.leading(desired);
    for (const each of interrupted) if (after.has(each)) throw new Error(`${each.nodeName} was interrupted`);
    return outcome.changes;
  }

  async take(step: Step): Promise<void> {
    switch (step.kind) {
      case 'change':
        await this.host.other.apply([step.change]);
        break;
      case 'converge':
        await this.converge(wanted({ peers: step.peers, ifindex }), step.mode);
        break;
      case 'eth0':
        if (((this.host.links.get(ifindex)?.flags ?? 0) === 0) === (step.state === 'up')) {
          this.host.setLink('eth0', step.state);
        }
        break;
      case 'docker0':
        this.setAddress('docker0', '10.76.0.1/24', step.present);
        break;
      case 'secondNetwork':
        this.setAddress('eth0', '198.51.100.1/24', step.present);
        break;
      case 'localNetwork':
        this.setAddress('shop', '10.76.4.1/23', step.present);
        break;
      case 'flood':
        this.host.flood();
        break;
    }
  }
}
