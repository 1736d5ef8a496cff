// How a call ended: gRPC's status, from trailers, from HTTP's status, or from how its stream was closed
// (grpc/doc/PROTOCOL-HTTP2.md, grpc/doc/http-grpc-status-mapping.md). Pure. The wording is that of grpc-js, which programs
// outside of the bundle use, so that messages, and our explanations of them, are the same with both.
import { constants, type IncomingHttpHeaders } from 'node:http2';
import { Metadata } from './metadata.js';

/** status has the codes of gRPC by name (grpc/doc/statuscodes.md). */
export const status = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

const names = Object.keys(status);

/** CallStatus is how a call ended. */
export type CallStatus = { readonly code: number; readonly details: string; readonly metadata: Metadata };

/** statusWith returns a status that came with no metadata. */
export function statusWith(code: number, details: string): CallStatus {
  return { code, details, metadata: new Metadata() };
}

/** callError returns the error of a call that did not end with OK, as grpc-js has it. */
export function callError({ code, details, metadata }: CallStatus): Error {
  return Object.assign(new Error(`${code} ${names[code] ?? 'UNKNOWN'}: ${details}`), { code, details, metadata });
}

const codesOfHttp: Readonly<Record<number, number>> = {
  400: status.INTERNAL,
  401: status.UNAUTHENTICATED,
  403: status.PERMISSION_DENIED,
  404: status.UNIMPLEMENTED,
  429: status.UNAVAILABLE,
  502: status.UNAVAILABLE,
  503: status.UNAVAILABLE,
  504: status.UNAVAILABLE,
};

function statusOfHttp(code: number, metadata = new Metadata()): CallStatus {
  const details = `Received HTTP status code ${code}`;
  return { code: codesOfHttp[code] ?? status.UNKNOWN, details, metadata };
}

function decoded(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURI(text);
  } catch {
    return text;
  }
}

/** statusOfTrailers returns the status in trailers, or in headers if the answer has nothing else. */
export function statusOfTrailers(trailers: IncomingHttpHeaders, httpStatus: number | undefined): CallStatus {
  const metadata = Metadata.ofHeaders(trailers);
  const [code] = metadata.get('grpc-status');
  const [message = ''] = metadata.get('grpc-message');
  if (typeof code === 'string') return { code: Number(code), details: decoded(message.toString()), metadata };
  if (httpStatus !== undefined) return statusOfHttp(httpStatus, metadata);
  return { code: status.UNKNOWN, details: 'No status information received', metadata };
}

/** ClosedStream is how a stream without trailers was closed. */
export type ClosedStream = {
  /** HTTP/2's error code. */
  readonly code: number | undefined;
  readonly httpStatus: number | undefined;
  /** The error of this side; undefined: there was none but the code itself. */
  readonly error: (Error & { readonly code?: string }) | undefined;
  /** Its connection had ended before. */
  readonly dropped: boolean;
};

/** statusOfClosed returns the status of a stream that was closed without trailers. */
export function statusOfClosed({ code, httpStatus, error, dropped }: ClosedStream): CallStatus {
  const reset = `Received RST_STREAM with code ${code}`;
  switch (code) {
    case constants.NGHTTP2_NO_ERROR:
      if (httpStatus !== undefined && httpStatus !== 200) return statusOfHttp(httpStatus);
      return statusWith(status.INTERNAL, `${reset} (Call ended without gRPC status)`);
    case constants.NGHTTP2_REFUSED_STREAM:
      return statusWith(status.UNAVAILABLE, 'Stream refused by server');
    // Node.js has this code for the streams of a connection that ended, too.
    case constants.NGHTTP2_CANCEL:
      return dropped ? connectionDropped : statusWith(status.CANCELLED, 'Call cancelled');
    case constants.NGHTTP2_ENHANCE_YOUR_CALM:
      return statusWith(status.RESOURCE_EXHAUSTED, 'Bandwidth exhausted or memory limit exceeded');
    case constants.NGHTTP2_INADEQUATE_SECURITY:
      return statusWith(status.PERMISSION_DENIED, 'Protocol not secure enough');
    case constants.NGHTTP2_INTERNAL_ERROR:
      if (error === undefined) return statusWith(status.INTERNAL, `${reset} (Internal server error)`);
      if (error.code === 'ECONNRESET' || error.code === 'ETIMEDOUT')
        return statusWith(status.UNAVAILABLE, error.message);
      return statusWith(status.INTERNAL, `${reset} triggered by internal client error: ${error.message}`);
    default:
      return statusWith(status.INTERNAL, reset);
  }
}

/** connectionDropped is the status of calls whose connection ended. */
export const connectionDropped: CallStatus = statusWith(status.UNAVAILABLE, 'Connection dropped');

/** notConnected returns the status of a call for which no connection could be made. */
export function notConnected(reason: string, nowMs: number): CallStatus {
  const at = new Date(nowMs).toISOString();
  return statusWith(status.UNAVAILABLE, `No connection established. Last error: ${reason} (${at}). Resolution note: `);
}

/** timeoutHeader returns a time in milliseconds as the header grpc-timeout has it: at most eight digits and a unit. */
export function timeoutHeader(ms: number): string {
  const units = [
    ['m', 1],
    ['S', 1_000],
    ['M', 60_000],
    ['H', 3_600_000],
  ] as const;
  const [unit, factor] = units.find(([, each]) => Math.ceil(ms / each) < 1e8) ?? units[3];
  return `${Math.min(Math.ceil(Math.max(ms, 0) / factor), 99_999_999)}${unit}`;
}
