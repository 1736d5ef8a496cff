// Makes authorities, and signs one with another: rare, and at the request of a person. The only file that imports
// @peculiar/x509, which takes 0.2 s to load; certificate.ts makes all other certificates without it.
import 'reflect-metadata';
import { createPrivateKey, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { lifetimeFrom, newSerial, type Signer } from './certificate.js';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 24 * 3_600_000;
const authorityMs = 10 * 365 * dayMs;

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

async function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' });
  return webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
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
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
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
