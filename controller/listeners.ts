// The TCP ports of a controller: the API, for those with a certificate, and the port to join by, for those without. They
// open when the authority does, and follow it: a new authority, and a certificate of our own that grows old, change what
// new connections see.
// Invariant: no port is open without an authority; a port that is open stays open, with every stream on it.
import { messageOf, XnetError } from '../proto/errors.js';
import { keyOfRequest, makeRequest } from '../proto/pki/certificate.js';
import { readCertificate, renewalAt } from '../proto/pki/chain.js';
import { formatIdentity } from '../proto/pki/identity.js';
import type { Logger } from '../proto/process/log.js';
import type { Admission } from '../proto/rpc/access.js';
import { type Endpoint, formatEndpoint } from '../proto/rpc/endpoint.js';
import type { CallObserver } from '../proto/rpc/observe.js';
import { type RpcServer, type ServiceBinding, startServer } from '../proto/rpc/server.js';
import { type ServerIdentity, ServerTls } from '../proto/rpc/tls.js';
import type { Authority, Opened } from './authority/authority.js';
import type { Keeper } from './view/keeper.js';

/** ListenerParts are what the ports are made of. */
export type ListenerParts = {
  readonly authority: Authority;
  readonly keeper: Keeper;
  readonly controllerId: string;
  readonly listen: readonly Endpoint[];
  readonly joinListen: readonly Endpoint[];
  readonly bindings: readonly ServiceBinding[];
  readonly joinBindings: readonly ServiceBinding[];
  readonly observer: CallObserver;
  readonly log: Logger;
  /** Called when a port can't be opened. */
  readonly onFailure: (error: XnetError) => void;
};

const controllerTtlMs = 90 * 24 * 3_600_000;
// setTimeout takes at most 2^31-1 ms, some 25 days.
const longestTimerMs = 24 * 3_600_000;

type Open = { readonly server: RpcServer; readonly tls: ServerTls };

/** Listeners are the TCP ports. */
export class Listeners {
  readonly #parts: ListenerParts;
  #open: readonly Open[] = [];
  #opened = false;
  #closed = false;
  #renewal: NodeJS.Timeout | undefined;
  #work: Promise<void> = Promise.resolve();

  constructor(parts: ListenerParts) {
    this.#parts = parts;
    parts.authority.onOpened((opened) => this.#schedule(opened));
    parts.keeper.onChange((touched) => {
      // Streams that are open outlive a store that is not known for a while.
      const concerned = parts.keeper.ready && (touched.certificates || touched.nodes.size > 0);
      if (concerned) for (const { server } of this.#open) server.recheck();
      this.#tellHealth();
    });
  }

  /** opened says whether all ports are open. */
  get opened(): boolean {
    return this.#opened;
  }

  /** settled waits until what the authority said last was done. */
  settled(): Promise<void> {
    return this.#work;
  }

  #tellHealth(): void {
    for (const { server } of this.#open) server.health.set(this.#parts.keeper.ready);
  }

  #schedule(opened: Opened): void {
    this.#work = this.#work
      .then(() => this.#follow(opened))
      .catch((error: unknown) => {
        this.#parts.onFailure(error instanceof XnetError ? error : new XnetError('Internal', messageOf(error)));
      });
  }

  async #follow(opened: Opened): Promise<void> {
    if (this.#closed) return;
    const identity = await this.#identity(opened);
    if (this.#opened) {
      for (const { tls } of this.#open) tls.change(identity);
      this.#parts.log.info({ issuer: opened.issuer }, 'listen: certificate changed');
      return;
    }
    const { listen, joinListen, bindings, joinBindings, observer, log } = this.#parts;
    const api = new ServerTls(identity, 'certificates');
    const join = new ServerTls(identity, 'strangers');
    this.#open = [
      {
        tls: api,
        server: await startServer({
          ...{ endpoints: listen, bindings, tls: api, observer },
          refuse: (caller) => this.#refuse(caller),
        }),
      },
    ];
    this.#open = [
      ...this.#open,
      { tls: join, server: await startServer({ endpoints: joinListen, bindings: joinBindings, tls: join, observer }) },
    ];
    this.#opened = true;
    this.#tellHealth();
    log.info({ listen: listen.map(formatEndpoint), join: joinListen.map(formatEndpoint) }, 'listen: open');
  }

  // Whoever is of another cluster, or in the store as revoked; that a node exists is for its calls to find out. As long as
  // nobody knows who is revoked, nobody is let in.
  #refuse({ identity, serial }: Parameters<NonNullable<Admission['refuse']>>[0]): XnetError | undefined {
    const whose = `the certificate of ${formatIdentity(identity)}`;
    try {
      const { view, version } = this.#parts.keeper;
      if (identity.clusterId !== version.clusterId) {
        return new XnetError('PermissionDenied', `${whose} is of another cluster`);
      }
      const { revoked } = view;
      if (!revoked.has(serial) && !(identity.role === 'node' && revoked.has(identity.id))) return undefined;
    } catch (error) {
      return error instanceof XnetError ? error : new XnetError('Internal', messageOf(error));
    }
    return new XnetError('PermissionDenied', `${whose} was revoked`);
  }

  async #identity(opened: Opened): Promise<ServerIdentity> {
    const { authority, controllerId } = this.#parts;
    // A key of its own each time, that is never written anywhere.
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
        const { opened } = this.#parts.authority;
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
    await this.#work;
    for (const { server } of this.#open) server.health.set(false);
    await Promise.all(this.#open.map(({ server }) => server.close(graceMs)));
  }
}
