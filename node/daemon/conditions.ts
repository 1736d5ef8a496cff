// Turns findings into conditions: one per type, with the time of its last change. Pure.
import type { Condition, ConditionType } from '../../proto/domain/network.js';
import type { Finding } from '../reconcile/effect.js';

/** conditionTypes are all conditions that a node reports, in the order in which they are shown. */
export const conditionTypes = [
  'Underlay',
  'Docker',
  'Firewall',
  'Forwarding',
  'Routes',
  'DataPath',
  'Withdrawals',
  'Nics',
  'Controller',
  'Certificate',
  'State',
] as const satisfies readonly ConditionType[];

const mostMessages = 3;

function fixOf(findings: readonly Finding[]): { readonly fix?: string } {
  const fixes = [...new Set(findings.flatMap(({ fix }) => fix ?? []))].slice(0, mostMessages);
  return fixes.length === 0 ? {} : { fix: fixes.join('; ') };
}

function conditionOf(type: ConditionType, findings: readonly Finding[], nowMs: number): Condition {
  const wrong = findings.filter((finding) => finding.isNote !== true);
  const notes = findings.filter((finding) => finding.isNote === true);
  // Findings that need an operator come first, then transient ones, then notes.
  const ordered = [...wrong.sort((a, b) => Number(a.transient) - Number(b.transient)), ...notes];
  const [worst] = wrong;
  if (worst === undefined) {
    const message = notes.map((note) => note.message).join('; ');
    return { type, ok: true, transient: false, reason: 'Ready', message, ...fixOf(notes), sinceMs: nowMs };
  }
  const messages = ordered.map((finding) => finding.message);
  const more = messages.length > mostMessages ? [`and ${messages.length - mostMessages} more`] : [];
  return {
    type,
    ok: false,
    transient: worst.transient,
    reason: worst.reason,
    message: [...messages.slice(0, mostMessages), ...more].join('; '),
    ...fixOf(ordered),
    sinceMs: nowMs,
  };
}

/** conditionsFrom makes conditions of findings; an unchanged condition keeps its time. */
export function conditionsFrom(
  findings: readonly Finding[],
  before: readonly Condition[],
  nowMs: number,
): readonly Condition[] {
  return conditionTypes.map((type) => {
    const found = findings.filter((finding) => finding.type === type);
    const condition = conditionOf(type, found, nowMs);
    const former = before.find((candidate) => candidate.type === type);
    const same = former?.ok === condition.ok && former.reason === condition.reason;
    return same ? { ...condition, sinceMs: former.sinceMs } : condition;
  });
}
