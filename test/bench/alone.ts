// One daemon with a large table, alone on its machine, whose peers only exist in the store: cold start, restart, memory, a
// deleted route, and a link that goes and comes back. flanneld, if one was given, does the same on the same host before.
import { formatPrefix } from '../../proto/domain/address.js';
import { pause } from '../../proto/process/backoff.js';
import { FlannelSubject } from './alone-flannel.js';
import { atPlace, type Place, type Subject } from './alone-subject.js';
import { XnetSubject } from './alone-xnet.js';
import { type BenchContext, type BenchPart, ms, type RowName, Wrong } from './figure.js';
import { noFlanneld } from './flanneld.js';
import { lastRouted } from './from-nothing.js';
import { settledKiB } from './process-usage.js';
import { median } from './statistics.js';
import { untilQuiet } from './until-quiet.js';
import { WallClock } from './wall-clock.js';

const patienceMs = 600_000;
const lookEveryMs = 200;
const downMs = 500;
// All subnets.
const begins = '10.';
// flanneld compares its routes with the kernel's every 10 s. A round that began as soon as the one before it has ended would
// always begin just after such a comparison.
const checkEveryMs = 10_000;

/** Alone is what one daemon with one size of table gives: milliseconds, and KiB. */
type Alone = {
  readonly coldMs: number;
  readonly coldCpuMs: number;
  readonly restartMs: number;
  readonly restartCpuMs: number;
  readonly residentKiB: number;
  readonly deletedMs: readonly number[];
  readonly linkMs: readonly number[];
};

/** Rounds are how often a route is deleted, and how often the link goes down. */
type Rounds = { readonly deleted: number; readonly link: number };

// Any moment between two comparisons.
function anyMoment(): Promise<void> {
  return pause(Math.random() * checkEveryMs);
}

// The time from the start of the daemon until the kernel has all routes, in milliseconds.
async function coldMs({ watch }: Place, subject: Subject, size: number): Promise<number> {
  watch.look();
  const clock = WallClock.set();
  const began = clock.at(performance.now());
  await subject.start();
  return (await lastRouted(watch, 1, size, begins)) - began;
}

// The time from the link's return until the kernel has all routes, in milliseconds. xnetd's first routes are there before
// the program that sets the link up has ended, so the time begins with the route to the LAN, which the kernel makes itself.
async function linkMs({ fleet, host, watch }: Place, size: number): Promise<number> {
  const { lan, router } = fleet.lab.plan;
  watch.look();
  host.namespace.ipBatch(['link set eth0 down']);
  await pause(downMs);
  // The default route is gone with the link, and on a real host other programs put it back.
  host.namespace.ipBatch(['link set eth0 up', `route replace default via ${router} dev eth0`]);
  let upAt = Number.NaN;
  const look = () => {
    const seen = watch.look();
    for (const { at, destination, removed } of seen.sightings) {
      if (destination === formatPrefix(lan) && !removed) upAt = at;
    }
    return seen;
  };
  const last = await lastRouted({ look }, 1, size, begins);
  return last - upAt;
}

async function deletedMs({ host, watch }: Place, subject: Subject, rounds: number): Promise<readonly number[]> {
  const routes = await subject.routes();
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const destination = routes[Math.floor(((round + 0.5) * routes.length) / rounds)] ?? '';
    await anyMoment();
    watch.look();
    host.namespace.runSync(['ip', 'route', 'delete', destination]);
    let removedAt: number | undefined;
    let back: number | undefined;
    for (let waited = 0; back === undefined; waited += lookEveryMs) {
      if (waited > patienceMs) throw new Wrong(`${subject.name}: ${destination} was deleted and did not come back`);
      await pause(lookEveryMs);
      for (const seen of watch.look().sightings.filter((sighting) => sighting.destination === destination)) {
        if (seen.removed) removedAt ??= seen.at;
        else if (removedAt !== undefined) back ??= seen.at - removedAt;
      }
    }
    times.push(back);
  }
  return times;
}

async function measure(place: Place, subject: Subject, size: number, rounds: Rounds): Promise<Alone> {
  await subject.forget();
  await subject.peers(size);
  const cold = await coldMs(place, subject, size);
  const { cpuMs: coldCpuMs } = await untilQuiet(subject);
  const residentKiB = await settledKiB(subject.pid, 3_000);
  const deleted = await deletedMs(place, subject, rounds.deleted);
  await subject.kill();
  const began = performance.now();
  await subject.start();
  const quiet = await untilQuiet(subject);
  const link: number[] = [];
  for (let round = 0; round < rounds.link; round += 1) {
    await anyMoment();
    link.push(await linkMs(place, size));
    await untilQuiet(subject);
  }
  return {
    coldMs: cold,
    coldCpuMs,
    restartMs: quiet.at - began,
    restartCpuMs: quiet.cpuMs,
    residentKiB,
    deletedMs: deleted,
    linkMs: link,
  };
}

type Told = {
  readonly row: RowName;
  readonly what: string;
  readonly text: (of: Alone) => string;
  readonly figure: (of: Alone) => number;
};

function rowsFor(size: number): readonly Told[] {
  const spread = (times: readonly number[]) => `p50 ${ms(median(times))}, max ${ms(Math.max(...times))}`;
  return [
    {
      row: 'cold-start',
      what: `one daemon starts with nothing in its kernel, until that has all of ${size} routes`,
      text: ({ coldMs: time, coldCpuMs }) => `${ms(time)}, ${ms(coldCpuMs)} of processor time until it is quiet`,
      figure: ({ coldMs: time }) => time,
    },
    {
      row: 'restart-one',
      what: `killed and started again with ${size} routes in place, until it is quiet`,
      text: ({ restartMs, restartCpuMs }) => `${ms(restartMs)}, ${ms(restartCpuMs)} of processor time`,
      figure: ({ restartMs }) => restartMs,
    },
    {
      row: 'resident',
      what: `resident memory with ${size} routes, started with them`,
      text: ({ residentKiB }) => `${(residentKiB / 1024).toFixed(0)} MiB`,
      figure: ({ residentKiB }) => residentKiB,
    },
    {
      row: 'deleted-route',
      what: `one of ${size} routes deleted by hand, until it is back`,
      text: ({ deletedMs: times }) => spread(times),
      figure: ({ deletedMs: times }) => median(times),
    },
    {
      row: 'link',
      what: `the interface goes down and up, until the kernel has all of ${size} routes again`,
      text: ({ linkMs: times }) => `${spread(times)} after it is up`,
      figure: ({ linkMs: times }) => median(times),
    },
  ];
}

async function run({ quick, flanneld, wanted, log, tell }: BenchContext): Promise<void> {
  const sizes = quick ? [100, 500] : [1_000, 5_000];
  const rounds = quick ? { deleted: 3, link: 2 } : { deleted: 8, link: 4 };
  await atPlace(async (place) => {
    const measureAll = async (subject: Subject) => {
      const found = new Map<number, Alone>();
      try {
        for (const size of sizes) {
          log(`${subject.name} alone with ${size} routes`);
          found.set(size, await measure(place, subject, size, rounds));
        }
      } finally {
        await subject.close();
      }
      return found;
    };
    const theirs = flanneld && (await measureAll(await FlannelSubject.start(place, flanneld)));
    const ours = await measureAll(await XnetSubject.start(place));
    for (const size of sizes) {
      for (const { row, what, text, figure } of rowsFor(size)) {
        if (!wanted.has(row)) continue;
        const [own, other] = [ours.get(size), theirs?.get(size)];
        if (own === undefined) continue;
        const ratio = other === undefined ? Number.NaN : figure(own) / figure(other);
        const isMemory = row === 'resident';
        tell({
          row,
          what,
          ours: text(own),
          limit:
            other === undefined
              ? noFlanneld
              : `flannel ${flanneld?.version} (host-gw, etcd), same host: ${text(other)}`,
          ratio,
          aim: isMemory ? '' : '<= 1 x flannel',
          met: other === undefined || isMemory ? undefined : ratio <= 1,
        });
      }
    }
  });
}

/** benchAlone compares one daemon with one flanneld. */
export const benchAlone: BenchPart = {
  rows: ['cold-start', 'restart-one', 'resident', 'deleted-route', 'link'],
  run,
};
