// A flow of echo requests from a container at intervals of 1 ms, and the number of answers.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Container } from '../../deploy/lab/container.js';

/** PingFlow is one flow. */
export class PingFlow {
  readonly #child: ChildProcess;
  readonly #ended: Promise<string>;
  #answers = 0;
  readonly #waiting = new Set<() => void>();

  private constructor(child: ChildProcess) {
    this.#child = child;
    let summary = '';
    if (child.stdout !== null) {
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line.includes('bytes from')) {
          this.#answers += 1;
          for (const look of this.#waiting) look();
        } else if (line.includes('packets transmitted')) summary = line;
      });
    }
    this.#ended = new Promise((resolve) => child.once('close', () => resolve(summary)));
  }

  /** start begins a flow. */
  static async start(from: Pick<Container, 'enter'>, to: string): Promise<PingFlow> {
    const [program, ...rest] = [...(await from.enter()), 'ping', '-i', '0.001', '-W', '5', to];
    const child = spawn(program ?? '', rest, {
      stdio: ['ignore', 'pipe', 'inherit'],
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
        throw new Error('the flow ended');
      }),
    ]);
  }

  /** stop ends the flow and counts. A request in transit at the end does not count. */
  async stop(): Promise<{ readonly sent: number; readonly received: number }> {
    this.#child.kill('SIGINT');
    const summary = await this.#ended;
    const [, sent = '0', received = '0'] = /(\d+) packets transmitted, (\d+) received/.exec(summary) ?? [];
    const missing = Number(sent) - Number(received);
    return { sent: Number(sent) - (missing === 1 ? 1 : 0), received: Number(received) };
  }
}
