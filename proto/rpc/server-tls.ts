// TLS of servers: their certificates and the authorities whose clients they let in. Only TLS 1.3.
import { constants } from 'node:crypto';
import type { SecureContextOptions } from 'node:tls';
import * as grpc from '@grpc/grpc-js';
import { connectionLimits } from './limits.js';
import { minVersion } from './tls.js';

/** ServerIdentity is a server's certificate and key, and the authorities it trusts. All PEM. */
export type ServerIdentity = {
  /** Its certificate, and those that link it to the authority. */
  readonly chain: readonly string[];
  readonly key: string;
  /** Authorities of the clients' certificates. */
  readonly authority: readonly string[];
};

// No client resumes a session. With this option a ticket names a session that nobody keeps. To put the session into it,
// OpenSSL would parse the client's certificate again for each of two tickets.
const secureOptions = constants.SSL_OP_NO_TICKET;

function contextOf({ chain, key, authority }: ServerIdentity): SecureContextOptions {
  return { cert: chain.join('\n'), key, ca: [...authority], minVersion, secureOptions };
}

// Lets the owner of the credentials change them for new connections; open ones stay.
class ChangingCredentials extends grpc.ServerCredentials {
  constructor(identity: ServerIdentity, requestCert: boolean) {
    const handshakeTimeout = connectionLimits.silenceMs;
    super({ requestCert, rejectUnauthorized: requestCert, handshakeTimeout }, contextOf(identity));
  }

  change(identity: ServerIdentity): void {
    this.updateSecureContextOptions(contextOf(identity));
  }

  override _equals(other: grpc.ServerCredentials): boolean {
    return this === other;
  }
}

/** ServerTls is the TLS of one server. */
export class ServerTls {
  /** Whether clients must have a certificate. */
  readonly clients: 'certificates' | 'strangers';
  readonly #credentials: ChangingCredentials;

  constructor(identity: ServerIdentity, clients: 'certificates' | 'strangers') {
    this.clients = clients;
    this.#credentials = new ChangingCredentials(identity, clients === 'certificates');
  }

  /** credentials returns the credentials to bind a port with. */
  get credentials(): grpc.ServerCredentials {
    return this.#credentials;
  }

  /** change replaces the certificate and the trusted authorities for new connections. Open ones stay. */
  change(identity: ServerIdentity): void {
    this.#credentials.change(identity);
  }
}
