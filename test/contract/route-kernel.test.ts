// The behaviour of the kernel's routing that xnet relies on. One suite for the real kernel and for the one in memory
// that other tests use, so those tests are valid for the real one.
import test, { type ExecutionContext } from 'ava';
import type { KernelRoute, Notification, RouteChange, RouteKernel } from '../../node/kernel/route-kernel.js';
import { linkFlags, routeTypes, scopes } from '../../node/kernel/route-kernel.js';
import { isRoot, LinuxRouteHost } from '../support/linux-route-host.js';
import { MemoryRouteHost } from '../support/memory-route-host.js';
import { ip, nextHop, prefix, route, straight, via } from '../support/route-fixtures.js';
import type { RouteHost } from '../support/route-host.js';

const kinds: [string, () => RouteHost][] = [['memory', () => new MemoryRouteHost()]];
if (isRoot('the contract of the real kernel')) kinds.push(['linux', () => new LinuxRouteHost()]);

async function errnos(kernel: RouteKernel, ...changes: RouteChange[]): Promise<(string | undefined)[]> {
  return (await kernel.apply(changes)).map((refusal) => refusal?.errno);
}

function drained(kernel: RouteKernel): Notification[] {
  const notifications: Notification[] = [];
  kernel.drain((notification) => notifications.push(notification));
  return notifications;
}

// Without notifications of interfaces: the carrier of a new one may be reported up to a second late.
function drainedRoutes(kernel: RouteKernel): Notification[] {
  return drained(kernel).filter(({ kind }) => kind !== 'link');
}

async function ours(kernel: RouteKernel): Promise<readonly KernelRoute[]> {
  return kernel.routes(({ protocol }) => protocol === 88);
}

type Eth0 = { readonly host: RouteHost; readonly kernel: RouteKernel; readonly eth0: number };

function contract(title: string, body: (t: ExecutionContext, on: Eth0) => Promise<void>): void {
  for (const [kind, open] of kinds) {
    // One after the other: each real host holds a thread of libuv's pool.
    test.serial(`${kind}: ${title}`, async (t) => {
      const host = open();
      try {
        const eth0 = host.addLink('eth0');
        host.addAddress('eth0', '192.168.83.1/24');
        host.kernel.drain(() => undefined);
        await body(t, { host, kernel: host.kernel, eth0 });
      } finally {
        await host.close();
      }
    });
  }
}

contract('a route comes back from a dump as it was made', async (t, { kernel, eth0 }) => {
  const routes = [
    route('10.76.1.0/24', via('192.168.83.11', eth0)),
    route('10.76.2.0/24', { ...via('192.168.83.12', eth0), preferredSource: ip('192.168.83.1'), metric: 7 }),
    route('10.76.0.0/16', { type: routeTypes.unreachable, metric: 0xffffffff }),
    route('10.76.3.0/24', { nextHopId: 0x0a4c0300 }),
    route('203.0.113.7/32', via('192.168.83.13', eth0)),
    route('203.0.113.0/26', straight(eth0)),
  ];
  const changes: RouteChange[] = [
    { op: 'addNextHop', nextHop: nextHop(0x0a4c0300, '192.168.83.13', eth0) },
    ...routes.map((each): RouteChange => ({ op: 'addRoute', route: each })),
  ];
  t.deepEqual(
    await errnos(kernel, ...changes),
    changes.map(() => undefined),
  );
  const byDestination = (a: KernelRoute, b: KernelRoute) =>
    a.destination.network - b.destination.network || a.destination.length - b.destination.length;
  t.deepEqual([...(await ours(kernel))].sort(byDestination), [...routes].sort(byDestination));
  t.deepEqual(kernel.routesNow(), await kernel.routes(() => true));
  t.deepEqual(await kernel.nextHops(), [nextHop(0x0a4c0300, '192.168.83.13', eth0)]);
});

contract('what a route of scope link leads to can be a gateway, and no other', async (t, { host, kernel, eth0 }) => {
  const ways = [
    route('198.51.100.0/25', straight(eth0)),
    route('198.51.100.128/25', { ...straight(eth0), scope: scopes.universe }),
  ];
  await host.other.apply(ways.map((each): RouteChange => ({ op: 'addRoute', route: each })));
  t.deepEqual(
    await errnos(
      kernel,
      { op: 'addNextHop', nextHop: nextHop(5, '198.51.100.1', eth0) },
      { op: 'addNextHop', nextHop: nextHop(6, '198.51.100.129', eth0) },
    ),
    [undefined, 'ENETUNREACH'],
  );
  const listed = await kernel.routes(({ scope }) => scope === scopes.link);
  t.deepEqual(
    listed.map(({ destination }) => destination.network).sort((a, b) => a - b),
    [ip('192.168.83.0'), ip('198.51.100.0')].sort((a, b) => a - b),
  );
});

contract('adding fails where there is a route in the slot, whoever made it', async (t, { host, kernel, eth0 }) => {
  const foreign = route('10.76.1.0/24', { ...via('192.168.83.99', eth0), protocol: 4 });
  t.deepEqual(await errnos(host.other, { op: 'addRoute', route: foreign }), [undefined]);
  const add: RouteChange = { op: 'addRoute', route: route('10.76.1.0/24', via('192.168.83.11', eth0)) };
  const otherMetric: RouteChange = { op: 'addRoute', route: { ...add.route, metric: 5 } };
  t.deepEqual(await errnos(kernel, add, otherMetric, otherMetric), ['EEXIST', undefined, 'EEXIST']);
});

contract('an appended route comes after the ones of its slot', async (t, { kernel, eth0 }) => {
  const first = route('10.76.1.0/24', via('192.168.83.11', eth0));
  const second = route('10.76.1.0/24', via('192.168.83.12', eth0));
  const append = (each: KernelRoute): RouteChange => ({ op: 'appendRoute', route: each });
  t.deepEqual(await errnos(kernel, append(first), append(second), append(first)), [undefined, undefined, 'EEXIST']);
  t.deepEqual(await ours(kernel), [first, second]);
  t.deepEqual(
    drainedRoutes(kernel).map((each) => each.kind === 'route' && [each.own, each.appended, each.replaced]),
    [
      [true, false, false],
      [true, true, false],
    ],
  );
});

contract('a deletion takes the first that matches, and nobody else’s', async (t, { host, kernel, eth0 }) => {
  const foreign = route('10.76.1.0/24', { ...via('192.168.83.99', eth0), protocol: 4 });
  const plain = route('10.76.1.0/24', via('192.168.83.11', eth0));
  const sourced = { ...plain, preferredSource: ip('192.168.83.1') };
  const remove = (each: KernelRoute): RouteChange => ({ op: 'deleteRoute', route: each });
  await host.other.apply([{ op: 'addRoute', route: foreign }]);
  await kernel.apply([
    { op: 'appendRoute', route: plain },
    { op: 'appendRoute', route: sourced },
  ]);
  t.deepEqual(await errnos(kernel, remove({ ...plain, ...via('192.168.83.12', eth0) })), ['ESRCH']);
  t.deepEqual(await errnos(kernel, remove({ ...plain, metric: 9 })), ['ESRCH']);
  t.deepEqual(await errnos(kernel, remove({ ...plain, type: routeTypes.unreachable })), ['ESRCH']);
  t.deepEqual(await errnos(kernel, remove(plain)), [undefined]);
  t.deepEqual(await ours(kernel), [sourced]);
  t.deepEqual(await errnos(kernel, remove(sourced), remove(sourced)), [undefined, 'ESRCH']);
  t.deepEqual(await kernel.routes(({ protocol }) => protocol === 4), [foreign]);
});

contract('what cannot be is refused, and the rest of the batch is made', async (t, { host, kernel, eth0 }) => {
  const add = (each: KernelRoute): RouteChange => ({ op: 'addRoute', route: each });
  const outcomes = await kernel.apply([
    add(route('10.76.1.0/24', via('192.168.83.11', eth0))),
    add(route('10.76.2.0/24', via('198.51.100.1', eth0))),
    add(route('10.76.3.0/24', { nextHopId: 77 })),
    add(route('10.76.4.0/24', { ...via('192.168.83.11', eth0), preferredSource: ip('10.76.0.1') })),
    add(route('10.76.5.0/24', via('192.168.83.11', eth0))),
    { op: 'addNextHop', nextHop: nextHop(5, '198.51.100.1', eth0) },
    { op: 'replaceNextHop', nextHop: nextHop(6, '192.168.83.11', eth0) },
    { op: 'deleteNextHop', nextHop: nextHop(7, '192.168.83.11', eth0) },
  ]);
  t.deepEqual(
    outcomes.map((refusal) => refusal?.errno),
    [undefined, 'ENETUNREACH', 'EINVAL', 'EINVAL', undefined, 'ENETUNREACH', 'ENOENT', 'ENOENT'],
  );
  t.is(outcomes[1]?.text, 'Nexthop has invalid gateway');
  t.is(outcomes[2]?.text, 'Nexthop id does not exist');
  t.is(outcomes[3]?.text, 'Invalid prefsrc address');
  host.setLink('eth0', 'down');
  t.deepEqual(await errnos(kernel, { op: 'addNextHop', nextHop: nextHop(5, '192.168.83.11', eth0) }), ['ENETDOWN']);
  host.removeLink('eth0');
  const gone = await kernel.apply([
    { op: 'addNextHop', nextHop: nextHop(5, '192.168.83.11', eth0) },
    add(route('10.76.6.0/24', via('192.168.83.11', eth0))),
  ]);
  t.deepEqual(gone, [
    { errno: 'EINVAL', text: 'Invalid device index' },
    { errno: 'ENETUNREACH', text: 'Nexthop has invalid gateway' },
  ]);
});

contract('a next-hop object is replaced under its routes, and takes them along', async (t, { kernel, eth0 }) => {
  const id = 0xc0a85300; // beyond 2^31
  const first = nextHop(id, '192.168.83.11', eth0);
  const second = nextHop(id, '192.168.83.12', eth0);
  const add: RouteChange = { op: 'addNextHop', nextHop: first };
  const uses = route('10.76.1.0/24', { nextHopId: id });
  t.deepEqual(await errnos(kernel, add, add, { op: 'addRoute', route: uses }), [undefined, 'EEXIST', undefined]);
  t.deepEqual(await errnos(kernel, { op: 'replaceNextHop', nextHop: second }), [undefined]);
  t.deepEqual(await ours(kernel), [uses]);
  t.deepEqual(await kernel.nextHops(), [second]);
  drained(kernel);
  t.deepEqual(await errnos(kernel, { op: 'deleteNextHop', nextHop: second }), [undefined]);
  t.deepEqual(await ours(kernel), []);
  t.deepEqual(
    drainedRoutes(kernel).map(({ kind, own }) => [kind, own]),
    [['nextHop', true]],
    'the routes go without a notification',
  );
});

contract('notifications come in order and say whose they are', async (t, { host, kernel, eth0 }) => {
  const one = route('10.76.1.0/24', via('192.168.83.11', eth0));
  const two = route('10.76.2.0/24', via('192.168.83.11', eth0));
  await kernel.apply([{ op: 'addRoute', route: one }]);
  await host.other.apply([
    { op: 'deleteRoute', route: one },
    { op: 'addRoute', route: two },
  ]);
  await kernel.apply([{ op: 'deleteRoute', route: two }]);
  t.deepEqual(
    drainedRoutes(kernel).map((each) => each.kind === 'route' && [each.own, each.removed, each.route]),
    [
      [true, false, one],
      [false, true, one],
      [false, false, two],
      [true, true, two],
    ],
  );
  t.deepEqual(drainedRoutes(kernel), []);
});

contract(
  'an interface that goes down takes routes and next hops along, silently',
  async (t, { host, kernel, eth0 }) => {
    await kernel.apply([
      { op: 'addRoute', route: route('10.76.1.0/24', via('192.168.83.11', eth0)) },
      { op: 'addNextHop', nextHop: nextHop(5, '192.168.83.11', eth0) },
      { op: 'addRoute', route: route('10.76.2.0/24', { nextHopId: 5 }) },
      { op: 'addRoute', route: route('10.76.0.0/16', { type: routeTypes.unreachable, metric: 9 }) },
    ]);
    drained(kernel);
    host.setLink('eth0', 'down');
    t.deepEqual(
      (await ours(kernel)).map(({ type }) => type),
      [routeTypes.unreachable],
    );
    t.deepEqual(await kernel.nextHops(), []);
    const seen = drained(kernel);
    t.true(
      seen.some((each) => each.kind === 'link' && each.link.name === 'eth0' && (each.link.flags & linkFlags.up) === 0),
    );
    t.false(seen.some((each) => each.kind === 'nextHop' || (each.kind === 'route' && each.route.protocol === 88)));
  },
);

contract('an address takes along the routes that have it as preferred source', async (t, { host, kernel, eth0 }) => {
  host.addLink('docker0');
  host.addAddress('docker0', '10.76.9.1/24');
  const sourced = route('10.76.1.0/24', { ...via('192.168.83.11', eth0), preferredSource: ip('10.76.9.1') });
  const plain = route('10.76.2.0/24', via('192.168.83.11', eth0));
  const changes: RouteChange[] = [sourced, plain].map((each) => ({ op: 'addRoute', route: each }));
  t.deepEqual(await errnos(kernel, ...changes), [undefined, undefined]);
  drained(kernel);
  host.removeAddress('docker0', '10.76.9.1/24');
  t.deepEqual(await ours(kernel), [plain]);
  t.true(
    drained(kernel).some((each) => each.kind === 'address' && each.removed && each.address.address === ip('10.76.9.1')),
  );
});

contract('the last address of an interface takes its plain routes along', async (t, { host, kernel, eth0 }) => {
  const byObject = route('10.76.2.0/24', { nextHopId: 5 });
  await kernel.apply([
    { op: 'addRoute', route: route('10.76.1.0/24', via('192.168.83.11', eth0)) },
    { op: 'addNextHop', nextHop: nextHop(5, '192.168.83.11', eth0) },
    { op: 'addRoute', route: byObject },
  ]);
  host.removeAddress('eth0', '192.168.83.1/24');
  t.deepEqual(await ours(kernel), [byObject], 'a next-hop object stays, though it is no longer on-link');
  t.deepEqual(await errnos(kernel, { op: 'replaceNextHop', nextHop: nextHop(5, '192.168.83.11', eth0) }), [
    'ENETUNREACH',
  ]);
});

contract('interfaces and addresses are listed and followed', async (t, { host, kernel, eth0 }) => {
  t.like(
    (await kernel.links()).find(({ name }) => name === 'eth0'),
    { ifindex: eth0, name: 'eth0', master: 0 },
  );
  t.deepEqual(
    (await kernel.addresses()).filter(({ ifindex }) => ifindex === eth0),
    [{ ifindex: eth0, address: ip('192.168.83.1'), prefix: prefix('192.168.83.0/24'), scope: 0, flags: 0 }],
  );
  host.setLink('eth0', 'down');
  host.renameLink('eth0', 'lan0');
  t.true(drained(kernel).some((each) => each.kind === 'link' && each.link.name === 'lan0' && !each.removed));
  host.removeLink('lan0');
  t.true(drained(kernel).some((each) => each.kind === 'link' && each.removed && each.link.ifindex === eth0));
});

contract('lost notifications are told once', async (t, { host, kernel }) => {
  host.flood();
  t.false(kernel.drain(() => undefined));
  t.true(kernel.drain(() => undefined));
});

contract('a change can be waited for, and shows in the fingerprint', async (t, { host, kernel, eth0 }) => {
  const seen = new Promise<void>((resolve) => {
    kernel.onReadable(() => {
      if (drained(kernel).some((each) => each.kind === 'route')) resolve();
    });
  });
  let [print, next] = [await kernel.fingerprint(), await kernel.fingerprint()];
  for (; next !== print; next = await kernel.fingerprint()) print = next;
  await host.other.apply([{ op: 'addRoute', route: route('10.76.1.0/24', via('192.168.83.11', eth0)) }]);
  await seen;
  const routed = await kernel.fingerprint();
  await host.other.apply([{ op: 'addNextHop', nextHop: nextHop(5, '192.168.83.11', eth0) }]);
  t.is(new Set([print, routed, await kernel.fingerprint()]).size, 3);
});
