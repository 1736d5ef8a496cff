// Hosts with real Docker engines: how quickly one joins, and the quality of the path between two containers, compared with
// networks made by hand and with Docker's own overlay.
import { join as joinPath } from 'node:path';
import type { Container } from '../../deploy/lab/container.js';
import { engineLines, type LabEngine, tryEngine } from '../../deploy/lab/engines.js';
import { Fleet } from '../../deploy/lab/fleet.js';
import type { LabHost } from '../../deploy/lab/host.js';
import { findProgram } from '../../deploy/lab/requirements.js';
import { messageOf } from '../../proto/errors.js';
import { pause } from '../../proto/process/backoff.js';
import { callUnary } from '../../proto/rpc/channel.js';
import { until } from '../support/until.js';
import { changeCost, changeMs } from './change-cost.js';
import { type BenchContext, type BenchPart, CannotMeasure, ms } from './figure.js';
import { connectByHand, connectBySwarm, type HandMade, untilReached } from './hand-made.js';
import { NotifySink } from './notify-sink.js';
import { comparePaths, type PathEnds } from './path.js';
import { median } from './statistics.js';
import { monotonicMs } from './thin-node.js';

type Pair = readonly [Container, Container];

async function anyEngine(log: (line: string) => void): Promise<LabEngine> {
  const problems: string[] = [];
  for (const line of engineLines) {
    const engine = await tryEngine(line, { log });
    if (!('why' in engine)) return engine;
    problems.push(engine.why);
  }
  throw new CannotMeasure(`no Docker engine can be had: ${problems.join('; ')}`);
}

type Join = {
  readonly container: Container;
  readonly totalMs: number;
  readonly addMs: number;
  readonly joinMs: number;
  readonly readyMs: number;
};

// Measures from `xctl nodes add` until a container of the new host has answered one of the first host.
async function join(fleet: Fleet, host: LabHost, from: Container): Promise<Join> {
  await host.loadImage();
  const began = monotonicMs();
  const { token } = await fleet.addNode(host);
  const addMs = monotonicMs() - began;
  await fleet.joinHost(host, token);
  const joinMs = monotonicMs() - began;
  await fleet.startDaemon(host);
  await fleet.untilReady([host]);
  const readyMs = monotonicMs() - began;
  const container = await host.runContainer({ name: 'joined' });
  await untilReached(from, await container.address());
  return { container, totalMs: monotonicMs() - began, addMs, joinMs, readyMs };
}

async function endsOf([from, to]: Pair, network?: string): Promise<PathEnds> {
  return { from: await from.enter(), to: await to.enter(), address: await to.address(network) };
}

function tellJoin({ tell }: BenchContext, joins: readonly Join[], hand: HandMade, engine: LabEngine): void {
  const totalMs = median(joins.map((one) => one.totalMs));
  const addMs = median(joins.map((one) => one.addMs));
  const joinMs = median(joins.map((one) => one.joinMs));
  const readyMs = median(joins.map((one) => one.readyMs));
  tell({
    row: 'docker-join',
    what: `a host with Docker ${engine.line} joins, from xctl nodes add until its container is reached`,
    ours: `${ms(totalMs)}: xctl ${ms(addMs)}, xnetd join ${ms(joinMs - addMs)}, xnetd and Docker ready ${ms(readyMs - joinMs)}, container ${ms(totalMs - readyMs)}`,
    limit: `daemon.json, restart, routes and rules by hand without thinking: ${ms(hand.joinMs)}`,
    ratio: totalMs / hand.joinMs,
    aim: '',
    met: undefined,
  });
}

async function measureTraffic(context: BenchContext, ours: Pair, hand: Pair, overlay: Pair | string): Promise<void> {
  const { quick, log, tell } = context;
  const ends = new Map<'ours' | 'hand' | 'overlay', PathEnds>([
    ['ours', await endsOf(ours)],
    ['hand', await endsOf(hand)],
  ]);
  if (typeof overlay !== 'string') ends.set('overlay', await endsOf(overlay, 'between'));
  log('traffic between containers');
  const qualities = await comparePaths(ends, quick ? { rounds: 1, seconds: 1 } : { rounds: 6, seconds: 2 });
  const quality = (name: 'ours' | 'hand' | 'overlay') =>
    qualities.get(name) ?? { gbitPerSecond: Number.NaN, roundTripMs: Number.NaN };
  const beside = (words: string) => (typeof overlay === 'string' ? `no overlay: ${overlay}` : words);
  const throughput = quality('ours').gbitPerSecond / quality('hand').gbitPerSecond;
  tell({
    row: 'traffic',
    what: 'container to container across hosts, one TCP stream',
    ours: `${quality('ours').gbitPerSecond.toFixed(2)} Gbit/s`,
    limit: `ip route by hand: ${quality('hand').gbitPerSecond.toFixed(2)} Gbit/s; ${beside(`Swarm overlay: ${quality('overlay').gbitPerSecond.toFixed(2)} Gbit/s`)}`,
    ratio: throughput,
    aim: '>= 0.98 of by hand',
    met: throughput >= 0.98,
  });
  const us = (name: 'ours' | 'hand' | 'overlay') => `${(quality(name).roundTripMs * 1000).toFixed(1)} us`;
  const trip = quality('ours').roundTripMs / quality('overlay').roundTripMs;
  tell({
    row: 'traffic',
    what: 'the same, round trip of a ping',
    ours: us('ours'),
    limit: `ip route by hand: ${us('hand')}; ${beside(`Swarm overlay: ${us('overlay')}`)}`,
    ratio: trip,
    aim: "<= 1/4 of the overlay's",
    met: typeof overlay === 'string' ? undefined : trip <= 0.25,
  });
  const pace = quality('hand').roundTripMs / quality('ours').roundTripMs;
  tell({
    row: 'traffic',
    what: 'the same against by hand, as the number of round trips in a time',
    ours: us('ours'),
    limit: `ip route by hand: ${us('hand')}`,
    ratio: pace,
    aim: '>= 0.98 of by hand',
    met: pace >= 0.98,
  });
}

// The daemon as on a real host: with a Docker engine, whose events it follows, and a service manager that it reports to.
async function measureChange({ quick, log, tell }: BenchContext, fleet: Fleet, host: LabHost): Promise<void> {
  log('changes, with Docker and a notification socket');
  const before = fleet.daemons.get(host.name);
  before?.kill('SIGTERM');
  await before?.exited;
  const sink = new NotifySink(joinPath(host.folder, 'run/notify'));
  try {
    const env = { NOTIFY_SOCKET: '/run/notify', WATCHDOG_USEC: '30000000' };
    const daemon = await host.spawn(fleet.daemonCommand(host), { logFile: `${host.logs}/xnetd.log`, env });
    fleet.daemons.set(host.name, daemon);
    await until('it is connected', async () => daemon.output.includes('"msg":"connected"'));
    await fleet.untilReady([host]);
    await pause(5 * changeMs);
    const { admin } = fleet;
    const callOptions = { timeoutMs: 30_000 };
    const rounds = quick ? 3 : 15;
    const { one, quiet } = await changeCost(daemon.pid, rounds, (index) => {
      const node = { name: `extra-${index}`, address: `192.168.83.${200 + index}` };
      return callUnary(admin.addNode.bind(admin), node, callOptions);
    });
    for (let index = 0; index < rounds; index += 1) {
      await callUnary(admin.removeNode.bind(admin), { node: `extra-${index}`, force: true }, callOptions);
    }
    tell({
      row: 'daemon-change',
      what: 'processor time of xnetd for one more node, with Docker and a service manager, all threads and programs',
      ours: `p50 ${ms(one)} in ${ms(changeMs)}`,
      limit: `no change in that time: ${ms(quiet)}`,
      ratio: one / quiet,
      aim: '<= 1 ms more',
      met: one - quiet <= 1,
    });
  } finally {
    sink.close();
  }
}

async function run(context: BenchContext): Promise<void> {
  const { wanted, log } = context;
  if (wanted.has('traffic') && findProgram('iperf3') === undefined) throw new CannotMeasure('iperf3 is missing');
  const engine = await anyEngine(log);
  log(`a lab of 7 hosts with Docker ${engine.version}`);
  const fleet = await Fleet.create({ hosts: 7, engine, mode: 'bip', pool: '10.76.0.0/16' });
  try {
    const [one, two, three, hand1, hand2, swarm1, swarm2] = fleet.lab.hosts;
    if (!one || !two || !three || !hand1 || !hand2 || !swarm1 || !swarm2) throw new Error('no hosts');
    await Promise.all([fleet.startDockerds(), fleet.startControllers()]);
    await fleet.createPool();
    await fleet.join(one);
    await fleet.untilReady([one]);
    const first = await one.runContainer({ name: 'first' });
    if (wanted.has('daemon-change')) await measureChange(context, fleet, one);
    if (!wanted.has('docker-join') && !wanted.has('traffic')) return;
    log('hosts join');
    const second = await join(fleet, two, first);
    const third = await join(fleet, three, first);
    log('two hosts are connected by hand');
    const hand = await connectByHand(hand1, hand2);
    tellJoin(context, [second, third], hand, engine);
    if (!wanted.has('traffic')) return;
    log('two hosts are connected by a swarm');
    const overlay = await connectBySwarm(swarm1, swarm2).catch((error: unknown) => messageOf(error));
    await measureTraffic(context, [first, second.container], hand.containers, overlay);
  } finally {
    await fleet.close();
  }
}

/** benchDocker measures them. */
export const benchDocker: BenchPart = { rows: ['docker-join', 'traffic', 'daemon-change'], run };
