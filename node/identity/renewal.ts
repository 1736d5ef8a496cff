// Keeps the identity of the running daemon: renews the certificate, takes over a new join, and updates trust.
// Invariant: connections use the identity on disk or a newer one; a renewal never ends an open stream.
import { type FSWatcher, watch } from 'node:fs';
import { basename } from 'node:path';
import { type Prefix, parsePrefix } from '../../proto/domain/address.js';
import { messageOf, XnetError } from '../../proto/errors.js';
import { Alarm, backoffMs } from '../../proto/process/backoff.js';
import type { Logger } from '../../proto/process/log.js';
import type { Credentials } from '../../proto/rpc/tls.js';
import { lockState } from '../host/lock.js';
import type { Finding } from '../reconcile/effect.js';
import { Subscribers } from '../reconcile/live-value.js';
import type { Trust } from '../uplink/watch-stream.js';
import { identityFolder, readIdentity, writeIdentity } from './folder.js';
import { certificateOf, credentialsOf, hasExpired, identityProblem, type NodeIdentity, notJoined } from './identity.js';
import { requireSameNode, withControllers } from './membership.js';
import {
  identityFindings,
  isOfReplaced,
  joinAgain,
  renewalOf,
  sameAuthority,
  type Trouble,
  trustProblem,
} from './renewal-plan.js';
import type { RenewalUplink } from './renewal-uplink.js';

/** CertificateRenewalOptions are the identity to keep, and where it is stored. */
export type CertificateRenewalOptions = {
  readonly stateDir: string;
  readonly identity: NodeIdentity;
  readonly log: Logger;
};

// Changes by other processes, such as setting the clock, are noticed within this time. The limit of setTimeout is about
// 25 days.
const longestWaitMs = 3_600_000;
const backoff = { firstMs: 1_000, longestMs: 30 * 60_000 };

/** CertificateRenewal keeps an identity valid. */
export class CertificateRenewal {
  readonly #options: CertificateRenewalOptions;
  readonly #alarm = new Alarm();
  readonly #changed = new Subscribers();
  #uplink: RenewalUplink | undefined;
  #identity: NodeIdentity;
  // Issued by a controller, not on disk yet.
  #unwritten: NodeIdentity | undefined;
  #received: Pick<Trust, 'authority' | 'controllers'> | undefined;
  // Undefined: the certificate's issuer is current.
  #reissueMs: number | undefined;
  #failures = 0;
  // Before this time the certificate does not expire, milliseconds since 1970.
  #sureMs = 0;
  #trouble: Trouble = {};

  constructor(options: CertificateRenewalOptions) {
    this.#options = options;
    this.#identity = options.identity;
  }

  /**
   * credentials are the certificate, key and trusted authorities of the next connection.
   * @throws XnetError FailedPrecondition when the identity is gone or another's, Unauthenticated when it has expired
   */
  async credentials(): Promise<Credentials> {
    await this.#readAgain();
    const identity = this.#unwritten ?? this.#identity;
    if (hasExpired(identity, Date.now())) {
      const until = new Date(certificateOf(identity).notAfterMs).toISOString();
      throw new XnetError('Unauthenticated', `this host's certificate expired at ${until}`, {
        hint: joinAgain(identity),
      });
    }
    return credentialsOf(identity);
  }

  /** joinedPools are the pools that the controllers named when this host joined. */
  get joinedPools(): readonly Prefix[] {
    return this.#identity.pools.flatMap((text) => parsePrefix(text) ?? []);
  }

  /** nodeId is the node that the certificate names: another one after the host was removed and has joined again. */
  get nodeId(): string {
    return this.#identity.nodeId;
  }

  /** subscribe calls `listener` whenever the findings may have changed. */
  subscribe(listener: () => void): () => void {
    return this.#changed.subscribe(listener);
  }

  /** findings report what is wrong with the identity. */
  get findings(): readonly Finding[] {
    const wrong = Object.values(this.#trouble).some((part) => part !== undefined);
    // Called on every change of the table: parsing the certificate each time would be slow.
    if (!wrong && Date.now() < this.#sureMs) return [];
    this.#sureMs = Math.min(certificateOf(this.#unwritten ?? this.#identity).notAfterMs, Date.now() + longestWaitMs);
    return identityFindings(this.#unwritten ?? this.#identity, this.#trouble, Date.now());
  }

  /** controllers are the known addresses of the controllers. */
  get controllers(): readonly string[] {
    return (this.#unwritten ?? this.#identity).controllers;
  }

  /** trust takes in the authorities that an authenticated controller announces. */
  trust({ authority: received, spreadMs, controllers }: Trust): void {
    const problem = trustProblem(this.#identity, received);
    if (problem !== undefined) {
      if (this.#trouble.trust !== problem) this.#options.log.warn({ reason: problem }, 'trust: refused');
      this.#note({ ...this.#trouble, trust: problem });
      return;
    }
    if (this.#trouble.trust !== undefined) this.#note({ ...this.#trouble, trust: undefined });
    this.#received = { authority: received, controllers };
    this.#reissueMs = isOfReplaced(this.#unwritten ?? this.#identity, received)
      ? Date.now() + Math.random() * spreadMs
      : undefined;
    this.#alarm.ring();
  }

  /** refused records that the controllers refuse this host, and why. */
  refused({ message, hint }: XnetError): void {
    const refusal = hint === undefined ? message : `${message}: ${hint}`;
    if (this.#trouble.refusal !== refusal) this.#note({ ...this.#trouble, refusal });
  }

  /** connected records that the uplink is up, and retries what failed without it. */
  connected(): void {
    if (this.#trouble.refusal !== undefined) this.#note({ ...this.#trouble, refusal: undefined });
    if (this.#failures > 0) this.#alarm.ring();
  }

  /** run keeps the identity valid until `signal` aborts. */
  async run(uplink: RenewalUplink, signal: AbortSignal): Promise<void> {
    this.#uplink = uplink;
    const ring = () => this.#alarm.ring();
    signal.addEventListener('abort', ring, { once: true });
    const watcher = this.#watchFolder();
    try {
      while (!signal.aborted) {
        await this.#takeReceived();
        const waitMs = this.#waitMs(Date.now());
        // The alarm went off during the work above.
        if (this.#received !== undefined || signal.aborted) continue;
        if (waitMs > 0) {
          await this.#alarm.wait(Math.min(waitMs, longestWaitMs));
          this.#changed.notify();
          continue;
        }
        try {
          await this.#renew(uplink, signal);
          this.#failures = 0;
          if (this.#trouble.renewal !== undefined) this.#note({ ...this.#trouble, renewal: undefined });
        } catch (error) {
          if (signal.aborted) return;
          this.#noteFailure(error);
          await this.#alarm.wait(this.#pauseMs());
        }
      }
    } finally {
      signal.removeEventListener('abort', ring);
      watcher?.close();
    }
  }

  #note(trouble: Trouble): void {
    this.#trouble = trouble;
    this.#changed.notify();
  }

  #noteFailure(error: unknown): void {
    this.#failures += 1;
    // A daemon that has just started has no connection yet.
    if (this.#failures === 1 && error instanceof XnetError && error.code === 'Unavailable') return;
    const renewal = messageOf(error);
    this.#options.log.warn({ reason: renewal, attempt: this.#failures }, 'certificate: not renewed');
    this.#note({ ...this.#trouble, renewal });
  }

  #waitMs(nowMs: number): number {
    // Controllers don't renew an expired certificate: the host has to join again.
    if (hasExpired(this.#unwritten ?? this.#identity, nowMs)) return longestWaitMs;
    return this.#dueMs() - nowMs;
  }

  #dueMs(): number {
    if (this.#unwritten !== undefined) return 0;
    return Math.min(renewalOf(this.#identity), this.#reissueMs ?? Number.POSITIVE_INFINITY);
  }

  // Exponential backoff, limited by the remaining life of the certificate.
  #pauseMs(): number {
    const leftMs = certificateOf(this.#identity).notAfterMs - Date.now();
    const longestMs = Math.max(backoff.firstMs, Math.min(backoff.longestMs, leftMs / 8));
    return backoff.firstMs / 2 + backoffMs(this.#failures, { ...backoff, longestMs }, Math.random());
  }

  async #renew(uplink: RenewalUplink, signal: AbortSignal): Promise<void> {
    const { log } = this.#options;
    await this.#readAgain();
    if (this.#dueMs() > Date.now()) return;
    // While the disk is full, the unwritten certificate needs renewal as well.
    if (this.#unwritten === undefined || renewalOf(this.#unwritten) <= Date.now()) {
      const before = this.#unwritten ?? this.#identity;
      // Loaded when it is needed: see its head.
      const { makeRequest } = await import('../../proto/pki/certificate.js');
      // Each certificate has a new key, so the key in an old backup soon becomes useless.
      const { key, csr } = await makeRequest();
      const { certificate, authority } = await uplink.renew({ csr }, signal);
      const next = { ...before, key, certificate, authority };
      const problem = trustProblem(before, authority) ?? identityProblem(next);
      if (problem !== undefined)
        throw new XnetError('Corrupt', `the controller returned an invalid identity: ${problem}`);
      this.#unwritten = next;
      this.#reissueMs = undefined;
      uplink.showNewest().catch((error: unknown) => log.warn({ reason: messageOf(error) }, 'calls: not renewed'));
    }
    await this.#write(this.#unwritten, this.#identity);
    const { serial, notAfterMs } = certificateOf(this.#identity);
    log.info({ serial, until: new Date(notAfterMs).toISOString() }, 'certificate: renewed');
  }

  // Trust is written alone if it fits the present certificate; otherwise together with the next certificate.
  async #takeReceived(): Promise<void> {
    const received = this.#received;
    this.#received = undefined;
    if (received === undefined || this.#unwritten !== undefined) return;
    const { authority } = received;
    const controllers = withControllers(this.#identity.controllers, received.controllers);
    const isKnown = controllers.join() === this.#identity.controllers.join();
    if (isKnown && sameAuthority(authority, this.#identity.authority)) return;
    const next = { ...this.#identity, authority, controllers };
    if (identityProblem(next) !== undefined) return;
    try {
      await this.#write(next, this.#identity);
      if (isKnown) this.#options.log.info({ authorities: authority.length }, 'trust: changed');
      else this.#options.log.info({ authorities: authority.length, controllers }, 'controllers: changed');
    } catch (error) {
      // Controllers announce it again on the next stream and with the next certificate.
      this.#options.log.warn({ reason: messageOf(error) }, 'trust: not written');
    }
  }

  // Replaces the identity that this one was derived from, unless the host has joined again meanwhile.
  async #write(next: NodeIdentity, before: NodeIdentity): Promise<void> {
    const { stateDir } = this.#options;
    const lock = lockState(stateDir, 'identity.lock');
    if (lock === undefined) throw new XnetError('Unavailable', 'xnetd join is under way');
    try {
      const newest = await readIdentity(stateDir);
      if (newest?.certificate === before.certificate) {
        await writeIdentity(stateDir, next);
        this.#identity = next;
      }
      this.#unwritten = undefined;
    } finally {
      lock.release();
    }
    if (this.#identity !== next) await this.#readAgain();
  }

  // Takes over the identity of a new join.
  async #readAgain(): Promise<void> {
    const { stateDir, identity, log } = this.#options;
    const newest = await readIdentity(stateDir);
    if (newest === undefined) throw notJoined();
    requireSameNode(identity, newest);
    const known = [this.#identity, this.#unwritten].some((one) => one?.certificate === newest.certificate);
    if (known) return;
    this.#identity = newest;
    this.#sureMs = 0;
    this.#unwritten = undefined;
    this.#reissueMs = undefined;
    this.#failures = 0;
    log.info({ node: newest.nodeId, serial: certificateOf(newest).serial }, 'identity: joined again');
    this.#note({});
    this.#alarm.ring();
    // Connections that were refused may be accepted now.
    this.#uplink?.wake();
  }

  // Without a watcher, the next connection notices the change.
  #watchFolder(): FSWatcher | undefined {
    const { stateDir, log } = this.#options;
    const name = basename(identityFolder(stateDir));
    const look = () => {
      this.#readAgain().catch((error: unknown) => log.warn({ reason: messageOf(error) }, 'identity: not taken over'));
    };
    try {
      return watch(stateDir, (_event, changed) => {
        if (changed === name) look();
      }).on('error', (error) => log.debug({ reason: messageOf(error) }, 'identity: not watched'));
    } catch (error) {
      log.debug({ reason: messageOf(error) }, 'identity: not watched');
      return undefined;
    }
  }
}
