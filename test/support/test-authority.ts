// An authority in memory, for tests of servers and clients without a controller.
import { makeAuthority } from '../../proto/pki/authority.js';
import { issue, keyOfRequest, lifetimeFrom, makeRequest } from '../../proto/pki/certificate.js';
import type { Role } from '../../proto/pki/identity.js';
import type { ServerIdentity } from '../../proto/rpc/server-tls.js';
import type { Credentials } from '../../proto/rpc/tls.js';

const clusterId = 'test-cluster';

/** TestAuthority issues certificates to any identity. */
export type TestAuthority = {
  readonly server: ServerIdentity;
  /** credentialsFor returns the credentials of a client: "node", "n-1". */
  credentialsFor(role: Role, id: string, ttlMs?: number): Promise<Credentials>;
};

/** makeTestAuthority creates one. */
export async function makeTestAuthority(): Promise<TestAuthority> {
  const signer = await makeAuthority(clusterId, Date.now());
  const certify = async (role: Role, id: string, ttlMs: number) => {
    const { key, csr } = await makeRequest();
    const identity = { clusterId, role, id };
    const publicKey = await keyOfRequest(csr);
    const { certificate } = await issue(signer, { identity, publicKey, ...lifetimeFrom(Date.now(), ttlMs) });
    return { certificate, key };
  };
  const controller = await certify('controller', 'c-1', 3_600_000);
  const authority = [signer.certificate];
  return {
    server: { chain: [controller.certificate, signer.certificate], key: controller.key, authority },
    credentialsFor: async (role, id, ttlMs = 3_600_000) => ({
      clusterId,
      authority,
      own: await certify(role, id, ttlMs),
    }),
  };
}
