// Join tokens: they authorize a host to join, and let it verify the authority before it sends anything.
// Invariant: a token's secret is never stored, and can't be derived from what is stored.
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Checked } from '../domain/text.js';

/** Token is a parsed join token. */
export type Token = {
  /** SHA-256 of the authority's public key (its SubjectPublicKeyInfo), in base 36: 50 characters. */
  readonly caDigest: string;
  /** Six characters; identifies the token in lists and logs. */
  readonly id: string;
  /** 26 characters: 134 bits. */
  readonly secret: string;
};

const idLength = 6;
const secretLength = 26;
// 36^50 > 2^256.
const digestLength = 50;
const pattern = /^XJT1-([0-9a-z]{50})-([0-9a-z]{6})\.([0-9a-z]{26})$/;

function base36(bytes: Uint8Array, length: number): string {
  const number = BigInt(`0x${Buffer.from(bytes).toString('hex')}`) % 36n ** BigInt(length);
  return number.toString(36).padStart(length, '0');
}

/** keyDigest is the digest of a public key: SHA-256 of its SubjectPublicKeyInfo (DER), in base 36. */
export function keyDigest(spki: Uint8Array): string {
  return base36(createHash('sha256').update(spki).digest(), digestLength);
}

/** TokenNames are the parts of a token that its creator chooses. */
export type TokenNames = Pick<Token, 'id' | 'secret'>;

// 32 bytes are twice the size of a secret, so the bias of the remainder is negligible.
function namesFrom(bytes: Uint8Array): TokenNames {
  return { id: base36(bytes.subarray(0, 16), idLength), secret: base36(bytes.subarray(16, 48), secretLength) };
}

/** randomNames returns a new token's id and secret. */
export function randomNames(): TokenNames {
  return namesFrom(randomBytes(48));
}

/**
 * namesOfOperation derives the id and the secret of an operation's token: the same for every repetition, though neither
 * is stored. They can't be derived without `key`.
 */
export function namesOfOperation(key: Uint8Array, operationId: string): TokenNames {
  return namesFrom(createHmac('sha512', key).update(`xnet join token\n${operationId}`).digest());
}

/** formatToken returns the text of a token: "XJT1-<digest>-<id>.<secret>". */
export function formatToken({ caDigest, id, secret }: Token): string {
  return `XJT1-${caDigest}-${id}.${secret}`;
}

/** checkToken parses a token. Its problems do not quote the text: it may be a secret. */
export function checkToken(text: string): Checked<Token> {
  const [, caDigest, id, secret] = pattern.exec(text.trim()) ?? [];
  if (caDigest === undefined || id === undefined || secret === undefined) {
    const hint = text.trim().startsWith('XJT1-') ? ': it is not complete' : '';
    return { problem: `this is not a join token${hint} (XJT1-… as xctl nodes add prints it)` };
  }
  return { value: { caDigest, id, secret } };
}

/**
 * withoutSecrets returns a text with the secrets of all tokens removed, incomplete tokens included: for input that may
 * contain a token by mistake and that others read.
 */
export function withoutSecrets(text: string): string {
  return text.replace(/\b([0-9a-z]{6})\.[0-9a-z]{8,}/g, '$1.…');
}

/** tokenHash returns what is stored of a token: HMAC-SHA256 under the cluster's key, in hexadecimal. */
export function tokenHash(key: Uint8Array, { id, secret }: TokenNames): string {
  return createHmac('sha256', key).update(`xnet join token\n${id}.${secret}`).digest('hex');
}

/** sameHash compares two hashes in constant time. */
export function sameHash(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
