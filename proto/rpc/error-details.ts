// Encodes the parts of an error beyond its code and message as every gRPC library reads them: google.rpc.Status in the
// trailer grpc-status-details-bin, with ErrorInfo and, if there are several problems, BadRequest. The field numbers are
// those of google/rpc/status.proto and google/rpc/error_details.proto (googleapis).
import { type ErrorCode, errorCodes, type Fence, statusOf, type XnetError } from '../errors.js';
import { bytesOf, type Field, readFields, textOf, writeFields } from './protobuf-fields.js';

const statusFields = { code: 1, message: 2, details: 3 } as const;
const anyFields = { typeUrl: 1, value: 2 } as const;
const infoFields = { reason: 1, domain: 2, metadata: 3 } as const;
const entryFields = { key: 1, value: 2 } as const;
const badRequestFields = { violations: 1 } as const;
const violationFields = { field: 1, description: 2 } as const;

const text = (id: number, value: string): Field => ({ id, value: Buffer.from(value, 'utf8') });

function any(name: string, message: readonly Field[]): Buffer {
  const value = writeFields(message);
  return writeFields([text(anyFields.typeUrl, `type.googleapis.com/${name}`), { id: anyFields.value, value }]);
}

/**
 * detailsTrailer is the trailer that gRPC libraries read. "-bin" makes gRPC carry it as base64, so any bytes are safe.
 */
export const detailsTrailer = 'grpc-status-details-bin';

const domain = 'xnet';

// Converts "PoolExhausted" to POOL_EXHAUSTED, the form of ErrorInfo's reason.
const reasonOf = (code: ErrorCode) => code.replace(/(?!^)([A-Z])/g, '_$1').toUpperCase();
const codeOfReason = new Map(errorCodes.map((code) => [reasonOf(code), code]));

// A problem begins with its field: "address: 10.0.0.300 is not an address".
const problemPattern = /^([a-z][a-z0-9 -]{0,40}): (.*)$/s;

function violationOf(problem: string): Field {
  const [, field = '', description = problem] = problemPattern.exec(problem) ?? [];
  return {
    id: badRequestFields.violations,
    value: writeFields([text(violationFields.field, field), text(violationFields.description, description)]),
  };
}

// The keys of ErrorInfo's metadata.
const metadataKeys = {
  hint: 'hint',
  fenced: 'fenced',
  clusterId: 'clusterId',
  epoch: 'epoch',
  revision: 'revision',
} as const;

function metadataOf({ hint, fence }: XnetError): readonly Field[] {
  const { hint: hintKey, fenced, clusterId, epoch, revision } = metadataKeys;
  const entries: readonly (readonly [string, string])[] = [
    ...(hint === undefined ? [] : [[hintKey, hint] as const]),
    ...(fence === undefined
      ? []
      : [
          [fenced, fence.reason] as const,
          [clusterId, fence.clusterId] as const,
          [epoch, String(fence.epoch)] as const,
          [revision, String(fence.revision)] as const,
        ]),
  ];
  return entries.map(([key, value]) => ({
    id: infoFields.metadata,
    value: writeFields([text(entryFields.key, key), text(entryFields.value, value)]),
  }));
}

/** encodeDetails encodes an error as a google.rpc.Status. */
export function encodeDetails(error: XnetError): Buffer {
  const { code, message, problems } = error;
  const info = [text(infoFields.reason, reasonOf(code)), text(infoFields.domain, domain), ...metadataOf(error)];
  const details = [any('google.rpc.ErrorInfo', info)];
  if (problems.length > 0) details.push(any('google.rpc.BadRequest', problems.map(violationOf)));
  return writeFields([
    { id: statusFields.code, value: statusOf(code) },
    text(statusFields.message, message),
    ...details.map((value) => ({ id: statusFields.details, value })),
  ]);
}

/** Details are the parts of an error beyond its message. */
export type Details = {
  readonly code: ErrorCode;
  readonly problems: readonly string[];
  readonly hint?: string;
  readonly fence?: Fence;
};

function metadataFrom(info: readonly Field[]): Pick<Details, 'hint' | 'fence'> {
  const entries = bytesOf(info, infoFields.metadata).map(readFields);
  const found = new Map(entries.map((entry) => [textOf(entry, entryFields.key), textOf(entry, entryFields.value)]));
  const hint = found.get(metadataKeys.hint);
  const fence = fenceFrom(found);
  return { ...(hint === undefined ? {} : { hint }), ...(fence === undefined ? {} : { fence }) };
}

// Undefined also for an incomplete one: a host gives up its node only on an answer that it understands.
function fenceFrom(metadata: ReadonlyMap<string, string>): Fence | undefined {
  const reason = metadata.get(metadataKeys.fenced);
  const clusterId = metadata.get(metadataKeys.clusterId) ?? '';
  const [epoch = 0, revision = 0] = [metadataKeys.epoch, metadataKeys.revision].map((key) => Number(metadata.get(key)));
  if ((reason !== 'removed' && reason !== 'replaced') || clusterId === '') return undefined;
  return Number.isSafeInteger(epoch) && Number.isSafeInteger(revision)
    ? { reason, clusterId, epoch, revision }
    : undefined;
}

function problemOf(violation: readonly Field[]): string {
  const field = textOf(violation, violationFields.field);
  const description = textOf(violation, violationFields.description);
  return field === '' ? description : `${field}: ${description}`;
}

/** decodeDetails is the inverse of encodeDetails; undefined for anything else. */
export function decodeDetails(bytes: Buffer): Details | undefined {
  try {
    let found: Omit<Details, 'problems'> | undefined;
    let problems: readonly string[] = [];
    for (const detail of bytesOf(readFields(bytes), statusFields.details).map(readFields)) {
      const typeUrl = textOf(detail, anyFields.typeUrl);
      const message = readFields(bytesOf(detail, anyFields.value).at(-1) ?? Buffer.alloc(0));
      if (typeUrl.endsWith('/google.rpc.ErrorInfo')) {
        const ours = textOf(message, infoFields.domain) === domain;
        const code = ours ? codeOfReason.get(textOf(message, infoFields.reason)) : undefined;
        if (code !== undefined) found = { code, ...metadataFrom(message) };
      } else if (typeUrl.endsWith('/google.rpc.BadRequest')) {
        problems = bytesOf(message, badRequestFields.violations).map((violation) => problemOf(readFields(violation)));
      }
    }
    return found === undefined ? undefined : { ...found, problems };
  } catch {
    return undefined;
  }
}
