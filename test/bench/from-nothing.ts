// A whole fleet at the same moment: all hosts join at once, and all daemons are started again at once. The time until the
// last kernel has all routes, for xnet and, if one was given, for flannel on the same hosts.
import { Fleet } from '../../deploy/lab/fleet.js';
import type { LabHost } from '../../deploy/lab/host.js';
import { pause } from '../../proto/process/backoff.js';
import { type BenchContext, type BenchPart, ms, Wrong } from './figure.js';
import { FlannelRouters } from './flannel-routers.js';
import { type Flanneld, noFlanneld } from './flanneld.js';
import { KernelWatch } from './kernel-watch.js';
import { endedChildrenMs } from './process-usage.js';
import { WallClock } from './wall-clock.js';
import { XnetRouters } from './xnet-routers.js';

// The address of a machine that does not exist, which joins while all daemons start.
const joinerAddress = '192.168.83.252';
const flannelSubnet = '10.97.250.0/24';
const lookEveryMs = 500;
const patienceMs = 600_000;
const settleMs = 3_000;

/** Together is what both measurements of one fleet give, in milliseconds. */
type Together = {
  /** From the start of all until the last kernel has the routes to all others. */
  readonly joinedMs: number;
  /** From the start of all until the last kernel has the route to a node that was added meanwhile. */
  readonly restartedMs: number;
  /** Processor time per host, in the same two: of xnetd join, and of the daemon from its start until its table is complete. */
  readonly joinCpuMs: number;
  readonly restartCpuMs: number;
};

/**
 * lastRouted waits until `count` kernels have got routes to `each` different subnets since the last look, and returns the
 * time of the last one, as `at` of a sighting. "10.97." begins the subnets.
 * @throws Wrong if that takes more than ten minutes
 */
export async function lastRouted(
  watch: Pick<KernelWatch, 'look'>,
  count: number,
  each: number,
  begins: string,
): Promise<number> {
  const seen = new Map<number, Set<string>>();
  let last = 0;
  for (let waited = 0; waited < patienceMs; waited += lookEveryMs) {
    await pause(lookEveryMs);
    for (const { at, namespace, destination, removed } of watch.look().sightings) {
      if (removed || !destination.startsWith(begins) || !destination.endsWith('/24')) continue;
      const own = seen.get(namespace) ?? new Set();
      if (own.has(destination)) continue;
      seen.set(namespace, own.add(destination));
      if (own.size <= each) last = Math.max(last, at);
    }
    if ([...seen.values()].filter(({ size }) => size >= each).length >= count) return last;
  }
  const states = [...seen.values()].map(({ size }) => size).join(', ');
  throw new Wrong(`of ${count} kernels not all have ${each} routes after ${patienceMs / 1000} s, but ${states}`);
}

type Place = { readonly fleet: Fleet; readonly watch: KernelWatch };

// Starts something and waits for the kernels: milliseconds.
async function timed(watch: KernelWatch, wanted: () => Promise<number>, start: () => void): Promise<number> {
  watch.look();
  const clock = WallClock.set();
  const began = clock.at(performance.now());
  start();
  return (await wanted()) - began;
}

async function flannelTogether({ fleet, watch }: Place, flanneld: Flanneld, log: BenchContext['log']) {
  const { hosts } = fleet.lab;
  const flannel = await FlannelRouters.start(fleet.lab, flanneld);
  try {
    const all = () => lastRouted(watch, hosts.length, hosts.length - 1, '10.97.');
    const joinedMs = await timed(watch, all, () => flannel.launch(hosts));
    const joinCpuMs = flannel.cpuMs() / hosts.length;
    log(`${flannel.ended} flannelds lost the race for a subnet and were started again`);
    await pause(settleMs);
    await flannel.stop('SIGKILL');
    const one = () => lastRouted(watch, hosts.length, 1, flannelSubnet);
    let added: Promise<void> | undefined;
    const restartedMs = await timed(watch, one, () => {
      added = flannel.etcd.add(flannelSubnet, joinerAddress);
      flannel.launch(hosts);
    });
    await added;
    return { joinedMs, restartedMs, joinCpuMs, restartCpuMs: flannel.cpuMs() / hosts.length };
  } finally {
    await flannel.close();
  }
}

async function xnetTogether({ fleet, watch }: Place): Promise<Together> {
  const { hosts } = fleet.lab;
  const routers = await XnetRouters.start(fleet);
  const tokens = new Map<LabHost, string>();
  for (const host of hosts) tokens.set(host, await routers.prepare(host));
  let started: Promise<unknown> = Promise.resolve();
  const endedBefore = endedChildrenMs();
  const all = async () => {
    const [last] = await Promise.all([lastRouted(watch, hosts.length, hosts.length - 1, '10.76.'), started]);
    return last;
  };
  const joinedMs = await timed(watch, all, () => {
    started = Promise.all(
      hosts.map(async (host) => {
        await fleet.joinHost(host, tokens.get(host) ?? '');
        await fleet.startDaemon(host);
      }),
    );
  });
  const joinCpuMs = (routers.cpuMs() + endedChildrenMs() - endedBefore) / hosts.length;
  await routers.untilRouted();
  await pause(settleMs);
  for (const daemon of fleet.daemons.values()) daemon.kill('SIGKILL');
  await Promise.all([...fleet.daemons.values()].map(({ exited }) => exited));
  const one = async () => {
    const [added] = await Promise.all([joiner, started]);
    return lastRouted(watch, hosts.length, 1, added.subnet);
  };
  let joiner = Promise.resolve({ subnet: '' });
  const restartedMs = await timed(watch, one, () => {
    joiner = routers.add('joiner', joinerAddress);
    started = Promise.all(hosts.map((host) => fleet.startDaemon(host)));
  });
  const restartCpuMs = routers.cpuMs() / hosts.length;
  await routers.close();
  return { joinedMs, restartedMs, joinCpuMs, restartCpuMs };
}

async function run({ quick, flanneld, wanted, log, tell }: BenchContext): Promise<void> {
  for (const count of quick ? [10] : [10, 50, 100]) {
    log(`a lab of ${count} hosts`);
    const fleet = await Fleet.create({ hosts: count, mode: 'bip', pool: '10.76.0.0/16' });
    const watch = await KernelWatch.start(fleet.lab.hosts.map(({ namespace }) => namespace.name));
    try {
      if (flanneld !== undefined) log(`flannel ${flanneld.version}, ${count} hosts at once`);
      const theirs = flanneld === undefined ? undefined : await flannelTogether({ fleet, watch }, flanneld, log);
      log(`xnet, ${count} hosts at once`);
      const ours = await xnetTogether({ fleet, watch });
      const name = `flannel ${flanneld?.version ?? ''} (host-gw, etcd), same lab`;
      const limit = (time: number | undefined, cpuMs: number | undefined) =>
        time === undefined || cpuMs === undefined ? noFlanneld : `${name}: ${ms(time)}, ${ms(cpuMs)} per daemon`;
      const joined = ours.joinedMs / (theirs?.joinedMs ?? Number.NaN);
      const most = count <= 10 ? 3 : count <= 50 ? 2 : 1;
      if (wanted.has('from-nothing')) {
        tell({
          row: 'from-nothing',
          what: `${count} hosts with a token, and nothing else, join at once, until the last kernel has all routes`,
          ours: `${ms(ours.joinedMs)}; processor time of a join and a daemon ${ms(ours.joinCpuMs)}`,
          limit: limit(theirs?.joinedMs, theirs?.joinCpuMs),
          ratio: joined,
          aim: `<= ${most} x flannel`,
          met: theirs === undefined ? undefined : joined <= most,
        });
      }
      const restarted = ours.restartedMs / (theirs?.restartedMs ?? Number.NaN);
      if (wanted.has('restart-all')) {
        tell({
          row: 'restart-all',
          what: `${count} daemons killed and started again at once, until the last kernel has the route to a node added then`,
          ours: `${ms(ours.restartedMs)}; processor time of a daemon ${ms(ours.restartCpuMs)}`,
          limit: limit(theirs?.restartedMs, theirs?.restartCpuMs),
          ratio: restarted,
          aim: '<= 2 x flannel',
          met: theirs === undefined ? undefined : restarted <= 2,
        });
      }
    } finally {
      await watch.close();
      await fleet.close();
    }
  }
}

/** benchTogether measures a fleet whose hosts do the same at the same moment. */
export const benchTogether: BenchPart = { rows: ['from-nothing', 'restart-all'], run };
