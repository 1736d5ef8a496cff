// The protocol between `xnetd leave` and the daemon on the same host: HTTP on the daemon's unix socket. POST /v1/leave takes
// a LeaveAsked as JSON and answers with one LocalProgress per line. Pure.
// Invariant: both ends are of one package, and each validates what it receives.
import * as v from 'valibot';
import { errorCodes, messageOf, XnetError } from '../../proto/errors.js';

/** leavePath is the path of the call. */
export const leavePath = '/v1/leave';

/** aliveMs is the time between two signs of life in an answer, in milliseconds. A caller waits three times as long. */
export const aliveMs = 10_000;

/** leaveAskedSchema is the schema of the request. */
export const leaveAskedSchema = v.object({ force: v.boolean(), localOnly: v.boolean() });

const fenceSchema = v.object({
  reason: v.picklist(['removed', 'replaced']),
  clusterId: v.string(),
  epoch: v.number(),
  revision: v.number(),
});

const errorSchema = v.object({
  code: v.picklist(errorCodes),
  message: v.string(),
  problems: v.array(v.string()),
  hint: v.optional(v.string()),
  fence: v.optional(fenceSchema),
});

/**
 * localProgressSchema is the schema of one line of an answer: a step that begins, a sign of life, or the end. An answer without
 * an end is that of a daemon that was killed.
 */
export const localProgressSchema = v.union([
  v.object({ step: v.string() }),
  v.object({ alive: v.literal(true) }),
  v.object({ done: v.literal(true), leaseKnown: v.boolean() }),
  v.object({ error: errorSchema }),
]);

/** LocalProgress is one line of an answer. */
export type LocalProgress = v.InferOutput<typeof localProgressSchema>;

/** errorLine returns the line that ends an answer with an error. */
export function errorLine(thrown: unknown): LocalProgress {
  const error = thrown instanceof XnetError ? thrown : new XnetError('Internal', messageOf(thrown));
  const { code, message, problems, hint, fence } = error;
  return { error: { code, message, problems: [...problems], hint, fence } };
}

/** errorOfLine is the inverse of errorLine. */
export function errorOfLine({ error }: Extract<LocalProgress, { readonly error: object }>): XnetError {
  const { code, message, problems, hint, fence } = error;
  return new XnetError(code, message, {
    problems,
    ...(hint === undefined ? {} : { hint }),
    ...(fence === undefined ? {} : { fence }),
  });
}
