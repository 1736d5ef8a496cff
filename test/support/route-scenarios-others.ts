// Scenarios of changes by other parties to routes and next hops, to their own and to xnet's.
import { type KernelRoute, type NextHop, routeTypes } from '../../node/kernel/route-kernel.js';
import { sameRoute } from '../../node/kernel/route-table.js';
import { nextHop, peer, peerId, pool, prefix, route, via, wanted } from './route-fixtures.js';
import { guard, installed, reasons, type Scenario, settle, signal } from './route-scenario.js';

/** othersScenarios lists these scenarios. */
export const othersScenarios: readonly Scenario[] = [
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
    title: 'R4 a foreign route with another next hop is reported and not touched; with the same, it serves',
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
      t.deepEqual(
        findings.map(({ reason, isNote }) => [reason, isNote]),
        [
          ['ForeignRoute', false],
          ['ForeignRouteServes', true],
        ],
      );
      t.regex(
        findings[1]?.message ?? '',
        /10\.76\.2\.0\/24 of web-2 by "10\.76\.2\.0\/24 via 192\.168\.83\.12 dev eth0 proto static"/,
      );
      t.like(findings[0], { type: 'Routes', transient: false });
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
    title: 'hand-made routes that lead as ours would are taken over, once; all others are left alone',
    run: async (t, on) => {
      const { host, eth0, effect } = on;
      const right = (index: number, more: Partial<KernelRoute> = {}) =>
        route(`10.76.${index}.0/24`, { ...via(`192.168.83.${10 + index}`, eth0), protocol: 4, ...more });
      const taken = [
        right(1),
        right(2, { protocol: 3 }),
        right(3, { metric: 100 }),
        right(3, { metric: 200, protocol: 3 }),
        right(3),
      ];
      const left = [
        right(4, { protocol: 12 }),
        right(5, { ...via('192.168.83.99', eth0) }),
        right(6),
        right(6, { ...via('192.168.83.99', eth0), protocol: 3 }),
      ];
      const add = (each: KernelRoute) => ({ op: 'appendRoute' as const, route: each });
      t.deepEqual(new Set(await host.other.apply([...taken, ...left].map(add))), new Set([undefined]));
      const routes = effect({ takeOver: true });
      const desired = wanted({ peers: [1, 2, 3, 4, 5, 6].map((index) => peer(index)), ifindex: eth0 });
      const outcome = await settle(t, on, routes, desired);
      t.deepEqual([...reasons(outcome)].sort(), ['ForeignRoute', 'ForeignRouteServes', 'ShadowedRoute']);
      const foreign = () =>
        host.kernel.routes((each) => each.protocol !== 88 && each.length === 24 && each.scope === 0);
      const same = async () => {
        const there = await foreign();
        return there.length === left.length && left.every((each) => there.some((other) => sameRoute(each, other)));
      };
      t.true(await same());
      t.deepEqual(await installed(host.kernel), [
        guard,
        ...[1, 2, 3].map((index) => `10.76.${index}.0/24 by 192.168.83.${10 + index} on ${eth0} by object`),
      ]);
      // Whoever makes it again is not fought.
      await host.other.apply([
        { op: 'deleteRoute', route: route('10.76.1.0/24', { nextHopId: peerId(1) }) },
        add(right(1)),
      ]);
      t.true(reasons(await settle(t, on, routes, desired)).includes('ForeignRouteServes'));
      t.is((await foreign()).length, left.length + 1);
    },
  },
  {
    title: 'R5 R6 foreign routes that shadow, are shadowed, or are more specific are reported and not touched',
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
      // Another party takes over a next-hop id of xnet that a route of xnet uses.
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
    title: 'R16 lost notifications lead to a dump',
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
      // A new interface's carrier may be reported up to a second late.
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
