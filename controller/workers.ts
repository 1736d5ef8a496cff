// A controller as several processes: the supervisor starts the workers, each a controller of its own, which share one etcd
// and the same ports.
// Invariant: the supervisor serves no call and holds no state of the cluster, so nothing is lost with it. A worker that
// ends or hangs is restarted, and the others continue. If a worker ends before all were ready once, the supervisor ends with
// its error.
import { join } from 'node:path';
import { messageOf, XnetError } from '../proto/errors.js';
import { backoffMs, pause } from '../proto/process/backoff.js';
import { makeFolder } from '../proto/process/folder.js';
import type { Logger } from '../proto/process/log.js';
import { Systemd } from '../proto/process/systemd.js';
import { formatEndpoint } from '../proto/rpc/endpoint.js';
import { makeDataDir, startOwnEtcd } from './local-state.js';
import { type ControllerSettings, controllerName, localEndpoints } from './settings.js';
import { stoodStill, type WorkerLimits, workerLimits } from './worker-life.js';
import type { Work } from './worker-messages.js';
import { WorkerPorts } from './worker-ports.js';
import { WorkerProcess } from './worker-process.js';

const backoff = { firstMs: 500, longestMs: 30_000 };
// The pauses before restarts begin anew for a worker that ran this long.
const steadyMs = 60_000;
// A worker ends its calls within 2 s; the service manager waits 30 s for all.
const stopMs = 15_000;

/** settingsOf returns the settings of a worker: the first has those of the controller, each other one its own folder and name. Pure. */
export function settingsOf(settings: ControllerSettings, worker: number): ControllerSettings {
  if (worker === 1) return settings;
  // These options apply once: the first worker begins the epoch, and the others follow it.
  const { acceptStore: _, epochAfter: __, ...rest } = settings;
  const dataDir = join(settings.dataDir, 'workers', String(worker));
  const listen = settings.listen.filter(({ kind }) => kind === 'tcp');
  const own = localEndpoints({ listen, dataDir });
  return {
    ...rest,
    acceptStore: false,
    dataDir,
    listen: [...own, ...listen],
    name: `${controllerName(settings)}-${worker}`,
  };
}

/** statusText returns the line of `systemctl status`: that of each worker. Pure. */
export function statusText(workers: readonly Pick<WorkerProcess, 'worker' | 'status'>[]): string {
  return workers.map(({ worker, status }) => `worker ${worker}: ${status}`).join('; ');
}

class Supervisor {
  readonly #settings: ControllerSettings;
  readonly #log: Logger;
  readonly #systemd: Systemd;
  readonly #etcd: string | undefined;
  readonly #ports: WorkerPorts;
  /** By number; a worker that waits for its restart is absent. */
  readonly #running = new Map<number, WorkerProcess>();
  readonly #limits: WorkerLimits;
  #allServed = false;
  #watchedAt = performance.now();

  constructor(
    settings: ControllerSettings,
    limits: WorkerLimits,
    { systemd, etcd }: { readonly systemd: Systemd; readonly etcd: string | undefined },
    log: Logger,
  ) {
    this.#settings = settings;
    this.#limits = limits;
    this.#systemd = systemd;
    this.#etcd = etcd;
    this.#log = log;
    this.#ports = new WorkerPorts(log);
  }

  async run(signal: AbortSignal): Promise<void> {
    const failed = new AbortController();
    const stop = AbortSignal.any([signal, failed.signal]);
    let failure: unknown;
    signal.addEventListener('abort', () => this.#systemd.stopping(), { once: true });
    stop.addEventListener('abort', () => this.#stop(), { once: true });
    const watching = setInterval(() => this.#watch(), this.#limits.lookMs);
    const numbers = Array.from({ length: this.#settings.workers }, (_, index) => index + 1);
    await Promise.all(
      numbers.map((worker) =>
        this.#keep(worker, stop).catch((error: unknown) => {
          failure ??= error;
          failed.abort();
        }),
      ),
    );
    clearInterval(watching);
    if (failure !== undefined) throw failure;
  }

  // Runs a worker, again whenever it ends.
  async #keep(worker: number, stop: AbortSignal): Promise<void> {
    for (let attempt = 1; !stop.aborted; attempt += 1) {
      const began = performance.now();
      const running = await this.#start(worker);
      if (stop.aborted) this.#end(running);
      const how = await running.ended;
      this.#running.delete(worker);
      if (stop.aborted) return;
      const why = running.failure ?? new XnetError('Internal', `it ended with ${how}`);
      if (!this.#allServed) throw failureOfWorker(worker, why);
      if (performance.now() - began > steadyMs) attempt = 1;
      this.#log.error({ worker, how, reason: messageOf(why), hint: why.hint }, 'a worker ended, restarting it');
      this.#tellStatus();
      await pause(backoffMs(attempt, backoff, Math.random()), stop);
    }
  }

  async #start(worker: number): Promise<WorkerProcess> {
    const settings = settingsOf(this.#settings, worker);
    if (worker > 1) await makeFolder(settings.dataDir, 0o700);
    const { dataDir: keyDir, workers: of } = this.#settings;
    const etcd = this.#etcd === undefined ? {} : { etcd: this.#etcd };
    const work: Work = { settings, worker, of, keyDir, silentMs: this.#limits.silentMs, ...etcd };
    const listener = {
      onStarted: () => this.#tellSiblings(),
      onReady: () => this.#tellReady(),
      onStatus: () => this.#tellStatus(),
    };
    const running = new WorkerProcess(work, this.#ports, this.#log, listener, this.#allServed);
    this.#running.set(worker, running);
    this.#log.info({ worker, pid: running.pid }, 'worker started');
    return running;
  }

  #tellSiblings(): void {
    const known = [...this.#running.values()].flatMap(({ identity }) => (identity === undefined ? [] : [identity]));
    const sockets = Object.fromEntries(known.map(({ id, socket }) => [id, socket]));
    for (const running of this.#running.values()) running.siblings(sockets);
  }

  #tellReady(): void {
    const ready = [...this.#running.values()].filter((running) => running.ready);
    if (ready.length < this.#settings.workers) return;
    if (!this.#allServed) this.#log.info({ workers: ready.length }, 'all workers serve');
    this.#allServed = true;
    this.#systemd.ready();
  }

  #tellStatus(): void {
    const numbers = Array.from({ length: this.#settings.workers }, (_, index) => index + 1);
    const status = (worker: number) => this.#running.get(worker)?.status ?? 'restarting';
    this.#systemd.status(statusText(numbers.map((worker) => ({ worker, status: status(worker) }))));
  }

  // Sends the supervisor's own beat, and kills workers that hang, which are then restarted.
  #watch(): void {
    this.#systemd.beat();
    const now = performance.now();
    const late = stoodStill(this.#watchedAt, now, this.#limits);
    this.#watchedAt = now;
    for (const running of this.#running.values()) {
      if (late) running.excuse(now);
      const reason = running.hang(now, this.#limits);
      if (reason === undefined) continue;
      this.#log.error({ worker: running.worker, reason }, 'a worker hangs, killing it');
      running.kill();
    }
  }

  #stop(): void {
    for (const running of this.#running.values()) this.#end(running);
  }

  #end(running: WorkerProcess): void {
    running.stop();
    const timer = setTimeout(() => running.kill(), stopMs).unref();
    void running.ended.then(() => clearTimeout(timer));
  }
}

function failureOfWorker(worker: number, why: XnetError): XnetError {
  const { code, message, problems, hint } = why;
  const details = { problems, cause: why, ...(hint === undefined ? {} : { hint }) };
  return new XnetError(code, `worker ${worker}: ${message}`, details);
}

/**
 * runWorkers runs a controller with several workers until `signal` aborts.
 * @param limits when a worker is killed
 * @throws XnetError when etcd or one of the workers can't start
 */
export async function runWorkers(
  settings: ControllerSettings,
  log: Logger,
  signal: AbortSignal,
  limits: WorkerLimits = workerLimits,
): Promise<void> {
  // Before the others start: they would inherit the notification socket.
  const systemd = new Systemd(log);
  try {
    await makeDataDir(settings.dataDir);
    const etcd = await startOwnEtcd(settings, log, signal);
    try {
      const { workers, listen } = settings;
      log.info({ workers, listen: listen.map(formatEndpoint) }, 'starting the workers');
      await new Supervisor(settings, limits, { systemd, etcd: etcd?.endpoint }, log).run(signal);
    } finally {
      await etcd?.stop();
    }
  } finally {
    await systemd.close();
  }
  log.info('all workers stopped');
}
