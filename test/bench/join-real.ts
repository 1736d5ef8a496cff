// One node joins a fleet of real daemons: the time until the last of N kernels has its route. BIRD runs in the same lab, and
// flannel if one was given.
// Invariant: xnet and flannel are measured by turns, so that both have the same machine. Whichever is not measured is stopped.
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
// A turn takes about 8 s. The server pings each daemon every 20 s, whatever else it sends, and ends a connection that has not
// answered within 10 s: a daemon may not be stopped for longer.
const roundsPerTurn = 2;
const longestTurnMs = 10_000;

type Spread = {
  /** From the beginning until the last kernel has it, for each round. */
  readonly last: Summary;
  /** From the beginning until each kernel has it, over all rounds. */
  readonly each: Summary;
};

/** Times are those of a Spread, one by one. */
type Times = { readonly last: readonly number[]; readonly each: readonly number[] };

function spreadOf(times: readonly Times[]): Spread {
  return { last: summaryOf(times.flatMap(({ last }) => last)), each: summaryOf(times.flatMap(({ each }) => each)) };
}

type Rounds = { readonly watch: KernelWatch; readonly count: number; readonly rounds: number };

/**
 * measure repeatedly announces a destination and waits for its arrival. When it returns, the work after the last undo is
 * done as well.
 * @param start announces a destination and returns it
 * @throws Wrong if it does not reach every kernel
 */
async function measure(
  { watch, count, rounds }: Rounds,
  start: (round: number) => Promise<string>,
  undo: (round: number) => Promise<void>,
): Promise<Times> {
  const last: number[] = [];
  const each: number[] = [];
  // The first round is a warm-up and does not count.
  for (let round = 0; round <= rounds; round += 1) {
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
    await pause(settleMs);
  }
  return { last, each };
}

async function measureBird(fleet: Fleet, rounds: Rounds): Promise<Spread> {
  const bird = await BirdRouters.start(fleet.lab, fleet.lab.hosts.slice(0, rounds.count), birdSubnet);
  try {
    await pause(settleMs);
    // The announcing router itself needs no route.
    const times = await measure(
      { ...rounds, count: rounds.count - 1 },
      async () => {
        bird.announce();
        return birdSubnet;
      },
      async () => bird.withdraw(),
    );
    return spreadOf([times]);
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
    await pause(settleMs);
    const before = bare.cpuMs();
    const times = await measure(
      rounds,
      async () => {
        bare.announce(bareSubnet);
        return bareSubnet;
      },
      async () => bare.withdraw(bareSubnet),
    );
    return { ...spreadOf([times]), cpuMs: perChange(bare.cpuMs() - before, rounds) };
  } finally {
    await bare.close();
  }
}

/** Side is one of the fleets that are compared. */
type Side = {
  readonly add: (round: number) => Promise<string>;
  readonly remove: (round: number) => Promise<void>;
  /** Of its daemons, in milliseconds. */
  readonly cpuMs: () => number;
  readonly signal: (name: 'SIGSTOP' | 'SIGCONT') => void;
};

function flannelSide(flannel: FlannelRouters): Side {
  return {
    // The address of a machine that does not exist, as for xnet.
    add: async () => {
      await flannel.etcd.add(flannelSubnet, joinerAddress);
      return flannelSubnet;
    },
    remove: () => flannel.etcd.remove(flannelSubnet),
    cpuMs: () => flannel.cpuMs(),
    signal: (name) => flannel.signal(name),
  };
}

function xnetSide(routers: XnetRouters, { count }: Rounds): Side {
  const nameOf = (round: number) => `joiner-${count}-${round}`;
  return {
    add: async (round) => (await routers.add(nameOf(round), joinerAddress)).subnet,
    remove: (round) => routers.remove(nameOf(round)),
    cpuMs: () => routers.cpuMs(),
    signal: (name) => {
      for (const daemon of routers.fleet.daemons.values()) daemon.kill(name);
    },
  };
}

/** byTurns measures each side in several turns, while the others are stopped. */
async function byTurns(sides: readonly Side[], rounds: Rounds, log: BenchContext['log']): Promise<readonly Costed[]> {
  const found = sides.map(() => ({ times: [] as Times[], cpuMs: 0 }));
  const each = { ...rounds, rounds: roundsPerTurn };
  const turns = Math.ceil(rounds.rounds / roundsPerTurn);
  for (const side of sides) side.signal('SIGSTOP');
  try {
    for (let turn = 0; turn < turns; turn += 1) {
      for (const [index, side] of sides.entries()) {
        const began = performance.now();
        side.signal('SIGCONT');
        await pause(3 * settleMs);
        const before = side.cpuMs();
        const times = await measure(
          each,
          (round) => side.add(turn * (each.rounds + 1) + round),
          (round) => side.remove(turn * (each.rounds + 1) + round),
        );
        const own = found[index];
        own?.times.push(times);
        if (own !== undefined) own.cpuMs += perChange(side.cpuMs() - before, each) / turns;
        side.signal('SIGSTOP');
        const tookMs = performance.now() - began;
        if (tookMs > longestTurnMs)
          log(`a turn took ${ms(tookMs)}: daemons that were stopped may have lost their connection`);
      }
    }
  } finally {
    for (const side of sides) side.signal('SIGCONT');
  }
  return found.map(({ times, cpuMs }) => ({ ...spreadOf(times), cpuMs }));
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
  let flannel: FlannelRouters | undefined;
  try {
    const birds = new Map<number, Spread>();
    const bares = new Map<number, Costed>();
    for (const count of sizes) {
      log(`BIRD, ${count} routers`);
      birds.set(count, await measureBird(fleet, { watch, count, rounds }));
      log(`${count} bare processes`);
      bares.set(count, await measureBare(fleet, { watch, count, rounds: Math.min(rounds, 5) }));
    }
    const routers = await XnetRouters.start(fleet);
    flannel = flanneld && (await FlannelRouters.start(fleet.lab, flanneld));
    for (const [index, count] of sizes.entries()) {
      const more = fleet.lab.hosts.slice(sizes[index - 1] ?? 0, count);
      log(`${count} daemons of each kind`);
      await routers.grow(more);
      await flannel?.grow(more);
      log(`by turns: xnet${flanneld === undefined ? '' : `, flannel ${flanneld.version}`}`);
      const sides = [
        xnetSide(routers, { watch, count, rounds }),
        ...(flannel === undefined ? [] : [flannelSide(flannel)]),
      ];
      const [ours, theirs] = await byTurns(sides, { watch, count, rounds }, log);
      if (ours === undefined) throw new Error('nothing was measured');
      await routers.untilRouted();
      const bird = birds.get(count);
      const bare = bares.get(count);
      const ratio = ours.last.median / (bird?.last.median ?? Number.NaN);
      tell({
        row: 'join',
        what: `one node joins, until the last of ${count} real daemons has its route in its kernel`,
        ours: `${words(ours)}; ${ours.cpuMs.toFixed(2)} ms of processor per daemon and change`,
        limit: `BIRD 2, iBGP, same lab: ${bird === undefined ? '' : words(bird)}; etcd transaction ${ms(commitMs)}`,
        ratio,
        aim: 'level with BIRD',
        met: ratio <= 1,
      });
      tellFlannel(tell, { count, flanneld, ours, theirs });
      if (bare !== undefined) {
        tell({
          row: 'join',
          what: `the same against the runtime's floor: ${count} bare Node.js processes that read a line and write a route`,
          ours: `last p50 ${ms(ours.last.median)}, ${ours.cpuMs.toFixed(2)} ms of processor per daemon and change`,
          limit: `${words(bare)}; ${bare.cpuMs.toFixed(2)} ms of processor per process and change`,
          ratio: ours.last.median / bare.last.median,
          aim: '',
          met: undefined,
        });
      }
    }
    await routers.close();
  } finally {
    await flannel?.close();
    await watch.close();
    await fleet.close();
  }
}

/** benchJoin measures how quickly the route to a new node reaches all others. */
export const benchJoin: BenchPart = { rows: ['join'], run };
