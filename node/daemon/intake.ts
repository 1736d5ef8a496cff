// Checks controller input against local facts, and reports what it refuses.
// Invariant: an assignment takes effect only when the pools that must contain it are known; until then, and while it is
// refused, the previous one stays in force. Leases of pools that the host refuses do not stand in the way of the others.
import { formatIpv4, formatPrefix, type Prefix } from '../../proto/domain/address.js';
import type { Assignment, Lease, Route, TableDelta } from '../../proto/domain/network.js';
import { counted } from '../../proto/domain/text.js';
import type { KernelMirror } from '../kernel/mirror.js';
import type { Finding } from '../reconcile/effect.js';
import {
  admitDelta,
  admitSnapshot,
  assignmentProblem,
  type HostRules,
  notAllowed,
  reconsider,
} from '../table/admission-rules.js';
import { acceptablePart, withNewestNics } from '../table/lease-rules.js';
import type { NodeTable, TableSnapshot } from '../table/node-table.js';
import { activeAddresses, type MirroredRoutes, readUsedRanges } from '../table/used-ranges.js';
import type { ControllerList } from './controller-list.js';
import type { Known } from './known.js';

/** IntakeOptions are the local facts that controller input is checked against. */
export type IntakeOptions = {
  readonly nodeName: string;
  readonly controllers: Pick<ControllerList, 'endpoints'>;
  /** --allowed-pools */
  readonly allowedPools: readonly Prefix[] | undefined;
  /**
   * The id in the host's certificate, and the pools that the controllers named when this host joined, as of the newest
   * join; undefined: it did not join by a token.
   */
  readonly joined: { readonly nodeId: string; readonly joinedPools: readonly Prefix[] } | undefined;
  readonly mirror: MirroredRoutes & Pick<KernelMirror, 'addresses' | 'allRoutes'>;
};

const examples = 3;

/** Intake decides which controller input is accepted. */
export class Intake {
  readonly #options: IntakeOptions;
  #offer: Assignment | undefined;
  #problem: string | undefined;
  /** The part of the offer that was accepted, and the leases that were not. */
  #part: { readonly offer: Assignment; readonly refused: string; readonly taken: Assignment } | undefined;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** offered is the received assignment that is not in force, or not all of it; undefined when there is none. */
  get offered(): Assignment | undefined {
    return this.#offer;
  }

  /** assignment accepts an assignment, now or as soon as it can be checked. */
  assignment(known: Known, received: Assignment): Known {
    this.#offer = received;
    return this.#judge(known);
  }

  /** snapshot accepts a whole table, without the entries that are refused. */
  snapshot(known: Known, received: TableSnapshot): Known {
    return this.#judge({ ...known, table: admitSnapshot(known.table, received, this.#rules(known)) });
  }

  /** delta accepts a change of `table`, without the entries that are refused. */
  delta(known: Known, table: NodeTable, received: TableDelta): Known {
    return this.#judge({ ...known, table: admitDelta(table, received, this.#rules(known)) });
  }

  /** again rechecks what was refused, as the host may have changed. It returns the same value when nothing changes. */
  again(known: Known): Known {
    const { table } = known;
    if (table === undefined || (table.refused.pools.length === 0 && table.refused.routes.size === 0)) {
      return this.#judge(known);
    }
    const next = reconsider(table, this.#rules(known));
    return this.#judge(next === table ? known : { ...known, table: next });
  }

  #judge(known: Known): Known {
    const offer = this.#offer;
    if (offer === undefined || known.table === undefined) return known;
    const { assignment: part, refused } = acceptablePart(offer, known.table, known.assignment);
    const assignment = withNewestNics(part, known.assignment);
    this.#problem = assignmentProblem(assignment, known.table.pools, this.#rules(known));
    if (this.#problem !== undefined) return known;
    const text = refused.map(leaseText).join(', ');
    const isTaken = this.#part?.offer === offer && this.#part.refused === text && known.assignment === this.#part.taken;
    if (isTaken) return known;
    this.#part = refused.length === 0 ? undefined : { offer, refused: text, taken: assignment };
    // The whole assignment is reported, and checked again when the host has changed.
    if (refused.length === 0) this.#offer = undefined;
    return { ...known, assignment };
  }

  #rules({ assignment }: Known): HostRules {
    const { nodeName, controllers, allowedPools, joined, mirror } = this.#options;
    const known = [assignment, this.#offer].flatMap((one) => (one === undefined ? [] : [one]));
    const own = known.map(({ address }) => address);
    // Once for all pools of a message.
    let taken: ReturnType<HostRules['taken']> | undefined;
    return {
      nodeName,
      nodeId: joined?.nodeId,
      own: known.flatMap(({ leases }) => leases.map(({ subnet }) => subnet)),
      addresses: activeAddresses(mirror),
      taken: () => {
        taken ??= readUsedRanges(mirror, { controllers: controllers.endpoints, own });
        return taken;
      },
      allowed: allowedPools,
      joined: joined?.joinedPools ?? [],
    };
  }

  /** findings report what is refused. */
  findings({ table }: Known): readonly Finding[] {
    const found: Finding[] = [];
    const add = (reason: string, message: string, fix: string) =>
      found.push({ type: 'Controller', transient: false, reason, message, fix });
    if (this.#offer !== undefined && this.#problem !== undefined) {
      const message = `the controller's assignment is ignored: ${this.#problem}`;
      add('AssignmentRefused', message, `${correctLease} ${this.#options.nodeName}`);
    } else if (this.#offer !== undefined && this.#part?.offer === this.#offer) {
      const message = `leases of pools that this host refuses are not used: ${this.#part.refused}`;
      add('LeaseRefused', message, 'to allow a pool on this host, add it to --allowed-pools; else: xctl leases end');
    }
    const { pools, routes } = table?.refused ?? { pools: [], routes: undefined };
    if (pools.length > 0) {
      const which = pools.slice(0, examples).map(({ pool, problem }) => `${formatPrefix(pool)} ${problem}`);
      const message = `${counted(pools.length, 'pool', 'pools')} from the controller not accepted: ${which.join('; ')}`;
      add('PoolRefused', message, 'to allow the pool on this host, add it to --allowed-pools; else: xctl pools remove');
    }
    const narrowed = notAllowed(table?.pools ?? [], { allowed: this.#options.allowedPools });
    if (narrowed.length > 0) {
      const which = narrowed.slice(0, examples).map(formatPrefix).join(', ');
      const message = `routes and rules of pools that --allowed-pools does not cover stay in force: ${which}`;
      add('PoolNotAllowed', message, 'add these pools to --allowed-pools, or: xnetd leave, then xnetd join');
    }
    // A static route to this host itself: it has subnets besides its leases.
    const { addresses } = this.#options.mirror;
    const isHere = ({ isStatic, nextHop }: Route) => isStatic && addresses.some(({ address }) => address === nextHop);
    const refused =
      routes === undefined || routes.size === 0 ? [] : [...routes.values()].filter(({ route }) => !isHere(route));
    if (refused.length > 0) {
      const which = refused
        .slice(0, examples)
        .map(({ route, problem }) => `${formatPrefix(route.subnet)} via ${formatIpv4(route.nextHop)} ${problem}`);
      const message = `${counted(refused.length, 'route', 'routes')} from the controller not accepted: ${which.join('; ')}`;
      add(
        'RouteRefused',
        message,
        'compare with: xctl routes list; xctl nodes list; then correct the node that is named',
      );
    }
    return found;
  }
}

const correctLease = 'correct what is named, or lease the node another subnet; see: xctl nodes show';

function leaseText({ subnet, pool }: Lease): string {
  return `${formatPrefix(subnet)} of pool ${pool}`;
}
