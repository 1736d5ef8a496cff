// A finding of preflight: its severity, its text, and what to type. Pure.
// Invariant: a finding that the daemon would report too has the daemon's reason and text.
import type { Finding } from '../reconcile/effect.js';
import type { PreflightReason } from './reasons.js';

/**
 * Severity is how much a finding matters. "stops": xnet can't work on this host until an operator acts. "warns":
 * something goes wrong later, or for a while. "info": worth knowing.
 */
export type Severity = 'stops' | 'warns' | 'info';

/** severities lists all values of Severity, the most severe first. */
export const severities = ['stops', 'warns', 'info'] as const satisfies readonly Severity[];

/** PreflightFinding is one thing that preflight found. */
export type PreflightFinding = {
  readonly severity: Severity;
  /** CamelCase, stable: "BipIsFlag". */
  readonly reason: PreflightReason;
  /** What it is, where and why, in one line without a full stop at the end. */
  readonly message: string;
  /** What to type or do about it, in one line. */
  readonly fix?: string;
};

/** rated returns a finding of the daemon with its severity. */
export function rated(
  severity: Severity,
  { reason, message, fix }: Omit<Finding<PreflightReason>, 'type' | 'transient'>,
): PreflightFinding {
  return { severity, reason, message, ...(fix === undefined ? {} : { fix }) };
}

/** inOrder returns findings without repetitions, the most severe first; within one severity, in their order. */
export function inOrder(findings: readonly PreflightFinding[]): readonly PreflightFinding[] {
  const isFirst = ({ reason, message }: PreflightFinding, index: number) =>
    findings.findIndex((other) => other.reason === reason && other.message === message) === index;
  const once = findings.filter(isFirst);
  return severities.flatMap((severity) => once.filter((finding) => finding.severity === severity));
}
