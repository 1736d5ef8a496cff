// Applies the messages of the watch stream, and triggers the lanes.
// Invariant: knowledge only gets newer. A table of another cluster, an older one, and a delta that does not continue the
// present one are errors that end the stream.
import { formatPrefix, prefixesEqual } from '../../proto/domain/address.js';
import { type Assignment, modes, primaryLease, type TableDelta, type Version } from '../../proto/domain/network.js';
import { type Fence, XnetError } from '../../proto/errors.js';
import type { Look__Output } from '../../proto/gen/xnet/v1/Look.js';
import type { WatchRequest } from '../../proto/gen/xnet/v1/WatchRequest.js';
import type { Logger } from '../../proto/process/log.js';
import { version as daemonVersion } from '../../proto/process/version.js';
import { wireFromMode, wireFromPrefix } from '../../proto/rpc/convert.js';
import { wireFromAssignment } from '../../proto/rpc/convert-assignment.js';
import type { Answers } from '../diagnosis/answers.js';
import type { CertificateRenewal } from '../identity/renewal.js';
import type { Outcome } from '../reconcile/effect.js';
import type { Lane } from '../reconcile/lane.js';
import type { LiveValue } from '../reconcile/live-value.js';
import { fencedFinding, fenceProblem, isLifted } from '../table/fence.js';
import {
  follows,
  isOlder,
  type NodeTable,
  type TableSnapshot,
  toExplain,
  withApproval,
  withBookmark,
} from '../table/node-table.js';
import { isAccessRefusal } from '../uplink/connection-errors.js';
import type { Uplink, UplinkState, Watcher } from '../uplink/uplink.js';
import type { Trust } from '../uplink/watch-stream.js';
import type { Intake } from './intake.js';
import type { Known } from './known.js';
import type { LaneName } from './lanes.js';
import type { Reporter } from './reporter.js';
import type { SelfStatus } from './self-status.js';
import { type Standing, standingAfter } from './standing.js';

/** FeedOptions are the identity that a feed presents, and the parts that it triggers. */
export type FeedOptions = {
  readonly nodeName: string;
  /** The same on this host as long as it runs, and different on any other. */
  readonly hostFingerprint: string;
  /** The cluster that this host joined; undefined: every controller is a unix socket. */
  readonly clusterId: string | undefined;
  readonly known: LiveValue<Known>;
  readonly standing: LiveValue<Standing>;
  readonly intake: Pick<Intake, 'assignment' | 'snapshot' | 'delta' | 'again'>;
  readonly lanes: { readonly [lane in LaneName]: Pick<Lane<Known>, 'trigger' | 'advanceWithin'> };
  readonly status: Pick<SelfStatus, 'noteBookmark' | 'noteConnection' | 'noteLease' | 'noteTurn' | 'tell'>;
  readonly reporter: Pick<Reporter, 'changed'>;
  readonly uplink: Pick<Uplink, 'reopen'>;
  readonly answers: Pick<Answers, 'take'>;
  /** Undefined: every controller is a unix socket, and this host has no certificate. */
  readonly renewal: Pick<CertificateRenewal, 'connected' | 'refused' | 'trust'> | undefined;
  readonly log: Logger;
};

// Long enough to merge changes that follow at once, and too short to matter to a new peer, whose Docker takes some 10 times as
// long to restart.
const firewallWithinMs = 50;

function confirmed(known: Known): Known {
  return known.isConfirmed ? known : { ...known, isConfirmed: true };
}

function waitsForStore(table: NodeTable | undefined): boolean {
  return table !== undefined && toExplain(table).length > 0;
}

/** Feed updates what is known from one watch stream after the other. */
export class Feed implements Watcher {
  readonly #options: FeedOptions;
  // The next snapshot has to be read from the store: only such a one confirms withdrawals that are held. Those that the
  // store does not explain wait for an operator.
  #confirming: boolean;

  constructor(options: FeedOptions) {
    this.#options = options;
    // Withdrawals that were held when the daemon ended still wait for their confirmation.
    this.#confirming = waitsForStore(options.known.current.table);
  }

  /** watchRequest asks for what is missing here. */
  watchRequest(): WatchRequest {
    const { nodeName, hostFingerprint, known, renewal } = this.#options;
    const { assignment, table, fenced } = known.current;
    return {
      nodeName,
      // The certificate names the node of a host that has one.
      nodeId: renewal === undefined ? (assignment?.nodeId ?? '') : '',
      // Only a whole table shows that a fenced host is a node again. It does not report what it held, because that must not be
      // given back to it.
      ...(table === undefined || fenced !== undefined ? {} : { version: table.version }),
      fresh: this.#confirming,
      heldRoutes: this.#confirming && table !== undefined ? toExplain(table).map(wireFromPrefix) : [],
      hostFingerprint,
      daemonVersion,
      modes: modes.map(wireFromMode),
      ...(assignment === undefined || fenced !== undefined ? {} : { held: wireFromAssignment(assignment) }),
    };
  }

  /** onAssignment takes in the node's assignment. */
  onAssignment(received: Assignment): void {
    const { intake, known } = this.#options;
    // Whether or not the rest of it is accepted.
    this.#take({ ...intake.assignment(known.current, received), approved: received.approved });
  }

  /**
   * onSnapshot takes in a whole table.
   * @throws XnetError FailedPrecondition when it is of another cluster, or older than the present one
   */
  onSnapshot(snapshot: TableSnapshot): void {
    const { intake, known } = this.#options;
    const before = known.current.table;
    if (before !== undefined && before.version.clusterId !== snapshot.version.clusterId) {
      throw new XnetError('FailedPrecondition', `the controller is of another cluster: ${snapshot.version.clusterId}`);
    }
    if (before !== undefined && isOlder(snapshot.version, before.version)) {
      const { revision } = before.version;
      throw new XnetError(
        'FailedPrecondition',
        `the controller's table is of revision ${snapshot.version.revision}, this host has seen ${revision}`,
      );
    }
    if (snapshot.fresh) this.#confirming = false;
    this.#take(this.#lifted(confirmed(intake.snapshot(known.current, snapshot))));
  }

  /**
   * onDelta takes in a change of the table.
   * @throws XnetError Corrupt when it does not continue the present table
   */
  onDelta(delta: TableDelta): void {
    const { intake, known } = this.#options;
    const before = known.current.table;
    if (!follows(before, delta)) {
      throw new XnetError('Corrupt', `a change since revision ${delta.fromRevision} does not continue the table`);
    }
    this.#take(this.#lifted(confirmed(intake.delta(known.current, before, delta))));
  }

  /** onBookmark takes in that the table has not changed up to a version. */
  onBookmark(at: Version): void {
    const { known, status } = this.#options;
    const before = known.current.table;
    if (before === undefined || isOlder(at, before.version)) return;
    // A bookmark of another store does not concern this table.
    if (at.clusterId !== before.version.clusterId || at.epoch !== before.version.epoch) return;
    const { fenced, isConfirmed } = known.current;
    const next = this.#lifted(confirmed({ ...known.current, table: withBookmark(before, at) }));
    // A later version of the same table needs no turn.
    if (next.fenced === fenced && isConfirmed) known.set(next);
    else this.#take(next);
    status.noteBookmark(before.version, at);
  }

  /** onTrust takes in the authorities to trust, and the addresses of the controllers. */
  onTrust(trust: Trust): void {
    this.#options.renewal?.trust(trust);
  }

  /** onState takes in whether the uplink is connected. */
  onState(state: UplinkState): void {
    const { renewal, reporter, standing, status, lanes, log } = this.#options;
    const former = standing.current;
    standing.set(standingAfter(former, state));
    // Docker was kept as it was.
    if (former instanceof XnetError && standing.current === 'accepted') lanes.docker.trigger();
    if (state.connected) {
      log.info({ controller: state.endpoint }, 'connected');
      reporter.changed();
      renewal?.connected();
    } else {
      if (isAccessRefusal(state.error.code)) renewal?.refused(state.error);
      if (state.error.fence !== undefined) this.#fence(state.error.fence);
    }
    status.noteConnection(state);
  }

  // A snapshot may be older, with the changes since then following it.
  #lifted(next: Known): Known {
    const { fenced, table } = next;
    if (fenced === undefined || table === undefined || !isLifted(fenced, table.version)) return next;
    this.#options.log.warn('a node again: no longer fenced');
    return { ...next, fenced: undefined };
  }

  #fence(fence: Fence): void {
    const { known, clusterId, lanes, log } = this.#options;
    if (known.current.fenced !== undefined) return;
    const problem = fenceProblem(fence, { version: known.current.table?.version, clusterId });
    if (problem !== undefined) {
      log.warn({ reason: problem }, 'fence of a controller ignored');
      return;
    }
    log.error({ reason: fence.reason, revision: fence.revision }, fencedFinding(fence).message);
    known.set({ ...known.current, fenced: { ...fence, sinceMs: Date.now() } });
    for (const lane of [lanes.routes, lanes.firewall, lanes.docker, lanes.lan]) lane.trigger();
  }

  /** onLook answers a question about a path. */
  onLook(look: Look__Output): void {
    void this.#options.answers.take(look);
  }

  /** onTurn takes in the outcome of a lane's turn, and what was known when the turn began. */
  onTurn(lane: LaneName, outcome: Outcome, known: Known): void {
    const { intake, known: newest, status } = this.#options;
    status.noteTurn(lane, outcome, known);
    // Refused input may be acceptable after a change of the host.
    this.#take(lane === 'routes' ? intake.again(newest.current) : newest.current);
  }

  #take(received: Known): void {
    const { known, lanes, reporter, status } = this.#options;
    const next = this.#approved(received);
    const before = known.current;
    const isReassigned = next.assignment !== before.assignment;
    if (next.assignment !== undefined && isReassigned) this.#noteLease(before.assignment, next.assignment);
    known.set(next);
    if (isReassigned || next.fenced !== before.fenced) {
      for (const lane of [lanes.routes, lanes.firewall, lanes.docker, lanes.nics, lanes.lan]) lane.trigger();
      reporter.changed();
    }
    if (next.table !== before.table) this.#noteTable(next.table);
    status.tell();
  }

  #approved(next: Known): Known {
    const { approved, table } = next;
    if (approved === undefined || table === undefined) return next;
    const after = withApproval(table, approved);
    if (after === table) return next;
    const { revision } = approved;
    this.#options.log.warn({ routes: table.held.size - after.held.size, revision }, 'held withdrawal was approved');
    return { ...next, table: after };
  }

  #noteLease(before: Assignment | undefined, assignment: Assignment): void {
    const { status, log } = this.#options;
    const { nodeId } = assignment;
    const { subnet, generation, mode } = primaryLease(assignment);
    if (before !== undefined && before.nodeId !== nodeId) {
      log.warn({ before: before.nodeId, now: nodeId }, 'this node was removed and added again');
    }
    if (before?.nodeId === nodeId && prefixesEqual(primaryLease(before).subnet, subnet)) return;
    log.info({ subnet: formatPrefix(subnet), generation, mode }, 'leased');
    status.noteLease();
  }

  #noteTable(table: NodeTable | undefined): void {
    const { lanes, uplink, log } = this.#options;
    lanes.routes.trigger();
    // Routes go first, on every host: many of them may share their processors, and so do the controllers.
    lanes.firewall.advanceWithin(firewallWithinMs);
    if (!waitsForStore(table) || this.#confirming) return;
    this.#confirming = true;
    log.warn({ routes: table?.held.size }, 'withdrawal held until the store confirms it');
    uplink.reopen();
  }
}
