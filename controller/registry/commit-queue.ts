// The one queue of everything that a controller writes. Who wants to write is asked what when its turn comes, with the
// newest view and what is under way at that moment, so that one controller never loses a race against itself.
// Invariant: of two that touch the same key the one that came first is committed first, and the other one is decided
// after the view has it. What does not conflict shares transactions, several of which are under way at once; nobody
// fails for what somebody else wanted. What waits is bounded in bytes, and what comes beyond that is refused. Between controllers etcd's compares decide, here as everywhere.
import { prefixKey } from '../../proto/domain/address.js';
import { XnetError } from '../../proto/errors.js';
import { parseKey } from '../store/keys.js';
import type { Commit, CommitResult, Store } from '../store/store.js';
import { conflict, type Footprint, fits, footprintOf, mergeCommits, Sum, tooLarge } from './footprint.js';

/** Proposal is something to be written, decided when its turn comes. */
export type Proposal = {
  /**
   * propose decides what to commit; undefined: nothing. It is called again when it has to wait, or lost a race in
   * company. What it throws is what submit() rejects with.
   * @param taken prefixKeys of the subnets that commits under way write
   */
  readonly propose: (taken: ReadonlySet<number>) => Commit | undefined;
  /** prepare is awaited before the commit that was proposed last is sent; when it rejects, so does submit(). */
  readonly prepare?: () => Promise<void>;
  /** What it holds while it waits, bytes; absent: as much as a small one. */
  readonly bytes?: number;
};

/** CommitQueueParts are what a queue works with. */
export type CommitQueueParts = {
  readonly store: Store;
  /** Resolves when the view is at a revision or later, rejects when it is not within some milliseconds. */
  readonly reached: (revision: number, timeoutMs: number) => Promise<void>;
  /** How much may wait, bytes. */
  readonly mostBytes?: number;
};

type Transaction = { readonly footprint: Sum; settled: boolean };

type Waiting = {
  readonly proposal: Proposal;
  readonly resolve: (result: CommitResult | undefined) => void;
  readonly reject: (error: unknown) => void;
  /** What it wanted to write when it was asked last. */
  footprint: Footprint;
  /** It is not asked again before this one is settled. */
  behind: Transaction | undefined;
  /** It shares no transaction: one that it shared failed. */
  alone: boolean;
};

type Chosen = { readonly waiting: Waiting; readonly commit: Commit };

// While etcd writes one to its disk, the next is on its way. More of them are smaller, and cost both sides more.
const mostUnderWay = 2;
// How many are looked at for one transaction: more are there only when thousands come at once.
const mostLookedAt = 256;
// The watch tells of a commit within milliseconds. Later than this the guards of what comes next tell, too.
const seenWithinMs = 5_000;
const lostRaceMs = 200;
// At least, for each that waits: its closures, and the record of its call.
const leastBytes = 2 * 1024;
// Over 30,000 changes of a usual size: some times those of a fleet of 5,000 that joins or reports at once.
const defaultMostBytes = 64 * 1024 * 1024;
const nothing = footprintOf({ guards: [], operations: [] });

/** CommitQueue is the queue. */
export class CommitQueue {
  /** The store, with commits that go through this queue. */
  readonly store: Store;
  readonly #parts: CommitQueueParts;
  #waiting: Waiting[] = [];
  /** Those that the view does not have yet. */
  readonly #pending = new Set<Transaction>();
  readonly #taken = new Set<number>();
  #underWay = 0;
  /** Of all that are not answered yet. */
  #bytes = 0;

  constructor(parts: CommitQueueParts) {
    this.#parts = parts;
    const { store } = parts;
    this.store = {
      watch: (signal) => store.watch(signal),
      list: (signal) => store.list(signal),
      read: (key) => store.read(key),
      scan: (prefix) => store.scan(prefix),
      claim: (ttlSeconds) => store.claim(ttlSeconds),
      close: () => store.close(),
      commit: async (commit) => {
        const result = await this.submit({ propose: () => commit, bytes: footprintOf(commit).bytes });
        if (result === undefined) throw new TypeError('a commit that proposes nothing');
        return result;
      },
    };
  }

  /**
   * submit waits for its turn and commits. A guard that did not hold is an answer: `committed` is false.
   * @returns undefined when nothing was proposed
   * @throws XnetError what the proposal and the store throw; InvalidArgument when it is too large for the store;
   * ResourceExhausted when too much waits already: it was not asked, and nothing was done
   */
  async submit(proposal: Proposal): Promise<CommitResult | undefined> {
    const { mostBytes = defaultMostBytes } = this.#parts;
    const bytes = Math.max(leastBytes, proposal.bytes ?? 0);
    if (this.#bytes > 0 && this.#bytes + bytes > mostBytes) throw tooMuchWaits();
    this.#bytes += bytes;
    try {
      return await new Promise((resolve, reject) => {
        this.#waiting.push({ proposal, resolve, reject, footprint: nothing, behind: undefined, alone: false });
        this.#go();
      });
    } finally {
      this.#bytes -= bytes;
    }
  }

  #go(): void {
    while (this.#underWay < mostUnderWay && this.#waiting.length > 0) {
      const transaction: Transaction = { footprint: new Sum(), settled: false };
      const chosen = this.#choose(transaction);
      if (chosen.length === 0) return;
      this.#pending.add(transaction);
      this.#underWay += 1;
      void this.#run(transaction, chosen);
    }
  }

  #choose(transaction: Transaction): readonly Chosen[] {
    const chosen: Chosen[] = [];
    const staying: Waiting[] = [];
    // Of those that stay: who comes after them and touches the same stays as well.
    const passed = new Sum();
    let behind: Transaction | undefined;
    let looked = 0;
    for (const waiting of this.#waiting) {
      if (looked === mostLookedAt) break;
      looked += 1;
      const blockingNow = () => {
        const { footprint } = waiting;
        const other = this.#blocking(footprint);
        if (other !== undefined) return other;
        if (conflict(transaction.footprint, footprint)) return transaction;
        return conflict(passed, footprint) ? behind : undefined;
      };
      // By what it wanted when it was asked last, it is not asked in vain.
      let blocking = waiting.behind?.settled === false ? waiting.behind : blockingNow();
      if (blocking === undefined) {
        const commit = this.#ask(waiting);
        if (commit === undefined) continue;
        blocking = blockingNow();
        if (blocking === undefined) {
          if (!canShare(chosen, waiting) || !transaction.footprint.hasRoomFor(waiting.footprint)) {
            // Whoever comes next is asked for the next transaction.
            looked -= 1;
            break;
          }
          chosen.push({ waiting, commit });
          transaction.footprint.add(waiting.footprint);
          for (const subnet of subnetsOf(waiting.footprint)) this.#taken.add(subnet);
          continue;
        }
      }
      waiting.behind = blocking;
      behind = blocking;
      passed.add(waiting.footprint);
      staying.push(waiting);
    }
    this.#waiting = [...staying, ...this.#waiting.slice(looked)];
    return chosen;
  }

  #blocking(footprint: Footprint): Transaction | undefined {
    for (const other of this.#pending) if (conflict(other.footprint, footprint)) return other;
    return undefined;
  }

  #ask(waiting: Waiting): Commit | undefined {
    try {
      const commit = waiting.proposal.propose(this.#taken);
      if (commit === undefined) {
        waiting.resolve(undefined);
        return undefined;
      }
      waiting.footprint = footprintOf(commit);
      if (fits(waiting.footprint)) return commit;
      waiting.reject(tooLarge(waiting.footprint));
    } catch (error) {
      waiting.reject(error);
    }
    return undefined;
  }

  async #run(transaction: Transaction, chosen: readonly Chosen[]): Promise<void> {
    let result: CommitResult | undefined;
    try {
      if (await this.#prepared(chosen)) {
        result = await this.#parts.store.commit(mergeCommits(chosen.map(({ commit }) => commit)));
      }
    } catch (error) {
      for (const { waiting } of chosen) waiting.reject(error);
    }
    this.#underWay -= 1;
    this.#go();
    if (result !== undefined) await this.#answer(chosen, result);
    transaction.settled = true;
    this.#pending.delete(transaction);
    for (const subnet of subnetsOf(transaction.footprint)) this.#taken.delete(subnet);
    this.#go();
  }

  // Who can't be prepared is told so. The others go again, without it.
  async #prepared(chosen: readonly Chosen[]): Promise<boolean> {
    const results = await Promise.allSettled(chosen.map(({ waiting }) => waiting.proposal.prepare?.()));
    if (results.every(({ status }) => status === 'fulfilled')) return true;
    const ready = chosen.filter((_, index) => results[index]?.status === 'fulfilled');
    for (const [index, result] of results.entries()) {
      if (result.status === 'rejected') chosen[index]?.waiting.reject(result.reason);
    }
    this.#again(ready.map(({ waiting }) => waiting));
    return false;
  }

  async #answer(chosen: readonly Chosen[], result: CommitResult): Promise<void> {
    const { reached } = this.#parts;
    const isLost = !result.committed && chosen.length > 1;
    if (!isLost) for (const { waiting } of chosen) waiting.resolve(result);
    if (!result.committed && !isLost) return;
    await reached(result.revision, isLost ? lostRaceMs : seenWithinMs).catch(() => undefined);
    if (!isLost) return;
    for (const { waiting } of chosen) waiting.alone = true;
    this.#again(chosen.map(({ waiting }) => waiting));
  }

  #again(waiting: readonly Waiting[]): void {
    for (const each of waiting) each.footprint = nothing;
    this.#waiting = [...waiting, ...this.#waiting];
  }
}

function tooMuchWaits(): XnetError {
  return new XnetError('ResourceExhausted', 'too many changes wait to be written to the store', {
    hint: 'try again in some seconds; if it stays so, see xctl status',
  });
}

function canShare(chosen: readonly Chosen[], { alone, footprint }: Waiting): boolean {
  const [first] = chosen;
  if (first === undefined) return true;
  // etcd refuses a range that is deleted together with keys in it that are put.
  return !alone && !first.waiting.alone && footprint.clears.size === 0 && first.waiting.footprint.clears.size === 0;
}

function subnetsOf({ writes }: Footprint): readonly number[] {
  return [...writes].flatMap((text) => {
    if (!text.startsWith('subnets/')) return [];
    const key = parseKey(text);
    return key?.kind === 'subnet' ? [prefixKey(key.subnet)] : [];
  });
}
