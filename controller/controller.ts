// Assembles the parts of a controller, runs them, and closes them in the reverse order.
import { randomBytes } from 'node:crypto';
import type { Logger } from '../proto/process/log.js';
import { aborted, type Parts, runParts } from '../proto/process/parts.js';
import { noSteps, type Steps } from '../proto/process/steps.js';
import { Systemd } from '../proto/process/systemd.js';
import { formatEndpoint } from '../proto/rpc/endpoint.js';
import { Api } from './api.js';
import { Audit } from './audit/audit.js';
import { AuditLog } from './audit/audit-log.js';
import { Authority } from './authority/authority.js';
import { CertificateRegistry } from './authority/certificates.js';
import { TokenRegistry } from './authority/tokens.js';
import { Restoration } from './backup/restoration.js';
import { makeDataDir } from './local-state.js';
import { NetworkKeeper } from './network/keeper.js';
import { NetworkRegistry } from './network/networks.js';
import { registrationOf } from './registration.js';
import { deregisterController } from './registry/controllers.js';
import { LeaseRegistry } from './registry/leases.js';
import type { Context } from './registry/mutation.js';
import { NicRegistry } from './registry/nics.js';
import { NodeRegistry } from './registry/nodes.js';
import { PoolRegistry } from './registry/pools.js';
import { Reclaims } from './registry/reclaim.js';
import { StaticRouteRegistry } from './registry/static-routes.js';
import { runSweeps } from './registry/sweep.js';
import { RolloutExecutor } from './rollout/executor.js';
import { RolloutRegistry } from './rollout/rollouts.js';
import type { Registries, ThisController } from './service/admin-deps.js';
import { NodeFinder } from './service/find-node.js';
import { rolloutFacts } from './service/rollout-facts.js';
import { Drains } from './session/drains.js';
import { Presence } from './session/presence.js';
import { Sessions } from './session/sessions.js';
import { type ControllerSettings, joinEndpoints } from './settings.js';
import { Storage } from './storage.js';
import type { ServiceNotice, Surroundings } from './surroundings.js';
import { Clocks } from './view/clocks.js';
import { Downtimes } from './view/downtimes.js';
import { feedWatchdog } from './watchdog.js';

const graceMs = 2_000;

function makeRegistries(context: Context, settings: ControllerSettings, keyPath: string): Registries {
  const authority = new Authority(context, keyPath);
  return {
    nodes: new NodeRegistry(context),
    leases: new LeaseRegistry(context),
    pools: new PoolRegistry(context),
    nics: new NicRegistry(context),
    staticRoutes: new StaticRouteRegistry(context),
    networks: new NetworkRegistry(context),
    rollouts: new RolloutRegistry(context),
    tokens: new TokenRegistry(context),
    authority,
    certificates: new CertificateRegistry(context, authority, { nodeTtlMs: settings.nodeCertificateTtl }),
  };
}

function backupOf(context: Context, { direct: store, feed }: Storage, audit: Audit, keyPath: string) {
  const restoration = new Restoration({ store, feed, keyPath, audit, now: context.now, log: context.log });
  return { feed, store, context, restoration, keyPath };
}

/** Resources outlive the parts of a controller and are closed when it ends. */
type Resources = {
  readonly systemd: ServiceNotice;
  readonly entries: AuditLog;
  readonly storage: Storage;
  readonly registration: string;
  readonly downtimes: Downtimes;
  readonly surroundings: Surroundings | undefined;
};

function downtimesPath({ dataDir }: ControllerSettings): string {
  return `${dataDir}/downtimes.json`;
}

class Controller {
  readonly #resources: Resources;
  readonly #log: Logger;
  readonly #presence: Presence;
  readonly #sessions: Sessions;
  readonly #drains: Drains;
  readonly #context: Context;
  readonly #registries: Registries;
  readonly #rollouts: RolloutExecutor;
  readonly #networks: NetworkKeeper;
  readonly #api: Api;
  readonly #runReclaims: (signal: AbortSignal) => Promise<void>;
  readonly #failed = new AbortController();
  #failure: unknown;

  constructor(settings: ControllerSettings, version: string, resources: Resources, log: Logger) {
    const { storage, entries, registration, downtimes, surroundings } = resources;
    const { store, feed, commits } = storage;
    const id = `${registration}-${randomBytes(2).toString('hex')}`;
    this.#resources = resources;
    this.#log = log;
    this.#presence = new Presence({ store, feed, log }, id, {
      version,
      startedMs: Date.now(),
      addresses: settings.listen.map(formatEndpoint),
      joinAddresses: joinEndpoints(settings).map(formatEndpoint),
      registration,
      knowsAdoption: true,
    });
    const clocks = new Clocks(feed, registration);
    const drains = new Drains({
      feed,
      log,
      now: Date.now,
      step: (nodeId, step, containerCount) => this.#registries.nodes.stepDrain(nodeId, step, containerCount),
    });
    this.#drains = drains;
    const sessions = new Sessions({
      store,
      feed,
      presence: this.#presence,
      log,
      onReport: (nodeId, status) => drains.reported(nodeId, status),
      onLeft: (nodeId) => drains.left(nodeId),
    });
    const audit = new Audit({ entries, controllerId: id, now: Date.now, log });
    const writeProblem = () => storage.writeProblem;
    const context = { store, commits, feed, log, writeProblem, now: Date.now, audit };
    const monotonicMs = () => performance.now();
    const reclaims = new Reclaims({ context, downtimes, controllerId: id, monotonicMs });
    this.#runReclaims = (stop) => reclaims.run(downtimesPath(settings), stop);
    this.#sessions = sessions;
    this.#context = context;
    const keyPath = `${surroundings?.keyDir ?? settings.dataDir}/cluster.key`;
    this.#registries = makeRegistries(context, settings, keyPath);
    this.#registries.authority.onOpened(({ trusted }) => sessions.fanout.trust(trusted));
    this.#rollouts = new RolloutExecutor({
      context,
      controllerId: id,
      facts: rolloutFacts(feed, sessions),
      onFacts: (listener) => sessions.convergence.onChange(listener),
    });
    const isConnected = (nodeId: string) => sessions.fanout.streamOf(nodeId) !== undefined;
    this.#networks = new NetworkKeeper({ context, controllerId: id, isConnected });
    const controller: Omit<ThisController, 'ports'> = {
      id,
      version,
      registration,
      audit: entries,
      etcd: { endpoints: storage.endpoints, embedded: storage.embedded, warnings: () => storage.warnings },
      health: () => ({
        writeProblem: storage.writeProblem,
        auditProblem: entries.problem,
        etcdProblems: storage.etcdProblems,
        reclaimProblem: reclaims.problem,
      }),
      offsetOf: (other) => clocks.offsetOf(other),
      forget: (mutation, other) => deregisterController(context, mutation, other),
    };
    this.#api = new Api(settings, {
      state: { feed, store, sessions, finder: new NodeFinder(context) },
      registries: this.#registries,
      controller,
      backup: backupOf(context, storage, audit, keyPath),
      observer: audit,
      log,
      onFailure: (error) => this.#fail(error),
      surroundings,
    });
  }

  // Ends the controller with its first failure.
  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#failed.abort();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { systemd } = this.#resources;
    const stopped = AbortSignal.any([signal, this.#failed.signal]);
    // The view is kept until the API is closed: a call that is under way ends when the view has what it changed.
    const closed = new AbortController();
    try {
      await this.#api.start();
      this.#tellSiblings();
      systemd.ready();
      signal.addEventListener('abort', () => systemd.stopping(), { once: true });
      await this.#api.checkPorts();
      const storage = this.#runParts(this.#resources.storage.parts, closed.signal);
      const others = this.#runParts(this.#otherParts(), stopped);
      await aborted(stopped);
      // Its nodes go to another controller at once, before anything else of this one ends.
      this.#api.drain();
      this.#registries.authority.close();
      this.#sessions.end();
      await Promise.all([this.#api.close(graceMs), others]);
      closed.abort();
      await storage;
    } finally {
      this.#failed.abort();
      closed.abort();
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  #tellSiblings(): void {
    const { surroundings } = this.#resources;
    for (const endpoint of this.#api.endpoints) {
      if (endpoint.kind === 'unix') surroundings?.started(this.#presence.controllerId, endpoint.path);
    }
  }

  #runParts(parts: Parts, stopped: AbortSignal): Promise<void> {
    return runParts(parts, stopped, {
      graceMs,
      onFailure: (part, error) => this.#log.fatal({ err: error, part }, 'failed: the controller ends'),
    }).catch((error: unknown) => this.#fail(error));
  }

  #otherParts(): Parts {
    const { systemd, storage } = this.#resources;
    const log = this.#log;
    const { feed } = storage;
    const { endpoints } = this.#api;
    const streams = () => this.#sessions.fanout.streams.size;
    return {
      presence: (stop) => this.#presence.run(stop),
      rollouts: (stop) => this.#rollouts.run(stop),
      networks: (stop) => this.#networks.run(stop),
      drains: (stop) => this.#drains.run(stop),
      sweeps: (stop) => runSweeps(this.#context, stop),
      reclaims: this.#runReclaims,
      watchdog: (stop) => feedWatchdog({ systemd, feed, log, endpoints, streams }, stop),
    };
  }
}

/**
 * runController runs a controller until `signal` aborts.
 * @param steps receives the steps that it reaches; for tests
 * @param surroundings those of a worker; absent: the controller runs alone
 * @throws XnetError when it can't start, or one of its parts fails
 */
export async function runController(
  settings: ControllerSettings,
  version: string,
  log: Logger,
  signal: AbortSignal,
  steps: Steps = noSteps,
  surroundings?: Surroundings,
): Promise<void> {
  // Before etcd starts: it would inherit the notification socket and report readiness itself.
  const systemd = surroundings?.notice ?? new Systemd(log);
  try {
    await makeDataDir(settings.dataDir);
    const entries = await AuditLog.open({ dir: `${settings.dataDir}/audit`, log });
    try {
      const registration = await registrationOf(settings);
      const downtimes = await new Downtimes().load(downtimesPath(settings), log);
      const storage = await Storage.open(settings, registration, log, {
        signal,
        steps,
        supervised: surroundings?.etcd,
      });
      try {
        const resources = { systemd, entries, storage, registration, downtimes, surroundings };
        await new Controller(settings, version, resources, log).run(signal);
      } finally {
        await storage.close();
      }
    } finally {
      await entries.close();
    }
  } finally {
    await systemd.close();
  }
  log.info('stopped');
}
