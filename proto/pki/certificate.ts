// Issues certificates and makes certificate requests: ECDSA over P-256 with SHA-256, as PEM. Their form is fixed, so they
// are written from parts, and signed and verified by Node.js (OpenSSL) in a fraction of a millisecond.
// Invariant: every certificate is byte for byte what @peculiar/x509 makes of the same values (test/unit/proto/pki).
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  randomBytes,
  sign,
  verify,
  X509Certificate,
} from 'node:crypto';
import { promisify } from 'node:util';
import { messageOf, XnetError } from '../errors.js';
import { backdateMs } from './chain.js';
import { bitString, contentOf, element, elementsOf, objectId, ofContext, sequence, tags, time } from './der.js';
import { controllerHost, formatIdentity, type Identity, isIdentity, uriOf } from './identity.js';

/** Signer is an authority's certificate and its private key (PKCS #8), both PEM. */
export type Signer = { readonly certificate: string; readonly key: string };

/** Lifetime is the validity period of a certificate, milliseconds since 1970. */
export type Lifetime = { readonly notBeforeMs: number; readonly notAfterMs: number };

/** Issued is an issued certificate. */
export type Issued = Lifetime & { readonly certificate: string; readonly serial: string };

/** Request is a new private key (PKCS #8) and its certificate request (PKCS #10), both PEM. */
export type Request = { readonly key: string; readonly csr: string };

const makeKeys = promisify(generateKeyPair);

// What the SubjectPublicKeyInfo of every key on P-256 begins with; the two coordinates follow, 32 bytes each.
const beforePoint = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex');
const pointBytes = 64;

const ecdsaWithSha256 = sequence(objectId('1.2.840.10045.4.3.2'));
// How a request may be signed by its key.
const hashes: ReadonlyMap<string, string> = new Map([
  [ecdsaWithSha256.toString('hex'), 'sha256'],
  [sequence(objectId('1.2.840.10045.4.3.3')).toString('hex'), 'sha384'],
  [sequence(objectId('1.2.840.10045.4.3.4')).toString('hex'), 'sha512'],
]);

/** lifetimeFrom returns a lifetime that ends `ttlMs` milliseconds from now and begins a little earlier than now. */
export function lifetimeFrom(nowMs: number, ttlMs: number): Lifetime {
  // Certificates have a resolution of seconds.
  const second = Math.floor(nowMs / 1000) * 1000;
  return { notBeforeMs: second - backdateMs, notAfterMs: second + Math.ceil(ttlMs / 1000) * 1000 };
}

/** newSerial returns a serial number, hexadecimal: positive, and never beginning with a zero byte, so that every program prints it alike. */
export function newSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

function pemFrom(der: Buffer, label: string): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----`;
}

const nameParts = { O: objectId('2.5.4.10'), OU: objectId('2.5.4.11'), CN: objectId('2.5.4.3') };

function namePart(type: keyof typeof nameParts, value: string): Buffer {
  const isPrintable = /^[A-Za-z0-9 '()+,./:=?-]*$/.test(value);
  const text = element(isPrintable ? tags.printableString : tags.utf8String, Buffer.from(value, 'utf8'));
  return element(tags.set, sequence(nameParts[type], text));
}

// What is signed, the algorithm, the signature.
function signed(content: Buffer, key: KeyObject): Buffer {
  return sequence(content, ecdsaWithSha256, bitString(sign('sha256', content, key)));
}

function spkiOf(key: KeyObject): Buffer {
  const spki = (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' });
  if (!isOnP256(spki)) throw new Error('not a key on P-256');
  return spki;
}

function isOnP256(spki: Buffer): boolean {
  return spki.length === beforePoint.length + pointBytes && spki.subarray(0, beforePoint.length).equals(beforePoint);
}

/** makeRequest creates a key and a certificate request for it. No other copy of the key exists. */
export async function makeRequest(): Promise<Request> {
  const { privateKey } = await makeKeys('ec', { namedCurve: 'P-256' });
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), csr: requestOf(privateKey) };
}

/** requestFor returns the certificate request for an existing key (PKCS #8, PEM). Throws Error when it is no such key. */
export async function requestFor(key: string): Promise<string> {
  return requestOf(createPrivateKey(key));
}

const requestVersion = element(tags.integer, Buffer.from([0]));
const requestName = sequence(namePart('CN', 'xnet'));
const noAttributes = element(ofContext(0, 'constructed'));

function requestOf(key: KeyObject): string {
  const content = sequence(requestVersion, requestName, spkiOf(key), noAttributes);
  return pemFrom(signed(content, key), 'CERTIFICATE REQUEST');
}

// A request has about 400 bytes; only its key is used.
const longestRequest = 8_192;
const requestPem =
  /^\s*-----BEGIN (NEW )?CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]+)-----END (NEW )?CERTIFICATE REQUEST-----\s*$/;

type ReadRequest = {
  readonly content: Buffer;
  readonly spki: Buffer;
  readonly hash: string | undefined;
  readonly signature: Buffer;
};

function readRequest(csr: string): ReadRequest {
  const base64 = requestPem.exec(csr)?.[2];
  if (base64 === undefined) throw new Error('no such block');
  const [whole] = elementsOf(Buffer.from(base64, 'base64'), 1);
  if (whole === undefined) throw new Error('it is empty');
  const [content, algorithm, signature] = elementsOf(contentOf(whole, tags.sequence), 3);
  if (content === undefined || algorithm === undefined || signature === undefined) throw new Error('parts are missing');
  const [, , spki] = elementsOf(contentOf(content, tags.sequence), 4);
  if (spki === undefined) throw new Error('it has no key');
  const hash = hashes.get(algorithm.whole.toString('hex'));
  // The first byte counts the unused bits of the last one.
  const bits = contentOf(signature, tags.bitString);
  if (bits[0] !== 0) throw new Error('its signature has no whole bytes');
  return { content: content.whole, spki: spki.whole, hash, signature: bits.subarray(1) };
}

// Half the time that OpenSSL takes to read the DER form.
function keyFrom(spki: Buffer): KeyObject {
  const point = spki.subarray(beforePoint.length);
  const [x, y] = [point.subarray(0, pointBytes / 2), point.subarray(pointBytes / 2)];
  const jwk = { kty: 'EC', crv: 'P-256', x: x.toString('base64url'), y: y.toString('base64url') };
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch (error) {
    throw new XnetError('InvalidArgument', `csr: its key is no point of P-256: ${messageOf(error)}`);
  }
}

/**
 * keyOfRequest returns the public key of a certificate request (SubjectPublicKeyInfo, DER).
 * @throws XnetError InvalidArgument when it is not a request, not for a key on P-256, or not signed by that key with SHA-2
 */
export async function keyOfRequest(csr: string): Promise<Buffer> {
  if (csr.length > longestRequest) throw new XnetError('InvalidArgument', 'csr: longer than any certificate request');
  let read: ReadRequest;
  try {
    read = readRequest(csr);
  } catch (error) {
    throw new XnetError('InvalidArgument', `csr: not a certificate request (PKCS #10, PEM): ${messageOf(error)}`);
  }
  const { content, spki, hash, signature } = read;
  if (!isOnP256(spki)) throw new XnetError('InvalidArgument', 'csr: the key has to be an ECDSA key on P-256');
  if (hash === undefined) {
    throw new XnetError('InvalidArgument', 'csr: its signature is not ECDSA with SHA-256, SHA-384 or SHA-512', {
      hint: 'sign it anew: openssl req -new -sha256 -key KEY -subj /CN=xnet',
    });
  }
  if (!verify(hash, content, keyFrom(spki), signature)) {
    throw new XnetError('InvalidArgument', 'csr: not signed by its own key');
  }
  return Buffer.from(spki);
}

/** CertificateTemplate is a certificate to issue. */
export type CertificateTemplate = Lifetime & {
  readonly identity: Identity;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
};

const version3 = element(ofContext(0, 'constructed'), element(tags.integer, Buffer.from([2])));

function extension(id: string, value: Buffer, critical: 'critical' | 'not critical' = 'not critical'): Buffer {
  const flag = critical === 'critical' ? [element(tags.boolean, Buffer.from([0xff]))] : [];
  return sequence(objectId(id), ...flag, element(tags.octetString, value));
}

// It is no authority, and its key signs.
const noAuthority = extension('2.5.29.19', sequence(), 'critical');
const digitalSignature = extension('2.5.29.15', bitString(Buffer.from([0x80]), 7), 'critical');
const [serverAuth, clientAuth] = [objectId('1.3.6.1.5.5.7.3.1'), objectId('1.3.6.1.5.5.7.3.2')];
const usageOf = {
  client: extension('2.5.29.37', sequence(clientAuth)),
  controller: extension('2.5.29.37', sequence(serverAuth, clientAuth)),
};

function altNames(identity: Identity): Buffer {
  const names = [element(ofContext(6, 'primitive'), Buffer.from(uriOf(identity), 'latin1'))];
  if (identity.role === 'controller') {
    names.push(element(ofContext(2, 'primitive'), Buffer.from(controllerHost(identity.clusterId), 'latin1')));
  }
  return extension('2.5.29.17', sequence(...names));
}

function subjectOf({ clusterId, role, id }: Identity): Buffer {
  return sequence(namePart('O', clusterId), namePart('OU', role), namePart('CN', id));
}

// The subject of an authority's certificate as it is in there: its certificates have to name it alike.
function subjectOfCertificate(der: Buffer): Buffer {
  const [whole] = elementsOf(der, 1);
  const [content] = whole === undefined ? [] : elementsOf(contentOf(whole, tags.sequence), 3);
  // Version, serial number, algorithm, issuer, validity, subject, key, extensions.
  const parts = content === undefined ? [] : elementsOf(contentOf(content, tags.sequence), 8);
  const subject = parts[5];
  if (subject === undefined) throw new Error('not the certificate of an authority');
  return Buffer.from(subject.whole);
}

/** Issuer is an authority that issues certificates. It parses the authority's certificate once. */
export class Issuer {
  readonly #key: KeyObject;
  readonly #name: Buffer;
  readonly #notAfterMs: number;
  readonly #authorityKey: Buffer;

  /** Throws Error when the authority's certificate or key is invalid. */
  constructor({ certificate, key }: Signer) {
    const by = new X509Certificate(certificate);
    this.#key = createPrivateKey(key);
    this.#name = subjectOfCertificate(by.raw);
    this.#notAfterMs = Date.parse(by.validTo);
    // RFC 5280, 4.2.1.2: the SHA-1 of the key, which is the uncompressed point.
    const point = spkiOf(by.publicKey).subarray(beforePoint.length - 1);
    const id = createHash('sha1').update(point).digest();
    this.#authorityKey = extension('2.5.29.35', sequence(element(ofContext(0, 'primitive'), id)));
  }

  /**
   * issue issues a certificate. Nodes and people get client certificates; a controller's is also a server certificate,
   * for the name that all controllers share.
   * @throws XnetError Internal when the identity can't be represented in a certificate
   */
  issue({ identity, publicKey, notBeforeMs, notAfterMs }: CertificateTemplate): Issued {
    if (!isIdentity(identity))
      throw new XnetError('Internal', `${formatIdentity(identity)} can't stand in a certificate`);
    const serial = newSerial();
    // A certificate never outlives its authority.
    const end = Math.min(notAfterMs, this.#notAfterMs);
    const extensions = sequence(
      noAuthority,
      digitalSignature,
      identity.role === 'controller' ? usageOf.controller : usageOf.client,
      altNames(identity),
      this.#authorityKey,
    );
    const content = sequence(
      version3,
      element(tags.integer, Buffer.from(serial, 'hex')),
      ecdsaWithSha256,
      this.#name,
      sequence(time(notBeforeMs), time(end)),
      subjectOf(identity),
      publicKey,
      element(ofContext(3, 'constructed'), extensions),
    );
    return { certificate: pemFrom(signed(content, this.#key), 'CERTIFICATE'), serial, notBeforeMs, notAfterMs: end };
  }
}

/** issue issues one certificate; use Issuer for many. */
export async function issue(signer: Signer, wanted: CertificateTemplate): Promise<Issued> {
  return new Issuer(signer).issue(wanted);
}
