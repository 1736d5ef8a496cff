// The format of a backup file: a header for people, the records and the cluster key in sealed parts, and a checksum.
//
//   xnet backup 1
//   {                         JSON: the origin of the backup, and how it is sealed
//   }
//   BASE64                    parts, one a line
//   sha256 HEX                of everything before this line
//
// Invariant: a part opens only with its own header, at its own place, in a file that continues or ends there as it did:
// any change, move or truncation is detected. The checksum distinguishes damage from a wrong passphrase.
import { createCipheriv, createDecipheriv, createHash, randomBytes, scrypt } from 'node:crypto';
import * as v from 'valibot';
import { messageOf, XnetError } from '../../proto/errors.js';

const magic = 'xnet backup';
const formatVersion = 1;

/** ScryptCost is the cost of guessing a passphrase (RFC 7914): N iterations, of 128 * N * r bytes of memory. */
export type ScryptCost = { readonly N: number; readonly r: number; readonly p: number };

/** usualCost takes half a second and 128 MiB for each guess (OWASP, Password Storage Cheat Sheet). */
export const usualCost: ScryptCost = { N: 2 ** 17, r: 8, p: 1 };

// A higher cost than the usual one means a newer version; without a limit, a file could demand any amount of memory.
const mostMemory = 1024 * 1024 * 1024;

const headSchema = v.object({
  id: v.string(),
  cluster: v.string(),
  epoch: v.number(),
  revision: v.number(),
  store: v.string(),
  /** ISO 8601. */
  made: v.string(),
  /** "c1-0baf-12ab (0.1.0)" */
  controller: v.string(),
  /** Name of the cluster key that seals the authority; null: there is no authority. */
  clusterKey: v.nullable(v.string()),
  /** Whether the cluster key is in the file. */
  hasClusterKey: v.boolean(),
  /** The problems that the controller found in its records when the backup was made. */
  problems: v.array(v.string()),
});

const sealSchema = v.object({
  cipher: v.literal('aes-256-gcm'),
  kdf: v.literal('scrypt'),
  N: v.pipe(v.number(), v.integer(), v.minValue(2)),
  r: v.pipe(v.number(), v.integer(), v.minValue(1)),
  p: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(16)),
  /** Base 64. */
  salt: v.string(),
});

const fileHead = v.object({ ...headSchema.entries, sealed: sealSchema });

/** BackupHead is the readable header of a backup. */
export type BackupHead = v.InferOutput<typeof headSchema>;

const partSchema = v.object({
  records: v.array(v.object({ key: v.string(), value: v.string() })),
  /** In the last part: the number of all records, and the content of the cluster key's file in base 64. */
  end: v.optional(v.object({ records: v.number(), clusterKey: v.optional(v.string()) })),
});

/** BackupContent is a sealed part; the last one has `end`. */
export type BackupContent = v.InferOutput<typeof partSchema>;

// Of node:crypto.
const usualMaxmem = 32 * 1024 * 1024;
const keyBytes = 32;
const tagBytes = 16;
const saltBytes = 16;

function keyFrom(passphrase: string, salt: Buffer, { N, r, p }: ScryptCost): Promise<Buffer> {
  // More than scrypt takes: node:crypto compares with maxmem before it starts.
  const options = { N, r, p, maxmem: 256 * N * r + usualMaxmem };
  return new Promise((resolve, reject) => {
    // The same text may be typed with composed or decomposed letters.
    scrypt(passphrase.normalize('NFKC'), salt, keyBytes, options, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}

// One key seals one file, so a counter is a nonce that never repeats.
function nonceOf(index: number): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(index, 8);
  return nonce;
}

function aboutPart(head: Buffer, index: number, isLast: boolean): Buffer {
  return Buffer.concat([head, Buffer.from(`/${index}/${isLast ? 'last' : 'more'}`)]);
}

/** sealedFile yields the bytes of a backup file. The last content has `end`. */
export async function* sealedFile(
  head: BackupHead,
  contents: AsyncIterable<BackupContent>,
  passphrase: string,
  cost: ScryptCost = usualCost,
): AsyncGenerator<Buffer, void, undefined> {
  const checksum = createHash('sha256');
  const line = (text: string) => {
    const bytes = Buffer.from(`${text}\n`);
    checksum.update(bytes);
    return bytes;
  };
  const salt = randomBytes(saltBytes);
  const key = await keyFrom(passphrase, salt, cost);
  const sealed = { cipher: 'aes-256-gcm', kdf: 'scrypt', ...cost, salt: salt.toString('base64') };
  const begin = `${magic} ${formatVersion}\n${JSON.stringify({ ...head, sealed }, undefined, 2)}`;
  const digest = createHash('sha256').update(begin).digest();
  yield line(begin);
  let index = 0;
  for await (const content of contents) {
    const cipher = createCipheriv('aes-256-gcm', key, nonceOf(index));
    cipher.setAAD(aboutPart(digest, index, content.end !== undefined));
    const bytes = Buffer.concat([cipher.update(JSON.stringify(content), 'utf8'), cipher.final(), cipher.getAuthTag()]);
    yield line(bytes.toString('base64'));
    index += 1;
  }
  yield Buffer.from(`sha256 ${checksum.digest('hex')}\n`);
}

/** BackupFile is a file whose checksum is right; its parts are still sealed. */
export type BackupFile = {
  readonly head: BackupHead;
  /**
   * open opens the parts.
   * @throws XnetError PermissionDenied for another passphrase; Corrupt if the content was changed
   */
  open(passphrase: string): Promise<readonly BackupContent[]>;
};

function damaged(path: string, why: string): XnetError {
  return new XnetError('Corrupt', `${path} is damaged: ${why}`, { hint: 'use another copy of the backup' });
}

/**
 * readBackup reads a backup file and checks its checksum.
 * @param path for messages
 * @throws XnetError InvalidArgument if it is no backup, or of a newer version; Corrupt if it was changed or cut off
 */
export function readBackup(bytes: Buffer, path: string): BackupFile {
  const text = bytes.toString('latin1');
  const [, version] = /^xnet backup (\d{1,9})\n/.exec(text) ?? [];
  if (version === undefined) throw new XnetError('InvalidArgument', `${path} is no backup of xnet`);
  const sum = /\nsha256 ([0-9a-f]{64})\n$/.exec(text.slice(-73));
  if (sum === null) throw damaged(path, 'its end is missing');
  const body = bytes.subarray(0, bytes.length - 72);
  if (createHash('sha256').update(body).digest('hex') !== sum[1]) throw damaged(path, 'its checksum does not match');
  if (Number(version) !== formatVersion) {
    throw new XnetError('InvalidArgument', `${path} has format ${version}, this xctl reads format ${formatVersion}`, {
      hint: 'use a newer xctl',
    });
  }
  const headEnd = body.indexOf('\n}\n') + 2;
  const begin = body.subarray(0, headEnd);
  const checked = v.safeParse(fileHead, jsonOf(begin.subarray(begin.indexOf('\n')).toString('utf8')));
  if (!checked.success) throw damaged(path, 'its header can not be read');
  const { sealed, ...head } = checked.output;
  const parts = body
    .subarray(headEnd + 1)
    .toString('latin1')
    .split('\n')
    .slice(0, -1);
  return {
    head,
    open: async (passphrase) => {
      if (128 * sealed.N * sealed.r > mostMemory) throw damaged(path, 'opening it would take too much memory');
      const key = await keyFrom(passphrase, Buffer.from(sealed.salt, 'base64'), sealed).catch((error: unknown) => {
        throw damaged(path, messageOf(error));
      });
      const digest = createHash('sha256').update(begin).digest();
      const contents = parts.map((part, index) => {
        const content = opened(part, key, index, aboutPart(digest, index, index === parts.length - 1));
        if (content !== undefined) return content;
        if (index > 0) throw damaged(path, `its part ${index + 1} was changed`);
        throw new XnetError('PermissionDenied', `the passphrase does not open ${path}`, {
          hint: 'or the file and its checksum were changed: compare it with another copy',
        });
      });
      requireComplete(contents, path);
      return contents;
    },
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return messageOf(error);
  }
}

function opened(part: string, key: Buffer, index: number, about: Buffer): BackupContent | undefined {
  const bytes = Buffer.from(part, 'base64');
  if (bytes.length < tagBytes || bytes.toString('base64') !== part) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(index), { authTagLength: tagBytes });
  decipher.setAAD(about).setAuthTag(bytes.subarray(-tagBytes));
  try {
    const text = Buffer.concat([decipher.update(bytes.subarray(0, -tagBytes)), decipher.final()]).toString('utf8');
    return v.parse(partSchema, JSON.parse(text));
  } catch {
    return undefined;
  }
}

function requireComplete(contents: readonly BackupContent[], path: string): void {
  const count = contents.reduce((sum, { records }) => sum + records.length, 0);
  const end = contents.at(-1)?.end;
  if (end === undefined) throw damaged(path, 'its end is missing');
  if (end.records !== count) throw damaged(path, `it has ${count} records of ${end.records}`);
}
