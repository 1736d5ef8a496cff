// Checks of the store's recorded history. Pure.
import { overlapsIn } from '../support/controller.js';
import type { StoredVersion } from '../support/etcd-history.js';
import type { Mutation } from './journal.js';

/** historyProblems reports missing revisions, overlapping leases, and mutations that did not happen exactly once. */
export function historyProblems(history: readonly StoredVersion[], mutations: readonly Mutation[]): readonly string[] {
  return [
    ...gapsIn(history),
    ...overlapsIn(history),
    ...repeatsIn(history, mutations),
    ...additionsIn(history, mutations),
  ];
}

// Everything in this etcd is xnet's, so each revision has a change under its prefix.
function gapsIn(history: readonly StoredVersion[]): string[] {
  return history.flatMap(({ revision }, index) => {
    const before = history[index - 1]?.revision ?? 1;
    return revision === before + 1 ? [] : [`the recorded history goes from revision ${before} to ${revision}`];
  });
}

/** operationsIn returns how often each operation id was written. */
export function operationsIn(history: readonly StoredVersion[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const change of history.flatMap(({ changes }) => changes)) {
    if (change.kind !== 'put' || !change.entry.key.startsWith('operations/')) continue;
    const id = change.entry.key.slice('operations/'.length);
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

function repeatsIn(history: readonly StoredVersion[], mutations: readonly Mutation[]): string[] {
  const counts = operationsIn(history);
  const problems = [...counts].filter(([, count]) => count > 1).map(([id, count]) => `operation ${id}: ${count} times`);
  for (const { operationId, call, node, outcome, unchanged, attempts } of mutations) {
    const count = counts.get(operationId) ?? 0;
    const name = `${call} ${node} (${operationId}, ${attempts} attempts)`;
    if (outcome === 'OK' && !unchanged && count === 0) problems.push(`${name} is answered OK and was not committed`);
    if (outcome !== 'OK' && outcome !== undefined && count > 0) {
      problems.push(`${name} is answered ${outcome} and was committed`);
    }
  }
  return problems;
}

// A node record is created once for each addition.
function additionsIn(history: readonly StoredVersion[], mutations: readonly Mutation[]): string[] {
  const created = new Map<string, number>();
  for (const change of history.flatMap(({ changes }) => changes)) {
    if (change.kind !== 'put' || !change.entry.key.startsWith('names/')) continue;
    if (change.entry.createRevision !== change.entry.modRevision) continue;
    const name = change.entry.key.slice('names/'.length);
    created.set(name, (created.get(name) ?? 0) + 1);
  }
  const added = new Map<string, number>();
  for (const { call, node, outcome, unchanged } of mutations) {
    if (call === 'AddNode' && outcome === 'OK' && !unchanged) added.set(node, (added.get(node) ?? 0) + 1);
  }
  return [...added]
    .filter(([name, count]) => created.get(name) !== count)
    .map(([name, count]) => `${name} was added ${count} times and created ${created.get(name) ?? 0} times`);
}
