// The one queue for all writes of a controller. A proposal is decided when its turn comes, on the newest view and with
// the commits then in flight, so one controller never loses a race against itself.
// Invariant: of two proposals that touch the same key, the first is committed first and the second is decided once the
// view contains the first. Independent proposals share transactions, several of which are in flight at once; one
// failure does not affect the others. The queue is bounded in bytes and refuses what exceeds the bound. Between
// controllers, etcd's compares decide.
import { prefixKey } from '../../proto/domain/address.js';
import { XnetError } from '../../proto/errors.js';
import { noSteps, type Steps } from '../../proto/process/steps.js';
import { parseKey, prefixes } from '../store/keys.js';
import type { Commit, CommitResult, Store } from '../store/store.js';
import { conflict, type Footprint, fits, footprintOf, mergeCommits, Sum, tooLarge } from './footprint.js';

/** Proposal is a write whose content is decided when its turn comes. */
export type Proposal = {
  /**
   * propose decides what to commit; undefined: nothing. It is called again if the proposal has to wait, or if a shared
   * transaction lost a race. Its exceptions reject submit().
   * @param taken prefixKeys of the subnets that commits in flight write
   */
  readonly propose: (taken: ReadonlySet<number>) => Commit | undefined;
  /** prepare is awaited before the last proposed commit is sent; if it rejects, submit() rejects. */
  readonly prepare?: () => Promise<void>;
  /** Memory that the proposal occupies while it waits, in bytes; absent: the minimum. */
  readonly bytes?: number;
};

/** CommitQueueParts are the dependencies of a queue. */
export type CommitQueueParts = {
  readonly store: Store;
  /** Resolves when the view has reached a revision; rejects after `timeoutMs`. */
  readonly reached: (revision: number, timeoutMs: number) => Promise<void>;
  /** Bound of the queue, in bytes. */
  readonly mostBytes?: number;
  /** Reached: alloc.beforeTxn before a transaction that writes subnets, alloc.afterTxn when it is answered. For tests. */
  readonly steps?: Steps;
};

type Transaction = { readonly footprint: Sum; settled: boolean };

type Waiting = {
  readonly proposal: Proposal;
  readonly resolve: (result: CommitResult | undefined) => void;
  readonly reject: (error: unknown) => void;
  /** The keys and ranges of the last commit that it proposed. */
  footprint: Footprint;
  /** The proposal is not decided again before this transaction is settled. */
  behind: Transaction | undefined;
  /** The proposal shares no transaction, because a shared one failed. */
  alone: boolean;
};

type Chosen = { readonly waiting: Waiting; readonly commit: Commit };

// While etcd writes one transaction to disk, the next is in transit. More in flight would make each transaction smaller
// and cost both sides more, unless enough waits to fill them: then the disks write several at once.
const usuallyUnderWay = 2;
const mostUnderWay = 8;
// More than the usual number are in flight only below this many bytes in all: large transactions would delay each other.
const manyBytes = 256 * 1024;
// This many proposals about fill a transaction: a lease has about seven of its 127 records.
const enoughToFill = 16;
// Proposals examined for one transaction. There are more only if thousands arrive at once.
const mostLookedAt = 256;
// The watch delivers a commit within milliseconds. After this time, the guards of the next commits detect conflicts
// instead.
const seenWithinMs = 5_000;
const lostRaceMs = 200;
// Minimum for each waiting proposal: its closures and the record of its call.
const leastBytes = 2 * 1024;
// Room for over 30,000 changes of usual size: several times what a fleet of 5,000 that joins or reports at once needs.
const defaultMostBytes = 64 * 1024 * 1024;
const nothing = footprintOf({ guards: [], operations: [] });

/** CommitQueue serialises and batches commits. */
export class CommitQueue {
  /** The store that commits through this queue. */
  readonly store: Store;
  readonly #parts: CommitQueueParts;
  #waiting: Waiting[] = [];
  /** Transactions that the view does not contain yet. */
  readonly #pending = new Set<Transaction>();
  readonly #taken = new Set<number>();
  #underWay = 0;
  #bytesUnderWay = 0;
  /** Bytes of all unanswered proposals. */
  #bytes = 0;

  constructor(parts: CommitQueueParts) {
    this.#parts = parts;
    const { store } = parts;
    this.store = {
      watch: (signal) => store.watch(signal),
      list: (signal) => store.list(signal),
      position: () => store.position(),
      read: (key) => store.read(key),
      scan: (prefix, within) => store.scan(prefix, within),
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
   * submit queues a proposal and commits it. A failed guard is a result: `committed` is false.
   * @returns undefined if nothing was proposed
   * @throws XnetError the errors of the proposal and the store; InvalidArgument if the commit is too large for the
   * store; ResourceExhausted if the queue is full: the proposal was not decided and nothing was written
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

  // How many transactions may be under way.
  get #room(): number {
    const isBurst = this.#waiting.length >= enoughToFill && this.#bytesUnderWay < manyBytes;
    return isBurst ? mostUnderWay : usuallyUnderWay;
  }

  #go(): void {
    while (this.#waiting.length > 0 && this.#underWay < this.#room) {
      const transaction: Transaction = { footprint: new Sum(), settled: false };
      const chosen = this.#choose(transaction);
      if (chosen.length === 0) return;
      this.#pending.add(transaction);
      this.#underWay += 1;
      this.#bytesUnderWay += transaction.footprint.bytes;
      void this.#run(transaction, chosen);
    }
  }

  #choose(transaction: Transaction): readonly Chosen[] {
    const chosen: Chosen[] = [];
    const staying: Waiting[] = [];
    // The footprint of skipped proposals: a later proposal that touches the same keys is skipped as well.
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
      // If its last footprint already shows that it must wait, it need not be decided.
      let blocking = waiting.behind?.settled === false ? waiting.behind : blockingNow();
      if (blocking === undefined) {
        const commit = this.#ask(waiting);
        if (commit === undefined) continue;
        blocking = blockingNow();
        if (blocking === undefined) {
          if (!canShare(chosen, waiting) || !transaction.footprint.hasRoomFor(waiting.footprint)) {
            // Leave the following proposals to the next transaction.
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
        const { steps = noSteps } = this.#parts;
        const allocates = subnetsOf(transaction.footprint).length > 0;
        if (allocates) await steps.reached('alloc.beforeTxn');
        result = await this.#parts.store.commit(mergeCommits(chosen.map(({ commit }) => commit)));
        if (allocates) await steps.reached('alloc.afterTxn');
      }
    } catch (error) {
      for (const { waiting } of chosen) waiting.reject(error);
    }
    this.#underWay -= 1;
    this.#bytesUnderWay -= transaction.footprint.bytes;
    this.#go();
    if (result !== undefined) await this.#answer(chosen, result);
    transaction.settled = true;
    this.#pending.delete(transaction);
    for (const subnet of subnetsOf(transaction.footprint)) this.#taken.delete(subnet);
    this.#go();
  }

  // Rejects the proposals whose preparation fails. The others are queued again without them.
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
  // etcd refuses a transaction that deletes a range and puts a key in it.
  return !alone && !first.waiting.alone && footprint.clears.size === 0 && first.waiting.footprint.clears.size === 0;
}

function subnetsOf({ writes, folders }: Footprint): readonly number[] {
  if (!folders.has(prefixes.subnets)) return [];
  return [...writes].flatMap((text) => {
    if (!text.startsWith(prefixes.subnets)) return [];
    const key = parseKey(text);
    return key?.kind === 'subnet' ? [prefixKey(key.subnet)] : [];
  });
}
