// One worker as its supervisor sees it: a child process, and its messages.
// Invariant: whatever happens to the process, `ended` resolves once, and its ports and its place among the others are free then.
import { type ChildProcess, fork } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { messageOf, type XnetError } from '../proto/errors.js';
import type { Logger } from '../proto/process/log.js';
import {
  errorFromWire,
  type ToSupervisor,
  type ToWorker,
  type Work,
  wireFromError,
  workerWatchdogMs,
} from './worker-messages.js';
import type { Receiver, WorkerPorts } from './worker-ports.js';

const program = fileURLToPath(new URL('./worker-main.js', import.meta.url));

/** WorkerListener is notified of a worker's messages about itself. */
export type WorkerListener = {
  /** It has an id and a unix socket. */
  onStarted(): void;
  onReady(): void;
  onStatus(): void;
};

/** WorkerProcess is a running worker. */
export class WorkerProcess implements Receiver {
  readonly worker: number;
  /** Why it ended: "exit code 1", "signal SIGKILL". */
  readonly ended: Promise<string>;
  /** Id of its controller, and its unix socket; undefined until it has reported them. */
  identity: { readonly id: string; readonly socket: string } | undefined;
  ready = false;
  status = 'starting';
  /** When it last sent a message, by the monotonic clock. Milliseconds. */
  #heardAt = performance.now();
  /** When it last showed that it answers calls. */
  #beatAt = performance.now();
  /** Why it ends, if it has reported that. */
  failure: XnetError | undefined;
  readonly #child: ChildProcess;
  readonly #ports: WorkerPorts;
  readonly #log: Logger;
  readonly #listener: WorkerListener;
  /** Connections that wait to be sent. */
  readonly #passing = new Set<Socket>();

  constructor(work: Work, ports: WorkerPorts, log: Logger, listener: WorkerListener) {
    this.worker = work.worker;
    this.#ports = ports;
    this.#log = log;
    this.#listener = listener;
    // Its options are in the message: nothing of them shows in the list of processes twice.
    const child = fork(program, [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#child = child;
    this.ended = new Promise((resolve) => {
      const end = (how: string) => {
        ports.forget(this);
        // Node.js forgets what waits for the channel of a process that has ended, and leaves it open.
        for (const socket of this.#passing) socket.destroy();
        resolve(how);
      };
      child.once('error', (error) => end(messageOf(error)));
      child.once('exit', (code, signal) => end(signal === null ? `exit code ${code}` : `signal ${signal}`));
    });
    child.on('message', (said: ToSupervisor) => this.#hear(said));
    this.#say({ kind: 'work', work });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  #hear(said: ToSupervisor): void {
    this.#heardAt = performance.now();
    switch (said.kind) {
      case 'started':
        this.identity = { id: said.id, socket: said.socket };
        this.#listener.onStarted();
        return;
      case 'ready':
        this.ready = true;
        this.#beatAt = this.#heardAt;
        this.#listener.onReady();
        return;
      case 'status':
        this.status = said.text;
        this.#listener.onStatus();
        return;
      case 'check':
        this.#answer(said.request, this.#ports.check(said.port));
        return;
      case 'open':
        this.#answer(said.request, this.#ports.open(said.port, said.most, this));
        return;
      case 'close':
        this.#ports.close(said.port, this);
        return;
      case 'closed':
        this.#ports.closed(said.port, said.address, this);
        return;
      case 'failed':
        this.failure = errorFromWire(said.failure);
        return;
      case 'beat':
        this.#beatAt = this.#heardAt;
        return;
    }
  }

  #answer(request: number, work: Promise<void>): void {
    work.then(
      () => this.#say({ kind: 'answer', request }),
      (error: unknown) => this.#say({ kind: 'answer', request, failure: wireFromError(error) }),
    );
  }

  #say(what: ToWorker): void {
    // A worker that has ended gets no message: `ended` reports the end.
    if (this.#child.connected) this.#child.send(what, () => undefined);
  }

  take(port: string, address: string, socket: Socket): void {
    socket.on('error', () => undefined);
    const message: ToWorker = { kind: 'connection', port, address };
    if (!this.#child.connected) {
      socket.destroy();
      this.#ports.closed(port, address, this);
      return;
    }
    this.#passing.add(socket);
    // Kept open until it is sent: otherwise it is Node.js that closes it, and not at all if the process ends before.
    this.#child.send(message, socket, { keepOpen: true }, (error) => {
      this.#passing.delete(socket);
      socket.destroy();
      if (error === null) return;
      this.#log.debug({ worker: this.worker, reason: messageOf(error) }, 'a connection was not passed on');
      this.#ports.closed(port, address, this);
    });
  }

  /** hangs reports whether it shows no sign of life, or sends messages but answers no call. */
  hangs(nowMs: number): boolean {
    if (!this.ready) return false;
    return nowMs - this.#heardAt >= workerWatchdogMs || nowMs - this.#beatAt >= 2 * workerWatchdogMs;
  }

  /** excuse begins these times anew: the messages may be there, and not be read yet. */
  excuse(nowMs: number): void {
    this.#heardAt = nowMs;
    this.#beatAt = nowMs;
  }

  /** siblings tells it the unix sockets of all workers. */
  siblings(sockets: Readonly<Record<string, string>>): void {
    this.#say({ kind: 'siblings', sockets });
  }

  /** stop tells it to end. */
  stop(): void {
    this.#say({ kind: 'stop' });
  }

  /** kill ends it at once. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
