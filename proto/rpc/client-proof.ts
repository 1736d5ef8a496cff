// What a client's certificate proves, read once for each connection.
// Invariant: a connection has one certificate, as TLS 1.3 has no renegotiation, and only TLS has put it there.
import type { PeerCertificate, TLSSocket } from 'node:tls';
import { type Identity, identityOf } from '../pki/identity.js';

/** ClientProof is the identity of a certificate that a client has proved, and what calls need of that certificate. */
export type ClientProof = {
  readonly identity: Identity;
  /** Hexadecimal, lower case. */
  readonly serial: string;
  /** Milliseconds since 1970. */
  readonly notAfterMs: number;
};

type Kept = PeerCertificate & { readonly proof: ClientProof | undefined };

function read(certificate: PeerCertificate): ClientProof | undefined {
  if (certificate.subject === undefined) return undefined;
  const identity = identityOf(certificate.subject, certificate.subjectaltname ?? '');
  if (identity === undefined) return undefined;
  return {
    identity,
    serial: certificate.serialNumber.toLowerCase(),
    notAfterMs: Date.parse(certificate.valid_to),
  };
}

/**
 * keepProof reads the certificate of a new connection once, and makes its socket return that from then on. grpc-js asks the
 * socket with every call, and Node.js would parse the certificate each time, which takes as long as a small call.
 */
export function keepProof(socket: TLSSocket): ClientProof | undefined {
  // Node.js returns null, which its types do not have, for a socket that is closed already.
  const found: PeerCertificate | null = socket.getPeerCertificate();
  const certificate = found ?? ({} as PeerCertificate);
  const proof = read(certificate);
  const { subject, subjectaltname, valid_to, serialNumber, raw } = certificate;
  // Not the whole: it has the issuer and the key as objects, some kilobytes for each connection.
  const kept = { subject, subjectaltname, valid_to, serialNumber, raw, proof };
  socket.getPeerCertificate = (() => kept) as unknown as TLSSocket['getPeerCertificate'];
  return proof;
}

/** proofOf returns the proof in a certificate that grpc-js got from a socket; undefined: it names none of our identities. */
export function proofOf(certificate: PeerCertificate): ClientProof | undefined {
  return 'proof' in certificate ? (certificate as Kept).proof : read(certificate);
}
