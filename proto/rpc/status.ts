// Carries an XnetError over gRPC: its code becomes the status, the rest travels in the standard details trailer, and
// the receiver gets an equal error.
import * as grpc from '@grpc/grpc-js';
import { codeFromStatus, type ErrorCode, messageOf, statusOf, XnetError } from '../errors.js';
import { type Details, decodeDetails, detailsTrailer, encodeDetails } from './error-details.js';

/** statusFromError returns a server's status for an error. Foreign errors become INTERNAL. */
export function statusFromError(error: unknown): grpc.ServerErrorResponse | grpc.StatusObject {
  const known = error instanceof XnetError ? error : new XnetError('Internal', messageOf(error), { cause: error });
  const metadata = new grpc.Metadata();
  metadata.set(detailsTrailer, encodeDetails(known));
  return { code: statusOf(known.code), details: known.message, metadata, name: known.name, message: known.message };
}

function detailsFrom(metadata: grpc.Metadata | null | undefined): Details | undefined {
  const [value] = metadata?.get(detailsTrailer) ?? [];
  return Buffer.isBuffer(value) ? decodeDetails(value) : undefined;
}

/** isServiceError reports whether a thrown value came from gRPC. */
export function isServiceError(error: unknown): error is grpc.ServiceError {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error;
}

/** isAnswer reports whether an error was raised by the server itself, rather than by gRPC on the way to it. */
export function isAnswer(error: XnetError): boolean {
  return isServiceError(error.cause) && detailsFrom(error.cause.metadata) !== undefined;
}

/** isUnknownCall reports whether an error of a client call says that the server, an older one, does not know the call. */
export function isUnknownCall(error: unknown): boolean {
  const { cause } = errorFromStatus(error);
  return isServiceError(cause) && cause.code === grpc.status.UNIMPLEMENTED;
}

/** codeOfStatus returns the error code of a status that is not OK. */
export function codeOfStatus(status: {
  readonly code?: number | null | undefined;
  readonly metadata?: grpc.Metadata | null | undefined;
}): ErrorCode {
  return detailsFrom(status.metadata)?.code ?? codeFromStatus(status.code ?? grpc.status.UNKNOWN);
}

/** errorFromStatus returns the XnetError of a failed client call. */
export function errorFromStatus(error: unknown): XnetError {
  if (error instanceof XnetError) return error;
  if (!isServiceError(error)) return new XnetError('Internal', messageOf(error), { cause: error });
  const { problems, hint, fence } = detailsFrom(error.metadata) ?? {};
  return new XnetError(codeOfStatus(error), error.details, {
    cause: error,
    ...(problems === undefined ? {} : { problems }),
    ...(hint === undefined ? {} : { hint }),
    ...(fence === undefined ? {} : { fence }),
  });
}
