// Makes certificates and certificate requests: ECDSA over P-256 with SHA-256, as PEM. The only file that imports
// @peculiar/x509, which takes 0.2 s to load; chain.ts reads certificates without it.
import 'reflect-metadata';
import { createPrivateKey, randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { messageOf, XnetError } from '../errors.js';
import { backdateMs } from './chain.js';
import { controllerHost, formatIdentity, type Identity, isIdentity, uriOf } from './identity.js';

/** Signer is an authority's certificate and its private key (PKCS #8), both PEM. */
export type Signer = { readonly certificate: string; readonly key: string };

/** Lifetime is the validity period of a certificate, milliseconds since 1970. */
export type Lifetime = { readonly notBeforeMs: number; readonly notAfterMs: number };

/** Issued is an issued certificate. */
export type Issued = Lifetime & { readonly certificate: string; readonly serial: string };

/** Request is a new private key (PKCS #8) and its certificate request (PKCS #10), both PEM. */
export type Request = { readonly key: string; readonly csr: string };

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 24 * 3_600_000;
const authorityMs = 10 * 365 * dayMs;

/** lifetimeFrom returns a lifetime that ends `ttlMs` milliseconds from now and begins a little earlier than now. */
export function lifetimeFrom(nowMs: number, ttlMs: number): Lifetime {
  // Certificates have a resolution of seconds.
  const second = Math.floor(nowMs / 1000) * 1000;
  return { notBeforeMs: second - backdateMs, notAfterMs: second + Math.ceil(ttlMs / 1000) * 1000 };
}

async function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

async function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' });
  return webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
}

// Positive, and never beginning with a zero byte, so that every program prints it alike.
function newSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

function authorityName(clusterId: string, madeMs: number): x509.JsonName {
  return [{ O: [clusterId] }, { CN: [`xnet authority ${new Date(madeMs).toISOString()}`] }];
}

// The extensions of an authority. `below` is the path length: 1 permits one authority below, its cross-signed successor.
async function authorityExtensions(
  publicKey: x509.PublicKey | webcrypto.CryptoKey,
  below: 0 | 1,
): Promise<x509.Extension[]> {
  return [
    new x509.BasicConstraintsExtension(true, below, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    await x509.SubjectKeyIdentifierExtension.create(publicKey),
  ];
}

/** makeAuthority creates a new authority for a cluster, valid for ten years. */
export async function makeAuthority(clusterId: string, nowMs: number): Promise<Signer> {
  const keys = await makeKeys();
  const { notBeforeMs, notAfterMs } = lifetimeFrom(nowMs, authorityMs);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: authorityName(clusterId, nowMs),
    notBefore: new Date(notBeforeMs),
    notAfter: new Date(notAfterMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: await authorityExtensions(keys.publicKey, 1),
  });
  return { certificate: certificate.toString('pem'), key: await exportKey(keys.privateKey) };
}

/**
 * crossSign returns a certificate for the name and key of `certificate`, signed by `signer`. Whoever trusts only
 * `signer` then trusts what the other authority issues.
 */
export async function crossSign(signer: Signer, certificate: string): Promise<string> {
  const by = new x509.X509Certificate(signer.certificate);
  const of = new x509.X509Certificate(certificate);
  const crossed = await x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: of.subjectName.toJSON(),
    issuer: by.subjectName.toJSON(),
    notBefore: of.notBefore,
    notAfter: new Date(Math.min(by.notAfter.getTime(), of.notAfter.getTime())),
    signingAlgorithm: algorithm,
    publicKey: of.publicKey,
    signingKey: await importKey(signer.key),
    extensions: [
      ...(await authorityExtensions(of.publicKey, 0)),
      await x509.AuthorityKeyIdentifierExtension.create(by.publicKey),
    ],
  });
  return crossed.toString('pem');
}

/** makeRequest creates a key and a certificate request for it. No other copy of the key exists. */
export async function makeRequest(): Promise<Request> {
  const keys = await makeKeys();
  return { key: await exportKey(keys.privateKey), csr: await requestOf(keys) };
}

/** requestFor returns the certificate request for an existing key (PKCS #8, PEM). */
export async function requestFor(key: string): Promise<string> {
  const privateKey = await importKey(key);
  const jwk = createPrivateKey(key).export({ format: 'jwk' });
  const publicJwk = { kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y } as webcrypto.JsonWebKey;
  const publicKey = await webcrypto.subtle.importKey('jwk', publicJwk, algorithm, true, ['verify']);
  return requestOf({ privateKey, publicKey });
}

async function requestOf(keys: webcrypto.CryptoKeyPair): Promise<string> {
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({
    name: 'CN=xnet',
    keys,
    signingAlgorithm: algorithm,
  });
  return csr.toString('pem');
}

// A request has about 400 bytes; only its key is used.
const longestRequest = 8_192;

/**
 * keyOfRequest returns the public key of a certificate request (SubjectPublicKeyInfo, DER).
 * @throws XnetError InvalidArgument when it is not a request, not for a key on P-256, or not signed by that key
 */
export async function keyOfRequest(csr: string): Promise<Buffer> {
  if (csr.length > longestRequest) throw new XnetError('InvalidArgument', 'csr: longer than any certificate request');
  let proved: boolean;
  let read: { readonly key: Buffer; readonly algorithm: { readonly name?: string; readonly namedCurve?: string } };
  try {
    const request = new x509.Pkcs10CertificateRequest(csr);
    // Accessing these fields parses them, and may throw.
    read = { key: Buffer.from(request.publicKey.rawData), algorithm: request.publicKey.algorithm };
    proved = await request.verify().catch(() => false);
  } catch (error) {
    throw new XnetError('InvalidArgument', `csr: not a certificate request (PKCS #10, PEM): ${messageOf(error)}`);
  }
  if (read.algorithm.name !== 'ECDSA' || read.algorithm.namedCurve !== 'P-256') {
    throw new XnetError('InvalidArgument', 'csr: the key has to be an ECDSA key on P-256');
  }
  if (!proved) throw new XnetError('InvalidArgument', 'csr: not signed by its own key');
  return read.key;
}

/** CertificateTemplate is a certificate to issue. */
export type CertificateTemplate = Lifetime & {
  readonly identity: Identity;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
};

/** Issuer is an authority that issues certificates. It parses the authority's certificate once. */
export class Issuer {
  readonly #by: x509.X509Certificate;
  readonly #key: webcrypto.CryptoKey;
  readonly #keyIdentifier: x509.Extension;

  private constructor(by: x509.X509Certificate, key: webcrypto.CryptoKey, keyIdentifier: x509.Extension) {
    this.#by = by;
    this.#key = key;
    this.#keyIdentifier = keyIdentifier;
  }

  /** open parses an authority's certificate and key. Throws Error when they are invalid. */
  static async open({ certificate, key }: Signer): Promise<Issuer> {
    const by = new x509.X509Certificate(certificate);
    const keyIdentifier = await x509.AuthorityKeyIdentifierExtension.create(by.publicKey);
    return new Issuer(by, await importKey(key), keyIdentifier);
  }

  /**
   * issue issues a certificate. Nodes and people get client certificates; a controller's is also a server certificate,
   * for the name that all controllers share.
   * @throws XnetError Internal when the identity can't be represented in a certificate
   */
  async issue(wanted: CertificateTemplate): Promise<Issued> {
    const { identity, notBeforeMs, notAfterMs } = wanted;
    if (!isIdentity(identity))
      throw new XnetError('Internal', `${formatIdentity(identity)} can't stand in a certificate`);
    const controller = identity.role === 'controller';
    const names: x509.JsonGeneralNames = [
      { type: 'url', value: uriOf(identity) },
      ...(controller ? [{ type: 'dns' as const, value: controllerHost(identity.clusterId) }] : []),
    ];
    const { clientAuth, serverAuth } = x509.ExtendedKeyUsage;
    const serial = newSerial();
    // A certificate never outlives its authority.
    const end = Math.min(notAfterMs, this.#by.notAfter.getTime());
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serial,
      subject: [{ O: [identity.clusterId] }, { OU: [identity.role] }, { CN: [identity.id] }],
      issuer: this.#by.subjectName.toJSON(),
      notBefore: new Date(notBeforeMs),
      notAfter: new Date(end),
      signingAlgorithm: algorithm,
      publicKey: new x509.PublicKey(wanted.publicKey),
      signingKey: this.#key,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension(controller ? [serverAuth, clientAuth] : [clientAuth]),
        new x509.SubjectAlternativeNameExtension(names),
        this.#keyIdentifier,
      ],
    });
    return { certificate: certificate.toString('pem'), serial, notBeforeMs, notAfterMs: end };
  }
}

/** issue issues one certificate; use Issuer for many. */
export async function issue(signer: Signer, wanted: CertificateTemplate): Promise<Issued> {
  return (await Issuer.open(signer)).issue(wanted);
}
