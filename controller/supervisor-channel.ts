// The worker's end of the channel to its supervisor: the ports, the service manager, and through it the other workers.
// Invariant: a worker without a supervisor stops; its later messages are dropped.
import { Socket } from 'node:net';
import type { PortSource } from '../proto/rpc/port-source.js';
import type { ServiceNotice, Surroundings } from './surroundings.js';
import {
  errorFromWire,
  portName,
  type ToSupervisor,
  type ToWorker,
  type WireError,
  type Work,
} from './worker-messages.js';

/** Parent is the process that started this one. */
type Parent = Pick<NodeJS.Process, 'send' | 'on' | 'connected' | 'disconnect'>;

type Answered = (failure: WireError | undefined) => void;

const gone: WireError = { code: 'Unavailable', message: 'the supervisor of this worker has ended', problems: [] };

/** SupervisorChannel is the channel of one worker. */
export class SupervisorChannel {
  readonly #parent: Parent;
  readonly #stopped = new AbortController();
  readonly #waiting = new Map<number, Answered>();
  readonly #open = new Map<string, (socket: Socket) => void>();
  #siblings: Readonly<Record<string, string>> = {};
  #requests = 0;
  #begin: (work: Work) => void = () => undefined;
  readonly #work: Promise<Work>;

  constructor(parent: Parent) {
    this.#parent = parent;
    this.#work = new Promise((resolve) => {
      this.#begin = resolve;
    });
    parent.on('message', (said, handle) => {
      this.#hear(said as ToWorker, handle instanceof Socket ? handle : undefined);
    });
    parent.on('disconnect', () => this.#orphaned());
  }

  /** stopped aborts when the worker has to end. */
  get stopped(): AbortSignal {
    return this.#stopped.signal;
  }

  /** work returns the settings of the worker, once they have arrived. */
  work(): Promise<Work> {
    return this.#work;
  }

  #orphaned(): void {
    for (const answered of this.#waiting.values()) answered(gone);
    this.#waiting.clear();
    this.#stopped.abort();
  }

  #hear(said: ToWorker, socket: Socket | undefined): void {
    switch (said.kind) {
      case 'work':
        this.#begin(said.work);
        return;
      case 'answer':
        this.#waiting.get(said.request)?.(said.failure);
        this.#waiting.delete(said.request);
        return;
      case 'connection':
        this.#take(said.port, said.address, socket);
        return;
      case 'siblings':
        this.#siblings = said.sockets;
        return;
      case 'stop':
        this.#stopped.abort();
        return;
    }
  }

  #take(port: string, address: string, socket: Socket | undefined): void {
    const take = this.#open.get(port);
    const closed = () => this.#say({ kind: 'closed', port, address });
    if (socket === undefined || take === undefined) {
      socket?.destroy();
      closed();
      return;
    }
    socket.once('close', closed);
    take(socket);
  }

  #say(what: ToSupervisor): void {
    if (this.#parent.connected) this.#parent.send?.(what, undefined, undefined, () => undefined);
  }

  #ask(question: (request: number) => ToSupervisor): Promise<void> {
    this.#requests += 1;
    const request = this.#requests;
    return new Promise((resolve, reject) => {
      this.#waiting.set(request, (failure) => {
        if (failure === undefined) resolve();
        else reject(errorFromWire(failure));
      });
      if (this.#parent.connected) this.#say(question(request));
      else reject(errorFromWire(gone));
    });
  }

  readonly #ports: PortSource = {
    check: ({ host, port }) => this.#ask((request) => ({ kind: 'check', request, port: { host, port } })),
    open: async (endpoint, most, take) => {
      const { host, port } = endpoint;
      const name = portName({ host, port });
      // Before the answer: connections may precede it.
      this.#open.set(name, take);
      try {
        await this.#ask((request) => ({ kind: 'open', request, port: { host, port }, most }));
      } catch (error) {
        this.#open.delete(name);
        throw error;
      }
      return {
        endpoint,
        close: () => {
          this.#open.delete(name);
          this.#say({ kind: 'close', port: name });
        },
      };
    },
  };

  readonly #notice: Omit<ServiceNotice, 'watchdogMs'> = {
    present: true,
    ready: () => this.#say({ kind: 'ready' }),
    beat: () => this.#say({ kind: 'beat' }),
    status: (text) => this.#say({ kind: 'status', text }),
    stopping: () => undefined,
    close: async () => undefined,
  };

  /** surroundings returns the dependencies of the worker's controller. */
  surroundings({ worker, of, keyDir, silentMs, etcd }: Omit<Work, 'settings'>): Surroundings {
    return {
      notice: { ...this.#notice, watchdogMs: silentMs },
      ports: this.#ports,
      of,
      keyDir,
      etcd: etcd === undefined ? undefined : { endpoint: etcd, keeper: worker === 1 },
      started: (id, socket) => this.#say({ kind: 'started', id, socket }),
      siblingOf: (controllerId) => this.#siblings[controllerId],
    };
  }

  /** failed tells the supervisor why the worker ends, and returns when that is sent. */
  failed(failure: WireError): Promise<void> {
    return new Promise((resolve) => {
      const said: ToSupervisor = { kind: 'failed', failure };
      if (!this.#parent.connected || this.#parent.send === undefined) resolve();
      else this.#parent.send(said, undefined, undefined, () => resolve());
    });
  }

  /** close ends the channel. */
  close(): void {
    if (this.#parent.connected) this.#parent.disconnect();
  }
}
