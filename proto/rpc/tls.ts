// TLS of clients and servers: their certificates and the authorities they trust. Only TLS 1.3.
// Invariant: a client verifies its controller by the authority and by the name that all controllers of the cluster
// share, never by its address.
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import * as grpc from '@grpc/grpc-js';
import { controllerHost } from '../pki/identity.js';
import { connectionLimits } from './limits.js';

/** Credentials are a client's certificate and key, and the authorities it trusts. All PEM. */
export type Credentials = {
  readonly clusterId: string;
  /** Certificates of the trusted authorities: one, or two during a rotation. */
  readonly authority: readonly string[];
  /** Absent if the client has none yet because it joins. */
  readonly own?: { readonly certificate: string; readonly key: string };
};

/** ServerIdentity is a server's certificate and key, and the authorities it trusts. All PEM. */
export type ServerIdentity = {
  /** Its certificate, and those that link it to the authority. */
  readonly chain: readonly string[];
  readonly key: string;
  /** Authorities of the clients' certificates. */
  readonly authority: readonly string[];
};

const minVersion = 'TLSv1.3' as const;

function contextOf({ chain, key, authority }: ServerIdentity): SecureContextOptions {
  return { cert: chain.join('\n'), key, ca: [...authority], minVersion };
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

/** clientTls returns the credentials and the options of a client's channel. */
export function clientTls({ clusterId, authority, own }: Credentials): {
  readonly credentials: grpc.ChannelCredentials;
  readonly options: grpc.ChannelOptions;
} {
  const context = createSecureContext({
    ca: [...authority],
    minVersion,
    ...(own === undefined ? {} : { cert: own.certificate, key: own.key }),
  });
  return {
    credentials: grpc.credentials.createFromSecureContext(context),
    options: { 'grpc.ssl_target_name_override': controllerHost(clusterId) },
  };
}
