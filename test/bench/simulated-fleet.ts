// Thousands of simulated nodes in a few processes of their own: watch streams, each on its own connection, no kernel.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { formatIpv4, ipv4FromNumber } from '../../proto/domain/address.js';
import { pause } from '../../proto/process/backoff.js';
import type { ControllerProcess } from '../support/controller-process.js';
import { Wrong } from './figure.js';
import type { Answers, Asked, Cluster, Newcomer } from './simulated-process.js';
import { monotonicMs } from './thin-node.js';

const program = fileURLToPath(new URL('./simulated-process.js', import.meta.url));
// Addresses from 10.128.0.1 on, outside the pools of the benchmark.
const firstAddress = 0x0a800001;
const patienceMs = 60_000;

/** joinedAtOnce is how many nodes join at once where that is not measured. */
export const joinedAtOnce = 200;

type AskedOf<Kind extends Asked['ask']> = Extract<Asked, { readonly ask: Kind }>;

/** Joined is the result of nodes that joined at once. */
export type Joined = {
  readonly failed: readonly string[];
  readonly subnets: readonly string[];
  /** From the first call until the last node has every route; seconds. */
  readonly seconds: number;
  /** Until the last node has reported that, after the delay that the controller requested; seconds. */
  readonly reportedSeconds: number;
  /** Bytes received on all their streams so far. */
  readonly bytes: number;
};

/** addressOf returns the address of the `index`-th simulated node. */
export function addressOf(index: number): string {
  return formatIpv4(ipv4FromNumber(firstAddress + index));
}

/** SimulatedFleet holds such nodes. Close it. */
export class SimulatedFleet {
  readonly #children: readonly ChildProcess[];
  readonly #cluster: Cluster;
  #count = 0;

  private constructor(children: readonly ChildProcess[], cluster: Cluster) {
    this.#children = children;
    this.#cluster = cluster;
  }

  /** start starts the processes, without nodes. All nodes join through the first controller, and connect to it first. */
  static async start(controllers: readonly ControllerProcess[], processes = 2): Promise<SimulatedFleet> {
    const [first] = controllers;
    if (first === undefined) throw new Error('no controller');
    const cluster: Cluster = {
      endpoints: controllers.map(({ endpoint }) => endpoint),
      joinAt: first.joinEndpoint,
      trust: await first.trust(),
      operator: await first.credentialsFor('operator'),
    };
    return SimulatedFleet.startIn(cluster, processes);
  }

  /** startIn is start for a cluster that is not made of ControllerProcess. */
  static async startIn(cluster: Cluster, processes = 2): Promise<SimulatedFleet> {
    const children = Array.from({ length: processes }, () =>
      fork(program, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }),
    );
    const fleet = new SimulatedFleet(children, cluster);
    await fleet.#ask({ ask: 'arrivals', subnet: '' });
    return fleet;
  }

  get count(): number {
    return this.#count;
  }

  #askOne<Kind extends Asked['ask']>(child: ChildProcess, asked: AskedOf<Kind>): Promise<Answers[Kind]> {
    return new Promise((resolve, reject) => {
      const ended = () => reject(new Error('a process of simulated nodes has ended'));
      child.once('exit', ended);
      child.once('message', (said: { readonly answered?: Answers[Kind]; readonly problem?: string }) => {
        child.off('exit', ended);
        if (said.answered === undefined) reject(new Error(said.problem));
        else resolve(said.answered);
      });
      child.send(asked);
    });
  }

  #ask<Kind extends Asked['ask']>(asked: AskedOf<Kind>): Promise<readonly Answers[Kind][]> {
    return Promise.all(this.#children.map((child) => this.#askOne<Kind>(child, asked)));
  }

  /**
   * join adds `count` more nodes at once, joins each with its token, and waits until each has reported that it has every
   * route.
   */
  async join(count: number): Promise<Joined> {
    const newcomers: Newcomer[] = Array.from({ length: count }, (_, index) => {
      const number = this.#count + index;
      return { name: `s-${number}`, address: addressOf(number) };
    });
    this.#count += count;
    const { length } = this.#children;
    await this.#ask<'keys'>({ ask: 'keys', count: Math.ceil(count / length) });
    const began = monotonicMs();
    const joined = await Promise.all(
      this.#children.map((child, index) => {
        const nodes = newcomers.filter((_, at) => at % length === index);
        return this.#askOne<'join'>(child, { ask: 'join', cluster: this.#cluster, nodes });
      }),
    );
    const revision = Math.max(...joined.map((one) => one.revision));
    const reported = await this.#ask<'reported'>({ ask: 'reported', revision });
    const missing = reported.flatMap((one) => one.missing);
    const broken = reported.reduce((sum, { discontinuities }) => sum + discontinuities, 0);
    if (broken > 0) throw new Wrong(`${broken} changes did not continue what a node had`);
    return {
      failed: [...joined.flatMap(({ failed }) => failed), ...missing],
      subnets: joined.flatMap(({ subnets }) => subnets),
      seconds: (Math.max(...reported.map(({ learntAtMs }) => learntAtMs)) - began) / 1000,
      reportedSeconds: (Math.max(...reported.map(({ atMs }) => atMs)) - began) / 1000,
      bytes: reported.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }

  /**
   * arrivals waits until all nodes have received a route after `sinceMs`, and returns the time of each, as monotonicMs.
   * @throws Wrong if they have not within a minute
   */
  async arrivals(subnet: string, sinceMs = 0): Promise<readonly number[]> {
    for (const deadline = performance.now() + patienceMs; ; ) {
      await pause(500);
      const times = (await this.#ask<'arrivals'>({ ask: 'arrivals', subnet }))
        .flatMap((one) => one.times)
        .filter((at) => at > sinceMs);
      if (times.length >= this.#count) return times;
      if (performance.now() > deadline) throw new Wrong(`${subnet} came to ${times.length} of ${this.#count} nodes`);
    }
  }

  /**
   * reconnected waits until all nodes have a stream that began after `sinceMs`, and returns the beginning of each.
   * @throws Wrong if they have not within three minutes
   */
  async reconnected(sinceMs: number): Promise<readonly number[]> {
    const answers = await this.#ask<'reconnected'>({ ask: 'reconnected', sinceMs });
    const missing = answers.flatMap((one) => one.missing);
    if (missing.length > 0) throw new Wrong(`nodes did not come back: ${missing.join('; ')}`);
    return answers.flatMap(({ times }) => times);
  }

  /** close ends the processes. */
  async close(): Promise<void> {
    await Promise.all(
      this.#children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const gone = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGKILL');
        await gone;
      }),
    );
  }
}
