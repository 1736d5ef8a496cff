// XnetError over gRPC: its code becomes the status, the rest travels in one trailer, and comes out the same.
import * as grpc from '@grpc/grpc-js';
import { codeFromStatus, isErrorCode, messageOf, statusOf, XnetError } from '../errors.js';

// "-bin": gRPC carries it as base64, so any text is safe (grpc/doc/PROTOCOL-HTTP2.md).
const trailer = 'xnet-error-bin';

/** statusFromError is what a server answers for an error. Errors that are not ours become INTERNAL. */
export function statusFromError(error: unknown): grpc.ServerErrorResponse | grpc.StatusObject {
  const known = error instanceof XnetError ? error : new XnetError('Internal', messageOf(error), { cause: error });
  const metadata = new grpc.Metadata();
  metadata.set(
    trailer,
    Buffer.from(JSON.stringify({ code: known.code, problems: known.problems, hint: known.hint }), 'utf8'),
  );
  return { code: statusOf(known.code), details: known.message, metadata, name: known.name, message: known.message };
}

function detailsFrom(metadata: grpc.Metadata | undefined): { code?: string; problems?: string[]; hint?: string } {
  const value = metadata?.get(trailer)[0];
  if (value === undefined) return {};
  try {
    return JSON.parse(value.toString('utf8')) as { code?: string; problems?: string[]; hint?: string };
  } catch {
    return {};
  }
}

/** isServiceError says whether something thrown came from gRPC. */
export function isServiceError(error: unknown): error is grpc.ServiceError {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error;
}

/** isAnswer says whether an error was raised by the other side itself, rather than by gRPC on the way to it. */
export function isAnswer(error: XnetError): boolean {
  return isServiceError(error.cause) && error.cause.metadata?.get(trailer)[0] !== undefined;
}

/** errorFromStatus is the XnetError behind what a client call failed with. */
export function errorFromStatus(error: unknown): XnetError {
  if (error instanceof XnetError) return error;
  if (!isServiceError(error)) return new XnetError('Internal', messageOf(error), { cause: error });
  const { code, problems, hint } = detailsFrom(error.metadata);
  return new XnetError(code !== undefined && isErrorCode(code) ? code : codeFromStatus(error.code), error.details, {
    cause: error,
    ...(Array.isArray(problems) ? { problems } : {}),
    ...(typeof hint === 'string' ? { hint } : {}),
  });
}
