// TLS of clients: their certificates and the authorities they trust. Only TLS 1.3.
// Invariant: a client verifies its controller by the authority and by the name that all controllers of the cluster
// share, never by its address.
import { createSecureContext } from 'node:tls';
import * as grpc from '@grpc/grpc-js';
import { controllerHost } from '../pki/identity.js';

/** Credentials are a client's certificate and key, and the authorities it trusts. All PEM. */
export type Credentials = {
  readonly clusterId: string;
  /** Certificates of the trusted authorities: one, or two during a rotation. */
  readonly authority: readonly string[];
  /** Absent if the client has none yet because it joins. */
  readonly own?: { readonly certificate: string; readonly key: string };
};

/** minVersion is the least version of TLS, of clients and of servers. */
export const minVersion = 'TLSv1.3' as const;

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
