// Compares what the observer's watch sessions received with the history of the store. Pure.
import type { StoredVersion } from '../support/etcd-history.js';
import { Replay } from './replay.js';

/** WatchLine is one line of the observer. Routes are the whole table then: "10.76.1.0/24 via 192.168.83.12". */
export type WatchLine =
  | { readonly kind: 'opened'; readonly controller: string; readonly revision: number }
  | {
      readonly kind: 'snapshot' | 'delta';
      /** The revision that a delta follows. */
      readonly from: number;
      readonly revision: number;
      readonly routes: readonly string[];
    }
  | { readonly kind: 'bookmark'; readonly revision: number }
  /** A delta that does not follow the table at `revision`. */
  | { readonly kind: 'gap'; readonly from: number; readonly revision: number }
  | { readonly kind: 'ended'; readonly why: string };

/** readWatchLines parses the output of the observer; a last line that is cut off is left out. */
export function readWatchLines(output: string): readonly WatchLine[] {
  return output
    .split('\n')
    .slice(0, -1)
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as WatchLine);
}

/**
 * watchProblems compares sessions with the history: revisions only grow, no delta is missing or comes twice, and each
 * table is that of the store at its revision.
 */
export function watchProblems(lines: readonly WatchLine[], history: readonly StoredVersion[]): readonly string[] {
  const problems: string[] = [];
  let revision = 0;
  const replay = new Replay(history);
  for (const line of lines) {
    if (line.kind === 'gap') problems.push(`a delta from ${line.from} follows a table at ${line.revision}`);
    if (line.kind === 'opened' || line.kind === 'gap' || line.kind === 'ended') continue;
    if (line.kind === 'delta' && line.revision <= revision) {
      problems.push(`a delta to ${line.revision} comes after revision ${revision}`);
    }
    if (line.revision < revision) problems.push(`a ${line.kind} goes back from ${revision} to ${line.revision}`);
    revision = Math.max(revision, line.revision);
    if (line.kind === 'bookmark') continue;
    const stored = replay.at(line.revision).routes();
    if (JSON.stringify(stored) !== JSON.stringify(line.routes)) {
      problems.push(
        `a ${line.kind} at ${line.revision} has ${difference(line.routes, stored)} compared with the store at that revision`,
      );
    }
  }
  return problems;
}

/** difference names what is in one list only: "+10.76.1.0/24 via 192.168.83.12 -…". */
export function difference(found: readonly string[], expected: readonly string[]): string {
  const more = found.filter((each) => !expected.includes(each)).map((each) => `+${each}`);
  const missing = expected.filter((each) => !found.includes(each)).map((each) => `-${each}`);
  return [...more, ...missing].join(', ') || 'nothing';
}
