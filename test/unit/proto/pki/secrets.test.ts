// Join tokens, secret files, and the sealed key of the authority.
import { randomBytes } from 'node:crypto';

import {
  chmodSync,
  existsSync,
  linkSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';

import { tmpdir } from 'node:os';

import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import fc from 'fast-check';

import { makeClusterKey, readClusterKey, sealText, unsealText } from '../../../../controller/authority/cluster-key.js';

import { XnetError } from '../../../../proto/errors.js';

import { readSecretFile, writeSecretFile } from '../../../../proto/pki/secret-file.js';

import {
  checkToken,
  formatToken,
  namesOfOperation,
  randomNames,
  sameHash,
  tokenHash,
  withoutSecrets,
} from '../../../../proto/pki/token.js';

function folder(t: ExecutionContext): string {
  const made = mkdtempSync(join(tmpdir(), 'xnet-pki-'));
  t.teardown(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

test('a token survives formatting and parsing; an invalid one is not quoted in the error', (t) => {
  const caDigest = 'a'.repeat(50);
  for (let n = 0; n < 50; n++) {
    const token = { caDigest, ...randomNames() };
    t.deepEqual(checkToken(` ${formatToken(token)}\n`), { value: token });
    const cut = formatToken(token).slice(0, -1);
    const checked = checkToken(cut);
    if (!('problem' in checked)) return t.fail();
    t.regex(checked.problem, /not complete/);
    t.false(checked.problem.includes(token.secret.slice(0, 8)));
    for (const text of [formatToken(token), cut, `{"id":"${formatToken(token)}"}`, `${token.id}.${token.secret}`]) {
      t.false(withoutSecrets(text).includes(token.secret.slice(0, 12)), text);
      t.true(withoutSecrets(text).includes(token.id));
    }
  }
  t.is(
    withoutSecrets('node/web-1 192.168.83.11 10.76.0.0/16 v20.10.24'),
    'node/web-1 192.168.83.11 10.76.0.0/16 v20.10.24',
  );
  const [a, b] = [randomNames(), randomNames()];
  const [key, other] = [randomBytes(32), randomBytes(32)];
  t.true(sameHash(tokenHash(key, a), tokenHash(key, a)));
  for (const hash of [tokenHash(other, a), tokenHash(key, b), tokenHash(key, { ...a, id: b.id }), '']) {
    t.false(sameHash(tokenHash(key, a), hash));
  }
  t.deepEqual(namesOfOperation(key, 'op-1'), namesOfOperation(key, 'op-1'));
  t.notDeepEqual(namesOfOperation(key, 'op-1'), namesOfOperation(key, 'op-2'));
  t.notDeepEqual(namesOfOperation(key, 'op-1'), namesOfOperation(other, 'op-1'));
});

test('a secret file is read only if no other user can read it', async (t) => {
  const dir = folder(t);
  const path = join(dir, 'made', 'cluster.key');
  t.is(await readSecretFile(path), undefined);
  await writeSecretFile(path, Buffer.from('one'));
  await writeSecretFile(path, Buffer.from('two'));
  t.is(String(await readSecretFile(path)), 'two');
  t.is(statSync(path).mode & 0o777, 0o600);
  t.is(statSync(join(dir, 'made')).mode & 0o777, 0o700);
  t.deepEqual(readdirSync(join(dir, 'made')), ['cluster.key']);
  const refused = async (about: RegExp, at = path) => {
    const error = await t.throwsAsync(readSecretFile(at));
    t.true(error instanceof XnetError && error.code === 'FailedPrecondition');
    t.regex(error?.message ?? '', about);
    t.false(error?.message.includes('two') ?? true);
  };
  for (const mode of [0o640, 0o604, 0o620, 0o602, 0o660, 0o644]) {
    chmodSync(path, mode);
    await refused(/others can get at it/);
  }
  chmodSync(path, 0o600);
  const link = join(dir, 'link');
  symlinkSync(path, link);
  await refused(/can't read/, link);
  await refused(/not a plain file|can't read/, dir);
  // A link at the place of a new file is not followed either: its target stays as it is.
  const target = join(dir, 'target');
  writeFileSync(target, 'theirs', { mode: 0o644 });
  rmSync(link);
  symlinkSync(target, link);
  await writeSecretFile(link, Buffer.from('ours'));
  t.is(readFileSync(target, 'utf8'), 'theirs');
  t.is(statSync(link).mode & 0o777, 0o600);
  const hard = join(dir, 'hard');
  linkSync(target, hard);
  await writeSecretFile(hard, Buffer.from('ours'));
  t.is(readFileSync(target, 'utf8'), 'theirs');
});

test('the authority’s key opens only with the cluster key, and only unchanged', async (t) => {
  const path = join(folder(t), 'cluster.key');
  t.is(await readClusterKey(path), undefined);
  const key = await makeClusterKey(path);
  t.deepEqual(await makeClusterKey(path), key, 'one that is there stays');
  const other = await makeClusterKey(`${path}.other`);
  const sealed = sealText(key, 'the private key', 'its certificate');
  t.is(unsealText(key, sealed, 'its certificate'), 'the private key');
  t.not(sealText(key, 'the private key', 'its certificate'), sealed, 'never with the same nonce');
  t.false(Buffer.from(sealed, 'base64').includes('private'));
  const corrupt = (act: () => unknown) => t.is(t.throws(act, { instanceOf: XnetError })?.code, 'Corrupt');
  corrupt(() => unsealText(other, sealed, 'its certificate'));
  corrupt(() => unsealText(key, sealed, 'another certificate'));
  const bytes = Buffer.from(sealed, 'base64');
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ by;
      corrupt(() => unsealText(key, changed.toString('base64'), 'its certificate'));
    }),
  );
  for (const length of [0, 5, 20, bytes.length - 1]) {
    corrupt(() => unsealText(key, bytes.subarray(0, length).toString('base64'), 'its certificate'));
  }
  chmodSync(path, 0o640);
  await t.throwsAsync(readClusterKey(path), { message: /holds a secret/ });
  writeFileSync(`${path}.bad`, 'short', { mode: 0o600 });
  await t.throwsAsync(readClusterKey(`${path}.bad`), { message: /is no cluster key/ });
  t.true(existsSync(path));
});

test('concurrent creation of the cluster key yields one key for all', async (t) => {
  const path = join(folder(t), 'cluster.key');
  const made = await Promise.all(Array.from({ length: 8 }, () => makeClusterKey(path)));
  const kept = await readClusterKey(path);
  for (const key of made) t.deepEqual(key, kept);
});
