// Hosts that join through the real port with a real token, without xnetd: only the calls that it makes.
import type { AdminServiceClient } from '../../proto/gen/xnet/v1/AdminService.js';
import type { HostNetwork } from '../../proto/gen/xnet/v1/HostNetwork.js';
import { makeRequest, type Request } from '../../proto/pki/certificate.js';
import type { PersonRole } from '../../proto/pki/identity.js';
import { callUnary, makeClient } from '../../proto/rpc/channel.js';
import { services } from '../../proto/rpc/definitions.js';
import type { Endpoint } from '../../proto/rpc/endpoint.js';
import type { Credentials } from '../../proto/rpc/tls.js';
import { patientMs } from './until.js';

/** Trust is what a client without a certificate knows of a cluster: its id and its authority. */
export type Trust = Pick<Credentials, 'clusterId' | 'authority'>;

/** Member is a host that has joined. */
export type Member = { readonly nodeId: string; readonly nodeName: string; readonly credentials: Credentials };

/** Joining holds the arguments of a join. Name and address are for tokens that name no node. */
export type Joining = {
  readonly token: string;
  readonly nodeName?: string;
  readonly address?: string;
  readonly hostNetworks?: readonly HostNetwork[];
  /** Its key and its certificate request. Default: new ones. */
  readonly request?: Request;
};

const options = { timeoutMs: patientMs };

/** joinHost joins through the join port `at`, on a connection of its own. */
export async function joinHost(at: Endpoint, { clusterId, authority }: Trust, joining: Joining): Promise<Member> {
  const client = makeClient(services.join, at, { clusterId, authority });
  try {
    const { token, nodeName = '', address = '', hostNetworks = [] } = joining;
    const { key, csr } = joining.request ?? (await makeRequest());
    const answer = await callUnary(
      client.join.bind(client),
      { token, csr, nodeName, address, hostNetworks: [...hostNetworks] },
      options,
    );
    const own = { certificate: answer.certificate, key };
    return {
      nodeId: answer.nodeId,
      nodeName: answer.nodeName,
      credentials: { clusterId: answer.clusterId, authority: answer.authority, own },
    };
  } finally {
    client.close();
  }
}

/** trustOf returns the cluster's authority as reported to an operator. */
export async function trustOf(admin: AdminServiceClient): Promise<Trust> {
  const { authority } = await callUnary(admin.getAuthority.bind(admin), {}, options);
  return { clusterId: authority?.clusterId ?? '', authority: authority?.certificates ?? [] };
}

/** tokenFor creates a join token for an existing node. */
export async function tokenFor(admin: AdminServiceClient, node: string): Promise<string> {
  return (await callUnary(admin.createToken.bind(admin), { node }, options)).joinToken?.token ?? '';
}

/** credentialsFor issues a certificate to a person. */
export async function credentialsFor(admin: AdminServiceClient, role: PersonRole, id: string): Promise<Credentials> {
  const { key, csr } = await makeRequest();
  const answer = await callUnary(admin.issueCertificate.bind(admin), { role, id, csr }, options);
  return {
    clusterId: answer.clusterId,
    authority: answer.authority,
    own: { certificate: answer.certificate, key },
  };
}
