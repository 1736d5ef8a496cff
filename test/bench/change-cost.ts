// The processor time of one daemon for one more node of its fleet, and the time until its kernel has the route: one daemon
// alone, as on a machine of its own. All other nodes only exist in the store.
import { pause } from '../../proto/process/backoff.js';
import { type BenchContext, ms, Wrong } from './figure.js';
import { noFlanneld } from './flanneld.js';
import type { KernelWatch } from './kernel-watch.js';
import { allCpuMsOf } from './process-usage.js';
import { median, type Summary, summaryOf } from './statistics.js';
import { WallClock } from './wall-clock.js';

/** changeMs is the time in which all that follows from a change is done: kernel, cache, status and report. */
export const changeMs = 1_000;

/** Cost is processor time in changeMs, all threads and ended programs, in milliseconds: medians. */
export type Cost = { readonly one: number; readonly quiet: number };

/**
 * changeCost measures a daemon without and with a change, by turns.
 * @param add adds a node, by its index
 */
export async function changeCost(pid: number, rounds: number, add: (index: number) => Promise<unknown>): Promise<Cost> {
  const spentMs = async (work: () => Promise<unknown>) => {
    const before = allCpuMsOf(pid);
    await work();
    await pause(changeMs);
    return allCpuMsOf(pid) - before;
  };
  const quiet: number[] = [];
  const changed: number[] = [];
  for (let index = 0; index < rounds; index += 1) {
    quiet.push(await spentMs(async () => undefined));
    changed.push(await spentMs(() => add(index)));
  }
  return { one: median(changed), quiet: median(quiet) };
}

/** OneMore is a daemon with `count` routes, and how nodes are added to its fleet. */
export type OneMore = {
  readonly watch: KernelWatch;
  readonly count: number;
  /** The limit: what one netlink round trip takes, and one transaction of etcd. Milliseconds. */
  readonly netlinkMs: number;
  readonly commitMs: number;
  /** What flannel takes with as many routes, if it was measured. Milliseconds. */
  readonly flannel: Summary | undefined;
  /** Adds a node, and returns its subnet: "10.64.3.0/24". */
  readonly add: (index: number) => Promise<string>;
};

/** oneMoreMs measures the time from a call that adds a node until the kernel has the route to it, in milliseconds. */
export async function oneMoreMs(
  watch: KernelWatch,
  quick: boolean,
  add: OneMore['add'],
): Promise<{ readonly summary: Summary; readonly rounds: number }> {
  const times: number[] = [];
  const rounds = quick ? 5 : 16;
  for (let round = 0; round < rounds; round += 1) {
    await pause(changeMs);
    watch.look();
    const clock = WallClock.set();
    const began = clock.at(performance.now());
    const subnet = await add(round);
    const [at] = (await watch.arrivals(subnet, 1)).at;
    if (at === undefined) throw new Wrong(`the route to ${subnet} did not come to the kernel in 10 s`);
    // The first round is a warm-up.
    if (round > 0) times.push(at - began);
  }
  return { summary: summaryOf(times), rounds };
}

/** tellOneMore measures one daemon, and compares. */
export async function tellOneMore({ quick, flanneld, log, tell }: BenchContext, of: OneMore): Promise<void> {
  const { watch, count, netlinkMs, commitMs, flannel, add } = of;
  log(`one more of ${count} routes`);
  const { median: p50, max } = (await oneMoreMs(watch, quick, add)).summary;
  const ours = `p50 ${ms(p50)}, max ${ms(max)}`;
  tell({
    row: 'one-more',
    what: `one more of ${count} routes: one daemon alone (two machines' worth), from the call until its kernel has the route`,
    ours,
    limit: `etcd transaction ${ms(commitMs)} + netlink round trip ${ms(netlinkMs)}`,
    ratio: p50 / (commitMs + netlinkMs),
    aim: '<= 5 ms quiet',
    met: p50 <= 5,
  });
  const ratio = p50 / (flannel?.median ?? Number.NaN);
  const most = count >= 5_000 ? 0.3 : 1;
  tell({
    row: 'one-more',
    what: `the same against flannel, ${count} routes`,
    ours,
    limit:
      flannel === undefined
        ? noFlanneld
        : `flannel ${flanneld?.version} (host-gw, etcd), same host: p50 ${ms(flannel.median)}, max ${ms(flannel.max)}`,
    ratio,
    aim: `<= ${most} x flannel`,
    met: flannel === undefined ? undefined : ratio <= most,
  });
}
