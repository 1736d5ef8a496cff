// Hosts that join by the real port with a real token, without xnetd: the calls that it makes, and nothing else of it.
import type { AdminServiceClient } from '../../proto/gen/xnet/v1/AdminService.js';
import { makeRequest, type Request } from '../../proto/pki/certificate.js';
import type { PersonRole } from '../../proto/pki/identity.js';
import { callUnary, makeClient } from '../../proto/rpc/channel.js';
import { services } from '../../proto/rpc/definitions.js';
import type { Endpoint } from '../../proto/rpc/endpoint.js';
import type { Credentials } from '../../proto/rpc/tls.js';

/** Trust is a cluster as those know it who have no certificate of it: its id and its authority. */
export type Trust = Pick<Credentials, 'clusterId' | 'authority'>;

/** Member is a host that has joined. */
export type Member = { readonly nodeId: string; readonly nodeName: string; readonly credentials: Credentials };

/** Joining is what a host says when it joins. Name and address are for tokens that name no node. */
export type Joining = {
  readonly token: string;
  readonly nodeName?: string;
  readonly address?: string;
  readonly hostNetworks?: readonly { readonly cidr: string; readonly source: string }[];
  /** Its key and its request. Default: new ones. */
  readonly request?: Request;
};

const options = { timeoutMs: 60_000 };

/** joinHost joins by the join port `at`, on a connection of its own. */
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

/** trustOf is the cluster's authority as an operator sees it. */
export async function trustOf(admin: AdminServiceClient): Promise<Trust> {
  const { authority } = await callUnary(admin.getAuthority.bind(admin), {}, options);
  return { clusterId: authority?.clusterId ?? '', authority: authority?.certificates ?? [] };
}

/** tokenFor makes a join token for a node that there is. */
export async function tokenFor(admin: AdminServiceClient, node: string): Promise<string> {
  return (await callUnary(admin.createToken.bind(admin), { node }, options)).joinToken?.token ?? '';
}

/** credentialsFor has a certificate issued to a person. */
export async function credentialsFor(admin: AdminServiceClient, role: PersonRole, id: string): Promise<Credentials> {
  const { key, csr } = await makeRequest();
  const answer = await callUnary(admin.issueCertificate.bind(admin), { role, id, csr }, options);
  return {
    clusterId: answer.clusterId,
    authority: answer.authority,
    own: { certificate: answer.certificate, key },
  };
}
