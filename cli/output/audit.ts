// Entries of the audit log, as programs get them in JSON and as people see them. Pure.
// Invariant: fields of the output types are only ever added; what is not known is null, never left out.
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
  /** Who asked: "admin/alice", "node/n-4k2f9c", "local". */
  readonly actor: string;
  /** Serial of its certificate, and where it called from; null for callers on a unix socket. */
  readonly serial: string | null;
  readonly source: string | null;
  /** "AddNode" */
  readonly call: string;
  readonly operationId: string | null;
  /** "node/web-1", "pool/default" */
  readonly subject: string | null;
  /** What was asked for, and what the records were and became, as the controller wrote it. */
  readonly request: unknown;
  readonly before: unknown;
  readonly after: unknown;
  /** "OK", or the code of the error: "PermissionDenied"; "Begun": the controller ended before it knew. */
  readonly outcome: string;
  readonly message: string | null;
  readonly controller: string;
  readonly hash: string;
  readonly previousHash: string | null;
};

// JSON on the wire. What is none is told as the text that it is: an entry is never lost for it.
function parsedJson(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** auditFromWire reads an entry. */
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

/** auditKind prints entries. */
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

/** VerificationOutput is what recomputing the chain of hashes came to. */
export type VerificationOutput = {
  readonly ok: boolean;
  readonly entries: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Of the last entry: kept elsewhere, it shows when the log is cut short. */
  readonly lastHash: string | null;
  /** What is wrong, and at which entry. */
  readonly problems: readonly string[];
};

/** verificationFromWire reads what verifying came to. */
export function verificationFromWire(wire: VerifyAuditResponse__Output): VerificationOutput {
  const { ok, entries, firstSequence, lastSequence, lastHash, problems } = wire;
  return { ok, entries, firstSequence, lastSequence, lastHash: orNull(lastHash), problems };
}
