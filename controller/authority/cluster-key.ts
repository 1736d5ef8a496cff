// The cluster key: what opens the authority's private key, which stands in the store, and what tokens are hashed with.
// Invariant: it is in a file of each controller and nowhere else; the store alone gives nobody an authority.
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { XnetError } from '../../proto/errors.js';
import { readSecretFile, writeNewSecretFile } from '../../proto/pki/secret-file.js';

/** ClusterKey is the key, and what is derived from it. */
export type ClusterKey = {
  /** Names the key without telling it: 16 hexadecimal digits. */
  readonly name: string;
  /** What join tokens are hashed with. */
  readonly tokens: Buffer;
  /** What the authority's private key is sealed with. */
  readonly seal: Buffer;
};

const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;

function clusterKeyFrom(bytes: Buffer): ClusterKey {
  const derived = (use: string) => Buffer.from(hkdfSync('sha256', bytes, '', `xnet ${use}`, keyBytes));
  return {
    name: createHash('sha256').update(derived('name')).digest('hex').slice(0, 16),
    tokens: derived('tokens'),
    seal: derived('seal'),
  };
}

/**
 * readClusterKey reads the key; undefined when there is no such file.
 * @throws XnetError FailedPrecondition when others can read it, or when it is no cluster key
 */
export async function readClusterKey(path: string): Promise<ClusterKey | undefined> {
  const content = await readSecretFile(path);
  if (content === undefined) return undefined;
  const bytes = Buffer.from(content.toString('utf8').trim(), 'base64');
  if (bytes.length !== keyBytes) {
    throw new XnetError('FailedPrecondition', `${path} is no cluster key: it has to be ${keyBytes} bytes in base 64`);
  }
  return clusterKeyFrom(bytes);
}

/**
 * makeClusterKey makes a key and its file, unless there is one, which it reads.
 * @throws XnetError FailedPrecondition as readClusterKey, and when the file can't be written
 */
export async function makeClusterKey(path: string): Promise<ClusterKey> {
  const existing = await readClusterKey(path);
  if (existing !== undefined) return existing;
  try {
    await writeNewSecretFile(path, Buffer.from(`${randomBytes(keyBytes).toString('base64')}\n`));
  } catch (error) {
    // Another call was first, and may have sealed the authority with its key: that one is the key.
    if (!(error instanceof XnetError) || error.code !== 'AlreadyExists') throw error;
  }
  const made = await readClusterKey(path);
  if (made === undefined) throw new XnetError('Internal', `${path} is gone again`);
  return made;
}

/** sealText encrypts a text (AES-256-GCM) for the store; `about` has to be the same when it is opened. Base 64. */
export function sealText({ seal: key }: ClusterKey, text: string, about: string): string {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(about, 'utf8'));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64');
}

/**
 * unsealText is the text that was sealed.
 * @throws XnetError Corrupt when it was sealed with another key, for something else, or changed since
 */
export function unsealText({ seal: key }: ClusterKey, sealed: string, about: string): string {
  const bytes = Buffer.from(sealed, 'base64');
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes })
      .setAAD(Buffer.from(about, 'utf8'))
      .setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
    const text = Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()]);
    return text.toString('utf8');
  } catch (error) {
    throw new XnetError('Corrupt', "the authority's key can't be opened: it was changed in the store", {
      cause: error,
    });
  }
}
