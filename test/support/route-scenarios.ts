// What the routes effect does on a host, as stories that hold in memory and on the real kernel alike.
import type { ExecutionContext } from 'ava';
import { KernelMirror } from '../../node/kernel/mirror.js';
import {
  type Hop,
  type KernelRoute,
  type NextHop,
  type RouteKernel,
  routeTypes,
} from '../../node/kernel/route-kernel.js';
import { sameRoute } from '../../node/kernel/route-table.js';
import type { Outcome } from '../../node/reconcile/effect.js';
import type { DesiredRoutes } from '../../node/routes/desired.js';
import { Routes, type RoutesOptions } from '../../node/routes/routes.js';
import { formatIpv4, formatPrefix, prefixKey } from '../../proto/domain/address.js';
import { nextHop, peer, peerId, pool, prefix, route, straight, via, wanted } from './route-fixtures.js';
import type { RouteHost } from './route-host.js';

/** OnHost is what a story is told on. */
export type OnHost = {
  readonly host: RouteHost;
  /** Interface index of the underlay, which is 192.168.83.1/24. */
  readonly eth0: number;
  readonly mirror: KernelMirror;
  /** A routes effect on the host's kernel. */
  readonly effect: (options?: Partial<RoutesOptions>) => Routes;
};

/** Scenario is one story. */
export type Scenario = { readonly title: string; readonly run: (t: ExecutionContext, on: OnHost) => Promise<void> };

const { signal } = new AbortController();

/** runScenario tells a story on a host, and closes it. */
export async function runScenario(t: ExecutionContext, host: RouteHost, scenario: Scenario): Promise<void> {
  try {
    const eth0 = host.addLink('eth0');
    host.addAddress('eth0', '192.168.83.1/24');
    const mirror = new KernelMirror({ kernel: host.kernel, protocol: 88 });
    const effect = (options: Partial<RoutesOptions> = {}) => new Routes({ kernel: host.kernel, mirror, ...options });
    await scenario.run(t, { host, eth0, mirror, effect });
  } finally {
    await host.close();
  }
}

function text({ gateway, ifindex }: Hop): string {
  return `${typeof gateway === 'number' ? formatIpv4(gateway) : gateway} on ${ifindex}`;
}

/** installed lists all routes of a protocol, as "10.76.1.0/24 by 192.168.83.11 on 2 from 10.76.0.1". */
export async function installed(kernel: RouteKernel, protocol = 88): Promise<readonly string[]> {
  const nextHops = new Map((await kernel.nextHops())?.map((each): [number, NextHop] => [each.id, each]));
  const routes = await kernel.routes((each) => each.protocol === protocol);
  return [...routes]
    .sort((a, b) => prefixKey(a.destination) - prefixKey(b.destination))
    .map((each) => {
      const hop = each.nextHopId === 0 ? each.hops[0] : nextHops.get(each.nextHopId)?.hop;
      const object = each.nextHopId === 0 ? '' : ' by object';
      const way = hop === undefined ? '' : ` by ${text(hop)}${object}`;
      const from = each.preferredSource === undefined ? '' : ` from ${formatIpv4(each.preferredSource)}`;
      const type = each.type === routeTypes.unreachable ? 'unreachable ' : '';
      return `${type}${formatPrefix(each.destination)}${way}${from}`;
    });
}

const guard = 'unreachable 10.76.0.0/16';

function reasons({ findings }: Outcome): readonly string[] {
  return findings.map(({ reason }) => reason);
}

// Converges, and checks that a second turn, and one that starts from nothing, have nothing to do.
async function settle(t: ExecutionContext, on: OnHost, effect: Routes, desired: DesiredRoutes): Promise<Outcome> {
  const outcome = await effect.converge(desired, signal);
  const again = await effect.converge(desired, signal);
  t.is(again.changes, 0, 'a second turn changes nothing');
  t.deepEqual(again.findings, outcome.findings);
  on.mirror.invalidate();
  t.is((await effect.converge(desired, signal)).changes, 0, 'nor does one after a dump');
  return outcome;
}

/** scenarios are all stories. */
export const scenarios: readonly Scenario[] = [
  {
    title: 'peers get routes by next-hop objects, the pool its guard, and remove leaves nothing',
    run: async (t, on) => {
      const { host, eth0, effect } = on;
      const routes = effect();
      const desired = wanted({ peers: [peer(1), peer(2)], ifindex: eth0 });
      t.deepEqual((await settle(t, on, routes, desired)).findings, []);
      t.deepEqual(await installed(host.kernel), [
        guard,
        `10.76.1.0/24 by 192.168.83.11 on ${eth0} by object`,
        `10.76.2.0/24 by 192.168.83.12 on ${eth0} by object`,
      ]);
      t.deepEqual(routes.counts, { desired: 2, installed: 2, conflicting: 0, unreachable: 0 });
      t.deepEqual((await routes.remove(signal)).findings, []);
      t.deepEqual(await installed(host.kernel), []);
      t.deepEqual(await host.kernel.nextHops(), []);
    },
  },
  {
    title: 'without next-hop objects, routes are plain; either form becomes the other',
    run: async (t, on) => {
      const { host, eth0, effect } = on;
      const desired = wanted({ peers: [peer(1), peer(2)], ifindex: eth0 });
      const plain = [guard, `10.76.1.0/24 by 192.168.83.11 on ${eth0}`, `10.76.2.0/24 by 192.168.83.12 on ${eth0}`];
      await settle(t, on, effect({ nextHops: 'never' }), desired);
      t.deepEqual(await installed(host.kernel), plain);
      t.deepEqual(await host.kernel.nextHops(), []);
      await settle(t, on, effect(), desired);
      t.deepEqual(
        await installed(host.kernel),
        plain.map((line) => (line === guard ? line : `${line} by object`)),
      );
      await settle(t, on, effect({ nextHops: 'never' }), desired);
      t.deepEqual(await installed(host.kernel), plain);
      t.deepEqual(await host.kernel.nextHops(), []);
    },
  },
  {
    title: 'peers come, move and go; their routes follow',
    run: async (t, on) => {
      const { host, eth0, effect } = on;
      for (const nextHops of ['auto', 'never'] as const) {
        const routes = effect({ nextHops });
        const object = nextHops === 'auto' ? ' by object' : '';
        await settle(t, on, routes, wanted({ peers: [peer(1), peer(2)], ifindex: eth0 }));
        const moved = wanted({ peers: [peer(1, '192.168.83.91'), peer(3)], ifindex: eth0 });
        await settle(t, on, routes, moved);
        t.deepEqual(await installed(host.kernel), [
          guard,
          `10.76.1.0/24 by 192.168.83.91 on ${eth0}${object}`,
          `10.76.3.0/24 by 192.168.83.13 on ${eth0}${object}`,
        ]);
      }
    },
  },
  {
    title: 'routes and next hops that others delete, change or double are repaired',
    run: async (t, on) => {
      const { host, eth0, effect } = on;
      const routes = effect();
      const desired = wanted({ peers: [peer(1), peer(2), peer(3), peer(4)], ifindex: eth0 });
      await routes.converge(desired, signal);
      const good = await installed(host.kernel);
      const changes = await host.other.apply([
        { op: 'deleteRoute', route: route('10.76.1.0/24', { nextHopId: peerId(1) }) },
        { op: 'deleteNextHop', nextHop: nextHop(peerId(2), '192.168.83.12', eth0) },
        { op: 'replaceNextHop', nextHop: nextHop(peerId(3), '192.168.83.66', eth0) },
        { op: 'appendRoute', route: route('10.76.4.0/24', via('192.168.83.67', eth0)) },
        { op: 'addRoute', route: route('10.76.4.0/24', { ...via('192.168.83.67', eth0), metric: 9 }) },
        { op: 'addRoute', route: route('10.76.9.0/24', via('192.168.83.68', eth0)) },
        { op: 'addNextHop', nextHop: nextHop(peerId(9), '192.168.83.68', eth0) },
        { op: 'deleteRoute', route: route('10.76.0.0/16', { type: routeTypes.unreachable }) },
      ]);
      t.deepEqual(
        changes,
        changes.map(() => undefined),
      );
      t.deepEqual((await settle(t, on, routes, desired)).findings, []);
      t.deepEqual(await installed(host.kernel), good);
      t.is((await host.kernel.nextHops())?.length, 4);
    },
  },
  {
    title: 'a foreign route with another next hop is reported and not touched; with the same, it serves',
    run: async (t, on) => {
      const { host, eth0, effect } = on;
      const routes = effect();
      const foreign = [
        route('10.76.1.0/24', { ...via('192.168.83.99', eth0), protocol: 4 }),
        route('10.76.2.0/24', { ...via('192.168.83.12', eth0), protocol: 4 }),
        route('10.76.3.0/24', { type: routeTypes.blackhole, protocol: 4 }),
      ];
      await host.other.apply(foreign.map((each) => ({ op: 'addRoute', route: each })));
      const desired = wanted({ peers: [peer(1), peer(2), peer(3), peer(4)], ifindex: eth0 });
      const { findings } = await settle(t, on, routes, desired);
      t.is(findings.length, 1);
      t.like(findings[0], { type: 'Routes', reason: 'ForeignRoute', transient: false });
      t.regex(
        findings[0]?.message ?? '',
        /10\.76\.1\.0\/24 of web-1 by "10\.76\.1\.0\/24 via 192\.168\.83\.99 dev eth0 proto static"/,
      );
      t.regex(findings[0]?.fix ?? '', /ip route del 10\.76\.1\.0\/24 via 192\.168\.83\.99 dev eth0 proto static/);
      t.regex(findings[0]?.message ?? '', /"blackhole 10\.76\.3\.0\/24 proto static"/);
      t.deepEqual(routes.counts, { desired: 4, installed: 2, conflicting: 2, unreachable: 0 });
      t.deepEqual(await installed(host.kernel), [guard, `10.76.4.0/24 by 192.168.83.14 on ${eth0} by object`]);
      const there = await host.kernel.routes((each) => each.protocol === 4);
      t.true(foreign.every((each) => there.some((other) => sameRoute(each, other))));
      await host.other.apply(foreign.map((each) => ({ op: 'deleteRoute', route: each })));
      t.deepEqual((await settle(t, on, routes, desired)).findings, []);
      t.is(routes.counts.installed, 4);
      t.is((await installed(host.kernel)).length, 5);
    },
  },
  {
    title: 'foreign routes that shadow, are shadowed, or are more specific are reported and not touched',
    run: async (t, on) => {
      const { host, eth0, effect } = on;
      const foreign = [
        route('10.76.1.0/24', { ...via('192.168.83.99', eth0), protocol: 4, metric: 100 }),
        route('10.76.2.0/24', { ...via('192.168.83.12', eth0), protocol: 4, metric: 100 }),
        route('10.76.3.128/25', { ...via('192.168.83.99', eth0), protocol: 4 }),
        route('10.76.4.7/32', { ...via('192.168.83.14', eth0), protocol: 4 }),
        route('10.76.5.0/24', { ...via('192.168.83.99', eth0), protocol: 4, tos: 16 }),
        route('10.76.0.0/20', { ...via('192.168.83.99', eth0), protocol: 4 }),
        route('10.76.200.0/24', { ...via('192.168.83.99', eth0), protocol: 4 }),
      ];
      const made = await host.other.apply(foreign.map((each) => ({ op: 'addRoute', route: each })));
      t.deepEqual(
        made,
        foreign.map(() => undefined),
      );
      const peers = [1, 2, 3, 4, 5].map((index) => peer(index));
      const routes = effect();
      const outcome = await settle(t, on, routes, wanted({ peers, ifindex: eth0 }));
      t.deepEqual([...reasons(outcome)].sort(), ['MoreSpecificRoute', 'ShadowedRoute']);
      const specific = outcome.findings.find(({ reason }) => reason === 'MoreSpecificRoute')?.message ?? '';
      t.regex(specific, /10\.76\.3\.128\/25 via/);
      t.regex(specific, /10\.76\.5\.0\/24 tos 0x10 via/);
      t.notRegex(specific, /10\.76\.4\.7/, 'it leads the same way');
      t.is(routes.counts.installed, 5);
      const there = await host.kernel.routes((each) => each.protocol === 4);
      t.true(foreign.every((each) => there.some((other) => sameRoute(each, other))));
    },
  },
  {
    title: 'an old route to the own subnet is removed when it is ours, and reported when it is not',
    run: async (t, on) => {
      const { host, eth0, effect } = on;
      const own = route('10.76.0.0/24', via('192.168.83.66', eth0));
      const routes = effect();
      const desired = wanted({ peers: [peer(1)], ifindex: eth0 });
      await host.other.apply([{ op: 'addRoute', route: own }]);
      t.deepEqual((await settle(t, on, routes, desired)).findings, []);
      t.is((await installed(host.kernel)).length, 2);
      await host.other.apply([{ op: 'addRoute', route: { ...own, protocol: 4 } }]);
      host.addLink('docker0');
      host.addAddress('docker0', '10.76.0.1/24');
      const outcome = await settle(t, on, routes, desired);
      t.deepEqual(reasons(outcome), ['OwnSubnetRouted']);
      t.regex(outcome.findings[0]?.fix ?? '', /ip route del 10\.76\.0\.0\/24 via 192\.168\.83\.66 dev eth0/);
      t.deepEqual(await installed(host.kernel, 4), [`10.76.0.0/24 by 192.168.83.66 on ${eth0}`]);
    },
  },
  {
    title: 'the gateway address becomes the preferred source when an interface has it, and while it has',
    run: async (t, on) => {
      const { host, eth0, effect } = on;
      for (const nextHops of ['auto', 'never'] as const) {
        const object = nextHops === 'auto' ? ' by object' : '';
        const routes = effect({ nextHops });
        const desired = wanted({ peers: [peer(1), peer(2)], ifindex: eth0 });
        const without = [
          guard,
          `10.76.1.0/24 by 192.168.83.11 on ${eth0}${object}`,
          `10.76.2.0/24 by 192.168.83.12 on ${eth0}${object}`,
        ];
        const sourced = without.map((line) => (line === guard ? line : `${line} from 10.76.0.1`));
        await settle(t, on, routes, desired);
        t.deepEqual(await installed(host.kernel), without);
        host.addLink('docker0');
        host.addAddress('docker0', '10.76.0.1/24');
        t.deepEqual((await settle(t, on, routes, desired)).findings, []);
        t.deepEqual(await installed(host.kernel), sourced);
        host.removeAddress('docker0', '10.76.0.1/24');
        await settle(t, on, routes, desired);
        t.deepEqual(await installed(host.kernel), without);
        host.removeLink('docker0');
      }
    },
  },
  {
    title: 'a peer that is not on-link is reported; the others get their routes',
    run: async (t, on) => {
      const { host, eth0, effect } = on;
      for (const nextHops of ['auto', 'never'] as const) {
        const routes = effect({ nextHops });
        const far = [2, 3, 4, 5, 6].map((index) => peer(index, `198.51.100.${index}`));
        const desired = wanted({ peers: [peer(1), ...far], ifindex: eth0 });
        const outcome = await settle(t, on, routes, desired);
        t.deepEqual(reasons(outcome), ['NotOnLink']);
        t.like(outcome.findings[0], { type: 'Routes', transient: false });
        t.regex(
          outcome.findings[0]?.message ?? '',
          /eth0: web-2 \(198\.51\.100\.2\), web-3 \(198\.51\.100\.3\), web-4 \(198\.51\.100\.4\) and 2 more/,
        );
        t.deepEqual(routes.counts, { desired: 6, installed: 1, conflicting: 0, unreachable: 5 });
        t.is((await installed(host.kernel)).length, 2);
        host.addAddress('eth0', '198.51.100.1/24');
        t.deepEqual((await settle(t, on, routes, desired)).findings, []);
        t.is(routes.counts.installed, 6);
        host.removeAddress('eth0', '198.51.100.1/24');
        t.deepEqual(reasons(await settle(t, on, routes, desired)), ['NotOnLink']);
        t.is(routes.counts.unreachable, 5);
        t.is(routes.counts.installed, 1);
        t.deepEqual(reasons(await routes.remove(signal)), []);
      }
    },
  },
  {
    title: 'a peer that moves off the link loses its old route',
    run: async (t, on) => {
      const { host, eth0, effect } = on;
      for (const nextHops of ['auto', 'never'] as const) {
        const routes = effect({ nextHops });
        await settle(t, on, routes, wanted({ peers: [peer(1)], ifindex: eth0 }));
        const moved = wanted({ peers: [peer(1, '198.51.100.1')], ifindex: eth0 });
        t.deepEqual(reasons(await settle(t, on, routes, moved)), ['NotOnLink']);
        t.deepEqual(await installed(host.kernel), [guard]);
        t.deepEqual(await host.kernel.nextHops(), []);
      }
    },
  },
  {
    title: 'an interface that goes down and comes up, or comes back as another, gets its routes back',
    run: async (t, on) => {
      const { host, eth0, effect } = on;
      const routes = effect();
      const desired = wanted({ peers: [peer(1), peer(2)], ifindex: eth0 });
      await settle(t, on, routes, desired);
      const good = await installed(host.kernel);
      host.setLink('eth0', 'down');
      const down = await settle(t, on, routes, desired);
      t.deepEqual(reasons(down), ['InterfaceDown']);
      t.like(down.findings[0], { transient: true });
      t.regex(down.findings[0]?.message ?? '', /eth0 is down or has no carrier: 2 routes wait/);
      t.deepEqual(await installed(host.kernel), [guard]);
      host.setLink('eth0', 'up');
      t.deepEqual((await settle(t, on, routes, desired)).findings, []);
      t.deepEqual(await installed(host.kernel), good);
      host.removeLink('eth0');
      t.deepEqual(reasons(await settle(t, on, routes, desired)), ['InterfaceGone']);
      t.deepEqual(reasons(await settle(t, on, routes, { ...desired, underlay: undefined })), ['NoUnderlay']);
      const again = host.addLink('eth0');
      host.addAddress('eth0', '192.168.83.1/24');
      t.not(again, eth0);
      const found = wanted({ peers: [peer(1), peer(2)], ifindex: again });
      t.deepEqual((await settle(t, on, routes, found)).findings, []);
      t.is(routes.counts.installed, 2);
    },
  },
  {
    title: 'routes move to another underlay interface',
    run: async (t, on) => {
      const { host, eth0, effect } = on;
      for (const nextHops of ['auto', 'never'] as const) {
        const routes = effect({ nextHops });
        await settle(t, on, routes, wanted({ peers: [peer(1)], ifindex: eth0 }));
        const eth1 = host.addLink('eth1');
        host.addAddress('eth1', '192.168.83.2/24');
        t.deepEqual((await settle(t, on, routes, wanted({ peers: [peer(1)], ifindex: eth1 }))).findings, []);
        const object = nextHops === 'auto' ? ' by object' : '';
        t.deepEqual(await installed(host.kernel), [guard, `10.76.1.0/24 by 192.168.83.11 on ${eth1}${object}`]);
        host.removeLink('eth1');
      }
    },
  },
  {
    title: 'an id that another’s next-hop object has is left alone; the peer gets a plain route',
    run: async (t, on) => {
      const { host, eth0, effect } = on;
      const foreign = { ...nextHop(peerId(1), '192.168.83.99', eth0), protocol: 4 };
      await host.other.apply([{ op: 'addNextHop', nextHop: foreign }]);
      const routes = effect();
      const desired = wanted({ peers: [peer(1), peer(2)], ifindex: eth0 });
      t.deepEqual((await settle(t, on, routes, desired)).findings, []);
      t.deepEqual(await installed(host.kernel), [
        guard,
        `10.76.1.0/24 by 192.168.83.11 on ${eth0}`,
        `10.76.2.0/24 by 192.168.83.12 on ${eth0} by object`,
      ]);
      // Somebody takes an id of ours over, with our route on it.
      const taken = { ...nextHop(peerId(2), '192.168.83.99', eth0), protocol: 4 };
      await host.other.apply([{ op: 'replaceNextHop', nextHop: taken }]);
      t.deepEqual((await settle(t, on, routes, desired)).findings, []);
      t.true((await installed(host.kernel)).includes(`10.76.2.0/24 by 192.168.83.12 on ${eth0}`));
      await routes.remove(signal);
      const byId = (a: NextHop, b: NextHop) => a.id - b.id;
      t.deepEqual([...((await host.kernel.nextHops()) ?? [])].sort(byId), [foreign, taken]);
    },
  },
  {
    title: 'a next-hop object of ours that another’s route uses is left',
    run: async (t, on) => {
      const { host, eth0, effect } = on;
      const routes = effect();
      await settle(t, on, routes, wanted({ peers: [peer(1), peer(2)], ifindex: eth0 }));
      const foreign = route('203.0.113.0/24', { nextHopId: peerId(1), protocol: 4 });
      await host.other.apply([{ op: 'addRoute', route: foreign }]);
      const outcome = await settle(t, on, routes, wanted({ peers: [peer(2)], ifindex: eth0 }));
      t.deepEqual(reasons(outcome), ['NextHopInUse']);
      t.deepEqual(
        (await host.kernel.routes((each) => each.protocol === 4)).map((each: KernelRoute) => each.nextHopId),
        [peerId(1)],
      );
      await host.other.apply([{ op: 'deleteRoute', route: foreign }]);
      await settle(t, on, routes, wanted({ peers: [peer(2)], ifindex: eth0 }));
      t.is((await host.kernel.nextHops())?.length, 1);
    },
  },
  {
    title: 'what would cut the host off is not routed',
    run: async (t, on) => {
      const { host, eth0, effect } = on;
      const routes = effect();
      const pools = [prefix('192.168.0.0/16')];
      const inLan = { ...peer(1), subnet: prefix('192.168.83.128/25') };
      const inOwn = { ...peer(2), subnet: prefix('192.168.7.128/25') };
      const good = { ...peer(3), subnet: prefix('192.168.9.0/24') };
      const own = prefix('192.168.7.0/24');
      const outcome = await settle(t, on, routes, wanted({ peers: [inLan, inOwn, good], ifindex: eth0, pools, own }));
      t.deepEqual(reasons(outcome), ['OverlapsHost']);
      t.deepEqual(await installed(host.kernel), [
        'unreachable 192.168.0.0/16',
        `192.168.9.0/24 by 192.168.83.13 on ${eth0} by object`,
      ]);
    },
  },
  {
    title: 'a network of the host’s own is not routed to a peer, whenever it comes, and is when it has gone',
    run: async (t, on) => {
      const { host, eth0, effect } = on;
      const peers = [1, 4, 5, 6, 7, 8].map((index) => peer(index));
      const desired = wanted({ peers, ifindex: eth0 });
      for (const nextHops of ['auto', 'never'] as const) {
        const routes = effect({ nextHops });
        const object = nextHops === 'auto' ? ' by object' : '';
        const by = (index: number) => `10.76.${index}.0/24 by 192.168.83.${10 + index} on ${eth0}${object}`;
        t.deepEqual((await settle(t, on, routes, desired)).findings, []);
        const all = await installed(host.kernel);
        host.addLink('shop');
        // Shorter than the peers' subnets, longer, and just as long.
        for (const [cidr, network, left] of [
          ['10.76.4.1/22', '10.76.4.0/22', [1, 8]],
          ['10.76.6.129/25', '10.76.6.128/25', [1, 4, 5, 7, 8]],
          ['10.76.6.1/24', '10.76.6.0/24', [1, 4, 5, 7, 8]],
        ] as const) {
          host.addAddress('shop', cidr);
          const outcome = await settle(t, on, routes, desired);
          t.deepEqual(reasons(outcome), ['OverlapsHost'], cidr);
          t.true(outcome.findings[0]?.message.includes(`10.76.6.0/24 of web-6 overlaps ${network} of shop`), cidr);
          t.deepEqual(await installed(host.kernel), [guard, ...left.map(by)], cidr);
          t.is(routes.counts.conflicting, peers.length - left.length);
          host.removeAddress('shop', cidr);
          t.deepEqual((await settle(t, on, routes, desired)).findings, [], cidr);
          t.deepEqual(await installed(host.kernel), all);
        }
        // No network: addresses by themselves, one of lo's, an interface that is down.
        host.addAddress('shop', '10.76.6.9/32');
        host.addAddress('lo', '10.76.5.9/32');
        host.setLink('shop', 'down');
        host.addAddress('shop', '10.76.4.1/22');
        t.deepEqual((await settle(t, on, routes, desired)).findings, []);
        host.setLink('shop', 'up');
        t.deepEqual(reasons(await settle(t, on, routes, desired)), ['OverlapsHost']);
        host.removeLink('shop');
        t.deepEqual((await settle(t, on, routes, desired)).findings, []);
        t.deepEqual(await installed(host.kernel), all);
        host.removeAddress('lo', '10.76.5.9/32');
        t.deepEqual((await routes.remove(signal)).findings, []);
      }
    },
  },
  {
    title: 'the bridge of the own subnet hinders no route, whatever address it has had before',
    run: async (t, on) => {
      const { host, eth0, effect } = on;
      const routes = effect();
      host.addLink('docker0');
      for (const cidr of ['10.76.1.1/24', '10.76.0.1/24', '10.64.0.1/12']) {
        host.addAddress('docker0', cidr);
        const outcome = await settle(t, on, routes, wanted({ peers: [peer(1), peer(2)], ifindex: eth0 }));
        t.false(reasons(outcome).includes('OverlapsHost'), cidr);
        t.true(
          (await installed(host.kernel)).some((line) => line.startsWith('10.76.2.0/24 by')),
          cidr,
        );
        host.removeAddress('docker0', cidr);
      }
    },
  },
  {
    title: 'a pool within a network of the host’s own has no guard, which would hide that network',
    run: async (t, on) => {
      const { host, eth0, effect } = on;
      const routes = effect();
      const desired = wanted({ peers: [peer(1)], ifindex: eth0 });
      await settle(t, on, routes, desired);
      host.addLink('wide0');
      host.addAddress('wide0', '10.9.9.9/8');
      const outcome = await settle(t, on, routes, desired);
      t.deepEqual([...reasons(outcome)].sort(), ['OverlapsHost', 'PoolOverlapsHost']);
      t.regex(
        outcome.findings.map(({ message }) => message).join(),
        /pool 10\.76\.0\.0\/16 is within 10\.0\.0\.0\/8 of wide0/,
      );
      t.deepEqual(await installed(host.kernel), []);
      host.removeAddress('wide0', '10.9.9.9/8');
      t.deepEqual((await settle(t, on, routes, desired)).findings, []);
      t.is((await installed(host.kernel)).length, 2);
    },
  },
  {
    title: 'where the address is a /32, peers are on-link by a route, and others’ changes make nothing anew',
    run: async (t, on) => {
      const { host, eth0, mirror, effect } = on;
      host.removeAddress('eth0', '192.168.83.1/24');
      host.addAddress('eth0', '192.168.83.1/32');
      const lan = route('192.168.83.0/24', { ...straight(eth0), protocol: 4 });
      await host.other.apply([{ op: 'addRoute', route: lan }]);
      const routes = effect();
      const desired = wanted({ peers: [1, 2, 3].map((index) => peer(index)), ifindex: eth0 });
      t.deepEqual((await settle(t, on, routes, desired)).findings, []);
      const objects = () => {
        let count = 0;
        host.other.drain(({ kind }) => {
          if (kind === 'nextHop') count += 1;
        });
        return count;
      };
      objects();
      for (const op of ['addRoute', 'deleteRoute'] as const) {
        const elsewhere = route('203.0.113.0/24', { ...via('192.168.83.99', eth0), protocol: 12 });
        t.deepEqual(await host.other.apply([{ op, route: elsewhere }]), [undefined]);
        await mirror.refresh();
        await routes.converge(desired, signal);
      }
      mirror.invalidate();
      await routes.converge(desired, signal);
      t.is(objects(), 0);
      await host.other.apply([{ op: 'deleteRoute', route: lan }]);
      t.deepEqual(reasons(await settle(t, on, routes, desired)), ['NotOnLink']);
      await host.other.apply([{ op: 'addRoute', route: lan }]);
      t.deepEqual((await settle(t, on, routes, desired)).findings, []);
      t.is((await installed(host.kernel)).length, 4);
    },
  },
  {
    title: 'guards follow the pools, and give way to others’ routes',
    run: async (t, on) => {
      const { host, eth0, effect } = on;
      const routes = effect();
      const pools = [pool, prefix('10.80.0.0/24')];
      const single = { ...peer(1), subnet: prefix('10.80.0.0/24') };
      t.deepEqual((await settle(t, on, routes, wanted({ peers: [single], ifindex: eth0, pools }))).findings, []);
      t.deepEqual([...(await installed(host.kernel))].sort(), [
        `10.80.0.0/24 by 192.168.83.11 on ${eth0} by object`,
        guard,
        'unreachable 10.80.0.0/24',
      ]);
      await settle(t, on, routes, wanted({ peers: [single], ifindex: eth0, pools: [prefix('10.80.0.0/24')] }));
      t.is((await installed(host.kernel)).length, 2);
      const foreign = route('10.76.0.0/16', { ...via('192.168.83.99', eth0), protocol: 4, metric: 0xffffffff });
      await host.other.apply([{ op: 'addRoute', route: foreign }]);
      t.deepEqual(reasons(await settle(t, on, routes, wanted({ peers: [], ifindex: eth0 }))), ['GuardBlocked']);
    },
  },
  {
    title: 'a subnet whose record is unreadable keeps the route it has',
    run: async (t, on) => {
      const { host, eth0, effect } = on;
      const routes = effect();
      await settle(t, on, routes, wanted({ peers: [peer(1), peer(2)], ifindex: eth0 }));
      await settle(t, on, routes, wanted({ peers: [], ifindex: eth0, unresolved: [peer(1).subnet] }));
      t.deepEqual(await installed(host.kernel), [guard, `10.76.1.0/24 by 192.168.83.11 on ${eth0} by object`]);
    },
  },
  {
    title: 'lost notifications lead to a dump',
    run: async (t, on) => {
      const { host, eth0, mirror, effect } = on;
      const routes = effect();
      const desired = wanted({ peers: [peer(1), peer(2)], ifindex: eth0 });
      await routes.converge(desired, signal);
      const lost = new Promise<void>((resolve) => {
        mirror.onChange((changes) => changes.has('lost') && resolve());
      });
      await host.other.apply([{ op: 'deleteNextHop', nextHop: nextHop(peerId(1), '192.168.83.11', eth0) }]);
      host.flood();
      await lost;
      t.is((await routes.converge(desired, signal)).changes, 2);
      t.is((await installed(host.kernel)).length, 3);
    },
  },
  {
    title: 'others’ changes are told by kind, our own are not',
    run: async (t, on) => {
      const { host, eth0, mirror, effect } = on;
      const routes = effect();
      const desired = wanted({ peers: [peer(1)], ifindex: eth0 });
      await routes.converge(desired, signal);
      const told: string[] = [];
      // A new interface's carrier may be told up to a second late.
      let links = 0;
      mirror.onChange((changes) => {
        told.push(...[...changes].filter((kind) => kind !== 'link'));
        links += changes.has('link') ? 1 : 0;
      });
      await routes.converge(wanted({ peers: [peer(1), peer(2)], ifindex: eth0 }), signal);
      await mirror.refresh();
      t.deepEqual(told, [], 'our own');
      const elsewhere = route('203.0.113.0/24', { ...via('192.168.83.99', eth0), protocol: 12 });
      await host.other.apply([{ op: 'addRoute', route: elsewhere }]);
      await mirror.refresh();
      t.deepEqual(told, [], 'a route that is of no interest');
      await host.other.apply([{ op: 'deleteRoute', route: route('10.76.1.0/24', { nextHopId: peerId(1) }) }]);
      await mirror.refresh();
      t.deepEqual(told.splice(0), ['route']);
      await host.other.apply([{ op: 'deleteNextHop', nextHop: nextHop(peerId(2), '192.168.83.12', eth0) }]);
      await mirror.refresh();
      t.deepEqual(told.splice(0), ['nextHop']);
      host.addAddress('eth0', '192.168.83.3/24');
      await mirror.refresh();
      t.true(told.splice(0).includes('address'));
      const before = links;
      host.setLink('eth0', 'down');
      await mirror.refresh();
      t.true(links > before);
    },
  },
];
