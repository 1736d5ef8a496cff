// A context: one person's access to one cluster, with the certificate and the key that prove the identity. Pure.
// Invariant: a context that parseContext accepts is usable: every part was checked, also against the others.
import { checkName } from '../../proto/domain/input.js';
import { type Checked, quoted } from '../../proto/domain/text.js';
import { XnetError } from '../../proto/errors.js';
import { belongTogether, type Certificate, readCertificate } from '../../proto/pki/chain.js';
import { formatIdentity, type Identity } from '../../proto/pki/identity.js';
import { checkEndpoint, type Endpoint, formatEndpoint } from '../../proto/rpc/endpoint.js';
import type { Credentials } from '../../proto/rpc/tls.js';

/** SavedContext is a context. */
export type SavedContext = {
  /** At least one; tried in turn. */
  readonly controllers: readonly Endpoint[];
  /** The certificate, the key and the trusted authorities. */
  readonly credentials: Required<Credentials>;
  /** The identity in the certificate. */
  readonly identity: Identity;
  /** The other fields of the certificate. */
  readonly certificate: Certificate;
};

/** SavedParts are the parts of a context in a file. Certificates and keys are PEM. */
export type SavedParts = {
  /** "192.168.83.2:7400" */
  readonly controllers: readonly string[];
  readonly cluster: string;
  /** One, or two during a rotation. */
  readonly authority: readonly string[];
  readonly certificate: string;
  /** PKCS #8. */
  readonly key: string;
};

const keys = ['controllers', 'cluster', 'authority', 'certificate', 'key'] as const;

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string');
}

function checkParts(value: unknown): Checked<SavedParts> {
  if (typeof value !== 'object' || value === null) return { problem: 'has to be an object' };
  const parts = value as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(parts).find((key) => !keys.some((known) => known === key));
  if (unknown !== undefined) return { problem: `unknown setting ${quoted(unknown)}: there are ${keys.join(', ')}` };
  const { controllers, cluster, authority, certificate, key } = parts;
  if (!isTexts(controllers)) return { problem: 'controllers: has to be a list of HOST:PORT' };
  if (typeof cluster !== 'string') return { problem: 'cluster: has to be the id of the cluster' };
  if (!isTexts(authority)) return { problem: 'authority: has to be a list of certificates (PEM)' };
  if (typeof certificate !== 'string') return { problem: 'certificate: has to be a certificate (PEM)' };
  if (typeof key !== 'string') return { problem: 'key: has to be a private key (PEM)' };
  return { value: { controllers, cluster, authority, certificate, key } };
}

function checkCertificate(what: string, pem: string): Checked<Certificate> {
  try {
    return { value: readCertificate(pem) };
  } catch (error) {
    if (error instanceof XnetError) return { problem: `${what}: ${error.message}` };
    throw error;
  }
}

/** contextOf checks the parts of a context, individually and against each other. */
export function contextOf({ controllers, cluster, authority, certificate, key }: SavedParts): Checked<SavedContext> {
  const endpoints: Endpoint[] = [];
  for (const text of controllers) {
    const checked = checkEndpoint(text);
    if ('problem' in checked) return { problem: `controllers: ${checked.problem}` };
    endpoints.push(checked.value);
  }
  for (const pem of authority) {
    const checked = checkCertificate('authority', pem);
    if ('problem' in checked) return checked;
  }
  const own = checkCertificate('certificate', certificate);
  if ('problem' in own) return own;
  const { identity } = own.value;
  if (identity === undefined) return { problem: 'certificate: it names no identity of an xnet cluster' };
  if (identity.clusterId !== cluster) {
    return { problem: `certificate: it is of cluster ${identity.clusterId}, not of ${quoted(cluster)}` };
  }
  if (!belongTogether(certificate, key)) return { problem: 'key: it is not that of the certificate' };
  const credentials = { clusterId: cluster, authority, own: { certificate, key } };
  return { value: { controllers: endpoints, credentials, identity, certificate: own.value } };
}

/**
 * joinedControllers returns the addresses of a renewed context: its former ones, which may have been set by hand, and
 * the new ones from the controllers.
 */
export function joinedControllers(had: readonly Endpoint[], added: readonly Endpoint[]): readonly Endpoint[] {
  const known = new Set(had.map(formatEndpoint));
  return [...had, ...added.filter((endpoint) => !known.has(formatEndpoint(endpoint)))];
}

function isLoopback(endpoint: Endpoint): boolean {
  return endpoint.kind === 'tcp' && (endpoint.host === 'localhost' || endpoint.host.startsWith('127.'));
}

/**
 * refreshedControllers returns the addresses of a context when the cluster's current ones are `current`, including those
 * of this machine only: first the current addresses, then the former ones. Former addresses that work on this machine
 * only are dropped if there are others.
 */
export function refreshedControllers(had: readonly Endpoint[], current: readonly Endpoint[]): readonly Endpoint[] {
  const better = current.filter((endpoint) => !isLoopback(endpoint));
  if (better.length === 0) return joinedControllers(current, had);
  const kept = had.filter((endpoint) => !isLoopback(endpoint));
  return joinedControllers(better, kept);
}

/** parseContext parses the text of formatContext. Its problems do not quote the text: it may be a secret. */
export function parseContext(text: string): Checked<SavedContext> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: 'it is no context: not JSON' };
  }
  const parts = checkParts(value);
  return 'problem' in parts ? parts : contextOf(parts.value);
}

/** formatContext returns the file content of a context: JSON, including the private key. */
export function formatContext({ controllers, credentials }: SavedContext): string {
  const { clusterId, authority, own } = credentials;
  const parts: SavedParts = {
    controllers: controllers.map(formatEndpoint),
    cluster: clusterId,
    authority,
    certificate: own.certificate,
    key: own.key,
  };
  return `${JSON.stringify(parts, null, 2)}\n`;
}

/** checkContextName checks the name of a context: "prod". */
export const checkContextName = checkName;

// Nodes and controllers renew automatically after at most 80 % of a certificate's life; people are warned from then on.
const lateShare = 0.2;

/** expiryWarning returns the warning for a context whose certificate expires soon; undefined: none. */
export function expiryWarning(
  name: string,
  { identity, certificate }: SavedContext,
  nowMs: number,
): string | undefined {
  const { notBeforeMs, notAfterMs } = certificate;
  const leftMs = notAfterMs - nowMs;
  if (leftMs <= 0 || leftMs >= (notAfterMs - notBeforeMs) * lateShare) return undefined;
  const what =
    identity.role === 'admin'
      ? `xctl certs renew --context ${name}`
      : `have an admin make another: xctl certs issue ${identity.id} --role ${identity.role}`;
  return `the certificate of ${formatIdentity(identity)} in context ${name} expires at ${new Date(notAfterMs).toISOString()}; ${what}`;
}

/** expiryProblem returns why a context's certificate can't be used at this time; undefined: it can. */
export function expiryProblem(
  name: string,
  { identity, certificate }: SavedContext,
  nowMs: number,
): XnetError | undefined {
  if (nowMs < certificate.notAfterMs) return undefined;
  const since = new Date(certificate.notAfterMs).toISOString();
  const who = formatIdentity(identity);
  return new XnetError('Unauthenticated', `the certificate of ${who} in context ${name} has expired: ${since}`, {
    hint:
      `have an admin, or root on the machine of a controller, make another: xctl certs issue ${identity.id} ` +
      `--role ${identity.role} --out FILE; and then: xctl contexts import FILE --name ${name}`,
  });
}
