// The calls about the authority, join tokens and certificates. Invariant: every argument is checked here.
import type { ServerWritableStream } from '@grpc/grpc-js';
import { checkName, checkPrefix, Problems, quoted } from '../../proto/domain/input.js';
import { throwIfAny, XnetError } from '../../proto/errors.js';
import type { Authority as WireAuthority } from '../../proto/gen/xnet/v1/Authority.js';
import type { CreateTokenRequest__Output } from '../../proto/gen/xnet/v1/CreateTokenRequest.js';
import type { CreateTokenResponse } from '../../proto/gen/xnet/v1/CreateTokenResponse.js';
import type { GetAuthorityResponse } from '../../proto/gen/xnet/v1/GetAuthorityResponse.js';
import type { InitRequest__Output } from '../../proto/gen/xnet/v1/InitRequest.js';
import type { InitResponse } from '../../proto/gen/xnet/v1/InitResponse.js';
import type { IssueCertificateRequest__Output } from '../../proto/gen/xnet/v1/IssueCertificateRequest.js';
import type { IssueCertificateResponse } from '../../proto/gen/xnet/v1/IssueCertificateResponse.js';
import type { ListCertificatesRequest__Output } from '../../proto/gen/xnet/v1/ListCertificatesRequest.js';
import type { ListCertificatesResponse } from '../../proto/gen/xnet/v1/ListCertificatesResponse.js';
import type { ListTokensResponse } from '../../proto/gen/xnet/v1/ListTokensResponse.js';
import type { RevokeCertificateRequest__Output } from '../../proto/gen/xnet/v1/RevokeCertificateRequest.js';
import type { RevokeCertificateResponse } from '../../proto/gen/xnet/v1/RevokeCertificateResponse.js';
import type { RevokeNodeRequest__Output } from '../../proto/gen/xnet/v1/RevokeNodeRequest.js';
import type { RevokeNodeResponse } from '../../proto/gen/xnet/v1/RevokeNodeResponse.js';
import type { RevokeTokenRequest__Output } from '../../proto/gen/xnet/v1/RevokeTokenRequest.js';
import type { RotateAuthorityRequest__Output } from '../../proto/gen/xnet/v1/RotateAuthorityRequest.js';
import type { RotationProgress } from '../../proto/gen/xnet/v1/RotationProgress.js';
import { readCertificate } from '../../proto/pki/chain.js';
import { checkPersonId, isPersonRole, isRole, personRoles, roles } from '../../proto/pki/identity.js';
import { formatPeer, type Peer } from '../../proto/rpc/peer.js';
import type { Opened } from '../authority/authority.js';
import { rotationOf } from '../authority/rotation.js';
import { joinTokenMs, type NewToken, namesFor } from '../authority/tokens.js';
import { apiAddresses } from '../view/api-addresses.js';
import { type ClusterState, mutationId, type Ports, type Registries } from './admin-deps.js';
import { adoptedOf } from './adopted-host.js';
import type { Live } from './to-wire/live.js';
import { wireFromNode } from './to-wire/records.js';
import { wireFromCertificate, wireFromJoinToken, wireFromToken } from './to-wire/security.js';

const dayMs = 24 * 3_600_000;
const longestTokenMs = 30 * dayMs;
const mostUses = 10_000;
const personTtlMs = 90 * dayMs;
const longestPersonTtlMs = 365 * dayMs;
const shownPending = 10;
const progressEveryMs = 500;

function durationOf(seconds: number, otherwise: number, longest: number): number {
  const ms = seconds === 0 ? otherwise : seconds * 1000;
  if (ms <= longest) return ms;
  throw new XnetError('InvalidArgument', `the lifetime may be at most ${longest / dayMs} days`);
}

function wireFromAuthority(clusterId: string, { record, trusted, caDigest, signer }: Opened): WireAuthority {
  const { notAfterMs } = readCertificate(signer.certificate);
  return { clusterId, certificates: [...trusted], caDigest, createdMs: record.createdMs, notAfterMs };
}

/** AuthorityCallDeps are the dependencies of the calls about the authority. */
export type AuthorityCallDeps = Pick<Registries, 'authority' | 'certificates' | 'tokens'> & {
  readonly feed: Pick<ClusterState['feed'], 'view' | 'version' | 'onChange'>;
  readonly finder: ClusterState['finder'];
  readonly ports: Ports;
  /** See liveOf. */
  readonly live: () => Live;
};

/** AuthorityCalls are the calls about the authority and what it issues. */
export class AuthorityCalls {
  readonly #deps: AuthorityCallDeps;

  constructor(deps: AuthorityCallDeps) {
    this.#deps = deps;
  }

  async init(request: InitRequest__Output): Promise<InitResponse> {
    const { authority, feed, ports } = this.#deps;
    // Check the ports first: an authority whose controllers are unreachable is useless and can't be created a second
    // time.
    if (authority.opened === undefined) await ports.check();
    const problem = ports.problem();
    if (problem !== undefined) throw problem;
    const done = await authority.init(mutationId(request));
    const { opened, keyPath } = authority;
    if (!request.dryRun) await ports.settled();
    return {
      unchanged: done.unchanged,
      ...(opened === undefined ? {} : { authority: wireFromAuthority(feed.version.clusterId, opened) }),
      clusterKeyFile: keyPath,
    };
  }

  async createToken(request: CreateTokenRequest__Output, peer: Peer): Promise<CreateTokenResponse> {
    const { authority, feed, finder, tokens } = this.#deps;
    const problems = new Problems();
    const pool = request.pool === '' ? undefined : problems.take('pool', checkName(request.pool));
    const source = request.source === '' ? undefined : problems.take('source', checkPrefix(request.source));
    const uses = request.uses === 0 ? 1 : request.uses;
    if (uses > mostUses) problems.add(`uses: at most ${mostUses}`);
    const adopt = request.adopt === null ? undefined : adoptedOf(request.adopt, problems);
    if ((request.node !== '' || adopt !== undefined) && uses > 1)
      problems.add('uses: a token for one node is used once');
    if (request.node !== '' && request.adopt !== null) problems.add('node: a host that is adopted is no node yet');
    if (request.node !== '' && pool !== undefined) problems.add('pool: a node that already exists has its pool');
    throwIfAny(problems.list, 'invalid token');
    const opened = authority.require();
    const wanted: NewToken = {
      uses,
      ttlMs: durationOf(request.ttlSeconds, joinTokenMs, longestTokenMs),
      createdBy: formatPeer(peer),
      ...(request.node === '' ? {} : { node: await finder.find(request.node) }),
      ...(pool === undefined ? {} : { pool }),
      ...(source === undefined ? {} : { source }),
      ...(adopt === undefined ? {} : { adopt }),
    };
    const names = namesFor(opened.clusterKey, request.operationId);
    await tokens.create(mutationId(request), opened.clusterKey, names, wanted);
    if (request.dryRun) return {};
    return { joinToken: wireFromJoinToken(feed.view, opened, names) };
  }

  listTokens(): ListTokensResponse {
    const { view } = this.#deps.feed;
    const live = [...view.tokens].filter(([, { record }]) => record.expiresMs > Date.now());
    live.sort(([, a], [, b]) => a.record.createdMs - b.record.createdMs);
    return { tokens: live.map(([id, { record }]) => wireFromToken(view, id, record)) };
  }

  async revokeToken(request: RevokeTokenRequest__Output): Promise<Record<string, never>> {
    await this.#deps.tokens.revoke(mutationId(request), request.id);
    return {};
  }

  listCertificates({ role }: ListCertificatesRequest__Output): ListCertificatesResponse {
    if (role !== '' && !isRole(role)) {
      throw new XnetError('InvalidArgument', `role: ${quoted(role)} is not one of ${roles.join(', ')}`);
    }
    const { view } = this.#deps.feed;
    const issuer = this.#deps.authority.opened?.issuer;
    const chosen = [...view.certificates].filter(([, { record }]) => role === '' || record.role === role);
    chosen.sort(([, a], [, b]) => a.record.notAfterMs - b.record.notAfterMs);
    return {
      certificates: chosen.map(([serial, { record }]) => wireFromCertificate(view, serial, { record, issuer })),
    };
  }

  async issue(request: IssueCertificateRequest__Output): Promise<IssueCertificateResponse> {
    const { authority, certificates, feed } = this.#deps;
    const problems = new Problems();
    const { role } = request;
    if (!isPersonRole(role)) problems.add(`role: ${quoted(role)} is not one of ${personRoles.join(', ')}`);
    const id = problems.take('id', checkPersonId(request.id));
    throwIfAny(problems.list, 'invalid certificate request');
    if (id === undefined || !isPersonRole(role)) throw new XnetError('Internal', 'missing validation problem');
    const ttlMs = durationOf(request.ttlSeconds, personTtlMs, longestPersonTtlMs);
    const answered = await certificates.issuePerson(mutationId(request), { role, id, csr: request.csr, ttlMs });
    const { view, version } = feed;
    const { trusted, issuer } = authority.require();
    return {
      ...(request.dryRun ? {} : { certificate: answered.certificate }),
      authority: [...trusted],
      record: wireFromCertificate(view, answered.serial, { record: answered.record, issuer }),
      clusterId: version.clusterId,
      controllers: apiAddresses(view, ''),
    };
  }

  async revokeCertificate(request: RevokeCertificateRequest__Output): Promise<RevokeCertificateResponse> {
    const { certificates, feed, authority } = this.#deps;
    const serial = request.serial.toLowerCase().replaceAll(':', '');
    await certificates.revokeCertificate(mutationId(request), serial);
    const held = feed.view.certificates.get(serial);
    if (held === undefined) return {};
    const { record } = held;
    return { record: wireFromCertificate(feed.view, serial, { record, issuer: authority.opened?.issuer }) };
  }

  async revokeNode(request: RevokeNodeRequest__Output): Promise<RevokeNodeResponse> {
    const { certificates, feed, finder } = this.#deps;
    const id = await finder.find(request.node);
    const done = await certificates.revokeNode(mutationId(request), id);
    const node = wireFromNode(feed.view, id, this.#deps.live());
    return { ...(node === undefined ? {} : { node }), unchanged: done.unchanged };
  }

  #progress(done: boolean): RotationProgress {
    const { authority, feed } = this.#deps;
    const rotation = rotationOf(feed.view, authority.require().issuer, Date.now());
    return {
      nodes: rotation.nodes,
      renewed: rotation.renewed,
      pending: rotation.pending.slice(0, shownPending),
      pendingDown: rotation.pendingDown,
      people: rotation.people.slice(0, shownPending),
      done,
    };
  }

  getAuthority(): GetAuthorityResponse {
    const { authority, feed } = this.#deps;
    const opened = authority.require();
    return {
      authority: wireFromAuthority(feed.version.clusterId, opened),
      ...(opened.record.previous === undefined ? {} : { rotation: this.#progress(false) }),
    };
  }

  /** rotate starts a rotation or resumes the one in progress, and streams its progress until it is finished. */
  async rotate(
    request: RotateAuthorityRequest__Output,
    call: Pick<ServerWritableStream<unknown, RotationProgress>, 'write'>,
    gone: AbortSignal,
  ): Promise<void> {
    const { authority, feed } = this.#deps;
    await authority.rotate(mutationId(request));
    if (request.dryRun) {
      call.write(this.#progress(false));
      return;
    }
    let sent = '';
    while (!gone.aborted) {
      const progress = this.#progress(false);
      const text = JSON.stringify(progress);
      if (text !== sent) call.write(progress);
      sent = text;
      if (request.force || progress.renewed === progress.nodes) {
        await authority.finish({ request });
        call.write(this.#progress(true));
        return;
      }
      await changedOr(feed, progressEveryMs, gone);
    }
  }
}

// Resolves with the next change of certificates, at most once every `everyMs`.
function changedOr(feed: AuthorityCallDeps['feed'], everyMs: number, gone: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const end = () => {
      off();
      clearTimeout(timer);
      gone.removeEventListener('abort', end);
      resolve();
    };
    const off = feed.onChange((touched) => {
      if (touched.certificates || touched.nodes.size > 0) timer ??= setTimeout(end, everyMs);
    });
    gone.addEventListener('abort', end, { once: true });
  });
}
