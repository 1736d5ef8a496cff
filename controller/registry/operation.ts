// The record of an operation: the result of a call with a client's operation id, for repetitions of the call.
// Invariant: it is written in the transaction of the change, guarded to be absent. An operation id identifies one request:
// the same id with other arguments is refused, never answered with the result of the other request.
import { createHash } from 'node:crypto';
import { quoted } from '../../proto/domain/input.js';
import { XnetError } from '../../proto/errors.js';
import { keys } from '../store/keys.js';
import { decode, encode } from '../store/record-codec.js';
import type { OperationRecord } from '../store/records.js';
import type { Commit, Store } from '../store/store.js';
import { absent } from './guards.js';

/** MutationResult is the result of a mutation. */
export type MutationResult = {
  readonly subject: string;
  /** The state was already as requested, so nothing was written. */
  readonly unchanged: boolean;
  /** An earlier call with the same operation id made the change. */
  readonly repeated: boolean;
  /** The store's revision that contains the change. */
  readonly revision: number;
  /** What was changed, or would be in a dry run, as in the event; empty when unchanged or repeated. */
  readonly message: string;
};

/** Identified identifies an operation. */
export type Identified = {
  /** Name of the call: "AddNode". */
  readonly call: string;
  /** Empty: the call can't be repeated. */
  readonly operationId: string;
  /** See requestDigest. */
  readonly digest?: string;
};

const operationIdPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** checkOperationId checks an operation id. Throws XnetError InvalidArgument. */
export function checkOperationId(operationId: string): void {
  if (operationId === '' || operationIdPattern.test(operationId)) return;
  throw new XnetError('InvalidArgument', `${quoted(operationId)} is not an operation id`);
}

// Fields that do not distinguish requests: the operation id, and whether the request is a dry run.
const apart: ReadonlySet<string> = new Set(['operationId', 'dryRun']);

// Returns a copy with the fields of every object ordered by name.
function ordered(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  // Bytes, as JSON has them.
  if (Buffer.isBuffer(value)) return ordered(value.toJSON());
  if (Array.isArray(value)) return value.map(ordered);
  const fields = value as Readonly<Record<string, unknown>>;
  const names = Object.keys(fields).filter((name) => !apart.has(name));
  return Object.fromEntries(names.sort().map((name) => [name, ordered(fields[name])]));
}

/** requestDigest identifies the content of a request: the SHA-256, in base64url, of its fields ordered by name. */
export function requestDigest(request: object): string {
  return createHash('sha256')
    .update(JSON.stringify(ordered(request)))
    .digest('base64url');
}

/** onceOnly returns what a transaction needs so that its operation happens at most once. */
export function onceOnly({ call, operationId, digest }: Identified, subject: string): Commit {
  if (operationId === '') return { guards: [], operations: [] };
  const key = keys.operation(operationId);
  const value = encode('operation', { call, subject, ...(digest === undefined ? {} : { digest }) });
  return { guards: [absent(key)], operations: [{ kind: 'put', key, value, expires: 'record' }] };
}

/**
 * outcomeOf returns the result of an operation that was done before; undefined if it was not.
 * @throws XnetError InvalidArgument if its id was used for another call, or with other arguments; the errors of the store
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
