// The identity of a host that has joined, and its checks. Pure.
// Invariant: in a checked identity, the key belongs to the certificate, a trusted authority issued it, and it names this
// node and cluster.
import { messageOf, XnetError } from '../../proto/errors.js';
import {
  belongTogether,
  type Certificate,
  digestOf,
  isAuthority,
  isIssuedBy,
  readCertificate,
} from '../../proto/pki/chain.js';
import type { Credentials } from '../../proto/rpc/tls.js';

/** JoinAnswer is which node of which cluster this host is: what a controller answered when it joined. */
export type JoinAnswer = {
  readonly clusterId: string;
  readonly nodeId: string;
  readonly nodeName: string;
  /** The controllers' addresses, "192.168.83.2:7400"; empty if they announce none that this host can reach. */
  readonly controllers: readonly string[];
  /** CIDRs of the pools at that time. */
  readonly pools: readonly string[];
};

/** NodeIdentity is the answer to a join with the certificate and key of the node. Certificates and the key are PEM. */
export type NodeIdentity = JoinAnswer & {
  readonly key: string;
  readonly certificate: string;
  /** Whom to trust: the authority that issues, then the one that it replaces, if any. */
  readonly authority: readonly string[];
};

const mostAuthorities = 2;

// The text of what is wrong with a certificate in a file, or undefined.
function unreadable(pem: string): string | undefined {
  try {
    readCertificate(pem);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** identityProblem describes what is wrong with an identity, apart from its expiry; undefined: nothing. */
export function identityProblem(identity: NodeIdentity): string | undefined {
  const { authority, certificate, key, clusterId, nodeId } = identity;
  if (authority.length === 0 || authority.length > mostAuthorities) {
    return `it has ${authority.length} authorities, not one or two`;
  }
  for (const pem of authority) {
    const problem = unreadable(pem);
    if (problem !== undefined) return `its authority is ${problem}`;
    if (!isAuthority(pem)) return 'its authority is none: not signed by itself';
  }
  const problem = unreadable(certificate);
  if (problem !== undefined) return `its certificate is ${problem}`;
  const named = readCertificate(certificate).identity;
  if (named?.role !== 'node' || named.id !== nodeId || named.clusterId !== clusterId) {
    return `its certificate is not that of node ${nodeId} of cluster ${clusterId}`;
  }
  if (!belongTogether(certificate, key)) return 'its key is not that of its certificate';
  if (!authority.some((pem) => isIssuedBy(certificate, pem))) return 'its certificate was issued by another authority';
  return undefined;
}

/** certificateOf reads an identity's certificate. */
export function certificateOf({ certificate }: NodeIdentity): Certificate {
  return readCertificate(certificate);
}

/** hasExpired reports whether the certificate of an identity has expired, by this host's clock. */
export function hasExpired(identity: NodeIdentity, nowMs: number): boolean {
  return certificateOf(identity).notAfterMs <= nowMs;
}

/** trusts reports whether an identity trusts the authority with this digest. */
export function trusts({ authority }: NodeIdentity, caDigest: string): boolean {
  return authority.some((pem) => digestOf(pem) === caDigest);
}

/** credentialsOf are the certificate, key and trusted authorities for a connection of this node. */
export function credentialsOf({ clusterId, authority, certificate, key }: NodeIdentity): Credentials {
  return { clusterId, authority, own: { certificate, key } };
}

/** notJoined is the error of a host that has no identity. */
export function notJoined(): XnetError {
  return new XnetError('FailedPrecondition', 'this host has not joined a cluster', {
    hint: 'on a machine with xctl: xctl nodes add NAME --address ADDRESS; then run the xnetd join that it prints here',
  });
}
