// Converts tokens and certificates to messages.
import { formatPrefix } from '../../../proto/domain/address.js';
import type { Certificate } from '../../../proto/gen/xnet/v1/Certificate.js';
import type { JoinToken } from '../../../proto/gen/xnet/v1/JoinToken.js';
import type { Token } from '../../../proto/gen/xnet/v1/Token.js';
import { formatToken, type TokenNames } from '../../../proto/pki/token.js';
import type { Opened } from '../../authority/authority.js';
import type { CertificateRecord, TokenRecord } from '../../store/records.js';
import type { ReadonlyView } from '../../view/view.js';

/** wireFromToken returns a token as lists show it. */
export function wireFromToken(view: ReadonlyView, id: string, record: TokenRecord): Token {
  const { node, pool, source, adopt, uses, usesLeft, createdMs, expiresMs, createdBy } = record;
  return {
    id,
    uses,
    usesLeft,
    createdMs,
    expiresMs,
    createdBy,
    nodeName: node === undefined ? (adopt?.name ?? '') : (view.nodes.get(node)?.record.name ?? node),
    pool: pool ?? '',
    source: source === undefined ? '' : formatPrefix(source),
  };
}

/** joinAddresses returns the addresses for joining hosts: "192.168.83.2:7401". */
export function joinAddresses(view: ReadonlyView): string[] {
  return [...new Set([...view.controllers.values()].flatMap(({ record }) => record.joinAddresses))].sort();
}

/** wireFromJoinToken returns a new token with its secret; undefined when it is no longer stored. */
export function wireFromJoinToken(view: ReadonlyView, { caDigest }: Opened, names: TokenNames): JoinToken | null {
  const record = view.tokens.get(names.id)?.record;
  if (record === undefined) return null;
  return {
    token: formatToken({ ...names, caDigest }),
    record: wireFromToken(view, names.id, record),
    controllers: joinAddresses(view),
    caDigest,
  };
}

/** wireFromCertificate returns a certificate as lists show it. `issuer`: keyDigest of the issuing authority. */
export function wireFromCertificate(
  view: ReadonlyView,
  serial: string,
  { record, issuer }: { readonly record: CertificateRecord; readonly issuer: string | undefined },
): Certificate {
  const { role, id, notBeforeMs, notAfterMs } = record;
  const revoked = view.revoked.get(serial) ?? (role === 'node' ? view.revoked.get(id) : undefined);
  return {
    serial,
    role,
    id,
    notBeforeMs,
    notAfterMs,
    name: role === 'node' ? (view.nodes.get(id)?.record.name ?? '') : '',
    revokedMs: revoked?.record.atMs ?? 0,
    oldAuthority: issuer !== undefined && record.issuer !== issuer,
  };
}
