// Audit entries in JSON and as tables. Pure.
// Invariant: fields of the output types are only ever added; an unknown value is null, never omitted.
import { escaped } from '../../proto/domain/text.js';
import type { AuditEntry__Output } from '../../proto/gen/xnet/v1/AuditEntry.js';
import type { VerifyAuditResponse__Output } from '../../proto/gen/xnet/v1/VerifyAuditResponse.js';
import type { Kind } from './columns.js';
import { orNull } from './from-wire.js';
import { isoTime, timeText } from './time.js';

/** AuditOutput is an entry in the output of `xctl audit`. */
export type AuditOutput = {
  readonly sequence: number;
  readonly time: string | null;
  /** The caller: "admin/alice", "node/n-4k2f9c", "local". */
  readonly actor: string;
  /** Serial of the caller's certificate, and its address; null for callers on a unix socket. */
  readonly serial: string | null;
  readonly source: string | null;
  /** "AddNode" */
  readonly call: string;
  readonly operationId: string | null;
  /** "node/web-1", "pool/default" */
  readonly subject: string | null;
  /** The request, and the records before and after, as the controller wrote them. */
  readonly request: unknown;
  readonly before: unknown;
  readonly after: unknown;
  /** "OK", or the error code: "PermissionDenied"; "Begun": the controller ended before it recorded the outcome. */
  readonly outcome: string;
  readonly message: string | null;
  readonly controller: string;
  readonly hash: string;
  readonly previousHash: string | null;
};

// The wire has JSON. Invalid JSON is shown as text, so that no entry is lost.
function parsedJson(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** auditFromWire converts an entry. */
export function auditFromWire(wire: AuditEntry__Output): AuditOutput {
  return {
    sequence: wire.sequence,
    time: isoTime(wire.timeMs),
    actor: wire.actor,
    serial: orNull(wire.serial),
    source: orNull(wire.source),
    call: wire.call,
    operationId: orNull(wire.operationId),
    subject: orNull(wire.subject),
    request: parsedJson(wire.request),
    before: parsedJson(wire.before),
    after: parsedJson(wire.after),
    outcome: wire.outcome,
    message: orNull(wire.message),
    controller: wire.controller,
    hash: wire.hash,
    previousHash: orNull(wire.previousHash),
  };
}

/** auditKind describes how entries are printed. */
export const auditKind: Kind<AuditOutput> = {
  plural: 'entries',
  nameOf: ({ sequence }) => String(sequence),
  columns: [
    { header: 'SEQUENCE', drop: 2, cell: ({ sequence }) => String(sequence) },
    { header: 'TIME', cell: ({ time }, look) => timeText(time, look) },
    { header: 'WHO', cell: ({ actor }) => escaped(actor) },
    { header: 'FROM', drop: 1, cell: ({ source }) => escaped(source ?? '-') },
    { header: 'CALL', cell: ({ call }) => escaped(call) },
    { header: 'SUBJECT', cell: ({ subject }) => escaped(subject ?? '-') },
    {
      header: 'OUTCOME',
      cell: ({ outcome }, { colors }) => ({
        text: escaped(outcome),
        paint: outcome === 'OK' ? colors.good : colors.bad,
      }),
    },
    { header: 'CERTIFICATE', wide: true, cell: ({ serial }) => escaped(serial ?? '-') },
    { header: 'OPERATION', wide: true, cell: ({ operationId }) => escaped(operationId ?? '-') },
    { header: 'HASH', wide: true, cell: ({ hash }) => escaped(hash) },
    { header: 'MESSAGE', drop: 3, cell: ({ message }) => escaped(message ?? '') },
  ],
};

/** VerificationOutput is the result of recomputing the hash chain. */
export type VerificationOutput = {
  readonly ok: boolean;
  readonly entries: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Hash of the last entry: kept elsewhere, it reveals a truncated log. */
  readonly lastHash: string | null;
  /** The problems, each with its entry. */
  readonly problems: readonly string[];
};

/** verificationFromWire converts the result of a verification. */
export function verificationFromWire(wire: VerifyAuditResponse__Output): VerificationOutput {
  const { ok, entries, firstSequence, lastSequence, lastHash, problems } = wire;
  return { ok, entries, firstSequence, lastSequence, lastHash: orNull(lastHash), problems };
}
