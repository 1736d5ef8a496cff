// What an error says beyond its code and message, as every client library of gRPC reads it: google.rpc.Status in the
// trailer grpc-status-details-bin, with ErrorInfo and, where there are several problems, BadRequest.
// The numbers of fields are those of google/rpc/status.proto and google/rpc/error_details.proto (googleapis).
import * as protoLoader from '@grpc/proto-loader';
import { type ErrorCode, errorCodes, statusOf, type XnetError } from '../errors.js';
import { loaderOptions } from './loader-options.js';

const text = (id: number) => ({ type: 'string', id });

const messages = protoLoader.fromJSON(
  {
    nested: {
      google: {
        nested: {
          protobuf: { nested: { Any: { fields: { typeUrl: text(1), value: { type: 'bytes', id: 2 } } } } },
          rpc: {
            nested: {
              Status: {
                fields: {
                  code: { type: 'int32', id: 1 },
                  message: text(2),
                  details: { rule: 'repeated', type: 'google.protobuf.Any', id: 3 },
                },
              },
              ErrorInfo: {
                fields: {
                  reason: text(1),
                  domain: text(2),
                  metadata: { keyType: 'string', type: 'string', id: 3 },
                },
              },
              BadRequest: {
                fields: { fieldViolations: { rule: 'repeated', type: 'FieldViolation', id: 1 } },
                nested: { FieldViolation: { fields: { field: text(1), description: text(2) } } },
              },
            },
          },
        },
      },
    },
  } as Parameters<typeof protoLoader.fromJSON>[0],
  loaderOptions,
);

type Any = { readonly typeUrl: string; readonly value: Buffer };
type FieldViolation = { readonly field: string; readonly description: string };
type Messages = {
  readonly 'google.rpc.Status': { readonly code: number; readonly message: string; readonly details: readonly Any[] };
  readonly 'google.rpc.ErrorInfo': {
    readonly reason: string;
    readonly domain: string;
    readonly metadata: Readonly<Record<string, string>>;
  };
  readonly 'google.rpc.BadRequest': { readonly fieldViolations: readonly FieldViolation[] };
};

function write<K extends keyof Messages>(name: K, message: Messages[K]): Buffer {
  return (messages[name] as protoLoader.MessageTypeDefinition<object, object>).serialize(message);
}

function read<K extends keyof Messages>(name: K, bytes: Buffer): Messages[K] {
  return (messages[name] as protoLoader.MessageTypeDefinition<object, object>).deserialize(bytes) as Messages[K];
}

function any<K extends keyof Messages>(name: K, message: Messages[K]): Any {
  return { typeUrl: `type.googleapis.com/${name}`, value: write(name, message) };
}

/** detailsTrailer is the trailer that gRPC libraries know. "-bin": it is carried as base64, so any bytes are safe. */
export const detailsTrailer = 'grpc-status-details-bin';

const domain = 'xnet';

// "PoolExhausted" is POOL_EXHAUSTED: ErrorInfo wants its reason so.
const reasonOf = (code: ErrorCode) => code.replace(/(?!^)([A-Z])/g, '_$1').toUpperCase();
const codeOfReason = new Map(errorCodes.map((code) => [reasonOf(code), code]));

// A problem begins with what it is about: "address: 10.0.0.300 is not an address".
const problemPattern = /^([a-z][a-z0-9 -]{0,40}): (.*)$/s;

function violationOf(problem: string): FieldViolation {
  const [, field = '', description = problem] = problemPattern.exec(problem) ?? [];
  return { field, description };
}

/** encodeDetails writes an error as a google.rpc.Status. */
export function encodeDetails({ code, message, problems, hint }: XnetError): Buffer {
  const info = { reason: reasonOf(code), domain, metadata: hint === undefined ? {} : { hint } };
  return write('google.rpc.Status', {
    code: statusOf(code),
    message,
    details: [
      any('google.rpc.ErrorInfo', info),
      ...(problems.length === 0
        ? []
        : [any('google.rpc.BadRequest', { fieldViolations: problems.map((problem) => violationOf(problem)) })]),
    ],
  });
}

/** Details are what was said beyond a code and a message. */
export type Details = { readonly code: ErrorCode; readonly problems: readonly string[]; readonly hint?: string };

/** decodeDetails reads what encodeDetails wrote; undefined for anything else. */
export function decodeDetails(bytes: Buffer): Details | undefined {
  try {
    let found: Omit<Details, 'problems'> | undefined;
    let problems: readonly string[] = [];
    for (const { typeUrl, value } of read('google.rpc.Status', bytes).details) {
      if (typeUrl.endsWith('/google.rpc.ErrorInfo')) {
        const { reason, domain: whose, metadata } = read('google.rpc.ErrorInfo', value);
        const code = whose === domain ? codeOfReason.get(reason) : undefined;
        const { hint } = metadata;
        if (code !== undefined) found = { code, ...(hint === undefined ? {} : { hint }) };
      } else if (typeUrl.endsWith('/google.rpc.BadRequest')) {
        problems = read('google.rpc.BadRequest', value).fieldViolations.map(({ field, description }) =>
          field === '' ? description : `${field}: ${description}`,
        );
      }
    }
    return found === undefined ? undefined : { ...found, problems };
  } catch {
    return undefined;
  }
}
