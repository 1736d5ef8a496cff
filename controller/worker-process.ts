// One worker as its supervisor sees it: a child process, and its messages.
// Invariant: whatever happens to the process, `ended` resolves once, and its ports and connections are released before that.
import { type ChildProcess, fork } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { messageOf, type XnetError } from '../proto/errors.js';
import type { Logger } from '../proto/process/log.js';
import { excused, hangOf, type SignsOfLife, type WorkerLimits } from './worker-life.js';
import { errorFromWire, type ToSupervisor, type ToWorker, type Work, wireFromError } from './worker-messages.js';
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
  status = 'starting';
  #signs: SignsOfLife;
  /** Why it ends, if it has reported that. */
  failure: XnetError | undefined;
  readonly #child: ChildProcess;
  readonly #ports: WorkerPorts;
  readonly #log: Logger;
  readonly #listener: WorkerListener;
  /** Connections that wait to be sent. */
  readonly #passing = new Set<Socket>();

  /** @param again whether it replaces a worker that ended */
  constructor(work: Work, ports: WorkerPorts, log: Logger, listener: WorkerListener, again = false) {
    const now = performance.now();
    this.#signs = { startedMs: now, heardMs: now, answeredMs: now, ready: false, again };
    this.worker = work.worker;
    this.#ports = ports;
    this.#log = log;
    this.#listener = listener;
    // Its settings are sent as a message, so they do not appear in the list of processes.
    const child = fork(program, [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#child = child;
    this.ended = new Promise((resolve) => {
      const end = (how: string) => {
        ports.forget(this);
        // Node.js drops sockets that wait for the channel of a process that has ended, without closing them.
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

  get ready(): boolean {
    return this.#signs.ready;
  }

  #hear(said: ToSupervisor): void {
    const heardMs = performance.now();
    const answers = said.kind === 'ready' || said.kind === 'beat';
    this.#signs = { ...this.#signs, heardMs, ...(answers ? { answeredMs: heardMs } : {}) };
    switch (said.kind) {
      case 'started':
        this.identity = { id: said.id, socket: said.socket };
        this.#listener.onStarted();
        return;
      case 'ready':
        this.#signs = { ...this.#signs, ready: true };
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
    // keepOpen: otherwise Node.js closes the socket when it is sent, and never if the process ends before.
    this.#child.send(message, socket, { keepOpen: true }, (error) => {
      this.#passing.delete(socket);
      socket.destroy();
      if (error === null) return;
      this.#log.debug({ worker: this.worker, reason: messageOf(error) }, 'a connection was not passed on');
      this.#ports.closed(port, address, this);
    });
  }

  /** hang returns why it counts as hanging; undefined: it does not hang. */
  hang(nowMs: number, limits: WorkerLimits): string | undefined {
    return hangOf(this.#signs, nowMs, limits);
  }

  /** excuse restarts its times, because messages may have arrived and not been read yet. */
  excuse(nowMs: number): void {
    this.#signs = excused(this.#signs, nowMs);
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
