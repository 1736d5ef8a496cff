// Runs every mutation: decide on the view, commit with guards, decide again when a guard fails.
// Invariant: a mutation happens exactly once per operation id. Its record is written in the same transaction and guarded to
// be absent, so a repeated commit whose answer was lost can't be applied twice, and finds the first outcome.
import { XnetError } from '../../proto/errors.js';
import type { Logger } from '../../proto/process/log.js';
import type { Asked, Recorder } from '../audit/audit.js';
import { recordChanges } from '../audit/records.js';
import { type Event, eventOperation } from '../store/events.js';
import type { Commit, CommitResult, Guard, Operation, Store } from '../store/store.js';
import type { ReadonlyView } from '../view/view.js';
import type { ViewFeed } from '../view/view-feed.js';
import { heldWhileAdopting } from './allocation-hold.js';
import type { CommitQueue } from './commit-queue.js';
import { checkOperationId, type MutationResult, onceOnly, outcomeOf } from './operation.js';
import { type Plan, Recorded } from './recorded.js';
import { isUnreachable, readForChange, type WriteProblem } from './store-reading.js';

export type { MutationResult } from './operation.js';

/** Context holds the dependencies of mutations. */
export type Context = WriteProblem & {
  readonly store: Store;
  readonly commits: CommitQueue;
  readonly feed: ViewFeed;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Records each change, beginning before it is committed. */
  readonly audit?: Recorder;
};

/**
 * Decision is the result of deciding a mutation on one view: a commit, or nothing because the state is already as
 * requested.
 */
export type Decision = {
  /** The object of the call, returned to a caller that repeats the call: a node's id, a pool's name. */
  readonly subject: string;
  readonly change?: {
    readonly guards: readonly Guard[];
    readonly operations: readonly Operation[];
    readonly event: Event;
    /** False: the change appears only in the audit log. */
    readonly isEvent?: boolean;
  };
};

/** Circumstances holds the inputs of a decision besides the view. */
export type Circumstances = {
  /** prefixKeys of the subnets that commits of this controller, currently in flight, write. */
  readonly taken: ReadonlySet<number>;
  /** Number of times that another writer changed the same records first. */
  readonly lostRaces: number;
};

/** Mutation is one call. */
export type Mutation = Asked & {
  readonly call: string;
  /** Chosen by the client; empty: the client needs no idempotency. */
  readonly operationId: string;
  /** requestDigest of the request: a repetition must have the same digest. Absent: not compared. */
  readonly digest?: string;
  readonly dryRun: boolean;
  /**
   * decide returns what to commit for a view. It is called again when the commit has to wait or fails a guard.
   * @throws XnetError when the mutation is refused
   */
  readonly decide: (view: ReadonlyView, circumstances: Circumstances) => Decision;
};

// A controller loses races only against other controllers. One far from etcd loses many races against one near it, so it
// retries for about as long as a caller waits.
const attempts = 40;
const patienceMs = 10_000;
// How long to wait for the winning change before reading the store: the watch takes a few milliseconds.
const lostRaceMs = 200;
const nothingTaken: ReadonlySet<number> = new Set();

/**
 * mutate runs a mutation to completion. When it returns, this controller's view contains the result. A refusal is based
 * on the store's current state, not on a stale view. The audit log has an entry on the disk before each commit, and one
 * with the outcome before this returns.
 * @throws XnetError the errors of `decide`; Unavailable or DeadlineExceeded when the store does not answer; NotWritable
 * when the store refused and nothing was written; Unavailable when the audit log can't be written; Conflict when other
 * writers keep changing the same records
 */
export async function mutate(context: Context, mutation: Mutation): Promise<MutationResult> {
  checkOperationId(mutation.operationId);
  const recorded = new Recorded(context.audit, mutation);
  const decide: Mutation['decide'] = (view, circumstances) =>
    heldWhileAdopting(view, mutation.call, () => mutation.decide(view, circumstances));
  try {
    const done = await untilDone(context, { ...mutation, decide }, recorded);
    await recorded.ended();
    return done;
  } catch (error) {
    await recorded.failed(error);
    throw error;
  }
}

async function untilDone(context: Context, mutation: Mutation, recorded: Recorded): Promise<MutationResult> {
  const { feed } = context;
  const began = performance.now();
  const turn = new Turn(context, mutation, recorded);
  for (let attempt = 0; attempt < attempts || performance.now() - began < patienceMs; attempt++) {
    let isBehind = true;
    try {
      const result = mutation.dryRun ? turn.look() : await turn.take();
      if (result === undefined) {
        const done = await turn.refusedOrDone();
        if (done === undefined) continue;
        return done;
      }
      const { revision } = result;
      const done = { subject: turn.subject, unchanged: false, repeated: false, revision, message: turn.message };
      if (mutation.dryRun) return done;
      const told = result.committed ? recorded.done() : undefined;
      isBehind = !(await reachedSoon(feed, result).finally(() => told));
      if (result.committed) return done;
      turn.lostRaces += 1;
    } catch (error) {
      // A later attempt that could not be made says nothing about the earlier one.
      if (!turn.mayHaveHappened(error)) throw isNotMade(error) ? (turn.uncertain ?? error) : error;
      recorded.uncertain();
      if (mutation.operationId === '' || turn.uncertain !== undefined) throw error;
      turn.uncertain = error;
    }
    const recalled = await turn.read(outcomeOf(context.store, mutation));
    if (recalled !== undefined) {
      await feed.reached(recalled.revision, 5_000);
      return recalled;
    }
    if (isBehind) turn.base = await turn.read(feed.fresh());
  }
  throw new XnetError('Conflict', 'gave up: the records keep changing', {
    hint: 'rerun the command',
  });
}

const isNotMade = (error: unknown) =>
  isUnreachable(error) || (error instanceof XnetError && error.code === 'NotWritable');

// The watch delivers a successful commit. The revision of a failed one may belong to keys of others in the same store,
// which the watch never delivers.
async function reachedSoon(feed: ViewFeed, { committed, revision }: CommitResult): Promise<boolean> {
  try {
    await feed.reached(revision, committed ? 5_000 : lostRaceMs);
    return true;
  } catch (error) {
    if (committed) throw error;
    return false;
  }
}

// Turn is a mutation in the queue: its last decision and the view it was based on.
class Turn {
  /** A view read from the store itself, or the feed's view if that is newer. */
  base: ReadonlyView | undefined;
  lostRaces = 0;
  /** The error of an earlier commit that may have been applied all the same. */
  uncertain: unknown;
  subject = '';
  message = '';
  readonly #context: Context;
  readonly #mutation: Mutation;
  readonly #recorded: Recorded;
  #plan: Plan | undefined;
  #isSent = false;

  constructor(context: Context, mutation: Mutation, recorded: Recorded) {
    this.#context = context;
    this.#mutation = mutation;
    this.#recorded = recorded;
  }

  /** read awaits a read. If it fails, that says nothing about an earlier commit that may have been applied. */
  read<T>(reading: Promise<T>): Promise<T> {
    return reading.catch((error: unknown) => {
      throw this.uncertain ?? error;
    });
  }

  #view(): ReadonlyView {
    const { view } = this.#context.feed;
    return this.base === undefined || this.base.revision < view.revision ? view : this.base;
  }

  /** take waits for its turn and commits. Returns undefined if there was nothing to commit or the mutation was refused. */
  take(): Promise<CommitResult | undefined> {
    this.#isSent = false;
    return this.#context.commits.submit({
      propose: (taken) => this.#propose(this.#view(), taken),
      prepare: async () => {
        if (this.#plan !== undefined) await this.#recorded.begin(this.#plan);
        this.#isSent = true;
      },
    });
  }

  /** look is take for a dry run, which writes nothing. */
  look(): CommitResult | undefined {
    const view = this.#view();
    return this.#propose(view, nothingTaken) === undefined ? undefined : { committed: true, revision: view.revision };
  }

  #propose(view: ReadonlyView, taken: ReadonlySet<number>): Commit | undefined {
    const { subject, change } = this.#decide(view, taken) ?? {};
    if (subject === undefined || change === undefined) return undefined;
    const { event, operations } = change;
    this.subject = subject;
    this.message = event.message;
    this.#plan = { ...event, changes: () => recordChanges(view, operations) };
    return commitOf(this.#context, this.#mutation, subject, change);
  }

  // Returns undefined for a refusal, which is final only if a fresh view leads to the same one.
  #decide(view: ReadonlyView, taken: ReadonlySet<number>): Decision | undefined {
    try {
      return this.#mutation.decide(view, { taken, lostRaces: this.lostRaces });
    } catch (error) {
      if (error instanceof XnetError) return undefined;
      throw error;
    }
  }

  /**
   * refusedOrDone decides again on a fresh view when there was nothing to commit. A refusal, or a state that is already
   * as requested, may be the effect of this very operation whose answer was lost, or may exist only in a stale view:
   * an answer from another controller must hold here as well.
   * @returns undefined if there is something to commit on a fresh view
   * @throws XnetError the refusal; NotWritable when the store can't be read either
   */
  async refusedOrDone(): Promise<MutationResult | undefined> {
    this.#isSent = false;
    const recalled = await this.read(readForChange(this.#context, outcomeOf(this.#context.store, this.#mutation)));
    if (recalled !== undefined) return recalled;
    const view = await this.read(readForChange(this.#context, this.#context.feed.caughtUp()));
    this.base = view;
    const { subject, change } = this.#mutation.decide(view, { taken: nothingTaken, lostRaces: this.lostRaces });
    if (change !== undefined) return undefined;
    return { subject, unchanged: true, repeated: false, revision: view.revision, message: '' };
  }

  /** mayHaveHappened reports whether a commit that failed with `error` may have been applied. */
  mayHaveHappened(error: unknown): boolean {
    return this.#isSent && isUnreachable(error);
  }
}

function commitOf(
  context: Context,
  mutation: Mutation,
  subject: string,
  change: NonNullable<Decision['change']>,
): Commit {
  const event = change.isEvent === false ? [] : [eventOperation(change.event, context.now())];
  const once = onceOnly(mutation, subject);
  return {
    guards: [...change.guards, ...once.guards],
    operations: [...change.operations, ...event, ...once.operations],
  };
}
