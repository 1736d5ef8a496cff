// The servers of a controller: the local sockets and the TCP ports, with the services bound to both.
// Invariant: the local sockets are open while the controller runs; the health service reports serving while the store
// has been read and all TCP ports are open.
import type { XnetError } from '../proto/errors.js';
import type { Logger } from '../proto/process/log.js';
import { type Endpoint, formatEndpoint } from '../proto/rpc/endpoint.js';
import type { CallObserver } from '../proto/rpc/observe.js';
import { type RpcServer, type ServiceBinding, startServer } from '../proto/rpc/server.js';
import { Listeners } from './listeners.js';
import { type ClusterState, liveOf, type Ports, type Registries, type ThisController } from './service/admin-deps.js';
import { adminService } from './service/admin-service.js';
import { type BackupServiceDeps, backupService } from './service/backup-service.js';
import { diagnosisServices } from './service/diagnosis-service.js';
import { heldRouteService } from './service/held-route-service.js';
import { ipamService } from './service/ipam-service.js';
import { joinService } from './service/join-service.js';
import { leaseService } from './service/lease-service.js';
import { lifecycleService } from './service/lifecycle-calls.js';
import { networkService } from './service/network-service.js';
import { nicService } from './service/nic-service.js';
import { nodeService } from './service/node-service.js';
import { rolloutFacts } from './service/rollout-facts.js';
import { rolloutService } from './service/rollout-service.js';
import { staticRouteService } from './service/static-route-service.js';
import { type ControllerSettings, joinEndpoints, localEndpoints } from './settings.js';
import type { Surroundings } from './surroundings.js';

/** ApiDeps are the dependencies of the services. */
export type ApiDeps = {
  readonly state: ClusterState;
  readonly registries: Registries;
  readonly controller: Omit<ThisController, 'ports'>;
  readonly backup: Omit<BackupServiceDeps, 'controller' | 'statusOf'>;
  readonly observer: CallObserver;
  readonly log: Logger;
  /** Called when the ports can't open for a reason other than their addresses. */
  readonly onFailure: (error: XnetError) => void;
  /** Absent: the controller runs alone. */
  readonly surroundings: Surroundings | undefined;
};

/** Api is the servers of a controller. */
export class Api {
  readonly #deps: ApiDeps;
  readonly #settings: ControllerSettings;
  readonly #bindings: readonly ServiceBinding[];
  readonly #listeners: Listeners;
  #local: RpcServer | undefined;
  #isDraining = false;

  constructor(settings: ControllerSettings, deps: ApiDeps) {
    const { state, registries, observer, log, onFailure, surroundings } = deps;
    const { feed, store, sessions, finder } = state;
    const { nodes, leases, certificates, authority } = registries;
    this.#deps = deps;
    this.#settings = settings;
    const ports: Ports = {
      check: () => this.#listeners.check(),
      settled: () => this.#listeners.settled(),
      problem: () => this.#listeners.problem,
    };
    const alive = (connection: string) => this.#listeners.alive(connection);
    this.#bindings = [
      nodeService({ feed, store, sessions, nodes, leases, certificates, authority, alive }),
      adminService({ state, registries, controller: { ...deps.controller, ports } }),
      ipamService({ feed, sessions, pools: registries.pools, controllerId: deps.controller.id }),
      lifecycleService({ state, registries }),
      rolloutService({ feed, rollouts: registries.rollouts, facts: rolloutFacts(feed, sessions) }),
      leaseService({ feed, finder, leases, live: () => liveOf(sessions) }),
      nicService({ feed, finder, nics: registries.nics, statusOf: (nodeId) => sessions.statusOf(nodeId) }),
      heldRouteService({ feed, context: deps.backup.context, live: liveOf(sessions) }),
      networkService({ feed, finder, networks: registries.networks, live: () => liveOf(sessions), now: Date.now }),
      staticRouteService({ feed, staticRoutes: registries.staticRoutes }),
      ...diagnosisServices({
        feed,
        sessions,
        controllerId: deps.controller.id,
        siblingOf: (id) => surroundings?.siblingOf(id),
      }),
      backupService({
        ...deps.backup,
        controller: deps.controller,
        statusOf: (nodeId) => sessions.statusOf(nodeId),
      }),
    ];
    const record = sessions.record.bind(sessions);
    this.#listeners = new Listeners({
      authority,
      feed,
      controllerId: deps.controller.id,
      observer,
      log,
      api: { endpoints: settings.listen.filter(({ kind }) => kind === 'tcp'), bindings: this.#bindings },
      join: {
        endpoints: joinEndpoints(settings),
        bindings: [joinService({ feed, store, authority, certificates, record })],
      },
      listener: { onOpen: () => this.#tellHealth(), onFailure },
      shared: surroundings,
    });
  }

  /** endpoints returns the addresses of the local server; none before start. */
  get endpoints(): readonly Endpoint[] {
    return this.#local?.endpoints ?? [];
  }

  /**
   * start opens the local sockets. The TCP ports open once there is an authority: see Listeners.
   * @throws XnetError when an address can't be listened on
   */
  async start(): Promise<void> {
    const { state, controller, observer, log } = this.#deps;
    this.#local = await startServer({
      endpoints: localEndpoints(this.#settings),
      bindings: this.#bindings,
      observer,
    });
    const listen = this.endpoints.map(formatEndpoint);
    log.info({ id: controller.id, version: controller.version, listen, etcd: controller.etcd.endpoints }, 'started');
    state.feed.onChange(() => this.#tellHealth());
    state.feed.onStanding(() => this.#tellHealth());
  }

  /** checkPorts checks whether the TCP ports can be opened. A problem is logged and shown in the status. */
  async checkPorts(): Promise<void> {
    await this.#listeners.check();
  }

  #tellHealth(): void {
    if (this.#isDraining) return;
    this.#local?.health.set(this.#deps.state.feed.serving && this.#listeners.opened);
  }

  /** drain asks clients to move to another controller. */
  drain(): void {
    this.#isDraining = true;
    this.#local?.health.set(false);
  }

  /** close closes all servers; calls in flight have `graceMs` milliseconds to end. */
  async close(graceMs: number): Promise<void> {
    await Promise.all([this.#local?.close(graceMs), this.#listeners.close(graceMs)]);
  }
}
