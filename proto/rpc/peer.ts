// Who is at the other end of a call. Found by the server's interceptor (access.ts), read by the services.
// Invariant: it is never taken from what the caller says: the interceptor overwrites whatever stands in its place.
import type * as grpc from '@grpc/grpc-js';
import { XnetError } from '../errors.js';
import { formatIdentity, type Identity } from '../pki/identity.js';

/** Peer is a caller. */
export type Peer =
  /** On a unix socket of this machine: root, or the group that may open it. */
  | { readonly kind: 'local' }
  /** Proved who it is. `serial` is its certificate's, hexadecimal; `address` is where it calls from: "192.168.83.7". */
  | { readonly kind: 'certificate'; readonly identity: Identity; readonly serial: string; readonly address: string }
  /** Has no certificate. Only the listener for joining lets it in. */
  | { readonly kind: 'stranger'; readonly address: string };

const key = 'xnet-peer-bin';

/** attachPeer notes a caller in the metadata that goes to the service. */
export function attachPeer(metadata: grpc.Metadata, peer: Peer): void {
  metadata.set(key, Buffer.from(JSON.stringify(peer), 'utf8'));
}

/** peerOf is the caller of a call of a server of ours. */
export function peerOf(call: { readonly metadata: grpc.Metadata }): Peer {
  const [value] = call.metadata.get(key);
  if (value === undefined) throw new XnetError('Internal', 'a call without a caller');
  return JSON.parse(value.toString('utf8')) as Peer;
}

/** formatPeer names a caller in logs and records: "admin/alice", "local", "192.168.83.7". */
export function formatPeer(peer: Peer): string {
  if (peer.kind === 'local') return 'local';
  return peer.kind === 'certificate' ? formatIdentity(peer.identity) : peer.address;
}

/**
 * nodeIdOf is the id of the node that calls.
 * @throws XnetError PermissionDenied when a node did not, or when the request names another
 */
export function nodeIdOf(call: { readonly metadata: grpc.Metadata }, named: string): string {
  const peer = peerOf(call);
  if (peer.kind !== 'certificate' || peer.identity.role !== 'node') {
    throw new XnetError('PermissionDenied', `${formatPeer(peer)} is not a node`);
  }
  const { id } = peer.identity;
  if (named !== '' && named !== id) {
    throw new XnetError('PermissionDenied', `this host is ${id} and can't speak for ${named.slice(0, 64)}`);
  }
  return id;
}
