// A store in memory that behaves like the real one: the same contract suite runs on both. It keeps its history, and can
// lose a connection or an answer.

import type {
  Change,
  Commit,
  CommitResult,
  Entry,
  Guard,
  KeyRange,
  Listing,
  Liveness,
  Store,
  StorePosition,
  WatchMessage,
} from '../../controller/store/store.js';
import { XnetError } from '../../proto/errors.js';

type Version = { readonly revision: number; readonly changes: readonly Change[] };

class MemoryLiveness implements Liveness {
  readonly #ended = new AbortController();
  readonly #onEnd: () => void;

  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  get lost(): AbortSignal {
    return this.#ended.signal;
  }

  async end(): Promise<void> {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    this.#onEnd();
  }
}

/** MemoryCluster is the state that several stores share: the keys and their whole history. */
export class MemoryCluster {
  readonly storeId = 'memory';
  readonly history: Version[] = [];
  readonly #entries = new Map<string, Entry>();
  readonly #owners = new Map<string, Liveness>();
  readonly #watchers = new Set<() => void>();
  #revision = 1;
  #compacted = 0;

  get revision(): number {
    return this.#revision;
  }

  get compacted(): number {
    return this.#compacted;
  }

  entries(): readonly Entry[] {
    return [...this.#entries.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  onChange(listener: () => void): () => void {
    this.#watchers.add(listener);
    return () => this.#watchers.delete(listener);
  }

  /** compact forgets the history up to now: a watch from an earlier revision starts with a listing. */
  compact(): void {
    this.#compacted = this.#revision;
  }

  /** restore returns the store to its state at a revision, as from a backup. Disconnected watches detect it. */
  restore(revision: number): void {
    const past = this.history.filter((version) => version.revision <= revision);
    this.history.splice(0, this.history.length, ...past);
    this.#entries.clear();
    this.#revision = revision;
    for (const { changes } of past) {
      for (const change of changes) {
        if (change.kind === 'put') this.#entries.set(change.entry.key, change.entry);
        else this.#entries.delete(change.key);
      }
    }
  }

  #holds(guard: Guard): boolean {
    if (guard.kind === 'key') return (this.#entries.get(guard.key)?.modRevision ?? 0) === guard.modRevision;
    for (const [key, entry] of this.#entries) {
      if (key.startsWith(guard.prefix) && entry.modRevision > guard.since) return false;
    }
    return true;
  }

  commit({ guards, operations }: Commit): CommitResult {
    const written = operations.map((operation) => ('key' in operation ? operation.key : operation.prefix));
    if (new Set(written).size !== written.length)
      throw new XnetError('FailedPrecondition', 'duplicate key in a commit');
    if (!guards.every((guard) => this.#holds(guard))) return { committed: false, revision: this.#revision };
    if (operations.length === 0) return { committed: true, revision: this.#revision };
    const modRevision = this.#revision + 1;
    const changes: Change[] = [];
    for (const operation of operations) {
      if (operation.kind === 'put') {
        const createRevision = this.#entries.get(operation.key)?.createRevision ?? modRevision;
        const entry = { key: operation.key, value: operation.value, modRevision, createRevision };
        this.#entries.set(operation.key, entry);
        this.#owners.delete(operation.key);
        if (operation.expires !== undefined && operation.expires !== 'record') {
          this.#owners.set(operation.key, operation.expires);
        }
        changes.push({ kind: 'put', entry });
      } else {
        for (const key of [...this.#entries.keys()]) {
          const hit = operation.kind === 'delete' ? key === operation.key : key.startsWith(operation.prefix);
          if (!hit) continue;
          this.#entries.delete(key);
          changes.push({ kind: 'delete', key, modRevision });
        }
      }
    }
    if (changes.length === 0) return { committed: true, revision: this.#revision };
    this.#revision = modRevision;
    this.history.push({ revision: modRevision, changes });
    for (const watcher of this.#watchers) watcher();
    return { committed: true, revision: modRevision };
  }

  claim(): Liveness {
    const liveness: Liveness = new MemoryLiveness(() => {
      const owned = [...this.#owners].filter(([, owner]) => owner === liveness).map(([key]) => key);
      for (const key of owned) this.commit({ guards: [], operations: [{ kind: 'delete', key }] });
    });
    return liveness;
  }
}

/** MemoryStore is one client of a MemoryCluster. */
export class MemoryStore implements Store {
  /** Number of next commits that are applied, but whose answer is lost. */
  lostAnswers = 0;
  /** The watch delivers nothing, while the store answers. */
  deaf = false;
  /** Neither the store nor the watch answers. */
  disconnected = false;
  readonly #cluster: MemoryCluster;
  readonly #stirred = new Set<() => void>();

  constructor(cluster: MemoryCluster) {
    this.#cluster = cluster;
  }

  /** connect ends a disconnection (true) or begins one (false). */
  connect(connected: boolean): void {
    this.disconnected = !connected;
    for (const stir of this.#stirred) stir();
  }

  #reach(): void {
    if (this.disconnected) throw new XnetError('Unavailable', 'the store does not answer');
  }

  async list(): Promise<Listing> {
    await Promise.resolve();
    this.#reach();
    const { revision, storeId } = this.#cluster;
    return { revision, storeId, entries: this.#cluster.entries() };
  }

  async position(): Promise<StorePosition> {
    await Promise.resolve();
    this.#reach();
    const { revision, storeId } = this.#cluster;
    return { revision, storeId };
  }

  async read(key: string): Promise<Entry | undefined> {
    await Promise.resolve();
    this.#reach();
    return this.#cluster.get(key);
  }

  async scan(prefix: string, { from = '', to }: KeyRange = {}): Promise<readonly Entry[]> {
    await Promise.resolve();
    this.#reach();
    const isWithin = (key: string) => key >= from && (to === undefined || key < to);
    return this.#cluster.entries().filter(({ key }) => key.startsWith(prefix) && isWithin(key));
  }

  async commit(commit: Commit): Promise<CommitResult> {
    await Promise.resolve();
    this.#reach();
    const result = this.#cluster.commit(commit);
    await Promise.resolve();
    if (this.lostAnswers > 0) {
      this.lostAnswers -= 1;
      throw new XnetError('Unavailable', 'the answer was lost');
    }
    return result;
  }

  async claim(): Promise<Liveness> {
    this.#reach();
    return this.#cluster.claim();
  }

  async *watch(signal: AbortSignal): AsyncGenerator<WatchMessage, void, undefined> {
    let next: number | undefined;
    let told = false;
    while (!signal.aborted) {
      if (this.disconnected) {
        if (!told) yield { kind: 'lost', reason: 'the store does not answer' };
        told = true;
        await this.#stir(signal);
        continue;
      }
      if (told && next !== undefined && next <= this.#cluster.compacted) next = undefined;
      if (next !== undefined && next > this.#cluster.revision + 1) next = undefined;
      if (told && next !== undefined) yield { kind: 'resumed' };
      told = false;
      if (next === undefined) {
        const listing = await this.list();
        next = listing.revision + 1;
        yield { kind: 'listing', listing };
        continue;
      }
      const from = next;
      const version = this.#cluster.history.find(({ revision }) => revision >= from);
      if (version === undefined || this.deaf) {
        await this.#stir(signal);
        continue;
      }
      next = version.revision + 1;
      yield { kind: 'changes', ...version };
    }
  }

  async #stir(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = () => {
        off();
        this.#stirred.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const off = this.#cluster.onChange(wake);
      this.#stirred.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  async close(): Promise<void> {}
}
