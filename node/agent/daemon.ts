// The daemon's core: keeps what the controllers say, has the lanes make the host so, and reports what came of it.
// Invariant: what is known only ever grows newer. Without any controller the lanes go on with what is cached.
import { formatPrefix, type Prefix } from '../../proto/domain/address.js';
import type { Assignment, TableDelta, Version } from '../../proto/domain/network.js';
import { messageOf, XnetError } from '../../proto/errors.js';
import type { WatchRequest } from '../../proto/gen/xnet/v1/WatchRequest.js';
import type { Logger } from '../../proto/process/log.js';
import { type Parts, runParts } from '../../proto/process/parts.js';
import { version as daemonVersion } from '../../proto/process/version.js';
import { wireFromAssignment } from '../../proto/rpc/convert.js';
import type { Endpoint } from '../../proto/rpc/endpoint.js';
import { Uplink, type UplinkState } from '../controller/uplink.js';
import type { Host } from '../host/host.js';
import type { NodeIdentity } from '../identity/identity.js';
import { endpointsOf } from '../identity/membership.js';
import { CertificateRenewal } from '../identity/renewal.js';
import { isAccessRefusal } from '../identity/renewal-plan.js';
import type { Finding, Outcome } from '../reconcile/effect.js';
import { StateSpace } from '../state/space.js';
import { follows, isOlder, type TableSnapshot, withBookmark } from '../table/node-table.js';
import type { UnderlaySettings } from '../underlay/choose.js';
import { DataPath } from './data-path.js';
import { Intake } from './intake.js';
import { type Known, type LaneName, type Lanes, makeLanes, ownBridge } from './lanes.js';
import { Reporter } from './reporter.js';
import { type DaemonState, SelfStatus } from './self-status.js';
import { Triggers } from './triggers.js';

/** DaemonOptions are what the daemon is made of. */
export type DaemonOptions = {
  readonly host: Host;
  readonly nodeName: string;
  readonly controllers: readonly Endpoint[];
  /** Those that the controllers tell of are reached as well: nobody has said which to use. */
  readonly followControllers: boolean;
  /** What this host proves itself with, and where it lies. Undefined: every controller is a unix socket. */
  readonly proof: { readonly identity: NodeIdentity; readonly stateDir: string } | undefined;
  readonly stateDir: string;
  /** Why the cache could not be written; undefined: it was. */
  readonly cacheFinding: () => Finding | undefined;
  /** --allowed-pools */
  readonly allowedPools: readonly Prefix[] | undefined;
  readonly underlay: UnderlaySettings;
  readonly mark: number;
  /** --probe-interval in milliseconds; 0: peers are not probed. */
  readonly probeIntervalMs: number;
  /** The same on this host as long as it runs, and different on any other. */
  readonly fingerprint: string;
  /** What was known when the daemon ran last. */
  readonly cached: Known;
  readonly log: Logger;
  /** Called when what is known has changed and should be kept. */
  readonly onKnown: (known: Known) => void;
  /** Called when what a status would show has changed. */
  readonly onStatus: (status: DaemonState) => void;
  readonly onBeat: () => void;
  /** Without a beat for so long the daemon is ended, in milliseconds; undefined: it never is. */
  readonly watchdogMs: number | undefined;
};

// After a change of the table: long enough to take in what comes right behind it, too short to be noticed by a peer, whose
// containers get their new addresses by a restart of Docker that takes some 10 times as long.
const firewallDelayMs = 50;

// A restart of Docker that is under way when a part fails goes on without us, and is taken up by the next start.
const partsGraceMs = 2_000;

/** Daemon is the daemon's core. */
export class Daemon {
  readonly #options: DaemonOptions;
  readonly #lanes: Lanes;
  readonly #connection: Uplink;
  readonly #reporter: Reporter;
  readonly #acceptance: Intake;
  readonly #selfStatus: SelfStatus;
  readonly #renewal: CertificateRenewal | undefined;
  readonly #dataPath: DataPath;
  readonly #space: StateSpace;
  #known: Known;
  #confirming = false;

  constructor(options: DaemonOptions) {
    const { host, underlay, mark, log } = options;
    this.#options = options;
    this.#known = options.cached;
    this.#acceptance = new Intake({
      ...options,
      controllers: () => this.#controllers(),
      joinedPools: () => this.#renewal?.joinedPools ?? [],
    });
    this.#dataPath = new DataPath({
      host,
      known: () => this.#known,
      underlay: () => this.#lanes.underlay(),
      intervalMs: options.probeIntervalMs,
      onChange: () => this.#selfStatus.tell(),
      log,
    });
    this.#space = new StateSpace(options.stateDir, () => this.#selfStatus.tell(), log);
    this.#selfStatus = new SelfStatus({
      host,
      log,
      dataPath: this.#dataPath,
      known: () => this.#known,
      acceptance: this.#acceptance,
      identity: () => this.#renewal?.findings() ?? [],
      state: () => [options.cacheFinding(), this.#space.finding].filter((finding) => finding !== undefined),
      onStatus: options.onStatus,
      onReportable: (withinMs) => {
        if (withinMs === 0) this.#reporter.changed();
        else this.#reporter.changedWithin(withinMs);
      },
    });
    // What was held when the daemon ended still waits to be confirmed.
    this.#confirming = (options.cached.table?.held.size ?? 0) > 0;
    this.#lanes = makeLanes({
      host,
      underlay,
      mark,
      log,
      known: () => this.#known,
      onTurn: (lane, outcome, known) => this.#noteTurn(lane, outcome, known),
      onBeat: options.onBeat,
      watchdogMs: options.watchdogMs,
    });
    this.#connection = new Uplink({
      endpoints: () => this.#controllers(),
      credentials: async () => this.#renewal?.credentials(),
      log,
      request: () => this.#watchRequest(),
      onState: (state) => this.#noteConnection(state),
      listener: {
        onAssignment: (assignment) => this.#takeAssignment(assignment),
        onSnapshot: (snapshot) => this.#takeSnapshot(snapshot),
        onDelta: (delta) => this.#takeDelta(delta),
        onBookmark: (at) => this.#takeBookmark(at),
        onTrust: (trust) => this.#renewal?.trust(trust),
      },
    });
    this.#renewal = this.#makeRenewal();
    this.#reporter = new Reporter({
      log,
      state: () => this.#selfStatus.report(),
      send: (request, signal) => this.#connection.report({ ...request, hostFingerprint: options.fingerprint }, signal),
      onFenced: () => this.#connection.reopen(),
    });
  }

  #controllers(): readonly Endpoint[] {
    const { controllers, followControllers } = this.#options;
    const received = followControllers ? endpointsOf(this.#renewal?.controllers ?? []) : [];
    return received.length > 0 ? received : controllers;
  }

  #makeRenewal(): CertificateRenewal | undefined {
    const { proof, fingerprint, log } = this.#options;
    if (proof === undefined) return undefined;
    return new CertificateRenewal({
      ...proof,
      log,
      renew: (csr, signal) => this.#connection.renew({ csr, hostFingerprint: fingerprint }, signal),
      onFindings: () => this.#selfStatus.tell(),
      onRenewed: () => {
        this.#connection
          .showNewest()
          .catch((error: unknown) => log.warn({ reason: messageOf(error) }, 'calls: not renewed'));
      },
      onReplaced: () => this.#connection.wake(),
    });
  }

  /** known is what the controllers have said. */
  get known(): Known {
    return this.#known;
  }

  /**
   * run works until `signal` aborts. Everything on the host stays as it is then.
   * @throws XnetError when a part fails: a daemon that repairs only some things would look like one that repairs all
   */
  async run(signal: AbortSignal): Promise<void> {
    const { host, log } = this.#options;
    const triggers = new Triggers({
      host,
      lanes: this.#lanes,
      bridge: () => ownBridge(this.#known),
      dockerWaits: () => this.#selfStatus.waits('docker'),
    });
    const off = triggers.listen();
    const renewal = this.#renewal;
    const parts: Parts = {
      routes: (stop) => this.#lanes.routes.run(stop),
      firewall: (stop) => this.#lanes.firewall.run(stop),
      docker: (stop) => this.#lanes.docker.run(stop),
      connection: (stop) => this.#connection.run(stop),
      reporter: (stop) => this.#reporter.run(stop),
      'events of Docker': (stop) => triggers.followDocker(stop),
      'data path': (stop) => this.#dataPath.run(stop),
      'room on disk': (stop) => this.#space.run(stop),
      ...(renewal === undefined ? {} : { renewal: (stop: AbortSignal) => renewal.run(stop) }),
    };
    try {
      await runParts(parts, signal, {
        graceMs: partsGraceMs,
        onFailure: (part, error) => log.fatal({ err: error, part }, 'failed: the daemon ends'),
      });
    } finally {
      off();
    }
  }

  /** noteCache says that the cache was written, or could not be, other than before. */
  noteCache(): void {
    this.#space.again();
    this.#selfStatus.tell();
  }

  /** retry tries at once what was given up, or waits for its time: an operator asks for it. */
  retry(): void {
    const { host, log } = this.#options;
    log.info('asked to try everything again');
    host.docker.retry();
    for (const lane of [this.#lanes.routes, this.#lanes.firewall, this.#lanes.docker]) lane.trigger();
  }

  #watchRequest(): WatchRequest {
    const { nodeName, fingerprint, proof } = this.#options;
    const { assignment, table } = this.#known;
    return {
      nodeName,
      // Who has joined is who its certificate says.
      nodeId: proof === undefined ? (assignment?.nodeId ?? '') : '',
      ...(table === undefined ? {} : { version: table.version }),
      fresh: this.#confirming,
      hostFingerprint: fingerprint,
      daemonVersion,
      ...(assignment === undefined ? {} : { held: wireFromAssignment(assignment) }),
    };
  }

  #learn(known: Known): void {
    this.#known = known;
    this.#options.onKnown(known);
  }

  #takeAssignment(received: Assignment): void {
    this.#take(this.#acceptance.assignment(this.#known, received));
  }

  // What a controller said and what could be accepted of it has made this known.
  #take(known: Known): void {
    const before = this.#known;
    if (known.assignment !== undefined && known.assignment !== before.assignment) {
      this.#noteLease(before.assignment, known.assignment);
    }
    if (known !== before) this.#learn(known);
    if (known.assignment !== before.assignment) {
      this.#lanes.routes.trigger();
      this.#lanes.firewall.trigger();
      this.#lanes.docker.trigger();
      this.#reporter.changed();
    }
    if (known.table !== before.table) this.#noteTable(known.table?.held.size ?? 0);
    this.#selfStatus.tell();
  }

  #noteLease(before: Assignment | undefined, { nodeId, subnet, generation, mode }: Assignment): void {
    const { log } = this.#options;
    if (before !== undefined && before.nodeId !== nodeId) {
      log.warn({ before: before.nodeId, now: nodeId }, 'this node was added anew');
    }
    if (before?.nodeId === nodeId && formatPrefix(before.subnet) === formatPrefix(subnet)) return;
    log.info({ subnet: formatPrefix(subnet), generation, mode }, 'leased');
    this.#selfStatus.noteLease();
  }

  #noteTable(held: number): void {
    this.#lanes.routes.trigger();
    // Routes go first: when a fleet grows, many changes come one after the other.
    this.#lanes.firewall.triggerWithin(firewallDelayMs);
    if (held === 0 || this.#confirming) return;
    this.#confirming = true;
    this.#options.log.warn({ routes: held }, 'withdrawal held until the store confirms it');
    this.#connection.reopen();
  }

  #takeSnapshot(snapshot: TableSnapshot): void {
    const before = this.#known.table;
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
    this.#take(this.#acceptance.snapshot(this.#known, snapshot));
  }

  #takeDelta(delta: TableDelta): void {
    const before = this.#known.table;
    if (!follows(before, delta)) {
      throw new XnetError('Corrupt', `a change since revision ${delta.fromRevision} does not continue the table`);
    }
    this.#take(this.#acceptance.delta(this.#known, before, delta));
  }

  #takeBookmark(at: Version): void {
    const before = this.#known.table;
    if (before === undefined || isOlder(at, before.version)) return;
    // Says nothing of a table of another store.
    if (at.clusterId !== before.version.clusterId || at.epoch !== before.version.epoch) return;
    this.#learn({ ...this.#known, table: withBookmark(before, at) });
    this.#selfStatus.noteBookmark(before.version, at);
  }

  #noteConnection(state: UplinkState): void {
    const { log } = this.#options;
    if (state.connected) {
      log.info({ controller: state.endpoint }, 'connected');
      this.#reporter.changed();
      this.#renewal?.connected();
    } else if (isAccessRefusal(state.error.code)) this.#renewal?.refused(state.error);
    this.#selfStatus.noteConnection(state);
  }

  #noteTurn(lane: LaneName, outcome: Outcome, known: Known): void {
    this.#selfStatus.noteTurn(lane, outcome, known);
    // What was refused may be acceptable on the host as it is by now.
    this.#take(lane === 'routes' ? this.#acceptance.again(this.#known) : this.#known);
  }
}
