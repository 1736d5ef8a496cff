// Commits that arrive while one is under way go to the store together, as one transaction: a fleet that joins at once
// costs a tenth of the transactions.
// Invariant: commits are merged only when none of them reads or writes what another one writes; a merged transaction
// whose guards fail is taken apart, so nobody fails for what somebody else wanted.
import type { Commit, CommitResult, Guard, Store } from './store.js';
import { longestCommit } from './store.js';

type Waiting = {
  readonly commit: Commit;
  readonly resolve: (result: CommitResult) => void;
  readonly reject: (error: unknown) => void;
};

function writes(commit: Commit): ReadonlySet<string> {
  return new Set(commit.operations.map((operation) => ('key' in operation ? operation.key : operation.prefix)));
}

function clears(commit: Commit): boolean {
  return commit.operations.some((operation) => operation.kind === 'deleteAll');
}

function reads(guard: Guard, written: ReadonlySet<string>): boolean {
  if (guard.kind === 'key') return written.has(guard.key);
  for (const key of written) if (key.startsWith(guard.prefix)) return true;
  return false;
}

function independent(a: Commit, b: Commit): boolean {
  if (clears(a) || clears(b)) return false;
  const [writtenByA, writtenByB] = [writes(a), writes(b)];
  for (const key of writtenByB) if (writtenByA.has(key)) return false;
  return !a.guards.some((guard) => reads(guard, writtenByB)) && !b.guards.some((guard) => reads(guard, writtenByA));
}

function guardId(guard: Guard): string {
  return guard.kind === 'key' ? `k${guard.key}` : `p${guard.prefix}`;
}

/**
 * mergeCommits makes one commit of several that are independent of each other. Guards on the same key have to agree:
 * where they do not, one of them fails anyway, and with it the merged commit.
 */
export function mergeCommits(commits: readonly Commit[]): Commit {
  const guards = new Map<string, Guard>();
  for (const guard of commits.flatMap((commit) => commit.guards)) {
    const before = guards.get(guardId(guard));
    if (before === undefined) guards.set(guardId(guard), guard);
    else if (before.kind === 'unchanged' && guard.kind === 'unchanged') {
      guards.set(guardId(guard), before.since < guard.since ? before : guard);
    } else if (before.kind === 'key' && guard.kind === 'key' && before.modRevision !== guard.modRevision) {
      guards.set(`${guardId(guard)}@${guard.modRevision}`, guard);
    }
  }
  return { guards: [...guards.values()], operations: commits.flatMap((commit) => commit.operations) };
}

/** takeBatch picks the longest run of waiting commits, the first one included, that can go as one transaction. */
export function takeBatch<T extends { readonly commit: Commit }>(waiting: readonly T[]): readonly T[] {
  const batch: T[] = [];
  let size = 0;
  for (const candidate of waiting) {
    const { operations, guards } = candidate.commit;
    if (batch.length > 0) {
      if (size + Math.max(operations.length, guards.length) > longestCommit) continue;
      if (!batch.every((chosen) => independent(chosen.commit, candidate.commit))) continue;
    }
    batch.push(candidate);
    size += Math.max(operations.length, guards.length);
  }
  return batch;
}

/** batching is a store whose commits are merged while the one before is under way. Everything else is the store's own. */
export function batching(store: Store): Store {
  let waiting: Waiting[] = [];
  let running = false;

  async function runAlone({ commit, resolve, reject }: Waiting): Promise<void> {
    await store.commit(commit).then(resolve, reject);
  }

  async function runBatch(batch: readonly Waiting[]): Promise<void> {
    const [first] = batch;
    if (first !== undefined && batch.length === 1) return runAlone(first);
    let result: CommitResult;
    try {
      result = await store.commit(mergeCommits(batch.map((entry) => entry.commit)));
    } catch (error) {
      for (const entry of batch) entry.reject(error);
      return;
    }
    if (!result.committed) {
      await Promise.all(batch.map(runAlone));
      return;
    }
    for (const entry of batch) entry.resolve(result);
  }

  async function drain(): Promise<void> {
    running = true;
    while (waiting.length > 0) {
      const batch = takeBatch(waiting);
      const taken = new Set(batch);
      waiting = waiting.filter((entry) => !taken.has(entry));
      await runBatch(batch);
    }
    running = false;
  }

  return {
    watch: (signal) => store.watch(signal),
    list: (signal) => store.list(signal),
    read: (key) => store.read(key),
    scan: (prefix) => store.scan(prefix),
    claim: (ttlSeconds) => store.claim(ttlSeconds),
    close: () => store.close(),
    commit: (commit) =>
      new Promise((resolve, reject) => {
        waiting.push({ commit, resolve, reject });
        if (!running) void drain();
      }),
  };
}
