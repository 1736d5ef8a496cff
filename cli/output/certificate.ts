// Certificates and the authority in JSON and as tables. Pure.
// Invariant: fields of the output types are only ever added; an unknown value is null, never omitted.
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
  /** Name of a node; null for all others. */
  readonly name: string | null;
  readonly validFrom: string | null;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  /** Issued by the authority that a rotation is replacing. */
  readonly oldAuthority: boolean;
};

/** certificateFromWire converts a certificate. */
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

// Nodes and controllers renew after at most 80 % of a certificate's life: with less than this left, a renewal has
// failed.
const lateShare = 0.15;

/** CertificateState is the state of a certificate at a time. */
export type CertificateState = 'valid' | 'expiring' | 'expired' | 'revoked';

/** certificateState returns the state of a certificate; "expiring" when less than 15 % of its life is left. */
export function certificateState(certificate: CertificateOutput, nowMs: number): CertificateState {
  const { validFrom, expiresAt, revokedAt } = certificate;
  if (revokedAt !== null) return 'revoked';
  const endMs = expiresAt === null ? 0 : Date.parse(expiresAt);
  if (endMs <= nowMs) return 'expired';
  const lifeMs = endMs - (validFrom === null ? nowMs : Date.parse(validFrom));
  return endMs - nowMs < lifeMs * lateShare ? 'expiring' : 'valid';
}

/** whoText returns the holder of a certificate: "node/web-1", "admin/alice". */
export function whoText({ role, id, name }: CertificateOutput): string {
  return escaped(`${role}/${name ?? id}`);
}

function stateCell(certificate: CertificateOutput, { colors, nowMs }: TableLook) {
  const state = certificateState(certificate, nowMs);
  const paints = { valid: colors.good, expiring: colors.waiting, expired: colors.bad, revoked: colors.faint };
  // Valid until the rotation ends.
  const old = certificate.oldAuthority && (state === 'valid' || state === 'expiring');
  return old ? { text: 'old-authority', paint: colors.waiting } : { text: state, paint: paints[state] };
}

/** certificateKind describes how certificates are printed. */
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
  /** Digest that join tokens pin: SHA-256 of the public key of its certificate, in base 36. */
  readonly digest: string;
  /** PEM; two during a rotation, the issuing one first. */
  readonly certificates: readonly string[];
  readonly createdAt: string | null;
  readonly expiresAt: string | null;
};

/** authorityFromWire converts an authority. */
export function authorityFromWire(wire: Authority__Output): AuthorityOutput {
  const { clusterId, caDigest, certificates, createdMs, notAfterMs } = wire;
  return { clusterId, digest: caDigest, certificates, createdAt: isoTime(createdMs), expiresAt: isoTime(notAfterMs) };
}

/** RotationOutput is the progress of a rotation of the authority. */
export type RotationOutput = {
  /** Nodes with a certificate, and how many of these have one of the new authority. */
  readonly nodes: number;
  readonly renewed: number;
  /** Names of up to ten that have not renewed; and how many of those that have not are disconnected. */
  readonly pending: readonly string[];
  readonly pendingDown: number;
  /** Up to ten people and programs with no certificate of the new authority: "admin/alice". Not waited for. */
  readonly people: readonly string[];
  readonly done: boolean;
};

/** rotationFromWire converts the progress of a rotation. */
export function rotationFromWire(wire: RotationProgress__Output): RotationOutput {
  const { nodes, renewed, pending, pendingDown, people, done } = wire;
  return { nodes, renewed, pending, pendingDown, people, done };
}

/** rotationText returns the line of progress: "41/42 nodes have renewed (1 of 1 pending is down: db-2)". */
export function rotationText({ nodes, renewed, pending, pendingDown, done }: RotationOutput): string {
  const behind = nodes - renewed;
  const progress = nodes === 0 ? 'no node has a certificate' : `${renewed}/${nodes} nodes have renewed`;
  const more = behind > pending.length ? ` and ${behind - pending.length} more` : '';
  const who = behind === 0 ? '' : ` (waiting for ${pending.map(escaped).join(', ')}${more}; ${pendingDown} down)`;
  return `${progress}${who}${done ? ': done' : ''}`;
}
