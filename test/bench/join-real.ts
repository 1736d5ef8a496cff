// One node joins a fleet of real daemons: until the last of N kernels has its route. BIRD beside it, in the same lab.
import { Fleet } from '../../deploy/lab/fleet.js';
import { pause } from '../../proto/process/backoff.js';
import { BirdRouters } from './bird-routers.js';
import { KernelWatch } from './kernel-watch.js';
import { summaryOf } from './statistics.js';
import { WallClock } from './wall-clock.js';
import { XnetRouters } from './xnet-routers.js';

const n = Number(process.argv[2] ?? 10);
const rounds = Number(process.argv[3] ?? 10);
const withBird = process.argv[4] === 'bird';
const fleet = await Fleet.create({ hosts: n, mode: 'bip', pool: '10.76.0.0/16' });
const watch = await KernelWatch.start(fleet.lab.hosts.map((h) => h.namespace.name));
function show(label: string, times: number[], more: string) {
  const { count, min, median, max } = summaryOf(times);
  console.log(label, 'count', count, 'min', min.toFixed(1), 'p50', median.toFixed(1), 'max', max.toFixed(1), more);
}
try {
  if (withBird) {
    const bird = await BirdRouters.start(fleet.lab, '10.99.1.0/24');
    await pause(2000);
    for (let round = 0; round < rounds; round++) {
      watch.look();
      const clock = WallClock.set();
      const began = clock.at(performance.now());
      bird.announce();
      await pause(1000);
      const { sightings, cpuMs } = watch.look();
      show(
        'bird',
        sightings.filter((s) => s.destination === '10.99.1.0/24' && !s.removed).map((s) => s.at - began),
        `observer ${cpuMs.toFixed(1)}`,
      );
      bird.withdraw();
      await pause(1000);
    }
    await bird.close();
  }
  const routers = await XnetRouters.start(fleet);
  console.error('routers up', performance.now());
  await pause(8000);
  for (let round = 0; round < rounds; round++) {
    watch.look();
    const clock = WallClock.set();
    const began = clock.at(performance.now());
    const { subnet, tookMs } = await routers.add(`added-${round}`, '192.168.83.252');
    await pause(1500);
    const { sightings, cpuMs } = watch.look();
    console.log(
      sightings
        .filter((s) => s.destination === subnet && !s.removed)
        .map((s) => Math.round(s.at - began))
        .sort((a, b) => a - b)
        .join(' '),
    );
    show(
      subnet,
      sightings.filter((s) => s.destination === subnet && !s.removed).map((s) => s.at - began),
      `rpc ${tookMs.toFixed(1)} observer ${cpuMs.toFixed(1)}`,
    );
    await routers.remove(`added-${round}`);
    await pause(1500);
  }
  await routers.close();
} finally {
  await watch.close();
  await fleet.close();
}
