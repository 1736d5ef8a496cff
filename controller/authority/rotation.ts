// The progress of a rotation of the authority: which nodes still depend on the previous one. Pure.
import type { ReadonlyView } from '../view/view.js';

/** Rotation is the progress of a rotation. */
export type Rotation = {
  /** Number of nodes with a current certificate. */
  readonly nodes: number;
  readonly renewed: number;
  /** Names of the nodes whose certificate is from the previous authority, sorted. */
  readonly pending: readonly string[];
  /** How many of these are not connected. */
  readonly pendingDown: number;
  /** People and programs whose certificate is from the previous authority: "admin/alice", sorted. */
  readonly people: readonly string[];
};

/**
 * rotationOf returns the progress of a rotation.
 * @param issuer keyDigest of the issuing authority
 */
export function rotationOf(view: ReadonlyView, issuer: string, nowMs: number): Rotation {
  let nodes = 0;
  const pending: string[] = [];
  const people = new Set<string>();
  const renewedPeople = new Set<string>();
  let pendingDown = 0;
  for (const [serial, { record }] of view.certificates) {
    if (record.notAfterMs <= nowMs || view.revoked.has(serial)) continue;
    // Skip a node's certificates that a renewal has replaced.
    if (record.role === 'node' && view.certificateOfNode.get(record.id) !== serial) continue;
    if (record.role !== 'node') {
      (record.issuer === issuer ? renewedPeople : people).add(`${record.role}/${record.id}`);
      continue;
    }
    const name = view.nodes.get(record.id)?.record.name;
    if (name === undefined || view.revoked.has(record.id)) continue;
    nodes += 1;
    if (record.issuer === issuer) continue;
    pending.push(name);
    if (!view.sessions.has(record.id)) pendingDown += 1;
  }
  return {
    nodes,
    renewed: nodes - pending.length,
    pending: pending.sort(),
    pendingDown,
    people: [...people].filter((person) => !renewedPeople.has(person)).sort(),
  };
}
