// TLS on both sides of a connection: what is shown, and who is trusted. TLS 1.3 alone.
// Invariant: a client knows its controller by the authority and by the name that all controllers of the cluster share,
// never by its address.
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import * as grpc from '@grpc/grpc-js';
import { controllerHost } from '../pki/identity.js';
import { connectionLimits } from './limits.js';

/** Credentials are what a client shows and trusts. Certificates and keys are PEM. */
export type Credentials = {
  readonly clusterId: string;
  /** Certificates of the authorities to trust: one, or two while one replaces the other. */
  readonly authority: readonly string[];
  /** Absent where the client has none yet, and joins. */
  readonly own?: { readonly certificate: string; readonly key: string };
};

/** ServerIdentity is what a server shows and trusts. All PEM. */
export type ServerIdentity = {
  /** Its certificate, and those that lead from it to the authority. */
  readonly chain: readonly string[];
  readonly key: string;
  /** Authorities of clients. */
  readonly authority: readonly string[];
};

const minVersion = 'TLSv1.3' as const;

function contextOf({ chain, key, authority }: ServerIdentity): SecureContextOptions {
  return { cert: chain.join('\n'), key, ca: [...authority], minVersion };
}

// grpc-js gives whoever holds the credentials a way to change them for connections to come; those there stay.
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
  /** Whether clients have to have a certificate. */
  readonly clients: 'certificates' | 'strangers';
  readonly #credentials: ChangingCredentials;

  constructor(identity: ServerIdentity, clients: 'certificates' | 'strangers') {
    this.clients = clients;
    this.#credentials = new ChangingCredentials(identity, clients === 'certificates');
  }

  /** credentials are what a port is bound with. */
  get credentials(): grpc.ServerCredentials {
    return this.#credentials;
  }

  /** change has new connections see another certificate, and trust other authorities. Those that are open stay. */
  change(identity: ServerIdentity): void {
    this.#credentials.change(identity);
  }
}

/** clientTls are the credentials and the options of a client's channel. */
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
