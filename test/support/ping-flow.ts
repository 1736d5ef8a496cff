// A flow of echo requests from a container at intervals of 1 ms, and the number of answers.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Container } from '../../deploy/lab/container.js';

// A packet may overtake others that wait for another processor.
const mostOvertaken = 20;

// Number of packets of all namespaces that this machine's processors have dropped because their input queues were full
// (net.core.netdev_max_backlog): the second column of each line, hexadecimal.
function droppedByMachine(): number {
  const lines = readFileSync('/proc/net/softnet_stat', 'utf8').trim().split('\n');
  return lines.reduce((sum, line) => sum + Number.parseInt(line.split(/\s+/)[1] ?? '0', 16), 0);
}

/** PingFlow is one flow. */
export class PingFlow {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #answers = 0;
  // The highest number of a request that was answered; the first is 0.
  #last = -1;
  // Those below it that were not.
  readonly #missing = new Set<number>();
  readonly #waiting = new Set<() => void>();
  // The end of what it wrote to standard error.
  #errors = '';
  readonly #droppedBefore = droppedByMachine();

  private constructor(child: ChildProcess) {
    this.#child = child;
    if (child.stdout !== null) {
      createInterface({ input: child.stdout }).on('line', (line) => {
        const answer = /^\S+ +: \[(\d+)\], \d+ bytes, /.exec(line);
        if (answer === null) return;
        this.#answered(Number(answer[1]));
        for (const look of this.#waiting) look();
      });
    }
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#errors = `${this.#errors}${chunk.toString('utf8')}`.slice(-1000);
    });
    this.#ended = new Promise((resolve) => child.once('close', () => resolve()));
  }

  #answered(sequence: number): void {
    this.#answers += 1;
    for (let between = this.#last + 1; between < sequence; between += 1) this.#missing.add(between);
    this.#missing.delete(sequence);
    this.#last = Math.max(this.#last, sequence);
  }

  /**
   * start begins a flow.
   * @param source the address that requests come from, if it is not the one that the kernel chooses
   */
  static async start(from: Pick<Container, 'enter'>, to: string, source?: string): Promise<PingFlow> {
    // fping sleeps between requests; at intervals below 10 ms, ping takes a whole processor.
    const options = ['--loop', '--period=1', '--interval=1', '--timeout=5000'];
    const bound = source === undefined ? [] : [`--src=${source}`];
    const [program, ...rest] = [...(await from.enter()), 'fping', ...options, ...bound, to];
    const child = spawn(program ?? '', rest, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, LC_ALL: 'C' },
    });
    return new PingFlow(child);
  }

  /** seen waits for that many more answers. It rejects if the flow has ended. */
  async seen(more: number): Promise<void> {
    const target = this.#answers + more;
    await Promise.race([
      new Promise<void>((resolve) => {
        const look = () => {
          if (this.#answers < target) return;
          this.#waiting.delete(look);
          resolve();
        };
        this.#waiting.add(look);
      }),
      this.#ended.then(() => {
        throw new Error(`the flow ended: ${this.#errors}`);
      }),
    ]);
  }

  /**
   * stop ends the flow and counts the requests up to the last one that was answered: later ones, and those that this one
   * has just overtaken, may be in transit. Wait for 50 answers after the requests to count, see seen(). Requests without an
   * answer do not count as sent as far as a busy machine itself has dropped packets meanwhile.
   */
  async stop(): Promise<{ readonly sent: number; readonly received: number }> {
    this.#child.kill('SIGINT');
    await this.#ended;
    const lost = [...this.#missing].filter((sequence) => sequence <= this.#last - mostOvertaken).length;
    const excused = Math.max(0, Math.min(lost, droppedByMachine() - this.#droppedBefore));
    return { sent: this.#answers + lost - excused, received: this.#answers };
  }
}
