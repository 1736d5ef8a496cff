// Gives the nodes of each network their leases, ends leases that are no longer wanted, and deletes networks whose
// removal is complete. Every controller runs it; there is no leader.
// Invariant: each step is one transaction that guards the network's record. A controller that dies leaves nothing but records,
// and any other continues from there.
import { messageOf, XnetError } from '../../proto/errors.js';
import { pause } from '../../proto/process/backoff.js';
import { type Context, mutate } from '../registry/mutation.js';
import { spreadAfter } from '../registry/nodes.js';
import type { ReadonlyView } from '../view/view.js';
import type { ViewChanges } from '../view/view-changes.js';
import { decideMember } from './member-leases.js';
import { memberRefusal, stepFor } from './members.js';
import { decideForgetNetwork } from './removal.js';
import { type Room, roomIn } from './room.js';

/** KeeperOptions are the dependencies of NetworkKeeper. */
export type KeeperOptions = {
  readonly context: Context;
  /** Id of this controller. */
  readonly controllerId: string;
  /** Reports whether a node's stream is on this controller. */
  readonly isConnected: (nodeId: string) => boolean;
  /** How long a controller waits for each controller before it in the order, in milliseconds. */
  readonly yieldMs?: number;
};

/** DueMember is a node with a change due for a network. */
export type DueMember = { readonly network: string; readonly nodeId: string };

const usualYieldMs = 1_500;
// Quarantines end without a change of the view.
const lookEveryMs = 60_000;
const retryMs = 1_000;
// Changes that arrive together are processed once.
const settleMs = 20;
// The queue of commits merges these.
const mostAtOnce = 64;
const passing: ReadonlySet<XnetError['code']> = new Set([
  ...(['Unavailable', 'DeadlineExceeded', 'NotWritable', 'Conflict', 'ResourceExhausted'] as const),
]);

/**
 * dueMembers returns the nodes on which something can be done for a network now: nodes that can't have it, and nodes
 * for which the pool has no subnet, are left out. Pure.
 * @param among ids of nodes; undefined: all
 */
export function dueMembers(
  view: ReadonlyView,
  among: ReadonlySet<string> | undefined,
  { nowMs, isConnected }: { readonly nowMs: number; readonly isConnected: (nodeId: string) => boolean },
): readonly DueMember[] {
  const due: DueMember[] = [];
  const rooms = new Map<string, { readonly room: Room; left: number }>();
  for (const [network, { record }] of view.networks) {
    for (const nodeId of among ?? view.nodes.keys()) {
      const step = stepFor(view, network, nodeId);
      if (step === undefined) continue;
      if (step === 'lease') {
        const node = view.nodes.get(nodeId)?.record;
        if (node === undefined || memberRefusal(view, network, record, nodeId) !== undefined) continue;
        const its = rooms.get(record.pool) ?? roomFor(view, record.pool, nowMs);
        rooms.set(record.pool, its);
        if (!its.room.hasOwn(node) && its.left-- <= 0) continue;
      }
      if (isPossible({ view, network, nodeId, nowMs, isConnected: isConnected(nodeId) })) due.push({ network, nodeId });
    }
  }
  return due;
}

function roomFor(view: ReadonlyView, pool: string, nowMs: number) {
  const room = roomIn(view, pool, nowMs);
  return { room, left: room.free };
}

// A mutation that is refused asks the store before it says so.
function isPossible(input: Omit<Parameters<typeof decideMember>[0], 'taken' | 'spread'>): boolean {
  try {
    return decideMember({ ...input, taken: new Set(), spread: 0 }).change !== undefined;
  } catch (error) {
    if (error instanceof XnetError) return false;
    throw error;
  }
}

/** NetworkKeeper keeps the leases of networks. */
export class NetworkKeeper {
  readonly #options: KeeperOptions;
  /** Ids of nodes to look at. */
  readonly #touched = new Set<string>();
  #isAllDue = true;
  #wake: () => void = () => undefined;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /** run keeps the leases until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { feed, log } = this.#options.context;
    const stops = [feed.onChange((changes, view) => this.#note(changes, view)), feed.onStanding(() => this.#wake())];
    try {
      while (!signal.aborted) {
        const woken = this.#woken(signal);
        try {
          await this.#turn(signal);
        } catch (error) {
          log.warn({ reason: messageOf(error) }, 'networks: put off');
          this.#isAllDue = true;
          await pause(retryMs, signal);
          continue;
        }
        await woken;
        await pause(settleMs, signal);
      }
    } finally {
      for (const stop of stops) stop();
    }
  }

  #note({ networks, nodes, pools, adoption, subnets }: ViewChanges, view: ReadonlyView): void {
    if (view.networks.size === 0 && networks.size === 0) return;
    if (networks.size > 0 || pools || adoption) this.#isAllDue = true;
    for (const id of nodes) this.#touched.add(id);
    if (this.#isAllDue || nodes.size > 0 || subnets.size > 0) this.#wake();
  }

  // Resolves at the next change, or after a while. Then everything is checked.
  #woken(signal: AbortSignal): Promise<void> {
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    const done = new AbortController();
    const late = pause(lookEveryMs, AbortSignal.any([signal, done.signal])).then(() => {
      if (!done.signal.aborted) this.#isAllDue = true;
    });
    return Promise.race([woken, late]).finally(() => done.abort());
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const { feed } = this.#options.context;
    if (!feed.ready || !feed.connected) return;
    const among = this.#isAllDue ? undefined : new Set(this.#touched);
    this.#isAllDue = false;
    this.#touched.clear();
    const isDue = () => this.#due(among).length > 0 || this.#removed().length > 0;
    if (!isDue()) return;
    // The controllers before it in the order need some milliseconds; this one acts if they are gone.
    await pause(this.#place() * (this.#options.yieldMs ?? usualYieldMs), signal);
    const due = this.#due(among);
    for (let index = 0; index < due.length && !signal.aborted; index += mostAtOnce) {
      await Promise.all(due.slice(index, index + mostAtOnce).map((member) => this.#step(member)));
    }
    for (const name of this.#removed()) await this.#forget(name);
  }

  #due(among: ReadonlySet<string> | undefined): readonly DueMember[] {
    const { context, isConnected } = this.#options;
    return dueMembers(context.feed.view, among, { nowMs: context.now(), isConnected });
  }

  #removed(): readonly string[] {
    const { view } = this.#options.context.feed;
    return [...view.networks.keys()].filter((name) => decideForgetNetwork(view, name).change !== undefined);
  }

  #place(): number {
    const { context, controllerId } = this.#options;
    return [...context.feed.view.controllers.keys()].filter((id) => id < controllerId).length;
  }

  async #step({ network, nodeId }: DueMember): Promise<void> {
    const { context, isConnected } = this.#options;
    try {
      await mutate(context, {
        call: 'KeepNetwork',
        operationId: '',
        dryRun: false,
        decide: (view, { taken, lostRaces }) =>
          decideMember({
            view,
            network,
            nodeId,
            taken,
            nowMs: context.now(),
            spread: spreadAfter(lostRaces),
            isConnected: isConnected(nodeId),
          }),
      });
    } catch (error) {
      // Another lease took the last subnet meanwhile: the next round repeats it.
      if (!(error instanceof XnetError) || passing.has(error.code)) throw error;
      context.log.info({ network, node: nodeId, reason: messageOf(error) }, 'network: put off');
    }
  }

  async #forget(name: string): Promise<void> {
    const decide = (view: ReadonlyView) => decideForgetNetwork(view, name);
    await mutate(this.#options.context, { call: 'KeepNetwork', operationId: '', dryRun: false, decide });
  }
}
