// How every mutation happens: decide on the view, commit with guards, decide again when a guard failed.
// Invariant: a mutation happens exactly once per operation id. Its record is written in the same transaction and
// guarded to be absent, so repeating a commit whose answer was lost can't do it twice, and finds the first outcome.
import { randomInt } from 'node:crypto';
import { quoted } from '../../proto/domain/input.js';
import { XnetError } from '../../proto/errors.js';
import { backoffMs, pause } from '../../proto/process/backoff.js';
import type { Logger } from '../../proto/process/log.js';
import type { Recorder } from '../audit/audit.js';
import { recordChanges } from '../audit/records.js';
import { keys } from '../store/keys.js';
import { decode, encode, type OperationRecord } from '../store/records.js';
import type { CommitResult, Guard, Operation, Store } from '../store/store.js';
import type { Keeper } from '../view/keeper.js';
import type { ReadonlyView } from '../view/view.js';
import { Recorded } from './recorded.js';

/** Context is what mutations work with. */
export type Context = {
  readonly store: Store;
  readonly keeper: Keeper;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Records each change, from before it is made. */
  readonly audit?: Recorder;
};

/** Happening is an event to be recorded with a mutation. */
export type Happening = {
  /** CamelCase: "NodeAdded". */
  readonly reason: string;
  readonly warning?: boolean;
  /** "node/web-1", "pool/default" */
  readonly subject: string;
  readonly message: string;
};

/** Decision is what a mutation comes to on one view: a commit, or nothing because it is so already. */
export type Decision = {
  /** What the call is about, for whoever repeats it: a node's id, a pool's name. */
  readonly subject: string;
  readonly change?: {
    readonly guards: readonly Guard[];
    readonly operations: readonly Operation[];
    readonly happening: Happening;
  };
};

/** Mutation is one call. */
export type Mutation = {
  readonly call: string;
  /** Chosen by the client; empty: the client does not care about repeating. */
  readonly operationId: string;
  readonly dryRun: boolean;
  /**
   * decide looks at the view and says what to commit. Called again when that did not work out.
   * @param lostRaces how often others changed the same records first
   * @throws XnetError when it can't be done
   */
  readonly decide: (view: ReadonlyView, lostRaces: number) => Decision;
};

/** Done is what a mutation came to. */
export type Done = {
  readonly subject: string;
  /** It was so already: nothing was written, nor would be. */
  readonly unchanged: boolean;
  /** An earlier call with the same operation id did it. */
  readonly repeated: boolean;
  /** The store's revision with the change in it. */
  readonly revision: number;
  /** What was done, or would be in a dry run, as its event has it; empty when unchanged or repeated. */
  readonly message: string;
};

// Under the heaviest contention that could be made (64 calls for the last subnet through two controllers) a call lost
// 11 times at most.
const attempts = 40;
const backoff = { firstMs: 2, longestMs: 100 };
// How long the change that was first is waited for before the store is read: the watch takes some milliseconds.
const lostRaceMs = 200;
const operationIdPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** eventOperation writes one event. Its key sorts by time. */
export function eventOperation(happening: Happening, nowMs: number): Operation {
  const id = `${String(nowMs).padStart(15, '0')}-${randomInt(2 ** 32).toString(36)}`;
  return {
    kind: 'put',
    key: keys.event(id),
    expires: 'record',
    value: encode('event', {
      timeMs: nowMs,
      reason: happening.reason,
      warning: happening.warning ?? false,
      subject: happening.subject,
      message: happening.message,
    }),
  };
}

/**
 * outcomeOf is what an operation came to that was done before; undefined when it was not.
 * @throws XnetError InvalidArgument when its id was used for another call; what the store throws
 */
export async function outcomeOf(
  context: Context,
  mutation: Pick<Mutation, 'call' | 'operationId'>,
): Promise<Done | undefined> {
  if (mutation.operationId === '') return undefined;
  const entry = await context.store.read(keys.operation(mutation.operationId));
  if (entry === undefined) return undefined;
  const decoded = decode('operation', entry.value);
  const record: OperationRecord | undefined = 'record' in decoded ? decoded.record : undefined;
  if (record?.call !== mutation.call) {
    throw new XnetError('InvalidArgument', `operation id ${quoted(mutation.operationId)} was used for another call`);
  }
  return { subject: record.subject, unchanged: false, repeated: true, revision: entry.modRevision, message: '' };
}

function mayHaveHappened(error: unknown): boolean {
  return error instanceof XnetError && (error.code === 'Unavailable' || error.code === 'DeadlineExceeded');
}

/**
 * mutate runs a mutation until it is done. When it returns, the view of this controller has it. A refusal is one of the
 * store as it is, not of a view that is behind it. The audit has an entry on the disk before each commit, and one about
 * what came of it before this returns.
 * @throws XnetError what `decide` throws; Unavailable or DeadlineExceeded when the store does not answer, Unavailable
 * when the audit can't be written; Conflict when others kept changing the same records
 */
export async function mutate(context: Context, mutation: Mutation): Promise<Done> {
  if (mutation.operationId !== '' && !operationIdPattern.test(mutation.operationId)) {
    throw new XnetError('InvalidArgument', `${quoted(mutation.operationId)} is not an operation id`);
  }
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

async function untilDone(context: Context, mutation: Mutation, recorded: Recorded): Promise<Done> {
  let uncertain: unknown;
  let lostRaces = 0;
  let view = context.keeper.view;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const decision = await decideOrRecall(context, mutation, view, lostRaces);
    if ('repeated' in decision) return decision;
    const { subject, change } = decision;
    if (change === undefined) {
      return { subject, unchanged: true, repeated: false, revision: decision.revision, message: '' };
    }
    const { message } = change.happening;
    if (mutation.dryRun) return { subject, unchanged: false, repeated: false, revision: decision.revision, message };
    await recorded.begin({
      ...{ subject: change.happening.subject, message },
      changes: () => recordChanges(decision.view, change.operations),
    });
    let reached = false;
    try {
      const result = await context.store.commit(commitOf(context, mutation, subject, change));
      const told = result.committed ? recorded.done() : undefined;
      try {
        reached = await reachedSoon(context.keeper, result);
      } finally {
        await told;
      }
      if (result.committed) return { subject, unchanged: false, repeated: false, revision: result.revision, message };
      lostRaces += 1;
    } catch (error) {
      if (mayHaveHappened(error)) recorded.uncertain();
      if (!mayHaveHappened(error) || mutation.operationId === '' || uncertain !== undefined) throw error;
      uncertain = error;
    }
    const recalled = await outcomeOf(context, mutation);
    if (recalled !== undefined) {
      await context.keeper.reached(recalled.revision, 5_000);
      return recalled;
    }
    view = reached ? context.keeper.view : await context.keeper.fresh();
    await pause(backoffMs(attempt + 1, backoff, Math.random()));
  }
  throw new XnetError('Conflict', 'the same records were changed by others again and again', {
    hint: 'repeat the command',
  });
}

// A commit that happened is told by the watch. The revision of one that did not may be that of somebody else's keys in
// the same store, which the watch never tells.
async function reachedSoon(keeper: Keeper, { committed, revision }: CommitResult): Promise<boolean> {
  try {
    await keeper.reached(revision, committed ? 5_000 : lostRaceMs);
    return true;
  } catch (error) {
    if (committed) throw error;
    return false;
  }
}

type Decided = Decision & { readonly revision: number; readonly view: ReadonlyView };

// What decide() refuses, or finds to be so already, may be the very thing that this operation did before its answer was
// lost. And it may be so only in a view that is behind the store: what another controller has answered holds here too.
async function decideOrRecall(
  context: Context,
  mutation: Mutation,
  view: ReadonlyView,
  lostRaces: number,
): Promise<Decided | Done> {
  try {
    const decision = mutation.decide(view, lostRaces);
    if (decision.change !== undefined) return { ...decision, revision: view.revision, view };
  } catch (error) {
    if (!(error instanceof XnetError)) throw error;
  }
  const recalled = await outcomeOf(context, mutation);
  if (recalled !== undefined) return recalled;
  const fresh = await context.keeper.fresh();
  return { ...mutation.decide(fresh, lostRaces), revision: fresh.revision, view: fresh };
}

function commitOf(context: Context, mutation: Mutation, subject: string, change: NonNullable<Decision['change']>) {
  const event = eventOperation(change.happening, context.now());
  const record: Operation[] =
    mutation.operationId === ''
      ? []
      : [
          {
            kind: 'put',
            key: keys.operation(mutation.operationId),
            value: encode('operation', { call: mutation.call, subject }),
            expires: 'record',
          },
        ];
  const guard: Guard[] =
    mutation.operationId === '' ? [] : [{ kind: 'key', key: keys.operation(mutation.operationId), modRevision: 0 }];
  return { guards: [...change.guards, ...guard], operations: [...change.operations, event, ...record] };
}
