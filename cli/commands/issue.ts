// Gets a certificate for a person or a program. Its key is made here, and is in no request.

import { XnetError } from '../../proto/errors.js';
import type { IssueCertificateResponse__Output } from '../../proto/gen/xnet/v1/IssueCertificateResponse.js';
import type { Request } from '../../proto/pki/certificate.js';
import { formatIdentity, isPersonRole, type PersonRole } from '../../proto/pki/identity.js';
import { checkEndpoint, type Endpoint, formatEndpoint } from '../../proto/rpc/endpoint.js';
import type { CommandContext } from '../client/context.js';
import { ContextFolder } from '../contexts/folder.js';
import { contextOf, joinedControllers, type SavedContext } from '../contexts/saved.js';

/** CertificateOrder is the certificate to get. */
export type CertificateOrder = {
  readonly role: PersonRole;
  /** Name of the person or the program. */
  readonly id: string;
  /** 0: as long as is usual. */
  readonly ttlSeconds: number;
};

/** Got is what came of it. */
export type Got = {
  readonly saved: SavedContext;
  readonly response: IssueCertificateResponse__Output;
  /** The addresses of controllers are of this machine alone. */
  readonly onlyHere: boolean;
};

/**
 * addressesHere are the addresses by which this machine reaches controllers, also those that listen for it alone, or on
 * all of their addresses.
 */
export async function addressesHere({ client }: CommandContext): Promise<readonly Endpoint[]> {
  const { controllers } = await client.read((admin) => admin.getStatus.bind(admin), {});
  const tcp = controllers.flatMap(({ addresses }) => {
    return addresses.flatMap((address) => {
      const checked = checkEndpoint(address);
      return 'value' in checked && checked.value.kind === 'tcp' ? [checked.value] : [];
    });
  });
  const here = tcp.map((endpoint) => (endpoint.host === '0.0.0.0' ? { ...endpoint, host: '127.0.0.1' } : endpoint));
  const reached = client.answered === undefined ? [] : [client.answered];
  return here.length > 0 ? here : reached;
}

// Loaded when it is needed: it takes most of what a short command takes.
async function newRequest(): Promise<Request> {
  const { makeRequest } = await import('../../proto/pki/certificate.js');
  return makeRequest();
}

/**
 * tryCertificate asks whether a certificate would be issued, and issues none.
 * @throws XnetError what the controller answers
 */
export async function tryCertificate(
  { client }: CommandContext,
  { role, id, ttlSeconds }: CertificateOrder,
): Promise<IssueCertificateResponse__Output> {
  const { csr } = await newRequest();
  const request = { role, id, csr, ttlSeconds, dryRun: true };
  return client.change((admin) => admin.issueCertificate.bind(admin), request);
}

/**
 * getCertificate makes a key, has a certificate issued for it, and makes a context of both.
 * @throws XnetError what the controller answers; Internal when its answer does not fit together
 */
export async function getCertificate(
  context: CommandContext,
  { role, id, ttlSeconds }: CertificateOrder,
): Promise<Got> {
  const { client } = context;
  const { key, csr } = await newRequest();
  const response = await client.change((admin) => admin.issueCertificate.bind(admin), { role, id, csr, ttlSeconds });
  const known = response.controllers;
  const onlyHere = known.length === 0;
  const checked = contextOf({
    controllers: onlyHere ? [...new Set((await addressesHere(context)).map(formatEndpoint))] : known,
    cluster: response.clusterId,
    authority: response.authority,
    certificate: response.certificate,
    key,
  });
  if ('problem' in checked) throw new XnetError('Internal', `the controller's answer does not fit: ${checked.problem}`);
  return { saved: checked.value, response, onlyHere };
}

/** Renewed is a context that has a new certificate. */
export type Renewed = {
  readonly name: string;
  readonly saved: SavedContext;
  /** Serial of the certificate that it had before. */
  readonly before: string;
};

/**
 * renewContext has a certificate issued for whom the context in use is for, and puts it into the context, which stays
 * as it was if anything goes wrong.
 * @throws XnetError NotFound without a context, FailedPrecondition when its role is not of a person, and what
 * getCertificate throws
 */
export async function renewContext(context: CommandContext, ttlSeconds: number): Promise<Renewed> {
  const { client, settings } = context;
  const folder = new ContextFolder(settings.contextFolder);
  const name = settings.context?.name ?? settings.contextNamed ?? (await folder.current());
  if (name === undefined)
    throw new XnetError('NotFound', 'there is no context in use', { hint: 'see: xctl contexts list' });
  const old = await folder.require(name);
  const { role, id } = old.identity;
  if (!isPersonRole(role)) throw new XnetError('FailedPrecondition', `${formatIdentity(old.identity)} is not a person`);
  if (role !== 'admin' && settings.controllers.some(({ kind }) => kind === 'tcp')) {
    throw new XnetError(
      'PermissionDenied',
      `${formatIdentity(old.identity)} can't issue certificates, its own neither`,
      {
        hint: `have an admin make another: xctl certs issue ${id} --role ${role}; and then: xctl contexts import FILE --name ${name}`,
      },
    );
  }
  const { clusterId } = await client.read((admin) => admin.getStatus.bind(admin), {});
  if (clusterId !== old.credentials.clusterId) {
    throw new XnetError(
      'FailedPrecondition',
      `context ${name} is of cluster ${old.credentials.clusterId}, and the controller of ${clusterId}`,
    );
  }
  const { saved, onlyHere } = await getCertificate(context, { role, id, ttlSeconds });
  const controllers = onlyHere ? old.controllers : joinedControllers(old.controllers, saved.controllers);
  const renewed = { ...saved, controllers };
  await folder.write(name, renewed);
  return { name, saved: renewed, before: old.certificate.serial };
}
