// A controller with thousands of simulated nodes: a thousand that join at once, one more that joins later, and the memory
// per node.
import { pause } from '../../proto/process/backoff.js';
import { ControllerProcess } from '../support/controller-process.js';
import { bareSessionKiB } from './bare-sessions.js';
import { transactionMs, transactionRate } from './etcd-rate.js';
import { type BenchContext, type BenchPart, ms, Wrong } from './figure.js';
import { measureMove, measureReconnect, type Place } from './fleet-changes.js';
import { residentKiB, settledKiB, treeKiB } from './process-usage.js';
import { addressOf, type Joined, joinedAtOnce, SimulatedFleet } from './simulated-fleet.js';
import { slopeOf, summaryOf } from './statistics.js';
import { tcpFanoutMs } from './tcp-fanout.js';
import { monotonicMs } from './thin-node.js';

// The first of the nodes that are only added, and do not run.
const firstJoiner = 50_000;

type Aim = { readonly count: number; readonly p99Ms: number };

/** @throws Wrong if a subnet is leased twice, or the controller lists other leases than it has granted */
async function checkLeases(controller: ControllerProcess, granted: readonly string[]): Promise<void> {
  const listed = (await controller.nodes()).map(({ subnet }) => subnet);
  const leased = new Set(listed);
  const twice = [...leased].filter((subnet) => listed.indexOf(subnet) !== listed.lastIndexOf(subnet));
  if (twice.length > 0) throw new Wrong(`leased twice: ${twice.slice(0, 5).join(', ')}`);
  const lost = granted.filter((subnet) => !leased.has(subnet));
  if (lost.length > 0) throw new Wrong(`granted and not leased: ${lost.slice(0, 5).join(', ')}`);
}

async function joinAtOnce({ log }: BenchContext, { controller, fleet }: Place, count: number): Promise<Joined> {
  log(`${count} simulated nodes join ${fleet.count}, at once`);
  const joined = await fleet.join(count);
  const { failed, subnets } = joined;
  await checkLeases(controller, subnets);
  if (failed.length > 0) throw new Wrong(`${failed.length} joins failed: ${failed.slice(0, 3).join('; ')}`);
  return joined;
}

async function measureJoin(context: BenchContext, { controller, fleet }: Place, aim: Aim): Promise<void> {
  const { quick, log, tell } = context;
  const { count } = fleet;
  log(`one node joins ${count} simulated nodes`);
  const fanoutMs = await tcpFanoutMs(count, quick ? 3 : 7);
  const commitMs = await transactionMs(200);
  // Waits for the reports of the last join, which the controller spreads over seconds.
  const quietMs = Math.min(5_000, count * 1.5) + 500;
  const times: number[] = [];
  const rounds = quick ? 3 : 8;
  for (let round = 0; round <= rounds; round += 1) {
    await pause(quietMs);
    const began = monotonicMs();
    const { node } = await controller.addNode(`joiner-${count}-${round}`, addressOf(firstJoiner + count + round));
    const arrived = await fleet.arrivals(node?.subnet ?? '');
    // The first round is a warm-up.
    if (round > 0) times.push(...arrived.map((at) => at - began));
  }
  const { median, p99, max } = summaryOf(times);
  const limitMs = fanoutMs + commitMs;
  tell({
    row: 'join-simulated',
    what: `one node joins ${count} simulated nodes, until they have heard`,
    ours: `p50 ${ms(median)}, p99 ${ms(p99)}, max ${ms(max)}`,
    limit: `etcd transaction ${ms(commitMs)} + as many bare TCP writes and reads, p99 ${ms(fanoutMs)}`,
    ratio: p99 / limitMs,
    aim: `p99 <= ${aim.p99Ms} ms for ${aim.count}`,
    met: p99 <= aim.p99Ms,
  });
}

async function run(context: BenchContext): Promise<void> {
  const { quick, wanted } = context;
  const sizes: readonly Aim[] = [
    { count: quick ? 200 : 1_000, p99Ms: 60 },
    { count: quick ? 500 : 5_000, p99Ms: 300 },
  ];
  const controller = await ControllerProcess.start();
  const fleet = await SimulatedFleet.start([controller]);
  const place: Place = { controller, fleet };
  try {
    await controller.createPool('10.0.0.0/9');
    const settleMs = quick ? 2_000 : 6_000;
    const memory: [number, number][] = [[0, await settledKiB(controller.pid, 2_000, residentKiB)]];
    for (const [index, size] of sizes.entries()) {
      if (index === 0 && wanted.has('storm'))
        await tellStorm(context, size.count, await joinAtOnce(context, place, size.count));
      while (fleet.count < size.count) {
        await joinAtOnce(context, place, Math.min(joinedAtOnce, size.count - fleet.count));
      }
      memory.push([fleet.count, await settledKiB(controller.pid, settleMs, residentKiB)]);
      if (wanted.has('join-simulated')) await measureJoin(context, place, size);
      if (wanted.has('address-change')) await measureMove(context, place);
      if (wanted.has('reconnect')) await measureReconnect(context, place);
    }
    if (wanted.has('controller-memory'))
      await tellMemory(context, { memory, withEtcdKiB: treeKiB(controller.pid) }, settleMs);
  } finally {
    await fleet.close();
    await controller.close();
  }
}

/** Memory is resident KiB by number of nodes. */
type Memory = readonly (readonly [nodes: number, kib: number])[];

async function tellMemory(
  { log, tell }: BenchContext,
  { memory, withEtcdKiB }: { readonly memory: Memory; readonly withEtcdKiB: number },
  settleMs: number,
): Promise<void> {
  log('sessions of a bare server');
  const perNode = slopeOf(memory);
  const counts = memory.flatMap(([count]) => (count === 0 ? [] : [count]));
  const bare = await bareSessionKiB(counts, settleMs);
  const words = (figures: Memory) =>
    figures.map(([count, kib]) => `${(kib / 1024).toFixed(0)} MiB with ${count}`).join(', ');
  tell({
    row: 'controller-memory',
    what: 'memory of the controller per connected node: session, stream, and records',
    ours: `${perNode.toFixed(1)} KiB; resident ${words(memory)}; with its etcd ${(withEtcdKiB / 1024).toFixed(0)} MiB at the end`,
    limit: `a bare node:http2 server with mutual TLS and one open stream per session: ${bare.perSession.toFixed(1)} KiB; resident ${words(bare.memory)}`,
    ratio: perNode / bare.perSession,
    aim: '<= 100 KiB or 1.3 x the bare server',
    met: perNode <= Math.max(100, 1.3 * bare.perSession),
  });
}

async function tellStorm(
  { tell }: BenchContext,
  count: number,
  { seconds, reportedSeconds, bytes }: Joined,
): Promise<void> {
  const rate = await transactionRate(count, 64);
  const limitSeconds = count / rate;
  tell({
    row: 'storm',
    what: `${count} nodes join at once, until each has every route`,
    ours: `${seconds.toFixed(2)} s (all have reported it after ${reportedSeconds.toFixed(2)} s); 0 subnets twice, 0 failed; ${(bytes / 2 ** 20).toFixed(1)} MiB of routes sent`,
    limit: `as many etcd transactions, 64 at once, nothing else: ${limitSeconds.toFixed(2)} s`,
    ratio: seconds / limitSeconds,
    aim: '1,000: <= 6 s, no subnet twice, none failed',
    met: seconds <= 6,
  });
}

/** benchSimulated measures them. */
export const benchSimulated: BenchPart = {
  rows: ['storm', 'join-simulated', 'address-change', 'reconnect', 'controller-memory'],
  run,
};
