// The form of certificates and requests: compared with what @peculiar/x509 makes of the same values.
import 'reflect-metadata';
import { createPrivateKey, createPublicKey, webcrypto, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import test from 'ava';
import fc from 'fast-check';
import { XnetError } from '../../../../proto/errors.js';
import { crossSign, makeAuthority } from '../../../../proto/pki/authority.js';
import {
  Issuer,
  keyOfRequest,
  type Lifetime,
  lifetimeFrom,
  makeRequest,
  requestFor,
  type Signer,
} from '../../../../proto/pki/certificate.js';
import { contentOf, element, elementsOf, tags, time } from '../../../../proto/pki/der.js';
import { controllerHost, type Identity, roles, uriOf } from '../../../../proto/pki/identity.js';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const noon = Date.UTC(2026, 0, 1, 12);
const dayMs = 24 * 3_600_000;

// Everything but the signature, which is another one each time.
function signedPart(pem: string): Buffer {
  const der = Buffer.from(pem.replace(/-----.*-----|\n/g, ''), 'base64');
  const [whole] = elementsOf(der, 1);
  const [content, signedWith] = whole === undefined ? [] : elementsOf(contentOf(whole, tags.sequence), 3);
  return Buffer.concat([content?.whole ?? Buffer.alloc(0), signedWith?.whole ?? Buffer.alloc(0)]);
}

// The certificate by the library, from the same values.
async function byLibrary(signer: Signer, identity: Identity, spki: Uint8Array, serial: string, life: Lifetime) {
  const by = new x509.X509Certificate(signer.certificate);
  const pkcs8 = createPrivateKey(signer.key).export({ type: 'pkcs8', format: 'der' });
  const controller = identity.role === 'controller';
  const { clientAuth, serverAuth } = x509.ExtendedKeyUsage;
  const made = await x509.X509CertificateGenerator.create({
    serialNumber: serial,
    subject: [{ O: [identity.clusterId] }, { OU: [identity.role] }, { CN: [identity.id] }],
    issuer: by.subjectName.toJSON(),
    notBefore: new Date(life.notBeforeMs),
    notAfter: new Date(life.notAfterMs),
    signingAlgorithm: algorithm,
    publicKey: new x509.PublicKey(spki),
    signingKey: await webcrypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(controller ? [serverAuth, clientAuth] : [clientAuth]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'url', value: uriOf(identity) },
        ...(controller ? [{ type: 'dns' as const, value: controllerHost(identity.clusterId) }] : []),
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(by.publicKey),
    ],
  });
  return made.toString('pem');
}

test('a certificate is byte for byte what the library makes of the same values', async (t) => {
  const first = await makeAuthority('c-1', noon);
  const second = await makeAuthority('c_2', noon + 40 * 365 * dayMs);
  const crossed = { certificate: await crossSign(first, second.certificate), key: second.key };
  const { csr } = await makeRequest();
  const publicKey = await keyOfRequest(csr);
  const part = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/);
  const identities = fc.record({ clusterId: part, role: fc.constantFrom(...roles), id: part });
  for (const signer of [first, second, crossed]) {
    const issuer = new Issuer(signer);
    await fc.assert(
      fc.asyncProperty(identities, fc.nat(40 * 365), async (identity, days) => {
        const wanted = lifetimeFrom(noon, days * dayMs);
        const { certificate, serial, ...life } = issuer.issue({ identity, publicKey, ...wanted });
        t.deepEqual(
          signedPart(certificate),
          signedPart(await byLibrary(signer, identity, publicKey, serial, life)),
          JSON.stringify(identity),
        );
        const read = new X509Certificate(certificate);
        t.true(read.verify(createPublicKey(signer.certificate)));
        t.true(read.checkIssued(new X509Certificate(signer.certificate)));
      }),
      { numRuns: 8 },
    );
  }
});

test('a request is byte for byte what the library makes of the same key, and each reads the other', async (t) => {
  const { key, csr } = await makeRequest();
  const der = createPrivateKey(key).export({ type: 'pkcs8', format: 'der' });
  const spki = createPublicKey(createPrivateKey(key)).export({ type: 'spki', format: 'der' });
  const keys = {
    privateKey: await webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']),
    publicKey: await webcrypto.subtle.importKey('spki', spki, algorithm, true, ['verify']),
  };
  const made = await x509.Pkcs10CertificateRequestGenerator.create({
    name: 'CN=xnet',
    keys,
    signingAlgorithm: algorithm,
  });
  t.deepEqual(signedPart(csr), signedPart(made.toString('pem')));
  t.deepEqual(signedPart(await requestFor(key)), signedPart(csr));
  t.true(await new x509.Pkcs10CertificateRequest(csr).verify());
  t.deepEqual(await keyOfRequest(made.toString('pem')), spki);
  const sha1 = { ...algorithm, hash: 'SHA-1' };
  const weak = await x509.Pkcs10CertificateRequestGenerator.create({ name: 'CN=xnet', keys, signingAlgorithm: sha1 });
  await t.throwsAsync(keyOfRequest(weak.toString('pem')), {
    message: 'csr: its signature is not ECDSA with SHA-256, SHA-384 or SHA-512',
  });
});

// openssl req -new -subj /O=somebody/CN=alice -sha384 -addext subjectAltName=DNS:a.example
const byOpenssl = `-----BEGIN CERTIFICATE REQUEST-----
MIIBBjCBrAIBADAjMREwDwYDVQQKDAhzb21lYm9keTEOMAwGA1UEAwwFYWxpY2Uw
WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQrtgXQuzp19rF464cvx4+r2R0uRWtq
w4ebCJAxzo/wO8dJzQvWK3deM163NsdekgOyUPNCw8T42ZThf7AI8lM/oCcwJQYJ
KoZIhvcNAQkOMRgwFjAUBgNVHREEDTALgglhLmV4YW1wbGUwCgYIKoZIzj0EAwMD
SQAwRgIhAOxZ7MCXmST0gbHzFYxWiknf0bW8kzqdBEe+51qPBnEHAiEAkxzcJ9z3
CaEMpkWtb2Lq6XPWtTISelBTmvf4HktVC68=
-----END CERTIFICATE REQUEST-----
`;
// The same with the point of the key in its short form, as -conv_form compressed makes it.
const compressed = `-----BEGIN CERTIFICATE REQUEST-----
MIGrMFICAQAwEDEOMAwGA1UEAwwFYWxpY2UwOTATBgcqhkjOPQIBBggqhkjOPQMB
BwMiAAMrtgXQuzp19rF464cvx4+r2R0uRWtqw4ebCJAxzo/wO6AAMAoGCCqGSM49
BAMCA0kAMEYCIQDR0E7CbF1UoKnTS6VeY79+6+hNIul+PL4qMjBs4r9jhgIhAL0w
uzA6YnE9I3gvcVQyPundabAAnmBKriJo5VyMspYN
-----END CERTIFICATE REQUEST-----
`;

test('a request by another program is accepted; its names and extensions are ignored', async (t) => {
  t.is((await keyOfRequest(byOpenssl)).length, 91);
  t.is(
    (await keyOfRequest(byOpenssl.replaceAll('BEGIN C', 'BEGIN NEW C').replaceAll('END C', 'END NEW C'))).length,
    91,
  );
  const error = await t.throwsAsync(keyOfRequest(compressed));
  t.true(error instanceof XnetError && error.code === 'InvalidArgument');
  t.regex(error?.message ?? '', /P-256/);
});

test('DER is read only in its canonical form', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70_000 }), fc.constantFrom(...Object.values(tags)), (bytes, tag) => {
      const whole = element(tag, bytes);
      const [read] = elementsOf(whole, 1);
      t.deepEqual(read === undefined ? undefined : contentOf(read, tag), Buffer.from(bytes));
      t.throws(() => elementsOf(Buffer.concat([whole, Buffer.from([0])]), 1));
      t.throws(() => elementsOf(whole.subarray(0, -1), 1));
      t.throws(() => elementsOf(whole, 2));
    }),
    { numRuns: 100 },
  );
  // Lengths that are longer than they need be, indefinite, or larger than anything.
  for (const hex of ['300000', '308100', '30817f', '30820080', '3080', '3084ffffffff', '30', '3083000100']) {
    t.throws(
      () => elementsOf(Buffer.concat([Buffer.from(hex, 'hex'), Buffer.alloc(hex === '300000' ? 0 : 128)]), 1),
      undefined,
      hex,
    );
  }
});

test('times are in seconds, and change their form in 2050', (t) => {
  t.is(
    time(Date.UTC(2049, 11, 31, 23, 59, 59, 999))
      .toString('latin1')
      .slice(2),
    '491231235959Z',
  );
  t.is(
    time(Date.UTC(2050, 0, 1))
      .toString('latin1')
      .slice(2),
    '20500101000000Z',
  );
});
