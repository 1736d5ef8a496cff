// `xctl certs`, and `xctl nodes revoke`: listing, issuing, renewing and revoking certificates.
import { XnetError } from '../../proto/errors.js';
import { formatIdentity, type PersonRole } from '../../proto/pki/identity.js';
import { writeNewSecretFile } from '../../proto/pki/secret-file.js';
import { formatEndpoint } from '../../proto/rpc/endpoint.js';
import { byBeginning } from '../client/beginning.js';
import { confirmed } from '../client/confirm.js';
import type { CommandContext } from '../client/context.js';
import { relisted, watchLists } from '../client/watch.js';
import { formatContext } from '../contexts/saved.js';
import { certificateFromWire, certificateKind, whoText } from '../output/certificate.js';
import { nodeFromWire } from '../output/node.js';
import { leftText } from '../output/token.js';
import { requirePart, verdict } from './change-response.js';
import { getCertificate, renewContext, tryCertificate } from './issue.js';
import { requireFree } from './join-token.js';

/** ListCertificatesOptions are the options of `certs list`. */
export type ListCertificatesOptions = { readonly role?: string; readonly watch: boolean };

/** listCertificates lists the newest certificate of each identity, by expiry. */
export async function listCertificates(context: CommandContext, options: ListCertificatesOptions): Promise<void> {
  const { role = '', watch } = options;
  const { client, output } = context;
  const load = async () => {
    const { certificates } = await client.read((admin) => admin.listCertificates.bind(admin), { role });
    return certificates.map(certificateFromWire);
  };
  if (watch) return watchLists(context, certificateKind, relisted(load));
  await output.list(certificateKind, await load());
}

/** IssueOptions are the options of `certs issue`. */
export type IssueOptions = {
  readonly role: PersonRole;
  /** Milliseconds. */
  readonly ttl?: number;
  readonly out?: string;
  readonly dryRun: boolean;
};

/** issueCertificate gets a certificate, and writes it with its key and everything else a context has into a file. */
export async function issueCertificate(context: CommandContext, options: IssueOptions, id: string): Promise<void> {
  const { output } = context;
  const { role, ttl = 0, out = `${id}.context.json`, dryRun } = options;
  await requireFree(out);
  const wanted = { role, id, ttlSeconds: Math.ceil(ttl / 1000) };
  if (dryRun) {
    const { record } = await tryCertificate(context, wanted);
    const expiresAt = certificateFromWire(requirePart(record)).expiresAt;
    return output.show({
      value: { certificate: null, authority: [], controllers: [], file: out, dryRun },
      name: '',
      text: ({ nowMs }) => [
        `would issue a certificate for ${role}/${id}, which would expire ${leftText(expiresAt, nowMs)}`,
      ],
    });
  }
  const { saved, response, onlyHere } = await getCertificate(context, wanted);
  await writeNewSecretFile(out, Buffer.from(formatContext(saved), 'utf8'));
  const certificate = certificateFromWire(requirePart(response.record));
  const controllers = saved.controllers.map(formatEndpoint);
  if (onlyHere) {
    output.message(
      'note: the controllers reported no address that other machines can reach: import it with --controller HOST:PORT',
    );
  }
  await output.show({
    value: { certificate, authority: response.authority, controllers, file: out, dryRun },
    name: certificate.serial,
    text: ({ nowMs }) => [
      `issued a certificate for ${whoText(certificate)}, which expires ${leftText(certificate.expiresAt, nowMs)}`,
      `it is in ${out}, with its key: transfer it securely, and then:`,
      `  xctl contexts import ${out}`,
    ],
  });
}

/** renewCertificate gets a new certificate for the context in use. */
export async function renewCertificate(context: CommandContext, { ttl = 0 }: { readonly ttl?: number }): Promise<void> {
  const renewed = await renewContext(context, Math.ceil(ttl / 1000));
  const { name, saved, before } = renewed;
  const expiresAt = new Date(saved.certificate.notAfterMs).toISOString();
  const { serial } = saved.certificate;
  await context.output.show({
    value: { context: { name }, serial, expiresAt, replaces: before },
    name: serial,
    text: ({ nowMs }) => [
      `context ${name} has a new certificate of ${formatIdentity(saved.identity)}, which expires ${leftText(expiresAt, nowMs)}`,
      `the former certificate is valid until it expires; to revoke it: xctl certs revoke ${before}`,
    ],
  });
}

/** RevokeOptions are the options of commands that revoke. */
export type RevokeOptions = { readonly confirm?: string; readonly dryRun: boolean };

/** revokeCertificate revokes a certificate of a person or a program. */
export async function revokeCertificate(
  context: CommandContext,
  options: RevokeOptions,
  serial: string,
): Promise<void> {
  const { client, output } = context;
  const { confirm, dryRun } = options;
  const { certificates } = await client.read((admin) => admin.listCertificates.bind(admin), {});
  const typed = serial.toLowerCase().replaceAll(':', '');
  const known = certificates.map(certificateFromWire);
  const found = byBeginning('certificate', known, (certificate) => certificate.serial, typed, 'xctl certs list');
  const wanted = found.serial;
  if (found.role === 'node') {
    throw new XnetError('InvalidArgument', `${serial} is the certificate of a node`, {
      hint: `refuse the node, with every certificate it has: xctl nodes revoke ${found.name ?? found.id}`,
    });
  }
  const question = {
    what: `revoke certificate ${wanted} of ${whoText(found)}`,
    name: wanted,
    byBeginning: true,
    severe: true,
    given: confirm,
  };
  if (!dryRun && !(await confirmed(context, question))) return;
  const { record } = await client.change((admin) => admin.revokeCertificate.bind(admin), { serial: wanted, dryRun });
  const certificate = record === null ? found : certificateFromWire(record);
  const did = verdict({ unchanged: false, dryRun }, 'revoked', 'revoke');
  await output.show({
    value: { certificate, dryRun },
    name: wanted,
    text: () => [`${did} the certificate of ${whoText(found)}: ${wanted}`],
  });
}

/** revokeNode revokes every certificate of a node; its streams end. */
export async function revokeNode(context: CommandContext, options: RevokeOptions, text: string): Promise<void> {
  const { client, output } = context;
  const { confirm, dryRun } = options;
  const found = await client.read((admin) => admin.getNode.bind(admin), { node: text });
  const { name, id, address } = nodeFromWire(requirePart(found.node));
  const question = {
    what: `revoke node ${name} (${address}) until it is removed and added again`,
    name,
    severe: true,
    given: confirm,
  };
  if (!dryRun && !(await confirmed(context, question))) return;
  // By id: another node may have got the name.
  const response = await client.change((admin) => admin.revokeNode.bind(admin), { node: id, dryRun });
  const node = nodeFromWire(requirePart(response.node));
  const { unchanged } = response;
  const did = verdict({ unchanged, dryRun }, 'revoked', 'revoke');
  await output.show({
    value: { node, unchanged, dryRun },
    name,
    text: () => [
      `${did} ${name}: controllers refuse it; its lease and the routes to it stay until: xctl nodes remove ${name} --force`,
    ],
  });
}
