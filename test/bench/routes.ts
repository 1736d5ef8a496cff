// How quickly routes reach a kernel, compared with `ip -batch` with the same next-hop objects and routes, alternating in one
// run, in a namespace of its own. Needs root. Run with: node dist/test/bench/routes.js
import { pathToFileURL } from 'node:url';
import { openLinuxRouteKernel } from '../../node/kernel/linux-route-kernel.js';
import { KernelMirror } from '../../node/kernel/mirror.js';
import type { RouteChange, RouteKernel } from '../../node/kernel/route-kernel.js';
import type { DesiredRoutes } from '../../node/routes/desired.js';
import { Routes } from '../../node/routes/routes.js';
import { formatIpv4, formatPrefix } from '../../proto/domain/address.js';
import { LinuxRouteHost } from '../support/linux-route-host.js';
import { manyPeers, prefix, wanted } from '../support/route-fixtures.js';
import { median } from './statistics.js';

/** RouteBench holds the results, in milliseconds unless stated otherwise. */
export type RouteBench = {
  /** 10,000 routes and next-hop objects: `ip -batch`, median. */
  readonly ipBatchMs: number;
  /** The same by a turn of the effect, until the kernel has acknowledged the last one: median, and the first in a new process. */
  readonly addedMs: number;
  readonly addedFirstMs: number;
  /** The whole turn, which reads everything back: median. */
  readonly turnMs: number;
  /** A turn that adds one peer to the number of peers in the key: median, and its processor time. */
  readonly oneAdded: ReadonlyMap<number, { readonly ms: number; readonly cpuMs: number }>;
  /** From a foreign deletion of one of 5,000 routes until it is restored, by event: median. */
  readonly repairedMs: number;
};

const { signal } = new AbortController();

/** benchRoutes measures; it adds and removes the 10,000 routes `rounds` times. */
export async function benchRoutes(rounds = 11): Promise<RouteBench> {
  const host = new LinuxRouteHost();
  // Another listener would slow both programs down.
  host.other.close();
  try {
    const ifindex = host.addLink('eth0');
    host.addAddress('eth0', '192.168.80.1/20');
    const mirror = new KernelMirror({ kernel: host.kernel, protocol: 88 });
    const routes = new Routes({ kernel: host.kernel, mirror });
    const want = (count: number): DesiredRoutes =>
      wanted({ peers: manyPeers(count), ifindex, pools: [prefix('10.64.0.0/10')], own: [prefix('10.200.0.0/24')] });
    const bulk = await benchBulk(host, { mirror, routes, desired: want(10_000) }, rounds);
    const other = openLinuxRouteKernel({ poller: host.poller, namespace: host.namespace.path });
    const oneAdded = new Map<number, { ms: number; cpuMs: number }>();
    for (const count of [100, 5_000]) oneAdded.set(count, await benchOne(routes, count, want));
    const repairedMs = await benchRepair({ other, mirror, routes, desired: want(5_000) });
    other.close();
    return { ...bulk, oneAdded, repairedMs };
  } finally {
    await host.close();
  }
}

type Bulk = Pick<RouteBench, 'ipBatchMs' | 'addedMs' | 'addedFirstMs' | 'turnMs'>;

type Effect = { readonly mirror: KernelMirror; readonly routes: Routes; readonly desired: DesiredRoutes };

async function benchBulk(host: LinuxRouteHost, { mirror, routes, desired }: Effect, rounds: number): Promise<Bulk> {
  const lines = [...desired.peers.values()].flatMap(({ subnet, nextHop }) => [
    `nexthop add id ${subnet.network} via ${formatIpv4(nextHop)} dev eth0 proto 88`,
    `route add ${formatPrefix(subnet)} nhid ${subnet.network} proto 88`,
  ]);
  // apply() returns when the kernel has acknowledged the last change.
  let acknowledged = 0;
  const apply = host.kernel.apply.bind(host.kernel);
  host.kernel.apply = async (changes: readonly RouteChange[], aborted?: AbortSignal) => {
    const outcomes = await apply(changes, aborted);
    acknowledged = performance.now();
    return outcomes;
  };
  const times = { ipBatch: [] as number[], added: [] as number[], turn: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    const started = performance.now();
    host.namespace.ipBatch(lines);
    times.ipBatch.push(performance.now() - started);
    host.ip('nexthop', 'flush', 'proto', '88');
    // The changes of iproute2 are read before the clock starts.
    await mirror.refresh();
    const begun = performance.now();
    await routes.converge(desired, signal);
    times.added.push(acknowledged - begun);
    times.turn.push(performance.now() - begun);
    await routes.remove(signal);
  }
  host.kernel.apply = apply;
  return {
    ipBatchMs: median(times.ipBatch),
    addedMs: median(times.added),
    addedFirstMs: times.added[0] ?? Number.NaN,
    turnMs: median(times.turn),
  };
}

async function benchOne(
  routes: Routes,
  count: number,
  want: (count: number) => DesiredRoutes,
): Promise<{ ms: number; cpuMs: number }> {
  const [without, with1] = [want(count), want(count + 1)];
  const times: number[] = [];
  const cpu: number[] = [];
  for (let round = 0; round < 60; round += 1) {
    await routes.converge(without, signal);
    const before = process.cpuUsage();
    const started = performance.now();
    await routes.converge(with1, signal);
    times.push(performance.now() - started);
    const { user, system } = process.cpuUsage(before);
    cpu.push((user + system) / 1000);
  }
  return { ms: median(times), cpuMs: median(cpu) };
}

// `other` deletes the route.
type Repair = Effect & { readonly other: RouteKernel };

async function benchRepair({ other, mirror, routes, desired }: Repair): Promise<number> {
  await routes.converge(desired, signal);
  const times: number[] = [];
  for (let round = 0; round < 30; round += 1) {
    const [route] = mirror.routes.at([...desired.peers.keys()][round * 7] ?? 0);
    if (route === undefined) throw new Error('a route is missing');
    const repaired = new Promise<number>((resolve) => {
      const end = mirror.onChange(() => {
        end();
        void routes.converge(desired, signal).then(() => resolve(performance.now()));
      });
    });
    await other.apply([{ op: 'deleteRoute', route }]);
    const deleted = performance.now();
    times.push((await repaired) - deleted);
  }
  return median(times);
}

function print(bench: RouteBench): void {
  const ms = (value: number) => `${value.toFixed(value < 10 ? 2 : 0)} ms`;
  const ratio = (value: number) => `${(bench.ipBatchMs / value).toFixed(2)} x the rate of ip -batch`;
  console.log(`10,000 routes and next hops, ip -batch      ${ms(bench.ipBatchMs)}`);
  console.log(`  by xnet, acknowledged by the kernel       ${ms(bench.addedMs)}   ${ratio(bench.addedMs)}`);
  console.log(`  the same, first in a new process          ${ms(bench.addedFirstMs)}   ${ratio(bench.addedFirstMs)}`);
  console.log(`  whole turn, all of it read back           ${ms(bench.turnMs)}   ${ratio(bench.turnMs)}`);
  for (const [count, { ms: time, cpuMs }] of bench.oneAdded) {
    console.log(`one peer added to ${String(count).padEnd(25)} ${ms(time)}   ${ms(cpuMs)} of processor time`);
  }
  console.log(`one of 5,000 routes deleted, back after     ${ms(bench.repairedMs)}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) print(await benchRoutes());
