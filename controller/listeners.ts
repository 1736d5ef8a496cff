// The TCP ports of a controller: the API for clients with a certificate, and the join port for hosts without one. They
// open once there is an authority, and follow it: a new authority, or a renewed server certificate, applies to new
// connections.
// Invariant: no port is open without an authority. An open port stays open, with all its streams. An address that can't
// be listened on does not end the controller: it is reported from the start and retried.
import { type Fence, messageOf, XnetError } from '../proto/errors.js';
import { keyOfRequest, makeRequest } from '../proto/pki/certificate.js';
import { readCertificate, renewalAt } from '../proto/pki/chain.js';
import { formatIdentity } from '../proto/pki/identity.js';
import type { Logger } from '../proto/process/log.js';
import type { Admission } from '../proto/rpc/access.js';
import { type Endpoint, formatEndpoint } from '../proto/rpc/endpoint.js';
import { connectionLimits } from '../proto/rpc/limits.js';
import type { CallObserver } from '../proto/rpc/observe.js';
import { type RpcServer, type ServerOptions, type ServiceBinding, startServer } from '../proto/rpc/server.js';
import { type ServerIdentity, ServerTls } from '../proto/rpc/server-tls.js';
import type { Authority, Opened } from './authority/authority.js';
import { requireBindable } from './bindable.js';
import { fenceOf } from './registry/restored.js';
import type { Surroundings } from './surroundings.js';
import type { ViewFeed } from './view/view-feed.js';

/** Served is the endpoints of one kind of port, and the services there. */
export type Served = { readonly endpoints: readonly Endpoint[]; readonly bindings: readonly ServiceBinding[] };

/** ListenersListener is notified of the outcome of opening the ports. */
export type ListenersListener = {
  /** Called when all ports are open. */
  onOpen(): void;
  /** Called when the ports can't open for a reason other than their addresses. */
  onFailure(error: XnetError): void;
};

/** ListenerDeps are the dependencies of the ports. */
export type ListenerDeps = {
  readonly authority: Authority;
  readonly feed: ViewFeed;
  readonly controllerId: string;
  /** For clients with a certificate. */
  readonly api: Served;
  /** For hosts without one. */
  readonly join: Served;
  readonly observer: CallObserver;
  readonly log: Logger;
  readonly listener: ListenersListener;
  /** Opens the ports, if other workers serve them as well. */
  readonly shared: Pick<Surroundings, 'ports' | 'of'> | undefined;
};

const controllerTtlMs = 90 * 24 * 3_600_000;
// setTimeout takes at most 2^31-1 ms, some 25 days.
const longestTimerMs = 24 * 3_600_000;

// A reachable host answers within this time.
const aliveMs = 3_000;
// Retries because the interface of an address may come up later than the controller.
const retryMs = 2_000;

// A port of one kind: where it listens, and with which services, once there is an authority.
type Port = Served & {
  readonly clients: 'certificates' | 'strangers';
  tls: ServerTls | undefined;
  server: RpcServer | undefined;
};

/** Listeners are the TCP ports. */
export class Listeners {
  readonly #deps: ListenerDeps;
  readonly #ports: readonly Port[];
  /** Why ports are not open. */
  #problem: XnetError | undefined;
  #closed = false;
  /** Revocations changed while the store was not accepted. */
  #revocationsDue = false;
  /** The cluster for which all open streams were checked. */
  #checkedFor = '';
  #retry: NodeJS.Timeout | undefined;
  #renewal: NodeJS.Timeout | undefined;
  #work: Promise<void> = Promise.resolve();

  constructor(deps: ListenerDeps) {
    this.#deps = deps;
    const none = { tls: undefined, server: undefined };
    this.#ports = [
      { clients: 'certificates', ...deps.api, ...none },
      { clients: 'strangers', ...deps.join, ...none },
    ];
    deps.authority.onOpened((opened) => this.#schedule(opened));
    deps.feed.onChange((touched) => {
      this.#recheck(touched.revocations);
      this.#tellHealth();
    });
    deps.feed.onStanding(() => this.#tellHealth());
  }

  // Only revocations, or another cluster, refuse the caller of an open stream: see #refuse.
  #recheck(revocations: boolean): void {
    const { feed } = this.#deps;
    // Open streams survive a period in which the store is not accepted.
    if (!feed.ready) {
      this.#revocationsDue ||= revocations;
      return;
    }
    const clusterId = feed.view.cluster?.record.id ?? '';
    if (!revocations && !this.#revocationsDue && clusterId === this.#checkedFor) return;
    this.#revocationsDue = false;
    this.#checkedFor = clusterId;
    for (const { server } of this.#ports) server?.recheck();
  }

  /** opened reports whether all ports are open. */
  get opened(): boolean {
    return this.#ports.every(({ server }) => server !== undefined);
  }

  /** problem returns why ports that should be open are not. */
  get problem(): XnetError | undefined {
    return this.#problem;
  }

  /** check checks whether the ports can be bound, and repeats that until they can. It does not open them. */
  async check(): Promise<void> {
    try {
      for (const port of this.#ports) if (port.server === undefined) await this.#requireBindable(port);
      this.#tellProblem(undefined);
    } catch (error) {
      this.#tellProblem(asXnetError(error));
    }
  }

  async #requireBindable({ endpoints }: Port): Promise<void> {
    const check = this.#deps.shared?.ports.check ?? requireBindable;
    for (const endpoint of endpoints) if (endpoint.kind === 'tcp') await check(endpoint);
  }

  #tellProblem(problem: XnetError | undefined): void {
    const { log } = this.#deps;
    if (problem !== undefined && problem.message !== this.#problem?.message) {
      log.error({ hint: problem.hint }, `listen: ${problem.message}`);
    }
    if (problem === undefined && this.#problem !== undefined) log.info('listen: the addresses are available now');
    this.#problem = problem;
    clearTimeout(this.#retry);
    if (problem === undefined || this.#closed) return;
    this.#retry = setTimeout(() => {
      this.#work = this.#work.then(() => (this.#ports[0]?.tls === undefined ? this.check() : this.#openPorts()));
    }, retryMs).unref();
  }

  /** settled waits until the last change of the authority has been applied. */
  settled(): Promise<void> {
    return this.#work;
  }

  /** alive reports whether the other end of a connection ("192.168.83.7:40123") answers within a few seconds. */
  async alive(connection: string): Promise<boolean> {
    const asked = this.#ports.map(({ server }) => server?.alive(connection, aliveMs) ?? false);
    return (await Promise.all(asked)).includes(true);
  }

  #tellHealth(): void {
    if (this.#closed) return;
    for (const { server } of this.#ports) server?.health.set(this.#deps.feed.ready);
  }

  #schedule(opened: Opened): void {
    this.#work = this.#work
      .then(() => this.#follow(opened))
      .catch((error: unknown) => {
        this.#deps.listener.onFailure(asXnetError(error));
      });
  }

  async #follow(opened: Opened): Promise<void> {
    if (this.#closed) return;
    const identity = await this.#identity(opened);
    const { log } = this.#deps;
    const wasOpen = this.opened;
    for (const port of this.#ports) {
      if (port.tls === undefined) port.tls = new ServerTls(identity, port.clients);
      else port.tls.change(identity);
    }
    if (wasOpen) log.info({ issuer: opened.issuer }, 'listen: certificate changed');
    else await this.#openPorts();
  }

  async #openPorts(): Promise<void> {
    if (this.#closed) return;
    const { api, join, log, listener } = this.#deps;
    try {
      for (const port of this.#ports) port.server ??= await this.#openPort(port);
    } catch (error) {
      this.#tellProblem(asXnetError(error));
      return;
    }
    this.#tellProblem(undefined);
    this.#tellHealth();
    log.info({ listen: api.endpoints.map(formatEndpoint), join: join.endpoints.map(formatEndpoint) }, 'listen: open');
    listener.onOpen();
  }

  async #openPort(port: Port): Promise<RpcServer> {
    const { observer } = this.#deps;
    const { endpoints, bindings, clients, tls } = port;
    if (tls === undefined) throw new XnetError('Internal', 'a port was to be opened before there is an authority');
    await this.#requireBindable(port);
    const options = { endpoints, bindings, tls, observer, ...this.#share() };
    if (clients === 'strangers') return startServer(options);
    return startServer({ ...options, refuse: (caller) => this.#refuse(caller) });
  }

  // Connections without a call are counted by each worker, so each gets its part of the limit.
  #share(): Pick<ServerOptions, 'ports' | 'mostSilent'> {
    const { shared } = this.#deps;
    if (shared === undefined) return {};
    return { ports: shared.ports, mostSilent: Math.ceil(connectionLimits.mostSilent / shared.of) };
  }

  // Refuses identities of another cluster, and revoked ones. Calls check themselves whether the node exists. While the
  // revocations are unknown, every identity is refused.
  #refuse({ identity, serial }: Parameters<NonNullable<Admission['refuse']>>[0]): XnetError | undefined {
    const whose = `the certificate of ${formatIdentity(identity)}`;
    try {
      const { view, version } = this.#deps.feed;
      if (identity.clusterId !== version.clusterId) {
        return new XnetError('PermissionDenied', `${whose} is of another cluster`);
      }
      const { revoked } = view;
      if (!revoked.has(serial) && !(identity.role === 'node' && revoked.has(identity.id))) return undefined;
    } catch (error) {
      return error instanceof XnetError ? error : new XnetError('Internal', messageOf(error));
    }
    return new XnetError('PermissionDenied', `${whose} was revoked`, this.#fenceOf(serial));
  }

  #fenceOf(serial: string): { readonly fence?: Fence } {
    const { view } = this.#deps.feed;
    const fence = view.revoked.get(serial)?.record.replaced === true ? fenceOf(view, 'replaced') : undefined;
    return fence === undefined ? {} : { fence };
  }

  async #identity(opened: Opened): Promise<ServerIdentity> {
    const { authority, controllerId } = this.#deps;
    // A new key for each server certificate; it is never written to disk.
    const { key, csr } = await makeRequest();
    const issued = await authority.issue('controller', controllerId, await keyOfRequest(csr), controllerTtlMs);
    this.#renewLater(renewalAt(readCertificate(issued.certificate), Math.random()));
    return { chain: [issued.certificate, ...opened.path], key, authority: opened.trusted };
  }

  #renewLater(atMs: number): void {
    clearTimeout(this.#renewal);
    const leftMs = atMs - Date.now();
    this.#renewal = setTimeout(
      () => {
        const { opened } = this.#deps.authority;
        if (Date.now() < atMs) this.#renewLater(atMs);
        else if (opened !== undefined) this.#schedule(opened);
      },
      Math.max(0, Math.min(leftMs, longestTimerMs)),
    ).unref();
  }

  /** close closes the ports; streams end after at most `graceMs` milliseconds. */
  async close(graceMs: number): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#renewal);
    clearTimeout(this.#retry);
    await this.#work;
    for (const { server } of this.#ports) server?.health.set(false);
    await Promise.all(this.#ports.map(({ server }) => server?.close(graceMs)));
  }
}

function asXnetError(error: unknown): XnetError {
  return error instanceof XnetError ? error : new XnetError('Internal', messageOf(error));
}
