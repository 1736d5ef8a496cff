// Scenarios of interfaces and networks of the host, and of routes that are withheld because of them.
import { prefixKey } from '../../proto/domain/address.js';
import { peer, pool, prefix, wanted } from './route-fixtures.js';
import { guard, installed, reasons, type Scenario, settle, signal } from './route-scenario.js';

/** hostScenarios lists these scenarios. */
export const hostScenarios: readonly Scenario[] = [
  {
    title: 'R7 R8 an interface that goes down and comes up, or comes back as another, gets its routes back',
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
    title: 'what would cut the host off is not routed',
    run: async (t, on) => {
      const { host, eth0, effect } = on;
      const routes = effect();
      const pools = [prefix('192.168.0.0/16')];
      const inLan = { ...peer(1), subnet: prefix('192.168.83.128/25') };
      const inOwn = { ...peer(2), subnet: prefix('192.168.7.128/25') };
      const good = { ...peer(3), subnet: prefix('192.168.9.0/24') };
      const own = prefix('192.168.7.0/24');
      const outcome = await settle(
        t,
        on,
        routes,
        wanted({ peers: [inLan, inOwn, good], ifindex: eth0, pools, own: [own] }),
      );
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
        // Prefixes shorter than, longer than, and as long as the peers' subnets.
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
        // These are not networks: single addresses, an address of lo, an interface that is down.
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
    title: 'after a kill, routes of ours are believed rather than an older cache, until a controller has confirmed it',
    run: async (t, on) => {
      const { host, eth0, effect } = on;
      const pools = [pool, prefix('10.77.0.0/16')];
      const newer = wanted({ peers: [peer(1, '192.168.83.21'), peer(2), peer(3)], ifindex: eth0, pools });
      // Its first peer had another address, its third was not there, nor was the second pool.
      const cached = (isConfirmed: boolean) => wanted({ peers: [peer(1), peer(2)], ifindex: eth0, isConfirmed });
      for (const nextHops of ['auto', 'never'] as const) {
        const good = [guard, '10.76.1.0/24', '10.76.2.0/24', '10.76.3.0/24', 'unreachable 10.77.0.0/16'];
        await settle(t, on, effect({ nextHops }), newer);
        const before = await installed(host.kernel);
        t.is(before.length, good.length);
        const routes = effect({ nextHops });
        t.deepEqual(await settle(t, on, routes, cached(false)), { findings: [], changes: 0, what: [] });
        t.deepEqual(await installed(host.kernel), before);
        // Deleted routes are repaired as they were, not as in the cache.
        const keys = new Set([peer(1), peer(2)].map(({ subnet }) => prefixKey(subnet)));
        for (const route of await host.kernel.routes(({ network, length }) =>
          keys.has(prefixKey({ network, length })),
        )) {
          await host.other.apply([{ op: 'deleteRoute', route }]);
        }
        t.is((await settle(t, on, routes, cached(false))).changes, 2);
        t.deepEqual(await installed(host.kernel), before);
        // The kernel does not take precedence over a network of the host itself.
        const own = [prefix('10.76.0.0/24'), prefix('10.76.3.0/24')];
        await settle(t, on, effect({ nextHops }), {
          ...cached(false),
          own: wanted({ peers: [], ifindex: eth0, own }).own,
        });
        t.deepEqual(await installed(host.kernel), [...before.slice(0, 3), ...before.slice(4)]);
        t.true((await settle(t, on, routes, cached(true))).changes > 0);
        const lines = await installed(host.kernel);
        t.is(lines.length, 3);
        t.regex(lines[1] ?? '', /^10\.76\.1\.0\/24 by 192\.168\.83\.11 /);
        // After a reboot the kernel is empty.
        await routes.remove(signal);
        t.is((await settle(t, on, effect({ nextHops }), cached(false))).findings.length, 0);
        t.deepEqual(await installed(host.kernel), lines);
        await routes.remove(signal);
      }
    },
  },
];
