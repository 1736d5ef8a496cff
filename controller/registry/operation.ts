// The record of an operation: what a call with a client's operation id came to, so that repeating it finds the outcome.
// Invariant: it is written in the transaction of the change itself, guarded to be absent; and one id is one request: the
// same id with other arguments is refused, never answered with what somebody else asked for.
import { createHash } from 'node:crypto';
import { quoted } from '../../proto/domain/input.js';
import { XnetError } from '../../proto/errors.js';
import { keys } from '../store/keys.js';
import { decode, encode } from '../store/record-codec.js';
import type { OperationRecord } from '../store/records.js';
import type { Commit, Store } from '../store/store.js';
import { absent } from './guards.js';

/** MutationResult is what a mutation came to. */
export type MutationResult = {
  readonly subject: string;
  /** It was so already: nothing was written, nor would be. */
  readonly unchanged: boolean;
  /** An earlier call with the same operation id did it. */
  readonly repeated: boolean;
  /** The store's revision with the change in it. */
  readonly revision: number;
  /** What was done, or would be in a dry run, as its event has it; empty when unchanged or repeated. */
  readonly message: string;
};

/** Identified is what names an operation. */
export type Identified = {
  /** Name of the call: "AddNode". */
  readonly call: string;
  /** Empty: it can't be repeated. */
  readonly operationId: string;
  /** See requestDigest. */
  readonly digest?: string;
};

const operationIdPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** checkOperationId throws XnetError InvalidArgument for what is no operation id. */
export function checkOperationId(operationId: string): void {
  if (operationId === '' || operationIdPattern.test(operationId)) return;
  throw new XnetError('InvalidArgument', `${quoted(operationId)} is not an operation id`);
}

// What does not tell one request from another: the id itself, and whether it is only tried.
const apart: ReadonlySet<string> = new Set(['operationId', 'dryRun']);

/** requestDigest names what a request asks for: SHA-256, base 64, of its fields in order of their names. */
export function requestDigest(request: object): string {
  const text = JSON.stringify(request, (field, value: unknown) => {
    if (apart.has(field)) return undefined;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
  return createHash('sha256').update(text).digest('base64url');
}

/** onceOnly is what a transaction holds so that its operation is done once. */
export function onceOnly({ call, operationId, digest }: Identified, subject: string): Commit {
  if (operationId === '') return { guards: [], operations: [] };
  const key = keys.operation(operationId);
  const value = encode('operation', { call, subject, ...(digest === undefined ? {} : { digest }) });
  return { guards: [absent(key)], operations: [{ kind: 'put', key, value, expires: 'record' }] };
}

/**
 * outcomeOf is what an operation came to that was done before; undefined when it was not.
 * @throws XnetError InvalidArgument when its id was used for another call, or with other arguments; what the store throws
 */
export async function outcomeOf(
  store: Pick<Store, 'read'>,
  { call, operationId, digest }: Identified,
): Promise<MutationResult | undefined> {
  if (operationId === '') return undefined;
  const entry = await store.read(keys.operation(operationId));
  if (entry === undefined) return undefined;
  const decoded = decode('operation', entry.value);
  const record: OperationRecord | undefined = 'record' in decoded ? decoded.record : undefined;
  if (record?.call !== call) {
    throw new XnetError('InvalidArgument', `operation id ${quoted(operationId)} was used for another call`);
  }
  if (digest !== undefined && record.digest !== undefined && record.digest !== digest) {
    throw new XnetError('InvalidArgument', `operation id ${quoted(operationId)} was used with other arguments`, {
      hint: 'an operation id is for repeating one request: choose another one for another request',
    });
  }
  return { subject: record.subject, unchanged: false, repeated: true, revision: entry.modRevision, message: '' };
}
