// The status of the whole cluster in JSON and on one screen. Pure.
// Invariant: fields of StatusOutput are only ever added; an unknown value is null, never omitted.
import { counted, escaped } from '../../proto/domain/text.js';
import { exitCodes } from '../../proto/errors.js';
import type { GetStatusResponse__Output } from '../../proto/gen/xnet/v1/GetStatusResponse.js';
import { type Problem, problemLines } from '../../proto/process/problem.js';
import { formatFields, formatTable } from '../../proto/process/table.js';
import { version } from '../../proto/process/version.js';
import {
  type AuthorityOutput,
  type CertificateOutput,
  certificateState,
  type RotationOutput,
  rotationText,
  whoText,
} from './certificate.js';
import { type TableLook, tableOf } from './columns.js';
import { orNull } from './from-wire.js';
import { type PoolOutput, poolFromWire, poolKind } from './pool.js';
import { ageOf, isoTime } from './time.js';
import { leftText } from './token.js';

/** StatusOutput is the output of `xctl status`. */
export type StatusOutput = {
  readonly clusterId: string | null;
  readonly epoch: number;
  readonly revision: number;
  /** This xctl. */
  readonly client: { readonly version: string };
  /** The answering controller. */
  readonly controller: { readonly id: string; readonly version: string };
  readonly controllers: readonly {
    readonly id: string;
    readonly version: string;
    readonly startedAt: string | null;
    /** Number of nodes connected to it. */
    readonly sessions: number;
    readonly addresses: readonly string[];
  }[];
  readonly store: {
    readonly endpoints: readonly string[];
    readonly embedded: boolean;
    readonly connected: boolean;
    /** Why the controller refuses to act on the store; null: it acts. */
    readonly refusal: string | null;
    /** How often the store was listed again since the controller started. */
    readonly resyncs: number;
    /** What makes the store reachable for others, or fill up, one line each. A warning does not change the exit code. */
    readonly warnings: readonly string[];
  };
  readonly pools: readonly PoolOutput[];
  /** Null while the controller has not read its store. */
  readonly nodes: {
    readonly total: number;
    readonly ready: number;
    readonly progressing: number;
    readonly degraded: number;
    readonly down: number;
    readonly pending: number;
    readonly revoked: number;
    /** By availability: each is among those above as well. */
    readonly cordoned: number;
    readonly draining: number;
    readonly leaving: number;
  } | null;
  /** Null: there is none yet, or the answering controller can't open it, which is then one of the problems. */
  readonly authority: Pick<AuthorityOutput, 'digest' | 'createdAt' | 'expiresAt'> | null;
  /** Progress of a rotation of the authority; null: none is in progress. */
  readonly rotation: RotationOutput | null;
  /** Certificates that expire soon, the earliest first, and expired ones of nodes. */
  readonly expiring: readonly CertificateOutput[];
  /** Unreadable keys. */
  readonly undecodable: readonly { readonly key: string; readonly problem: string }[];
  /** The problems. */
  readonly problems: readonly Problem[];
};

/** TrustOutput is the part of the status that separate calls return. */
export type TrustOutput = {
  readonly authority: AuthorityOutput | null;
  readonly rotation: RotationOutput | null;
  readonly certificates: readonly CertificateOutput[];
  /** Why there is no authority. */
  readonly problem: Problem | null;
};

/** noTrust is the value for a status without these calls. */
export const noTrust: TrustOutput = { authority: null, rotation: null, certificates: [], problem: null };

// Nodes renew after at most 80 % of a certificate's life. An expired certificate of a person is omitted: it may be
// obsolete. Of two that were issued in the same second, the resolution of X.509, it is not known which is the newer: the
// one that expires first counts, unless it is revoked.
function expiringOf(certificates: readonly CertificateOutput[], nowMs: number): readonly CertificateOutput[] {
  const newest = new Map<string, CertificateOutput>();
  for (const certificate of certificates) {
    const who = `${certificate.role}/${certificate.id}`;
    const before = newest.get(who);
    if (before === undefined || isNewer(certificate, before)) newest.set(who, certificate);
  }
  const late = [...newest.values()].filter((certificate) => {
    const state = certificateState(certificate, nowMs);
    return state === 'expiring' || (state === 'expired' && certificate.role === 'node');
  });
  return late.sort((a, b) => (a.expiresAt ?? '').localeCompare(b.expiresAt ?? ''));
}

// Times of one format compare as text.
function isNewer(certificate: CertificateOutput, than: CertificateOutput): boolean {
  const [from, fromBefore] = [certificate.validFrom ?? '', than.validFrom ?? ''];
  if (from !== fromBefore) return from > fromBefore;
  const [isRevoked, wasRevoked] = [certificate.revokedAt !== null, than.revokedAt !== null];
  if (isRevoked !== wasRevoked) return wasRevoked;
  return (certificate.expiresAt ?? '') < (than.expiresAt ?? '');
}

function problemsOf(
  status: Omit<StatusOutput, 'problems'>,
  reported: GetStatusResponse__Output['problems'],
  trustProblem: Problem | null,
): Problem[] {
  const { store, nodes, pools, undecodable, clusterId } = status;
  const problems: Problem[] = [];
  const add = (wrong: boolean, text: string, fix: string | null = null) => {
    if (wrong) problems.push({ text, fix });
  };
  add(store.refusal !== null, `the controller refuses to act on its store: ${store.refusal}`);
  add(
    !store.connected,
    `the controller has lost its store (${store.endpoints.join(', ')}): it shows what it saw last, and can change nothing`,
  );
  add(store.connected && store.refusal === null && clusterId === null, 'the controller has not read its store yet');
  for (const { text, fix } of reported) add(true, text, orNull(fix));
  if (trustProblem !== null) problems.push(trustProblem);
  const { degraded = 0, down = 0 } = nodes ?? {};
  add(degraded > 0, `${counted(degraded, 'node is', 'nodes are')} degraded`, 'see: xctl nodes list --state degraded');
  add(down > 0, `${counted(down, 'node is', 'nodes are')} down`, 'see: xctl nodes list --state down');
  for (const { name, usage } of pools) {
    add(usage.free === 0 && usage.total > 0, `pool ${name} has no free subnet`, `see: xctl pools show ${name}`);
  }
  for (const { key, problem } of undecodable) add(true, `the key ${key} can't be read: ${problem}`);
  return problems;
}

/** statusFromWire converts a status. */
export function statusFromWire(wire: GetStatusResponse__Output, trust: TrustOutput, nowMs: number): StatusOutput {
  const { authority } = trust;
  const { store } = wire;
  const status = {
    clusterId: orNull(wire.clusterId),
    epoch: wire.epoch,
    revision: wire.revision,
    client: { version },
    controller: { id: wire.controller, version: wire.version },
    controllers: wire.controllers.map(({ id, version, startedMs, sessions, addresses }) => ({
      id,
      version,
      startedAt: isoTime(startedMs),
      sessions,
      addresses,
    })),
    store: {
      endpoints: store?.endpoints ?? [],
      embedded: store?.embedded ?? false,
      connected: store?.connected ?? false,
      refusal: orNull(store?.refusal ?? ''),
      resyncs: store?.resyncs ?? 0,
      warnings: store?.warnings ?? [],
    },
    pools: wire.pools.map(poolFromWire),
    nodes: wire.nodes,
    authority:
      authority === null
        ? null
        : { digest: authority.digest, createdAt: authority.createdAt, expiresAt: authority.expiresAt },
    rotation: trust.rotation,
    expiring: expiringOf(trust.certificates, nowMs),
    undecodable: wire.undecodable.map(({ key, problem }) => ({ key, problem })),
  };
  return { ...status, problems: problemsOf(status, wire.problems, trust.problem) };
}

/** clusterExitCode returns 0 without problems, 6 if the store can't be used, 8 for other problems. */
export function clusterExitCode({ store, clusterId, problems }: StatusOutput): number {
  if (!store.connected || store.refusal !== null || clusterId === null) return exitCodes.unavailable;
  return problems.length === 0 ? exitCodes.ok : exitCodes.problemsFound;
}

/** isSettled reports whether there are no problems and no changes in progress. */
export function isSettled(status: StatusOutput): boolean {
  return status.problems.length === 0 && (status.nodes?.progressing ?? 0) === 0;
}

const nodeCounts = ['ready', 'progressing', 'degraded', 'down', 'revoked', 'pending'] as const;
const availabilityCounts = ['cordoned', 'draining', 'leaving'] as const;

function nodesLine({ nodes }: StatusOutput, { colors }: TableLook): string {
  if (nodes === null) return '';
  const paints = {
    ready: colors.good,
    progressing: colors.waiting,
    degraded: colors.bad,
    down: colors.bad,
    revoked: colors.bad,
    pending: colors.faint,
  };
  const parts = nodeCounts.filter((name) => nodes[name] > 0).map((name) => paints[name](`${nodes[name]} ${name}`));
  const closed = availabilityCounts.filter((name) => nodes[name] > 0).map((name) => `, ${nodes[name]} ${name}`);
  return parts.length === 0 ? '0' : `${nodes.total} (${parts.join(', ')})${closed.join('')}`;
}

function authorityLine({ authority, rotation }: StatusOutput, { nowMs }: TableLook): string {
  if (authority === null) return '';
  const replaced = rotation === null ? '' : `; is being replaced: ${rotationText(rotation)}`;
  return `expires ${leftText(authority.expiresAt, nowMs)}${replaced}`;
}

const mostExpiring = 5;

function expiryLines({ expiring }: StatusOutput, nowMs: number): readonly string[] {
  const lines = expiring.slice(0, mostExpiring).map((certificate) => {
    const state = certificateState(certificate, nowMs);
    const when = state === 'expired' ? 'has expired' : `expires ${leftText(certificate.expiresAt, nowMs)}`;
    return `the certificate of ${whoText(certificate)} ${when}`;
  });
  const more = expiring.length - mostExpiring;
  return more > 0 ? [...lines, `${more} more certificates expire soon: xctl certs list`] : lines;
}

// xctl and a controller are compatible in all patches of one minor version.
function skewLines({ client, controller }: StatusOutput): readonly string[] {
  const minor = (version: string) => version.split('.').slice(0, 2).join('.');
  if (minor(client.version) === minor(controller.version)) return [];
  return [`xctl is of version ${client.version}, the controller of ${escaped(controller.version)}: use the same`];
}

/** formatStatus formats a status for one screen. */
export function formatStatus(status: StatusOutput, look: TableLook): string[] {
  const { store, controllers, pools, problems } = status;
  const { colors, nowMs } = look;
  const state = store.connected ? colors.good('connected') : colors.bad('not connected');
  const resyncs = store.resyncs === 0 ? '' : `, read again ${store.resyncs} times`;
  const fields = formatFields([
    ['Cluster', `${escaped(status.clusterId ?? 'not known yet')}, revision ${status.revision}, epoch ${status.epoch}`],
    [
      'Store',
      `${store.embedded ? 'etcd of the controller' : 'etcd'} at ${escaped(store.endpoints.join(', '))}: ${state}${resyncs}`,
    ],
    ['Nodes', nodesLine(status, look)],
    ['Authority', authorityLine(status, look)],
  ]);
  const warnings = [...store.warnings.map(escaped), ...expiryLines(status, nowMs), ...skewLines(status)].map(
    (warning) => `${colors.bad('! WARNING')} ${warning}`,
  );
  const lines = [...warnings, ...(warnings.length === 0 ? [] : ['']), ...fields, ''];
  if (controllers.length > 0) {
    const rows = controllers.map(({ id, version, sessions, startedAt, addresses }) => [
      `${escaped(id)}${id === status.controller.id ? '*' : ''}`,
      escaped(version),
      String(sessions),
      ageOf(startedAt, nowMs),
      escaped(addresses.join(', ')),
    ]);
    lines.push(
      ...formatTable(['CONTROLLER', 'VERSION', 'NODES', 'AGE', 'LISTENS-ON'], rows, { width: look.width }),
      '',
    );
  }
  const columns = poolKind.columns
    .filter(({ wide }) => wide !== true)
    .map((column) => (column.header === 'NAME' ? { ...column, header: 'POOL' } : column));
  if (pools.length > 0) lines.push(...tableOf(columns, pools, look), '');
  else if (status.clusterId !== null) lines.push('no pools: xctl pools create default 10.76.0.0/16', '');
  if (problems.length === 0) lines.push(colors.good('all is well'));
  return [...lines, ...problems.flatMap((problem) => problemLines(problem, colors.bad, look.width))];
}
