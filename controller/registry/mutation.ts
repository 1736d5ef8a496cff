// How every mutation happens: decide on the view, commit with guards, decide again when a guard failed.
// Invariant: a mutation happens exactly once per operation id. Its record is written in the same transaction and
// guarded to be absent, so repeating a commit whose answer was lost can't do it twice, and finds the first outcome.
import { XnetError } from '../../proto/errors.js';
import type { Logger } from '../../proto/process/log.js';
import type { Recorder } from '../audit/audit.js';
import { recordChanges } from '../audit/records.js';
import { type Event, eventOperation } from '../store/events.js';
import type { Commit, CommitResult, Guard, Operation, Store } from '../store/store.js';
import type { ReadonlyView } from '../view/view.js';
import type { ViewFeed } from '../view/view-feed.js';
import type { CommitQueue } from './commit-queue.js';
import { checkOperationId, type MutationResult, onceOnly, outcomeOf } from './operation.js';
import { type Plan, Recorded } from './recorded.js';

export type { MutationResult } from './operation.js';

/** Context is what mutations work with. */
export type Context = {
  readonly store: Store;
  readonly commits: CommitQueue;
  readonly feed: ViewFeed;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Records each change, from before it is made. */
  readonly audit?: Recorder;
};

/** Decision is what a mutation comes to on one view: a commit, or nothing because it is so already. */
export type Decision = {
  /** What the call is about, for whoever repeats it: a node's id, a pool's name. */
  readonly subject: string;
  readonly change?: {
    readonly guards: readonly Guard[];
    readonly operations: readonly Operation[];
    readonly event: Event;
    /** False: the audit alone tells of it. */
    readonly isEvent?: boolean;
  };
};

/** Circumstances are what a decision takes into account beside the view. */
export type Circumstances = {
  /** prefixKeys of the subnets that commits of this controller, under way at this moment, write. */
  readonly taken: ReadonlySet<number>;
  /** How often others changed the same records first. */
  readonly lostRaces: number;
};

/** Mutation is one call. */
export type Mutation = {
  readonly call: string;
  /** Chosen by the client; empty: the client does not care about repeating. */
  readonly operationId: string;
  /** requestDigest of what was asked for: the same operation asks for the same. Absent: that is not looked at. */
  readonly digest?: string;
  readonly dryRun: boolean;
  /**
   * decide looks at the view and says what to commit. Called again when that has to wait, or did not work out.
   * @throws XnetError when it can't be done
   */
  readonly decide: (view: ReadonlyView, circumstances: Circumstances) => Decision;
};

// A controller loses races against others alone. One that is far from etcd loses many to one that is near: it goes on as
// long as its caller may be expected to wait.
const attempts = 40;
const patienceMs = 10_000;
// How long the change that was first is waited for before the store is read: the watch takes some milliseconds.
const lostRaceMs = 200;
const nothingTaken: ReadonlySet<number> = new Set();

/**
 * mutate runs a mutation until it is done. When it returns, the view of this controller has it. A refusal is one of the
 * store as it is, not of a view that is behind it. The audit has an entry on the disk before each commit, and one about
 * what came of it before this returns.
 * @throws XnetError what `decide` throws; Unavailable or DeadlineExceeded when the store does not answer, Unavailable
 * when the audit can't be written; Conflict when others kept changing the same records
 */
export async function mutate(context: Context, mutation: Mutation): Promise<MutationResult> {
  checkOperationId(mutation.operationId);
  const recorded = new Recorded(context.audit, mutation);
  try {
    const done = await untilDone(context, mutation, recorded);
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
  let uncertain: unknown;
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
      if (!turn.mayHaveHappened(error)) throw error;
      recorded.uncertain();
      if (mutation.operationId === '' || uncertain !== undefined) throw error;
      uncertain = error;
    }
    const recalled = await outcomeOf(context.store, mutation);
    if (recalled !== undefined) {
      await feed.reached(recalled.revision, 5_000);
      return recalled;
    }
    if (isBehind) turn.base = await feed.fresh();
  }
  throw new XnetError('Conflict', 'gave up: the records keep changing', {
    hint: 'rerun the command',
  });
}

// A commit that happened is told by the watch. The revision of one that did not may be that of somebody else's keys in
// the same store, which the watch never tells.
async function reachedSoon(feed: ViewFeed, { committed, revision }: CommitResult): Promise<boolean> {
  try {
    await feed.reached(revision, committed ? 5_000 : lostRaceMs);
    return true;
  } catch (error) {
    if (committed) throw error;
    return false;
  }
}

// Turn is a mutation in the queue: what it decided last, and on what.
class Turn {
  /** A view that was read from the store itself; the feed's, where that is newer. */
  base: ReadonlyView | undefined;
  lostRaces = 0;
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

  #view(): ReadonlyView {
    const { view } = this.#context.feed;
    return this.base === undefined || this.base.revision < view.revision ? view : this.base;
  }

  /** take waits for its turn and commits; undefined: there is nothing to commit, or the decision was a refusal. */
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

  // Undefined: a refusal, which is one of the store only when a fresh view comes to the same.
  #decide(view: ReadonlyView, taken: ReadonlySet<number>): Decision | undefined {
    try {
      return this.#mutation.decide(view, { taken, lostRaces: this.lostRaces });
    } catch (error) {
      if (error instanceof XnetError) return undefined;
      throw error;
    }
  }

  /**
   * refusedOrDone looks again where there was nothing to commit. What decide() refuses, or finds to be so already, may
   * be the very thing that this operation did before its answer was lost. And it may be so only in a view that is behind
   * the store: what another controller has answered holds here too.
   * @returns undefined: the store itself speaks for a commit
   * @throws XnetError the refusal
   */
  async refusedOrDone(): Promise<MutationResult | undefined> {
    this.#isSent = false;
    const recalled = await outcomeOf(this.#context.store, this.#mutation);
    if (recalled !== undefined) return recalled;
    const view = await this.#context.feed.fresh();
    this.base = view;
    const { subject, change } = this.#mutation.decide(view, { taken: nothingTaken, lostRaces: this.lostRaces });
    if (change !== undefined) return undefined;
    return { subject, unchanged: true, repeated: false, revision: view.revision, message: '' };
  }

  /** mayHaveHappened says whether a commit that failed so may have happened all the same. */
  mayHaveHappened(error: unknown): boolean {
    if (!this.#isSent || !(error instanceof XnetError)) return false;
    return error.code === 'Unavailable' || error.code === 'DeadlineExceeded';
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
