// Join tokens: what a host proves with that it may join, and by which it knows the authority before it says anything.
// Invariant: a token's secret is never stored; what is stored does not tell it, whoever reads the store.
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Checked } from '../domain/text.js';

/** Token is a join token, taken apart. */
export type Token = {
  /** SHA-256 of the authority's public key (its SubjectPublicKeyInfo), in base 36: 50 characters. */
  readonly caDigest: string;
  /** Six characters; names the token in lists and logs. */
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

/** TokenNames are the parts of a token that its maker chooses. */
export type TokenNames = Pick<Token, 'id' | 'secret'>;

// 32 bytes are twice what a secret takes, so the remainder that makes it is as good as even.
function namesFrom(bytes: Uint8Array): TokenNames {
  return { id: base36(bytes.subarray(0, 16), idLength), secret: base36(bytes.subarray(16, 48), secretLength) };
}

/** randomNames makes a new token's id and secret. */
export function randomNames(): TokenNames {
  return namesFrom(randomBytes(48));
}

/**
 * namesOfOperation are the id and the secret that an operation's token has: the same whenever it is repeated, though
 * neither is stored. Who does not have `key` can't tell them.
 */
export function namesOfOperation(key: Uint8Array, operationId: string): TokenNames {
  return namesFrom(createHmac('sha512', key).update(`xnet join token\n${operationId}`).digest());
}

/** formatToken writes a token: "XJT1-<digest>-<id>.<secret>". */
export function formatToken({ caDigest, id, secret }: Token): string {
  return `XJT1-${caDigest}-${id}.${secret}`;
}

/** checkToken reads what formatToken wrote. What is wrong is said without repeating it: it may be a secret. */
export function checkToken(text: string): Checked<Token> {
  const [, caDigest, id, secret] = pattern.exec(text.trim()) ?? [];
  if (caDigest === undefined || id === undefined || secret === undefined) {
    const hint = text.trim().startsWith('XJT1-') ? ': it is not complete' : '';
    return { problem: `this is not a join token${hint} (XJT1-… as xctl nodes add prints it)` };
  }
  return { value: { caDigest, id, secret } };
}

/**
 * withoutSecrets is a text in which tokens have no secret any more: for what people write where no token belongs, and
 * others read. Also a token that was not copied whole has lost it.
 */
export function withoutSecrets(text: string): string {
  return text.replace(/\b([0-9a-z]{6})\.[0-9a-z]{8,}/g, '$1.…');
}

/** tokenHash is what is stored of a token: HMAC-SHA256 under the cluster's key, in hexadecimal. */
export function tokenHash(key: Uint8Array, { id, secret }: TokenNames): string {
  return createHmac('sha256', key).update(`xnet join token\n${id}.${secret}`).digest('hex');
}

/** sameHash compares two hashes in a time that does not depend on where they differ. */
export function sameHash(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
