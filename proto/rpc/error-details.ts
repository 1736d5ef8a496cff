// Encodes the parts of an error beyond its code and message as every gRPC library reads them: google.rpc.Status in the
// trailer grpc-status-details-bin, with ErrorInfo and, if there are several problems, BadRequest. The field numbers are
// those of google/rpc/status.proto and google/rpc/error_details.proto (googleapis).
import { type ErrorCode, errorCodes, statusOf, type XnetError } from '../errors.js';
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

/** encodeDetails encodes an error as a google.rpc.Status. */
export function encodeDetails({ code, message, problems, hint }: XnetError): Buffer {
  const info = [text(infoFields.reason, reasonOf(code)), text(infoFields.domain, domain)];
  if (hint !== undefined) {
    const entry = writeFields([text(entryFields.key, 'hint'), text(entryFields.value, hint)]);
    info.push({ id: infoFields.metadata, value: entry });
  }
  const details = [any('google.rpc.ErrorInfo', info)];
  if (problems.length > 0) details.push(any('google.rpc.BadRequest', problems.map(violationOf)));
  return writeFields([
    { id: statusFields.code, value: statusOf(code) },
    text(statusFields.message, message),
    ...details.map((value) => ({ id: statusFields.details, value })),
  ]);
}

/** Details are the parts of an error beyond its message. */
export type Details = { readonly code: ErrorCode; readonly problems: readonly string[]; readonly hint?: string };

function hintOf(info: readonly Field[]): string | undefined {
  for (const entry of bytesOf(info, infoFields.metadata).map(readFields)) {
    if (textOf(entry, entryFields.key) === 'hint') return textOf(entry, entryFields.value);
  }
  return undefined;
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
        const hint = hintOf(message);
        if (code !== undefined) found = { code, ...(hint === undefined ? {} : { hint }) };
      } else if (typeUrl.endsWith('/google.rpc.BadRequest')) {
        problems = bytesOf(message, badRequestFields.violations).map((violation) => problemOf(readFields(violation)));
      }
    }
    return found === undefined ? undefined : { ...found, problems };
  } catch {
    return undefined;
  }
}
