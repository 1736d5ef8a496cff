// The cluster key: seals the authority's private key, which is in the store, and keys the hashes of join tokens.
// Invariant: it is only in a file on each controller; the store alone is not enough to use the authority.
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { XnetError } from '../../proto/errors.js';
import { readSecretFile, writeNewSecretFile } from '../../proto/pki/secret-file.js';

/** ClusterKey is the key and the keys derived from it. */
export type ClusterKey = {
  /** Identifies the key without revealing it: 16 hexadecimal digits. */
  readonly name: string;
  /** Key of the hashes of join tokens. */
  readonly tokens: Buffer;
  /** Key that seals the authority's private key. */
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
 * readClusterKey reads the key; undefined when the file does not exist.
 * @throws XnetError FailedPrecondition when others can read it, or it is not a cluster key
 */
export async function readClusterKey(path: string): Promise<ClusterKey | undefined> {
  const content = await readSecretFile(path);
  if (content === undefined) return undefined;
  return clusterKeyOf(content, path);
}

function clusterKeyOf(content: Buffer, what: string): ClusterKey {
  const bytes = Buffer.from(content.toString('utf8').trim(), 'base64');
  if (bytes.length !== keyBytes) {
    throw new XnetError('FailedPrecondition', `${what} is no cluster key: it has to be ${keyBytes} bytes in base 64`);
  }
  return clusterKeyFrom(bytes);
}

/**
 * makeClusterKey creates a key and its file, or reads the existing one.
 * @throws XnetError FailedPrecondition as readClusterKey, and when the file can't be written
 */
export async function makeClusterKey(path: string): Promise<ClusterKey> {
  const existing = await readClusterKey(path);
  if (existing !== undefined) return existing;
  try {
    await writeNewSecretFile(path, Buffer.from(`${randomBytes(keyBytes).toString('base64')}\n`));
  } catch (error) {
    // A concurrent call created the file first, and may have sealed the authority with its key: use that one.
    if (!(error instanceof XnetError) || error.code !== 'AlreadyExists') throw error;
  }
  const made = await readClusterKey(path);
  if (made === undefined) throw new XnetError('Internal', `${path} is gone again`);
  return made;
}

/**
 * readKeyFile returns the content of the key's file, for a backup, and the name of the key.
 * @throws XnetError FailedPrecondition when there is no key, and as readClusterKey
 */
export async function readKeyFile(path: string): Promise<{ readonly content: Buffer; readonly name: string }> {
  const key = await readClusterKey(path);
  const content = await readSecretFile(path);
  if (key === undefined || content === undefined) {
    throw new XnetError('FailedPrecondition', `this controller has no cluster key: ${path} does not exist`, {
      hint: 'copy it from another controller, or save a backup there',
    });
  }
  return { content, name: key.name };
}

/**
 * installClusterKey writes the key of a backup to a controller that has none.
 * @param content of the file
 * @throws XnetError FailedPrecondition if the controller has another key, which stays, or the content is no key
 */
export async function installClusterKey(path: string, content: Buffer): Promise<void> {
  const wanted = clusterKeyOf(content, 'the cluster key of the backup');
  try {
    await writeNewSecretFile(path, content);
  } catch (error) {
    if (!(error instanceof XnetError) || error.code !== 'AlreadyExists') throw error;
  }
  const present = await readClusterKey(path);
  if (present?.name === wanted.name) return;
  throw new XnetError('FailedPrecondition', `${path} is another cluster key (${present?.name ?? 'gone again'})`, {
    hint: 'move it away, if no authority is sealed with it',
  });
}

/** sealText encrypts a text for the store (AES-256-GCM, base 64); unsealText needs the same `about`. */
export function sealText({ seal: key }: ClusterKey, text: string, about: string): string {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(about, 'utf8'));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64');
}

/**
 * unsealText decrypts a sealed text.
 * @throws XnetError Corrupt when it was sealed with another key or another `about`, or was altered
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
