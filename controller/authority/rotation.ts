// How far a rotation of the authority is: which nodes still depend on the one that is replaced. Pure.
import type { ReadonlyView } from '../view/view.js';

/** Rotation is how far a rotation is. */
export type Rotation = {
  /** Nodes with a certificate that counts. */
  readonly nodes: number;
  readonly renewed: number;
  /** Names of nodes whose certificate is of the authority that is replaced, in order. */
  readonly pending: readonly string[];
  /** Of these, how many are not connected. */
  readonly pendingDown: number;
  /** People and programs whose certificate is of it: "admin/alice", in order. */
  readonly people: readonly string[];
};

/**
 * rotationOf is how far a rotation is.
 * @param issuer keyDigest of the authority that issues
 */
export function rotationOf(view: ReadonlyView, issuer: string, nowMs: number): Rotation {
  let nodes = 0;
  const pending: string[] = [];
  const people = new Set<string>();
  const renewedPeople = new Set<string>();
  let pendingDown = 0;
  for (const [serial, { record }] of view.certificates) {
    if (record.notAfterMs <= nowMs || view.revoked.has(serial)) continue;
    // One that was left behind by a renewal is waited for by nobody.
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
