// One node joins a fleet of real daemons: the time until the last of N kernels has its route. BIRD runs in the same lab, and
// flannel if one was given.
import { Fleet } from '../../deploy/lab/fleet.js';
import { findProgram } from '../../deploy/lab/requirements.js';
import { pause } from '../../proto/process/backoff.js';
import { BareRouters } from './bare-routers.js';
import { BirdRouters } from './bird-routers.js';
import { transactionMs } from './etcd-rate.js';
import { type BenchContext, type BenchPart, CannotMeasure, ms, Wrong } from './figure.js';
import { FlannelRouters } from './flannel-routers.js';
import { type Flanneld, noFlanneld } from './flanneld.js';
import { KernelWatch } from './kernel-watch.js';
import { type Summary, summaryOf } from './statistics.js';
import { WallClock } from './wall-clock.js';
import { XnetRouters } from './xnet-routers.js';

const birdSubnet = '10.99.1.0/24';
// flanneld leases the lowest 100 that are free, in any order.
const flannelSubnet = '10.97.250.0/24';
// The address of a machine that does not exist, so that no program on it disturbs the measurement.
const joinerAddress = '192.168.83.252';
// By then, the work after a route's arrival in the kernel (firewall, cache, reports) is done.
const settleMs = 700;

type Spread = {
  /** From the beginning until the last kernel has it, for each round. */
  readonly last: Summary;
  /** From the beginning until each kernel has it, over all rounds. */
  readonly each: Summary;
};

type Rounds = { readonly watch: KernelWatch; readonly count: number; readonly rounds: number };

/**
 * measure repeatedly announces a destination and waits for its arrival.
 * @param start announces a destination and returns it
 * @throws Wrong if it does not reach every kernel
 */
async function measure(
  { watch, count, rounds }: Rounds,
  start: (round: number) => Promise<string>,
  undo: (round: number) => Promise<void>,
): Promise<Spread> {
  const last: number[] = [];
  const each: number[] = [];
  // The first round is a warm-up and does not count.
  for (let round = 0; round <= rounds; round += 1) {
    await pause(settleMs);
    watch.look();
    const clock = WallClock.set();
    const began = clock.at(performance.now());
    const destination = await start(round);
    const { at } = await watch.arrivals(destination, count);
    if (at.length < count)
      throw new Wrong(`the route to ${destination} came to ${at.length} of ${count} kernels in 10 s`);
    const times = at.map((moment) => moment - began);
    if (round > 0) {
      each.push(...times);
      last.push(Math.max(...times));
    }
    await pause(settleMs);
    await undo(round);
  }
  return { last: summaryOf(last), each: summaryOf(each) };
}

async function measureBird(fleet: Fleet, rounds: Rounds): Promise<Spread> {
  const bird = await BirdRouters.start(fleet.lab, fleet.lab.hosts.slice(0, rounds.count), birdSubnet);
  try {
    // The announcing router itself needs no route.
    return await measure(
      { ...rounds, count: rounds.count - 1 },
      async () => {
        bird.announce();
        return birdSubnet;
      },
      async () => bird.withdraw(),
    );
  } finally {
    await bird.close();
  }
}

/** Costed is a measurement with the processor time of one process per change. */
type Costed = Spread & { readonly cpuMs: number };

// A change is a route that comes or goes; a round, the first included, has both.
function perChange(cpuMs: number, { rounds, count }: Rounds): number {
  return cpuMs / (2 * (rounds + 1) * count);
}

async function measureBare(fleet: Fleet, rounds: Rounds): Promise<Costed> {
  const bare = await BareRouters.start(fleet.lab, fleet.lab.hosts.slice(0, rounds.count));
  // A new subnet each time: the last withdrawal may not have reached every kernel when the processes end.
  const bareSubnet = `10.98.${rounds.count}.0/24`;
  try {
    const before = bare.cpuMs();
    const spread = await measure(
      rounds,
      async () => {
        bare.announce(bareSubnet);
        return bareSubnet;
      },
      async () => bare.withdraw(bareSubnet),
    );
    return { ...spread, cpuMs: perChange(bare.cpuMs() - before, rounds) };
  } finally {
    await bare.close();
  }
}

// The address of a machine that does not exist, as for xnet.
async function measureFlannel(fleet: Fleet, flanneld: Flanneld, rounds: Rounds): Promise<Costed> {
  const flannel = await FlannelRouters.start(fleet.lab, flanneld);
  try {
    await flannel.grow(fleet.lab.hosts.slice(0, rounds.count));
    await pause(5 * settleMs);
    const before = flannel.cpuMs();
    const spread = await measure(
      rounds,
      async () => {
        await flannel.etcd.add(flannelSubnet, joinerAddress);
        return flannelSubnet;
      },
      () => flannel.etcd.remove(flannelSubnet),
    );
    return { ...spread, cpuMs: perChange(flannel.cpuMs() - before, rounds) };
  } finally {
    await flannel.close();
  }
}

function words({ last, each }: Spread): string {
  return `last p50 ${ms(last.median)}, max ${ms(last.max)}; each p50 ${ms(each.median)}, p99 ${ms(each.p99)}`;
}

type Duel = {
  readonly count: number;
  readonly flanneld: Flanneld | undefined;
  readonly ours: Costed;
  readonly theirs: Costed | undefined;
};

function tellFlannel(tell: BenchContext['tell'], { count, flanneld, ours, theirs }: Duel): void {
  const name = `flannel ${flanneld?.version ?? ''} (host-gw, etcd), same lab`;
  const time = ours.last.median / (theirs?.last.median ?? Number.NaN);
  tell({
    row: 'join',
    what: `the same against flannel: the last of ${count}`,
    ours: words(ours),
    limit: theirs === undefined ? noFlanneld : `${name}: ${words(theirs)}`,
    ratio: time,
    aim: '<= 1 x flannel',
    met: theirs === undefined ? undefined : time <= 1,
  });
  if (theirs === undefined) return;
  const cpu = ours.cpuMs / theirs.cpuMs;
  tell({
    row: 'join',
    what: `processor time per daemon and change, ${count} daemons, with the programs that they run`,
    ours: ms(ours.cpuMs),
    limit: `${name}: ${ms(theirs.cpuMs)}, with its look at iptables every 5 s`,
    ratio: cpu,
    aim: '<= 1 x flannel',
    met: cpu <= 1,
  });
}

async function run({ quick, flanneld, log, tell }: BenchContext): Promise<void> {
  if (findProgram('bird') === undefined) throw new CannotMeasure('bird is missing: install the package bird2');
  const sizes = quick ? [10, 20] : [10, 50, 100];
  const rounds = quick ? 4 : 10;
  const commitMs = await transactionMs(200);
  const hosts = sizes.at(-1) ?? 0;
  log(`a lab of ${hosts} hosts`);
  const fleet = await Fleet.create({ hosts, mode: 'bip', pool: '10.76.0.0/16' });
  const watch = await KernelWatch.start(fleet.lab.hosts.map(({ namespace }) => namespace.name));
  try {
    const birds = new Map<number, Spread>();
    const flannels = new Map<number, Costed>();
    const bares = new Map<number, Costed>();
    for (const count of sizes) {
      log(`BIRD, ${count} routers`);
      birds.set(count, await measureBird(fleet, { watch, count, rounds }));
      if (flanneld !== undefined) {
        log(`flannel ${flanneld.version}, ${count} daemons`);
        flannels.set(count, await measureFlannel(fleet, flanneld, { watch, count, rounds }));
      }
      log(`${count} bare processes`);
      bares.set(count, await measureBare(fleet, { watch, count, rounds: Math.min(rounds, 5) }));
    }
    const routers = await XnetRouters.start(fleet);
    for (const [index, count] of sizes.entries()) {
      log(`xnet, ${count} daemons`);
      await routers.grow(fleet.lab.hosts.slice(sizes[index - 1] ?? 0, count));
      await pause(5 * settleMs);
      const cpuBefore = routers.cpuMs();
      const ours = await measure(
        { watch, count, rounds },
        async (round) => (await routers.add(`joiner-${count}-${round}`, joinerAddress)).subnet,
        (round) => routers.remove(`joiner-${count}-${round}`),
      );
      const cpuMs = perChange(routers.cpuMs() - cpuBefore, { watch, count, rounds });
      const bird = birds.get(count);
      const bare = bares.get(count);
      const ratio = ours.last.median / (bird?.last.median ?? Number.NaN);
      tell({
        row: 'join',
        what: `one node joins, until the last of ${count} real daemons has its route in its kernel`,
        ours: `${words(ours)}; ${cpuMs.toFixed(2)} ms of processor per daemon and change`,
        limit: `BIRD 2, iBGP, same lab: ${bird === undefined ? '' : words(bird)}; etcd transaction ${ms(commitMs)}`,
        ratio,
        aim: 'level with BIRD',
        met: ratio <= 1,
      });
      tellFlannel(tell, { count, flanneld, ours: { ...ours, cpuMs }, theirs: flannels.get(count) });
      if (bare !== undefined) {
        tell({
          row: 'join',
          what: `the same against the runtime's floor: ${count} bare Node.js processes that read a line and write a route`,
          ours: `last p50 ${ms(ours.last.median)}, ${cpuMs.toFixed(2)} ms of processor per daemon and change`,
          limit: `${words(bare)}; ${bare.cpuMs.toFixed(2)} ms of processor per process and change`,
          ratio: ours.last.median / bare.last.median,
          aim: '',
          met: undefined,
        });
      }
    }
    await routers.close();
  } finally {
    await watch.close();
    await fleet.close();
  }
}

/** benchJoin measures how quickly the route to a new node reaches all others. */
export const benchJoin: BenchPart = { rows: ['join'], run };
