// Certificates and the authority, as programs get them in JSON and as people see them. Pure.
// Invariant: fields of the output types are only ever added; what is not known is null, never left out.
import { escaped } from '../../proto/domain/text.js';
import type { Authority__Output } from '../../proto/gen/xnet/v1/Authority.js';
import type { Certificate__Output } from '../../proto/gen/xnet/v1/Certificate.js';
import type { RotationProgress__Output } from '../../proto/gen/xnet/v1/RotationProgress.js';
import type { Kind, TableLook } from './columns.js';
import { orNull } from './from-wire.js';
import { isoTime } from './time.js';
import { leftText } from './token.js';

/** CertificateOutput is a certificate in the output of `xctl certs`. */
export type CertificateOutput = {
  /** Hexadecimal. */
  readonly serial: string;
  /** "node", "viewer", "operator", "admin" or "controller". */
  readonly role: string;
  /** Id of a node or a controller, name of a person or a program. */
  readonly id: string;
  /** Name of a node; null for all else. */
  readonly name: string | null;
  readonly validFrom: string | null;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  /** Of the authority that a rotation replaces. */
  readonly oldAuthority: boolean;
};

/** certificateFromWire reads a certificate. */
export function certificateFromWire(wire: Certificate__Output): CertificateOutput {
  return {
    serial: wire.serial,
    role: wire.role,
    id: wire.id,
    name: orNull(wire.name),
    validFrom: isoTime(wire.notBeforeMs),
    expiresAt: isoTime(wire.notAfterMs),
    revokedAt: isoTime(wire.revokedMs),
    oldAuthority: wire.oldAuthority,
  };
}

// Nodes and controllers renew after 80 % of a life at the latest: with less than this left, one has not managed to.
const lateShare = 0.15;

/** CertificateState is what is to be said of a certificate at a time. */
export type CertificateState = 'valid' | 'expiring' | 'expired' | 'revoked';

/** certificateState is "expiring" when less than 15 % of its life is left. */
export function certificateState(certificate: CertificateOutput, nowMs: number): CertificateState {
  const { validFrom, expiresAt, revokedAt } = certificate;
  if (revokedAt !== null) return 'revoked';
  const endMs = expiresAt === null ? 0 : Date.parse(expiresAt);
  if (endMs <= nowMs) return 'expired';
  const lifeMs = endMs - (validFrom === null ? nowMs : Date.parse(validFrom));
  return endMs - nowMs < lifeMs * lateShare ? 'expiring' : 'valid';
}

/** whoText names whom a certificate is for: "node/web-1", "admin/alice". */
export function whoText({ role, id, name }: CertificateOutput): string {
  return escaped(`${role}/${name ?? id}`);
}

function stateCell(certificate: CertificateOutput, { colors, nowMs }: TableLook) {
  const state = certificateState(certificate, nowMs);
  const paints = { valid: colors.good, expiring: colors.waiting, expired: colors.bad, revoked: colors.faint };
  // Good as long as a rotation is under way, and for nothing after it.
  const old = certificate.oldAuthority && (state === 'valid' || state === 'expiring');
  return old ? { text: 'old-authority', paint: colors.waiting } : { text: state, paint: paints[state] };
}

/** certificateKind prints certificates. */
export const certificateKind: Kind<CertificateOutput> = {
  plural: 'certificates',
  nameOf: ({ serial }) => serial,
  columns: [
    { header: 'ROLE', cell: ({ role }) => escaped(role) },
    { header: 'NAME', cell: ({ name, id }) => escaped(name ?? id) },
    { header: 'STATE', cell: stateCell },
    { header: 'EXPIRES', cell: ({ expiresAt }, { nowMs }) => leftText(expiresAt, nowMs) },
    { header: 'SERIAL', cell: ({ serial }) => escaped(serial) },
    { header: 'ID', wide: true, cell: ({ id }) => escaped(id) },
    { header: 'VALID-FROM', wide: true, cell: ({ validFrom }) => validFrom ?? '-' },
    { header: 'VALID-UNTIL', wide: true, cell: ({ expiresAt }) => expiresAt ?? '-' },
  ],
};

/** AuthorityOutput is the cluster's authority in the output of `xctl ca` and `xctl status`. */
export type AuthorityOutput = {
  readonly clusterId: string;
  /** What join tokens pin: SHA-256 of the public key of its certificate, in base 36. */
  readonly digest: string;
  /** PEM; two while a rotation is under way, the one that issues first. */
  readonly certificates: readonly string[];
  readonly createdAt: string | null;
  readonly expiresAt: string | null;
};

/** authorityFromWire reads an authority. */
export function authorityFromWire(wire: Authority__Output): AuthorityOutput {
  const { clusterId, caDigest, certificates, createdMs, notAfterMs } = wire;
  return { clusterId, digest: caDigest, certificates, createdAt: isoTime(createdMs), expiresAt: isoTime(notAfterMs) };
}

/** RotationOutput is how far a rotation of the authority is. */
export type RotationOutput = {
  /** Nodes with a certificate, and how many of these have one of the new authority. */
  readonly nodes: number;
  readonly renewed: number;
  /** Names of up to ten that have not; of all that have not, how many are not connected. */
  readonly pending: readonly string[];
  readonly pendingDown: number;
  /** Up to ten people and programs with no certificate of the new authority: "admin/alice". Not waited for. */
  readonly people: readonly string[];
  readonly done: boolean;
};

/** rotationFromWire reads how far a rotation is. */
export function rotationFromWire(wire: RotationProgress__Output): RotationOutput {
  const { nodes, renewed, pending, pendingDown, people, done } = wire;
  return { nodes, renewed, pending, pendingDown, people, done };
}

/** rotationText is the line of progress: "41/42 nodes have renewed (1 of 1 pending is down: db-2)". */
export function rotationText({ nodes, renewed, pending, pendingDown, done }: RotationOutput): string {
  const behind = nodes - renewed;
  const progress = nodes === 0 ? 'no node has a certificate' : `${renewed}/${nodes} nodes have renewed`;
  const more = behind > pending.length ? ` and ${behind - pending.length} more` : '';
  const who = behind === 0 ? '' : ` (waiting for ${pending.map(escaped).join(', ')}${more}; ${pendingDown} down)`;
  return `${progress}${who}${done ? ': done' : ''}`;
}
