// Scenarios of peers that appear, move and disappear, and of the form of their routes.
import { peer, route, straight, via, wanted } from './route-fixtures.js';
import { guard, installed, reasons, type Scenario, settle, signal } from './route-scenario.js';

/** peerScenarios lists these scenarios. */
export const peerScenarios: readonly Scenario[] = [
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
    title: 'R9 peers come, move and go; their routes follow',
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
    title: 'R10 a peer that is not on-link is reported; the others get their routes',
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
    title: 'a subnet whose record is unreadable keeps the route it has',
    run: async (t, on) => {
      const { host, eth0, effect } = on;
      const routes = effect();
      await settle(t, on, routes, wanted({ peers: [peer(1), peer(2)], ifindex: eth0 }));
      await settle(t, on, routes, wanted({ peers: [], ifindex: eth0, unresolved: [peer(1).subnet] }));
      t.deepEqual(await installed(host.kernel), [guard, `10.76.1.0/24 by 192.168.83.11 on ${eth0} by object`]);
    },
  },
];
