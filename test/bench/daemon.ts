// One real daemon alone: the repair of routes that another program deletes, memory, and the processor time of one change.
import type { LabHost } from '../../deploy/lab/host.js';
import { openLinuxRouteKernel } from '../../node/kernel/linux-route-kernel.js';
import { Poller } from '../../node/kernel/poller.js';
import { routeTypes } from '../../node/kernel/route-kernel.js';
import { formatIpv4, ipv4FromNumber } from '../../proto/domain/address.js';
import { pause } from '../../proto/process/backoff.js';
import { route } from '../support/route-fixtures.js';
import { until } from '../support/until.js';
import { flannelOneMore } from './alone-flannel.js';
import { atPlace, firstPeer, type Place } from './alone-subject.js';
import { changeCost, changeMs, tellOneMore } from './change-cost.js';
import { rateOf, transactionMs } from './etcd-rate.js';
import { type BenchContext, type BenchPart, ms, Wrong } from './figure.js';
import type { Sighting } from './kernel-watch.js';
import { idleNodeKiB, mostTreeKiB, settledKiB } from './process-usage.js';
import { median, type Summary, summaryOf } from './statistics.js';
import { WallClock } from './wall-clock.js';
import { XnetRouters } from './xnet-routers.js';

const quietMs = 800;

async function peersUpTo(routers: XnetRouters, have: number, want: number): Promise<void> {
  await rateOf(want - have, 32, async (index) => {
    const number = have + index;
    await routers.add(`peer-${number}`, formatIpv4(ipv4FromNumber(firstPeer + number)));
  });
  await routers.untilRouted();
  await pause(2 * quietMs);
}

// One netlink round trip: a route that another program adds to the host's kernel, and the kernel's acknowledgement.
async function roundTripMs(host: LabHost): Promise<number> {
  const poller = new Poller();
  const kernel = openLinuxRouteKernel({ poller, namespace: host.namespace.path });
  const probe = route('198.51.100.0/24', { protocol: 200, type: routeTypes.blackhole });
  const times: number[] = [];
  try {
    for (let round = 0; round < 100; round += 1) {
      const began = performance.now();
      await kernel.apply([{ op: 'addRoute', route: probe }]);
      times.push(performance.now() - began);
      await kernel.apply([{ op: 'deleteRoute', route: probe }]);
    }
    return median(times);
  } finally {
    kernel.close();
    await poller.close();
  }
}

function pairMs(sightings: readonly Sighting[], destination: string): number | undefined {
  const removed = sightings.find((seen) => seen.removed && seen.destination === destination);
  if (removed === undefined) return undefined;
  const back = sightings.find((seen) => !seen.removed && seen.destination === destination && seen.at >= removed.at);
  return back === undefined ? undefined : back.at - removed.at;
}

function installed(host: LabHost): readonly string[] {
  const text = host.namespace.runSync(['ip', '-4', 'route', 'show', 'proto', '88']);
  return text.split('\n').flatMap((row) => /^(\d\S+\/\d+) /.exec(row)?.[1] ?? []);
}

/** deletions deletes one route after the other, as an operator at the host would. */
async function deletions({ host, watch }: Place, rounds: number): Promise<readonly number[]> {
  const routes = installed(host);
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const destination = routes[Math.floor((round * routes.length) / rounds)] ?? '';
    watch.look();
    host.namespace.runSync(['ip', 'route', 'delete', destination, 'proto', '88']);
    await pause(200);
    const tookMs = pairMs(watch.look().sightings, destination);
    if (tookMs === undefined) throw new Wrong(`the route to ${destination} was deleted and did not come back`);
    times.push(tookMs);
  }
  return times;
}

// The kernel does not report the routes that go with their next hops. Measured from the command's end: before, it deletes.
async function flush({ host, watch }: Place, count: number): Promise<number> {
  watch.look();
  const clock = WallClock.set();
  const began = clock.at(performance.now());
  host.namespace.runSync(['ip', 'nexthop', 'flush', 'proto', '88']);
  const flushed = clock.at(performance.now());
  const back = new Map<string, number>();
  for (let waited = 0; waited < 10_000; waited += quietMs) {
    await pause(quietMs);
    const { sightings } = watch.look();
    for (const { destination, at, removed } of sightings) if (!removed) back.set(destination, at);
    if (installed(host).length >= count && sightings.length === 0) return Math.max(...back.values(), began) - flushed;
  }
  throw new Wrong(`${installed(host).length} of ${count} routes are there 10 s after a flush of the next hops`);
}

async function measureRepair({ quick, log, tell }: BenchContext, place: Place, count: number): Promise<void> {
  log(`repairs among ${count} routes`);
  const limitMs = await roundTripMs(place.host);
  const { median: p50, max } = summaryOf(await deletions(place, quick ? 5 : 30));
  tell({
    row: 'repair',
    what: `one of ${count} routes deleted by hand, until it is back`,
    ours: `p50 ${ms(p50)}, max ${ms(max)}`,
    limit: `one netlink round trip: ${ms(limitMs)}`,
    ratio: p50 / limitMs,
    aim: '< 50 ms',
    met: max < 50,
  });
  const times: number[] = [];
  for (let round = 0; round < (quick ? 1 : 5); round += 1) times.push(await flush(place, count));
  const all = summaryOf(times);
  tell({
    row: 'repair',
    what: `ip nexthop flush proto 88, until all ${count} routes are back`,
    ours: `p50 ${ms(all.median)}, max ${ms(all.max)} after the flush is done`,
    limit: '',
    ratio: Number.NaN,
    aim: count <= 100 ? '< 50 ms' : '',
    met: count <= 100 ? all.max < 50 : undefined,
  });
}

const growMs = 3_000;

// Grows like a fleet, one peer after the other, so that each is a change of the table and a turn.
async function measureMemory(context: BenchContext, { fleet, host }: Place, grow: Growth): Promise<void> {
  const { log, tell } = context;
  log(`memory of a table that grows to ${grow.to} routes`);
  const daemon = fleet.daemons.get(host.name);
  if (daemon === undefined) throw new Error('no daemon');
  const most = await mostTreeKiB(daemon.pid, () => peersUpTo(grow.routers, grow.from, grow.to));
  const grown = await settledKiB(daemon.pid, growMs);
  daemon.kill('SIGTERM');
  await daemon.exited;
  const again = await fleet.startDaemon(host);
  await until('it is connected', async () => again.output.includes('"msg":"connected"'));
  await pause(2 * quietMs);
  const [fresh, idle] = [await settledKiB(again.pid, growMs), await idleNodeKiB()];
  const mostMiB = grow.to > 1_000 ? 75 : 60;
  const mib = (kib: number) => `${(kib / 1024).toFixed(0)} MiB`;
  tell({
    row: 'daemon-memory',
    what: `resident memory of xnetd that grew from ${grow.from} to ${grow.to} routes`,
    ours: `${mib(grown)}, started anew ${mib(fresh)}; at most ${mib(most)} meanwhile, with the programs that it runs`,
    limit: `Node.js ${process.version} that does nothing: ${mib(idle)}`,
    ratio: grown / idle,
    aim: `<= ${mostMiB} MiB`,
    met: grown <= mostMiB * 1024,
  });
}

// The peers of this measurement, behind all others.
const firstExtra = 20_000;
const firstMore = 30_000;

// One peer joins, and nothing else happens until everything that follows from it is done: kernel, cache, status and report.
async function measureChange(context: BenchContext, { fleet, host }: Place, routers: XnetRouters): Promise<void> {
  const { log, tell, quick } = context;
  const pid = fleet.daemons.get(host.name)?.pid;
  if (pid === undefined) throw new Error('no daemon');
  const count = installed(host).length;
  log(`changes of a table of ${count} routes`);
  const rounds = quick ? 3 : 15;
  const { one, quiet } = await changeCost(pid, rounds, (index) => {
    return routers.add(`extra-${index}`, formatIpv4(ipv4FromNumber(firstPeer + firstExtra + index)));
  });
  await routers.untilRouted();
  for (let index = 0; index < rounds; index += 1) await routers.remove(`extra-${index}`);
  await pause(changeMs);
  tell({
    row: 'daemon-change',
    what: `processor time of xnetd for one more of ${count} routes, all threads and programs`,
    ours: `p50 ${ms(one)} in ${ms(changeMs)}`,
    limit: `no change in that time: ${ms(quiet)}`,
    ratio: one / quiet,
    aim: '<= 1 ms more',
    met: one - quiet <= 1,
  });
}

async function measureOneMore(
  context: BenchContext,
  place: Place,
  { routers, flannel }: { readonly routers: XnetRouters; readonly flannel: Summary | undefined },
): Promise<void> {
  const { host, watch } = place;
  const added: string[] = [];
  const add = async (index: number) => {
    const name = `more-${index}`;
    added.push(name);
    return (await routers.add(name, formatIpv4(ipv4FromNumber(firstPeer + firstMore + index)))).subnet;
  };
  const limits = { netlinkMs: await roundTripMs(host), commitMs: await transactionMs(100) };
  await tellOneMore(context, { watch, count: installed(host).length, ...limits, flannel, add });
  for (const name of added) await routers.remove(name);
  await pause(changeMs);
}

type Growth = { readonly routers: XnetRouters; readonly from: number; readonly to: number };

async function run(context: BenchContext): Promise<void> {
  const { quick, wanted, flanneld } = context;
  const [few, middle, many] = quick ? [20, 100, 500] : [100, 1_000, 5_000];
  await atPlace(async (place) => {
    const { fleet, host } = place;
    const flannels =
      flanneld === undefined || !wanted.has('one-more')
        ? new Map<number, Summary>()
        : await flannelOneMore(context, place, flanneld, [middle, many]);
    const routers = await XnetRouters.start(fleet, '10.64.0.0/10');
    await routers.grow([host]);
    await peersUpTo(routers, 0, few);
    if (wanted.has('repair')) await measureRepair(context, place, few);
    if (wanted.has('daemon-memory')) await measureMemory(context, place, { routers, from: few, to: middle });
    else await peersUpTo(routers, few, middle);
    if (wanted.has('daemon-change')) await measureChange(context, place, routers);
    if (wanted.has('one-more')) await measureOneMore(context, place, { routers, flannel: flannels.get(middle) });
    if (wanted.has('daemon-memory')) await measureMemory(context, place, { routers, from: middle, to: many });
    else await peersUpTo(routers, middle, many);
    if (wanted.has('daemon-change')) await measureChange(context, place, routers);
    if (wanted.has('one-more')) await measureOneMore(context, place, { routers, flannel: flannels.get(many) });
    if (wanted.has('repair')) await measureRepair(context, place, many);
    await routers.close();
  });
}

/** benchDaemon measures one daemon. */
export const benchDaemon: BenchPart = { rows: ['repair', 'daemon-memory', 'daemon-change', 'one-more'], run };
