// Gets a certificate for a person or a program. Invariant: its key is generated here and sent nowhere.

import { XnetError } from '../../proto/errors.js';
import type { IssueCertificateResponse__Output } from '../../proto/gen/xnet/v1/IssueCertificateResponse.js';
import type { Request } from '../../proto/pki/certificate.js';
import { formatIdentity, isPersonRole, type PersonRole } from '../../proto/pki/identity.js';
import { checkEndpoint, type Endpoint, formatEndpoint } from '../../proto/rpc/endpoint.js';
import type { CommandContext } from '../client/context.js';
import { ContextFolder } from '../contexts/folder.js';
import { contextOf, joinedControllers, type SavedContext } from '../contexts/saved.js';

/** CertificateOrder is a certificate to request. */
export type CertificateOrder = {
  readonly role: PersonRole;
  /** Name of the person or the program. */
  readonly id: string;
  /** 0: the default lifetime. */
  readonly ttlSeconds: number;
};

/** Got is the result of a request for a certificate. */
export type Got = {
  readonly saved: SavedContext;
  readonly response: IssueCertificateResponse__Output;
  /** The controllers' addresses work on this machine only. */
  readonly onlyHere: boolean;
};

/**
 * addressesHere returns the addresses by which this machine reaches controllers, including loopback and wildcard
 * listeners.
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

// Loaded on demand: loading takes most of the time of a short command.
async function newRequest(): Promise<Request> {
  const { makeRequest } = await import('../../proto/pki/certificate.js');
  return makeRequest();
}

/**
 * tryCertificate checks whether a certificate would be issued, and issues none.
 * @throws XnetError the controller's errors
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
 * getCertificate makes a key, requests a certificate for it, and makes a context of both.
 * @throws XnetError the controller's errors; Internal when the response is inconsistent
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

/** Renewed is a context with a new certificate. */
export type Renewed = {
  readonly name: string;
  readonly saved: SavedContext;
  /** Serial of its previous certificate. */
  readonly before: string;
};

/**
 * renewContext requests a certificate for the identity of the context in use, and stores it in the context. The context
 * is unchanged on any error.
 * @throws XnetError NotFound without a context, FailedPrecondition when its role is not one of people, and the errors
 * of getCertificate
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
