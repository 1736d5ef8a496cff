// The keys that a commit reads and writes, and its size; whether two commits can be pending at once, or be merged. Pure.
// Invariant: two commits that do not conflict have the same result in either order, and as one transaction.
import { XnetError } from '../../proto/errors.js';
import { type Commit, type Guard, longestCommit, mostGuards } from '../store/store.js';

/** largestCommit is the size limit of a commit in bytes: etcd accepts 1.5 MiB, including what gRPC adds. */
export const largestCommit = 1024 * 1024;

// An upper bound for what etcd's fields and the prefix add to a key.
const overhead = 96;

/** Footprint holds what one or several commits read and write, and their size. */
export type Footprint = {
  readonly writes: ReadonlySet<string>;
  /** Folders of the keys in `writes`: "nodes/". */
  readonly folders: ReadonlySet<string>;
  /** Prefixes of keys that the commits delete as a whole. */
  readonly clears: ReadonlySet<string>;
  readonly reads: ReadonlySet<string>;
  /** Prefixes of keys that must not have changed. */
  readonly watches: ReadonlySet<string>;
  readonly operations: number;
  readonly guards: number;
  readonly bytes: number;
};

// Up to the first slash; a key without one is a folder of its own.
function folderOf(key: string): string {
  return key.slice(0, key.indexOf('/') + 1) || key;
}

/** footprintOf returns the footprint of one commit. */
export function footprintOf({ guards, operations }: Commit): Footprint {
  const [writes, clears, reads, watches] = [new Set<string>(), new Set<string>(), new Set<string>(), new Set<string>()];
  const folders = new Set<string>();
  let bytes = 0;
  for (const operation of operations) {
    if (operation.kind === 'deleteAll') clears.add(operation.prefix);
    else {
      writes.add(operation.key);
      folders.add(folderOf(operation.key));
    }
    const key = operation.kind === 'deleteAll' ? operation.prefix : operation.key;
    bytes += overhead + key.length + (operation.kind === 'put' ? Buffer.byteLength(operation.value) : 0);
  }
  for (const guard of guards) {
    if (guard.kind === 'key') reads.add(guard.key);
    else watches.add(guard.prefix);
    bytes += overhead + (guard.kind === 'key' ? guard.key.length : guard.prefix.length);
  }
  return { writes, folders, clears, reads, watches, operations: operations.length, guards: guards.length, bytes };
}

/** Sum is the footprint of several commits, added one by one. */
export class Sum implements Footprint {
  readonly writes = new Set<string>();
  readonly folders = new Set<string>();
  readonly clears = new Set<string>();
  readonly reads = new Set<string>();
  readonly watches = new Set<string>();
  operations = 0;
  guards = 0;
  bytes = 0;

  /** add adds the footprint of one commit. */
  add({ writes, folders, clears, reads, watches, operations, guards, bytes }: Footprint): void {
    for (const key of writes) this.writes.add(key);
    for (const folder of folders) this.folders.add(folder);
    for (const prefix of clears) this.clears.add(prefix);
    for (const key of reads) this.reads.add(key);
    for (const prefix of watches) this.watches.add(prefix);
    this.operations += operations;
    this.guards += guards;
    this.bytes += bytes;
  }

  /** hasRoomFor reports whether another footprint fits into the same transaction. */
  hasRoomFor({ operations, guards, bytes }: Footprint): boolean {
    return fits({
      operations: this.operations + operations,
      guards: this.guards + guards,
      bytes: this.bytes + bytes,
    });
  }
}

function beginsWithOne(key: string, prefixes: ReadonlySet<string>): boolean {
  for (const prefix of prefixes) if (key.startsWith(prefix)) return true;
  return false;
}

function shareOne(some: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  const [fewer, more] = some.size <= others.size ? [some, others] : [others, some];
  for (const key of fewer) if (more.has(key)) return true;
  return false;
}

function writesUnder({ writes, folders }: Footprint, prefix: string): boolean {
  if (prefix.includes('/') && !folders.has(folderOf(prefix))) return false;
  for (const key of writes) if (key.startsWith(prefix)) return true;
  return false;
}

// The cost grows with the smaller of the two, because each waiting commit is compared with whole transactions.
function changesWhatIsSeen(writer: Footprint, { writes, clears, reads, watches }: Footprint): boolean {
  if (shareOne(writer.writes, writes) || shareOne(writer.writes, reads)) return true;
  for (const prefix of clears) if (writesUnder(writer, prefix)) return true;
  for (const prefix of watches) if (writesUnder(writer, prefix)) return true;
  if (writer.clears.size === 0) return false;
  for (const key of reads) if (beginsWithOne(key, writer.clears)) return true;
  for (const prefix of [...watches, ...clears]) {
    if (beginsWithOne(prefix, writer.clears)) return true;
    for (const cleared of writer.clears) if (cleared.startsWith(prefix)) return true;
  }
  return false;
}

/** conflict reports whether one of two commits writes what the other reads or writes. */
export function conflict(a: Footprint, b: Footprint): boolean {
  return changesWhatIsSeen(a, b) || changesWhatIsSeen(b, a);
}

/** fits reports whether a footprint fits into one transaction. */
export function fits({ operations, guards, bytes }: Pick<Footprint, 'operations' | 'guards' | 'bytes'>): boolean {
  return operations <= longestCommit && guards <= mostGuards && bytes <= largestCommit;
}

/** tooLarge returns the error for a commit that does not fit into a transaction. */
export function tooLarge({ operations, guards, bytes }: Footprint): XnetError {
  return new XnetError(
    'InvalidArgument',
    `the change is too large for the store: ${Math.max(operations, guards)} records, ${Math.ceil(bytes / 1024)} KiB; ` +
      `at most ${longestCommit} records, ${largestCommit / 1024} KiB`,
    { hint: 'make it in several steps' },
  );
}

function guardId(guard: Guard): string {
  return guard.kind === 'key' ? `k${guard.key}` : `p${guard.prefix}`;
}

/**
 * mergeCommits merges commits that do not conflict. Guards on the same key have to agree: if they do not, one of them
 * fails anyway, and the merged commit with it.
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
