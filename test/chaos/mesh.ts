// The probe mesh: from every container to every other one, an echo request each 200 ms, and when the answers came.
// Invariant: a flow counts from its first answer on; what was in transit when it was stopped does not count.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { ChaosContainer } from './container.js';

const intervalSeconds = 0.2;

/** Answer is an answered request: its number, and when the answer came, in milliseconds since 1970. */
export type Answer = { readonly sequence: number; readonly ms: number };

/** Flow is the requests from one container to another; `from` and `to` are their hosts. */
export type Flow = {
  readonly from: string;
  readonly to: string;
  readonly startMs: number;
  endMs: number | undefined;
  readonly answers: Answer[];
};

/** Loss is requests of one flow in sequence that were not answered, between two that were. */
export type Loss = {
  readonly from: string;
  readonly to: string;
  readonly lost: number;
  /** The last answer before, and the first one after. */
  readonly beginMs: number;
  readonly endMs: number;
};

/** MeshPlace is a container that takes part in a mesh: its host, its address, and how programs are run in it. */
export type MeshPlace = Pick<ChaosContainer, 'host' | 'address' | 'enter' | 'environment'>;

type Running = { readonly flow: Flow; readonly child: ChildProcess };

/** Mesh is the flows between all containers. */
export class Mesh<Place extends MeshPlace = ChaosContainer> {
  readonly flows: Flow[] = [];
  readonly #running: Running[] = [];
  readonly #containers = new Set<Place>();

  /** add starts the flows between a container and those of all other hosts. */
  add(container: Place): void {
    for (const other of this.#containers) {
      if (other.host === container.host) continue;
      this.#start(container, other);
      this.#start(other, container);
    }
    this.#containers.add(container);
  }

  /** remove ends the flows of a host's containers. */
  async remove(host: string): Promise<void> {
    for (const container of this.containers) if (container.host === host) this.#containers.delete(container);
    const ending = this.#running.filter(({ flow }) => flow.from === host || flow.to === host);
    await Promise.all(ending.map((running) => this.#stop(running)));
  }

  /** containers returns those that take part. */
  get containers(): readonly Place[] {
    return [...this.#containers];
  }

  #start(from: Place, to: Place): void {
    const [program, ...enter] = from.enter;
    const ping = ['ping', '-D', '-n', '-i', String(intervalSeconds), '-W', '2', to.address];
    const child = spawn(program, [...enter, ...ping], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: from.environment,
    });
    const flow: Flow = { from: from.host, to: to.host, startMs: Date.now(), endMs: undefined, answers: [] };
    this.flows.push(flow);
    this.#running.push({ flow, child });
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [, seconds, sequence] = /^\[(\d+\.\d+)\] .*bytes from .* icmp_seq=(\d+) /.exec(line) ?? [];
      if (sequence !== undefined) flow.answers.push({ sequence: Number(sequence), ms: Number(seconds) * 1000 });
    });
  }

  async #stop(running: Running): Promise<void> {
    const { flow, child } = running;
    this.#running.splice(this.#running.indexOf(running), 1);
    flow.endMs = Date.now();
    if (child.exitCode !== null) return;
    const closed = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGINT');
    await closed;
  }

  /** silentSince returns the running flows without an answer after a time: "h1 to h3". */
  silentSince(ms: number): readonly string[] {
    return this.#running
      .filter(({ flow }) => (flow.answers.at(-1)?.ms ?? 0) < ms)
      .map(({ flow }) => `${flow.from} to ${flow.to}`);
  }

  /** stop ends all flows. */
  async stop(): Promise<void> {
    await Promise.all([...this.#running].map((running) => this.#stop(running)));
    this.#containers.clear();
  }
}

/** lossesOf returns the losses of a flow, also the one at its end. Pure. */
export function lossesOf({ from, to, answers, endMs }: Flow): readonly Loss[] {
  const sorted = [...answers].sort((a, b) => a.sequence - b.sequence);
  const losses: Loss[] = [];
  for (const [index, answer] of sorted.entries()) {
    const next = sorted[index + 1];
    const lost = next === undefined ? 0 : next.sequence - answer.sequence - 1;
    if (next !== undefined && lost > 0) losses.push({ from, to, lost, beginMs: answer.ms, endMs: next.ms });
  }
  const last = sorted.at(-1);
  // The request before the end may be in transit, and ping may be late when the machine is busy.
  if (last !== undefined && endMs !== undefined && endMs - last.ms > 10_000) {
    losses.push({ from, to, lost: Math.floor((endMs - last.ms) / 200), beginMs: last.ms, endMs });
  }
  return losses;
}
