// The caller of a call: identified by the server's interceptor (access.ts), read by the services.
// Invariant: it never comes from the caller's metadata: it is attached under a symbol, which no header can name.
import type * as grpc from '@grpc/grpc-js';
import { XnetError } from '../errors.js';
import { formatIdentity, type Identity } from '../pki/identity.js';

/** Peer is a caller. */
export type Peer =
  /** A caller on a unix socket of this machine: root, or the group that may open it. */
  | { readonly kind: 'local' }
  /**
   * A caller with a proven certificate. `serial` is the certificate's, hexadecimal; `address` is the caller's:
   * "192.168.83.7".
   */
  | { readonly kind: 'certificate'; readonly identity: Identity; readonly serial: string; readonly address: string }
  /** A caller without a certificate. Only the join port admits it. */
  | { readonly kind: 'stranger'; readonly address: string };

// A symbol: no header sets it.
const attached = Symbol('xnet peer');

type Attached = grpc.Metadata & { [attached]?: Peer };

/** attachPeer stores a caller with the metadata that the service gets. */
export function attachPeer(metadata: grpc.Metadata, peer: Peer): void {
  (metadata as Attached)[attached] = peer;
}

/** peerOf returns the caller of a call on an xnet server. */
export function peerOf(call: { readonly metadata: grpc.Metadata }): Peer {
  const peer = (call.metadata as Attached)[attached];
  if (peer === undefined) throw new XnetError('Internal', 'a call without a caller');
  return peer;
}

/** formatPeer returns the caller for logs and records: "admin/alice", "local", "192.168.83.7". */
export function formatPeer(peer: Peer): string {
  if (peer.kind === 'local') return 'local';
  return peer.kind === 'certificate' ? formatIdentity(peer.identity) : peer.address;
}

/**
 * nodeIdOf returns the id of the calling node.
 * @throws XnetError PermissionDenied when the caller is not a node, or the request names another one
 */
export function nodeIdOf(call: { readonly metadata: grpc.Metadata }, named: string): string {
  const peer = peerOf(call);
  if (peer.kind !== 'certificate' || peer.identity.role !== 'node') {
    throw new XnetError('PermissionDenied', `${formatPeer(peer)} is not a node`);
  }
  const { id } = peer.identity;
  if (named !== '' && named !== id) {
    throw new XnetError('PermissionDenied', `this host is ${id} and can't act for ${named.slice(0, 64)}`);
  }
  return id;
}
