// Identities, certificates and chains.
import { createPrivateKey, createPublicKey, randomBytes, X509Certificate } from 'node:crypto';

import test from 'ava';

import fc from 'fast-check';

import { XnetError } from '../../../../proto/errors.js';

import { crossSign, makeAuthority } from '../../../../proto/pki/authority.js';
import { issue, keyOfRequest, lifetimeFrom, makeRequest, requestFor } from '../../../../proto/pki/certificate.js';

import {
  backdateMs,
  belongTogether,
  digestOf,
  isIssuedBy,
  madeAt,
  provenAuthority,
  readCertificate,
  renewalAt,
} from '../../../../proto/pki/chain.js';

import {
  type Identity,
  identityFromUri,
  identityOf,
  isIdentity,
  roles,
  uriOf,
} from '../../../../proto/pki/identity.js';

const clusterId = '3b1c6a2e-0000-4000-8000-000000000000';
const hourMs = 3_600_000;

// A request that is as it should be, but for a key on another curve (openssl req -newkey ec -pkeyopt …:P-384).
const onP384 = `-----BEGIN CERTIFICATE REQUEST-----
MIIBBjCBjgIBADAPMQ0wCwYDVQQDDAR4bmV0MHYwEAYHKoZIzj0CAQYFK4EEACID
YgAECF/9fQcqT2E6BusWfHhSQLrELk3Snq5RzqQYMcxUEoEz4vU/fkL8VYRjqT0h
M8qDWecX5it8J2pD8mWNA5kjwv+7Xz9A3xAPCB5lnC457TNQcLmlRQHcWpJ4QxUf
a12moAAwCgYIKoZIzj0EAwIDZwAwZAIwD1bu8O3husvXXmpvsc3CrlnnyCm3N/R1
mQ9i0xn5Ri6VpNeuZ57paJSemeTlDyCgAjBqySReEpLb0bewvB9tBd1kR2DcZisM
TTytQeV51QzqGvWbEk8cYlIG3J7DZvqc/Gg=
-----END CERTIFICATE REQUEST-----
`;

const noon = Date.UTC(2026, 0, 1, 12);
const anyId = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,40}$/);

const anyIdentity: fc.Arbitrary<Identity> = fc.record({
  clusterId: anyId,
  role: fc.constantFrom(...roles),
  id: anyId,
});

async function certify(identity: Identity, authority?: Awaited<ReturnType<typeof makeAuthority>>) {
  const signer = authority ?? (await makeAuthority(clusterId, noon));
  const { key, csr } = await makeRequest();
  const issued = await issue(signer, { identity, publicKey: await keyOfRequest(csr), ...lifetimeFrom(noon, hourMs) });
  return { signer, key, ...issued };
}

test('an identity survives formatting and parsing, and nothing else is one', (t) => {
  fc.assert(
    fc.property(anyIdentity, (identity) => {
      t.deepEqual(identityFromUri(uriOf(identity)), identity);
      const subject = { CN: identity.id, OU: identity.role, O: identity.clusterId };
      t.deepEqual(identityOf(subject, `URI:${uriOf(identity)}`), identity);
    }),
  );
  fc.assert(
    fc.property(anyIdentity, anyIdentity, (a, b) => {
      // The subject of one and the URI of another: no identity.
      const subject = { CN: a.id, OU: a.role, O: a.clusterId };
      const same = uriOf(a) === uriOf(b);
      t.is(identityOf(subject, `URI:${uriOf(b)}`) === undefined, !same);
      t.is(identityOf(subject, `URI:${uriOf(a)}, URI:${uriOf(b)}`), undefined, 'two names are none');
    }),
  );
  fc.assert(
    fc.property(fc.string(), (text) => {
      const identity = identityFromUri(text);
      t.true(identity === undefined || isIdentity(identity));
    }),
  );
  const identity: Identity = { clusterId: 'c', role: 'node', id: 'n-1' };
  const subject = { CN: 'n-1', OU: 'node', O: 'c' };
  for (const names of [
    ...['', 'DNS:xnet://c/node/n-1', 'URI:xnet://c/node/n-1/', 'URI:xnet://c//n-1', 'URI:http://c/node/n-1'],
    ...['URI:xnet://c/root/n-1', 'URI:xnet://c/node/n-1\n', 'URI:xnet://c/node/n-1,URI:xnet://c/admin/x'],
  ]) {
    t.is(identityOf(subject, names), undefined, names);
  }
  t.deepEqual(identityOf(subject, 'URI:xnet://c/node/n-1'), identity);
  // As Node.js gives a subject with two of a kind.
  t.is(identityOf({ ...subject, OU: ['node', 'admin'] }, 'URI:xnet://c/node/n-1'), undefined);
  for (const id of ['', '../x', 'a/b', 'a b', 'a,b', 'a\u0000', 'ä', '__proto__', 'x'.repeat(129)]) {
    t.false(isIdentity({ clusterId: 'c', role: 'node', id }), JSON.stringify(id));
  }
});

test('a certificate names its holder and permits what its role does', async (t) => {
  const signer = await makeAuthority(clusterId, noon);
  for (const role of roles) {
    const identity = { clusterId, role, id: 'x-1' };
    const { certificate, key, serial } = await certify(identity, signer);
    const read = readCertificate(certificate);
    t.deepEqual(read.identity, identity);
    t.is(read.serial, serial);
    t.deepEqual([read.notBeforeMs, read.notAfterMs], [noon - backdateMs, noon + hourMs]);
    t.is(madeAt(read), noon);
    t.true(isIssuedBy(certificate, signer.certificate));
    t.true(belongTogether(certificate, key));
    const parsed = new X509Certificate(certificate);
    t.false(parsed.ca, 'it signs nobody');
    const [clientAuth, serverAuth] = ['1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.1'];
    const usages = role === 'controller' ? [serverAuth, clientAuth] : [clientAuth];
    t.deepEqual([...parsed.keyUsage].sort(), [...usages].sort(), role);
    t.is(parsed.checkHost(`controller.${clusterId}.xnet`) !== undefined, role === 'controller');
  }
  await t.throwsAsync(certify({ clusterId, role: 'node', id: 'a/b' }, signer), { message: /can't stand/ });
  // Nothing outlives the authority that signed it.
  const { csr } = await makeRequest();
  const publicKey = await keyOfRequest(csr);
  const identity = { clusterId, role: 'admin', id: 'alice' } as const;
  const long = await issue(signer, { identity, publicKey, ...lifetimeFrom(noon, 20 * 365 * 24 * hourMs) });
  t.is(long.notAfterMs, readCertificate(signer.certificate).notAfterMs);
});

test('a request is for a key of ours, and proves it', async (t) => {
  const { key, csr } = await makeRequest();
  const spki = createPublicKey(createPrivateKey(key)).export({ type: 'spki', format: 'der' });
  t.deepEqual(await keyOfRequest(csr), spki);
  t.deepEqual(await keyOfRequest(await requestFor(key)), spki, 'the same key again');
  const bytes = Buffer.from(csr.replace(/-----.*-----|\n/g, ''), 'base64');
  const pem = (der: Uint8Array) =>
    `-----BEGIN CERTIFICATE REQUEST-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
  // Whatever is changed in it, it is not taken, or is the same key's.
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ by;
      try {
        t.deepEqual(await keyOfRequest(pem(changed)), spki);
      } catch (error) {
        t.true(error instanceof XnetError && error.code === 'InvalidArgument', String(error));
      }
    }),
    { numRuns: 200 },
  );
  for (const bad of [onP384, '', 'x', pem(randomBytes(300)), 'A'.repeat(9_000)]) {
    const error = await t.throwsAsync(keyOfRequest(bad));
    t.true(error instanceof XnetError && error.code === 'InvalidArgument', error?.message);
  }
});

test('C21 a chain proves only the authority with the known digest', async (t) => {
  const [old, next, foreign] = await Promise.all([1, 2, 3].map((n) => makeAuthority(clusterId, noon + n)));
  if (!old || !next || !foreign) return t.fail();
  const cross = await crossSign(old, next.certificate);
  const identity = { clusterId, role: 'controller', id: 'ctl-1' } as const;
  const { certificate: leaf } = await certify(identity, next);
  const digest = digestOf(old.certificate);
  t.is(provenAuthority([leaf, cross, old.certificate], digest), old.certificate);
  t.is(provenAuthority([leaf, next.certificate], digestOf(next.certificate)), next.certificate);
  for (const chain of [
    ...[[], [leaf], [leaf, next.certificate], [leaf, old.certificate], [leaf, cross]],
    [leaf, foreign.certificate, old.certificate],
    // The right authority behind a certificate that it never signed: any server can send its certificate along.
    [(await certify(identity, foreign)).certificate, old.certificate],
    [(await certify(identity, foreign)).certificate, cross, old.certificate],
  ]) {
    t.is(provenAuthority(chain, digest), undefined);
  }
});

test('certificates of one hour are not renewed in one hour', (t) => {
  const life = { notBeforeMs: -backdateMs, notAfterMs: 30 * 24 * hourMs };
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (random) => {
      const share = renewalAt(life, random) / life.notAfterMs;
      t.true(share >= 0.5 && share <= 0.8);
    }),
  );
  t.true(renewalAt(life, 1) - renewalAt(life, 0) > 8 * 24 * hourMs);
  // One that lasts for less than it is dated back is not due from the beginning.
  t.is(renewalAt({ notBeforeMs: -backdateMs, notAfterMs: 20_000 }, 0), 10_000);
});

test('C13 certificates of a controller two hours ahead are valid for all others at once', async (t) => {
  const signer = await makeAuthority(clusterId, noon);
  const { csr } = await makeRequest();
  const ahead = lifetimeFrom(noon + 2 * hourMs, 24 * hourMs);
  const identity: Identity = { clusterId, role: 'node', id: 'n-77' };
  const { certificate } = await issue(signer, { identity, publicKey: await keyOfRequest(csr), ...ahead });
  const read = readCertificate(certificate);
  if (read === undefined) return t.fail();
  t.true(read.notBeforeMs < noon);
  t.is(madeAt(read), noon + 2 * hourMs);
});
