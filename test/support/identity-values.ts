// Authorities and identities that tests of joining and renewal share.
import type { NodeIdentity } from '../../node/identity/identity.js';
import { makeAuthority } from '../../proto/pki/authority.js';
import { issue, keyOfRequest, lifetimeFrom, makeRequest, type Signer } from '../../proto/pki/certificate.js';
import type { Role } from '../../proto/pki/identity.js';

export const clusterId = 'c-1';

export const nowMs = Date.parse('2026-11-21T10:00:00Z');

export const dayMs = 24 * 3_600_000;

/** old is the authority that the host trusts. */
export const old = await makeAuthority(clusterId, nowMs);

/** next is the authority that replaces `old`. */
export const next = await makeAuthority(clusterId, nowMs);

/** foreign is an authority that the host does not trust. */
export const foreign = await makeAuthority(clusterId, nowMs);

/** certify issues a certificate for an identity, by default from `old` for 30 days. */
export async function certify(role: Role, id: string, signer: Signer = old, ttlMs = 30 * dayMs) {
  const { key, csr } = await makeRequest();
  const identity = { clusterId, role, id };
  const publicKey = await keyOfRequest(csr);
  const { certificate } = await issue(signer, { identity, publicKey, ...lifetimeFrom(nowMs, ttlMs) });
  return { key, certificate };
}

export const where = { controllers: ['192.168.83.2:7400'], pools: ['10.76.0.0/16'] };

/** membership is that of the node web-1. */
export const membership = { clusterId, nodeId: 'n-1', nodeName: 'web-1', ...where };

/** whole is a complete identity of the node web-1. */
export const whole: NodeIdentity = { ...membership, ...(await certify('node', 'n-1')), authority: [old.certificate] };
