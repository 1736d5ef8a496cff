// What happens to a whole fleet of simulated nodes at once: their controller restarts, or one host has a new address.
import { pause } from '../../proto/process/backoff.js';
import { callUnary } from '../../proto/rpc/channel.js';
import type { ControllerProcess } from '../support/controller-process.js';
import { transactionMs } from './etcd-rate.js';
import { type BenchContext, ms, Wrong } from './figure.js';
import { addressOf, type SimulatedFleet } from './simulated-fleet.js';
import { summaryOf } from './statistics.js';
import { tcpFanoutMs } from './tcp-fanout.js';
import { monotonicMs } from './thin-node.js';
import { tlsHandshakeMs } from './tls-handshakes.js';

/** Place is a controller and its simulated nodes. */
export type Place = { readonly controller: ControllerProcess; readonly fleet: SimulatedFleet };

// The first of the nodes that are only added and moved, and do not run.
const firstMover = 60_000;
const handshakes = 200;
// The aim of a reconnection is for this many nodes.
const aimedAt = 5_000;

// Asks the controller for its status until stopped: the longest time that an answer took.
async function slowestAnswerMs({ admin }: ControllerProcess, stopped: () => boolean): Promise<number> {
  let slowest = 0;
  while (!stopped()) {
    const began = monotonicMs();
    const isAnswered = await callUnary(admin.getStatus.bind(admin), {}, { timeoutMs: 30_000 }).then(
      () => true,
      () => false,
    );
    if (isAnswered) slowest = Math.max(slowest, monotonicMs() - began);
    await pause(100);
  }
  return slowest;
}

/** measureReconnect kills the controller, starts it again, and measures until all nodes have a stream. */
export async function measureReconnect({ log, tell }: BenchContext, { controller, fleet }: Place): Promise<void> {
  const { count } = fleet;
  const handshakeMs = await tlsHandshakeMs(handshakes);
  log(`the controller of ${count} nodes restarts`);
  await controller.kill('SIGKILL');
  const killedAt = monotonicMs();
  await controller.launch();
  await controller.ready();
  const openAt = monotonicMs();
  let isDone = false;
  const slowest = slowestAnswerMs(controller, () => isDone);
  const times = await fleet.reconnected(killedAt).finally(() => {
    isDone = true;
  });
  const tookMs = Math.max(...times) - openAt;
  const limitMs = handshakeMs * count;
  tell({
    row: 'reconnect',
    what: `a controller restarts, until the last of its ${count} nodes is connected again`,
    ours: `${ms(tookMs)} after its port is open; it answered others within ${ms(await slowest)}`,
    limit: `as many bare TLS handshakes in one process, ${ms(handshakeMs)} each: ${ms(limitMs)}; nodes try again within 8 s`,
    ratio: tookMs / limitMs,
    aim: count < aimedAt ? '' : '5,000: < 15 s',
    met: count < aimedAt ? undefined : tookMs < 15_000,
  });
}

/** measureMove changes the address of a host, and measures until all nodes have heard. */
export async function measureMove({ quick, log, tell }: BenchContext, { controller, fleet }: Place): Promise<void> {
  const { count } = fleet;
  log(`a host gets a new address among ${count} nodes`);
  const fanoutMs = await tcpFanoutMs(count, quick ? 3 : 7);
  const commitMs = await transactionMs(200);
  const { admin } = controller;
  const { node } = await controller.addNode(`mover-${count}`, addressOf(firstMover + count));
  if (node === null) throw new Wrong('no node to move');
  const times: number[] = [];
  const rounds = quick ? 3 : 8;
  for (let round = 0; round <= rounds; round += 1) {
    // Waits for the reports of the last change, which the controller spreads over seconds.
    await pause(Math.min(5_000, count * 1.5) + 500);
    const began = monotonicMs();
    const address = addressOf(firstMover + 10_000 + count + round);
    await callUnary(admin.setNode.bind(admin), { node: node.name, address }, { timeoutMs: 30_000 });
    const arrived = await fleet.arrivals(node.subnet, began);
    // The first round is a warm-up.
    if (round > 0) times.push(...arrived.map((at) => at - began));
  }
  const { median, p99, max } = summaryOf(times);
  const limitMs = fanoutMs + commitMs;
  tell({
    row: 'address-change',
    what: `a host has a new address, until ${count} peers have heard`,
    ours: `p50 ${ms(median)}, p99 ${ms(p99)}, max ${ms(max)}; one route in each`,
    limit: `etcd transaction ${ms(commitMs)} + as many bare TCP writes and reads, p99 ${ms(fanoutMs)}`,
    ratio: p99 / limitMs,
    aim: 'p99 <= 150 ms for 1,000, 500 ms for 5,000',
    met: p99 <= (count > 1_000 ? 500 : 150),
  });
}
