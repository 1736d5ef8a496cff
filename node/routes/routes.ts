// The routes effect: keeps the kernel's routes to peers' subnets as desired.
// Invariants: a turn plans on the present state of the kernel, and again after its own changes, until the plan is
// empty; a refusal for one peer does not affect other peers; a change never names a foreign object, except hand-made
// routes with takeOver.
import { prefixKey } from '../../proto/domain/address.js';
import type { Route, RouteCounts } from '../../proto/domain/network.js';
import { messageOf } from '../../proto/errors.js';
import { SyscallError } from '../../proto/process/syscall.js';
import type { KernelMirror } from '../kernel/mirror.js';
import type { KernelRefusal, RouteChange, RouteKernel } from '../kernel/route-kernel.js';
import type { Effect, Outcome } from '../reconcile/effect.js';
import { type DesiredRoutes, noRoutes } from './desired.js';
import { formatRoute } from './format.js';
import { type RoutePlan, RoutePlanner } from './plan.js';
import type { PeerRefusal, PlannedChange } from './plan-context.js';
import { describeChange, findingsOf, nameChange, type RouteProblem } from './problems.js';
import { defaultRouteProtocol } from './protocol.js';
import { asWitnessed, type Witness, witnessOf } from './witness.js';

/** RoutesOptions are the parts of a routes effect, and its settings. */
export type RoutesOptions = {
  readonly kernel: RouteKernel;
  /** A mirror of the same kernel and protocol. */
  readonly mirror: KernelMirror;
  /** rtm_protocol that marks xnet's routes. Default 88. */
  readonly protocol?: number;
  /** Use next-hop objects if the kernel supports them ("auto", the default), or never. */
  readonly nextHops?: 'auto' | 'never';
  /** Replace hand-made routes that equal xnet's. Default false. */
  readonly takeOver?: boolean;
  /** A turn dumps the kernel's routes after its changes if the last dump is older, in milliseconds. Default: dumpEveryMsOf their number. */
  readonly dumpEveryMs?: number;
};

// Three rounds suffice when routes change their form: append, delete, check. More only if another program writes as well.
const longestRounds = 6;
// Logs name no more than these.
const mostDescribed = 10;

/**
 * dumpEveryMsOf returns how old the last dump may become with this number of peers, in milliseconds: 20 s up to 1,666 peers,
 * and a minute with 5,000, whose dump and full plan take some tenths of a second. The mirror follows what the kernel reports,
 * and dumps at once if it can't follow a report. Periodic dumps find errors in that.
 */
export function dumpEveryMsOf(peers: number): number {
  return Math.max(20_000, 12 * peers);
}

// Errors that show that the mirror is out of date: read again and retried in the same turn.
const surprises: ReadonlySet<string> = new Set(['EEXIST', 'ENOENT', 'ESRCH', 'ENODEV', 'ENOBUFS', 'EPROTO']);

/** Routes is the effect. Its turns must not overlap. */
export class Routes implements Effect<DesiredRoutes> {
  readonly name = 'routes';
  readonly #options: Required<Omit<RoutesOptions, 'dumpEveryMs'>> & Pick<RoutesOptions, 'dumpEveryMs'>;
  // By prefixKey of the peer's subnet.
  readonly #refusals = new Map<number, PeerRefusal>();
  readonly #confirmed = new Set<number>();
  readonly #takenOver = new Set<number>();
  readonly #planner = new RoutePlanner();
  #confirmedAt = 0;
  // The state of the kernel when the first turn began; undefined: the table had been confirmed.
  #witness: Witness | undefined;
  #counts: RouteCounts = { desired: 0, installed: 0, conflicting: 0, unreachable: 0 };

  constructor(options: RoutesOptions) {
    this.#options = {
      protocol: defaultRouteProtocol,
      nextHops: 'auto',
      takeOver: false,
      ...options,
    };
  }

  /** counts are the counts of the last turn. */
  get counts(): RouteCounts {
    return this.#counts;
  }

  /** converge makes the routes as desired. */
  async converge(desired: DesiredRoutes, signal: AbortSignal): Promise<Outcome> {
    const { mirror, dumpEveryMs = dumpEveryMsOf(desired.peers.size) } = this.#options;
    const made: Made = { changes: 0, what: [] };
    try {
      mirror.setRanges(desired.ranges);
      await mirror.refresh();
      const believed = this.#believed(desired);
      const findings = await this.#rounds(believed, made, signal);
      // A dump that is due comes after the changes: with thousands of routes it takes some tenths of a second.
      const { epoch } = mirror;
      await mirror.refresh(dumpEveryMs);
      return { findings: mirror.epoch === epoch ? findings : await this.#rounds(believed, made, signal), ...made };
    } catch (error) {
      // No periodic dump follows a failure, so that the next turn begins with one.
      mirror.invalidate();
      if (!(error instanceof SyscallError)) throw error;
      // What was changed before is told all the same: nothing else has the routes that were taken over.
      return { findings: findingsOf([{ reason: 'KernelUnavailable', message: messageOf(error) }], mirror), ...made };
    }
  }

  /** remove deletes all routes of xnet, and its next-hop objects except those that foreign routes use. */
  async remove(signal: AbortSignal): Promise<Outcome> {
    this.#options.mirror.invalidate();
    return this.converge(noRoutes, signal);
  }

  #believed(desired: DesiredRoutes): DesiredRoutes {
    if (desired.isConfirmed) return desired;
    const { mirror, protocol } = this.#options;
    this.#witness ??= witnessOf(desired, mirror, { protocol });
    return asWitnessed(desired, this.#witness);
  }

  // Adds to `made` what it changes.
  async #rounds(desired: DesiredRoutes, made: Made, signal: AbortSignal): Promise<Outcome['findings']> {
    const { kernel, mirror } = this.#options;
    this.#forgetRefusals(desired);
    let failures: readonly RouteProblem[] = [];
    for (let round = 1; ; ) {
      const takenBefore = this.#takenOver.size;
      const at = { ifindex: desired.underlay?.ifindex ?? 0, epoch: mirror.epoch };
      if (this.#confirmedAt !== at.epoch) this.#confirmed.clear();
      this.#confirmedAt = at.epoch;
      const plan = this.#plan(desired);
      if (plan.changes.length === 0 || round > longestRounds || signal.aborted) {
        this.#counts = plan.counts;
        // A failure is reported as long as its change is still planned.
        const left = plan.changes.length === 0 ? [] : failures;
        return findingsOf([...plan.problems, ...left], mirror);
      }
      const outcomes = await kernel.apply(
        plan.changes.map(({ change }) => change),
        signal,
      );
      for (const [index, { change, isProbe, isTakeOver }] of plan.changes.entries()) {
        if (isProbe || outcomes[index] !== undefined) continue;
        made.changes += 1;
        if (made.what.length <= mostDescribed)
          made.what.push(isTakeOver ? this.#takeOverText(change) : nameChange(change));
        if (isTakeOver && 'route' in change) this.#takenOver.add(prefixKey(change.route.destination));
      }
      // Hand-made routes are taken over one per round, each of them once.
      if (this.#takenOver.size === takenBefore) round += 1;
      failures = this.#judge(plan.changes, outcomes, at);
      await mirror.refresh();
    }
  }

  #plan(desired: DesiredRoutes): RoutePlan {
    const { mirror, protocol, nextHops, takeOver } = this.#options;
    return this.#planner.plan({
      desired,
      observed: mirror,
      protocol,
      useNextHops: nextHops === 'auto',
      refusals: this.#refusals,
      confirmed: this.#confirmed,
      takenOver: takeOver ? this.#takenOver : undefined,
    });
  }

  // Contains the whole hand-made route, so that its owner can restore it.
  #takeOverText(change: RouteChange): string {
    return 'route' in change ? `take over "${formatRoute(change.route, this.#options.mirror)}"` : nameChange(change);
  }

  // Returns the failures, and remembers the refusals that no retry can help before something changes.
  #judge(planned: readonly PlannedChange[], outcomes: readonly (KernelRefusal | undefined)[], at: At): RouteProblem[] {
    const failures: RouteProblem[] = [];
    const refused = new Set<Route>();
    for (const [index, refusal] of outcomes.entries()) {
      const entry = planned[index];
      if (entry === undefined || refusal?.errno === 'ECANCELED') continue;
      const { change, peer, isProbe } = entry;
      if (isProbe && peer !== undefined && (refusal === undefined || refusal.errno === 'EEXIST')) {
        this.#confirmed.add(prefixKey(peer.subnet));
        continue;
      }
      if (refusal === undefined) continue;
      // A route whose next-hop object was refused is refused too.
      if (peer !== undefined && refused.has(peer)) continue;
      const what = describeChange(change);
      failures.push({ reason: 'RouteRefused', what, refusal });
      if (isSurprise(refusal)) this.#options.mirror.invalidate();
      else if (peer !== undefined) {
        refused.add(peer);
        this.#refusals.set(prefixKey(peer.subnet), { refusal, what, nextHop: peer.nextHop, ...at });
      }
    }
    return failures;
  }

  #forgetRefusals(desired: DesiredRoutes): void {
    for (const key of this.#refusals.keys()) if (!desired.peers.has(key)) this.#refusals.delete(key);
  }
}

// The changes of a turn so far.
type Made = { changes: number; readonly what: string[] };

type At = Pick<PeerRefusal, 'ifindex' | 'epoch'>;

function isSurprise({ errno, text }: KernelRefusal): boolean {
  // "Nexthop id does not exist", "Invalid prefsrc address", "Invalid device index" (net/ipv4/fib_semantics.c, nexthop.c)
  return surprises.has(errno) || (errno === 'EINVAL' && /id does not exist|prefsrc|device index/i.test(text));
}
