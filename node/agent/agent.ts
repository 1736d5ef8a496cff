// The daemon's core: keeps what the controllers say, has the lanes make the host so, and reports what came of it.
// Invariant: what is known only ever grows newer. Without any controller the lanes go on with what is cached.
import { formatPrefix, type Prefix } from '../../proto/domain/address.js';
import {
  type Assignment,
  type Condition,
  type ConditionType,
  type HostNetwork,
  pendingReason,
  type TableDelta,
  type Version,
} from '../../proto/domain/network.js';
import { messageOf, XnetError } from '../../proto/errors.js';
import type { ReportRequest } from '../../proto/gen/xnet/v1/ReportRequest.js';
import type { WatchRequest } from '../../proto/gen/xnet/v1/WatchRequest.js';
import type { Logger } from '../../proto/process/log.js';
import { version as daemonVersion } from '../../proto/process/version.js';
import { wireFromHostNetwork } from '../../proto/rpc/convert.js';
import type { Endpoint } from '../../proto/rpc/endpoint.js';
import { Connection, type ConnectionState } from '../controller/connection.js';
import type { Host } from '../host/host.js';
import type { NodeIdentity } from '../identity/identity.js';
import { Renewal } from '../identity/renewal.js';
import { isRefusal } from '../identity/renewal-plan.js';
import { kernelVersion } from '../kernel/release.js';
import type { Finding, Outcome } from '../reconcile/effect.js';
import { follows, isOlder, type TableSnapshot, withBookmark } from '../table/node-table.js';
import type { UnderlaySettings } from '../underlay/choose.js';
import { Acceptance } from './acceptance.js';
import { conditionsFrom } from './conditions.js';
import { type Known, type LaneName, type Lanes, makeLanes } from './lanes.js';
import { Reporter } from './reporter.js';

/** AgentOptions are what an agent is made of. */
export type AgentOptions = {
  readonly host: Host;
  readonly nodeName: string;
  readonly controllers: readonly Endpoint[];
  /** What this host proves itself with, and where it lies. Undefined: every controller is a unix socket. */
  readonly proof: { readonly identity: NodeIdentity; readonly stateDir: string } | undefined;
  /** --allowed-pools */
  readonly allowedPools: readonly Prefix[] | undefined;
  readonly underlay: UnderlaySettings;
  readonly mark: number;
  /** The same on this host as long as it runs, and different on any other. */
  readonly fingerprint: string;
  /** What was known when the daemon ran last. */
  readonly cached: Known;
  readonly log: Logger;
  /** Called when what is known has changed and should be kept. */
  readonly onKnown: (known: Known) => void;
  /** Called when what a status would show has changed. */
  readonly onStatus: (status: AgentStatus) => void;
  readonly onBeat: () => void;
  /** Without a beat for so long the daemon is ended, in milliseconds; undefined: it never is. */
  readonly watchdogMs: number | undefined;
};

/** AgentStatus is what the daemon says of itself. */
export type AgentStatus = {
  readonly connection: ConnectionState | undefined;
  readonly applied: Version | undefined;
  readonly conditions: readonly Condition[];
};

// After a change of the table: long enough to take in what comes right behind it, too short to be noticed by a peer, whose
// containers get their new addresses by a restart of Docker that takes some 10 times as long.
const firewallDelayMs = 50;

// A report of what is not done yet waits so long for the end of it.
const longestUnderWayMs = 1_000;

function pending(type: ConditionType): Finding {
  return { type, transient: true, reason: pendingReason, message: 'not looked at yet' };
}

/** Agent is the daemon's core. */
export class Agent {
  readonly #options: AgentOptions;
  readonly #lanes: Lanes;
  readonly #connection: Connection;
  readonly #reporter: Reporter;
  readonly #acceptance: Acceptance;
  readonly #renewal: Renewal | undefined;
  // What a lane has not looked at yet is not as desired.
  readonly #findings = new Map<LaneName, readonly Finding[]>([
    ['routes', [pending('Routes')]],
    ['firewall', [pending('Firewall')]],
    ['docker', [pending('Docker')]],
  ]);
  readonly #appliedBy = new Map<LaneName, Version>();
  #known: Known;
  #conditions: readonly Condition[] = [];
  #connectionState: ConnectionState | undefined;
  #hostNetworks: readonly HostNetwork[] = [];
  #confirming = false;
  #lastReport = '';

  constructor(options: AgentOptions) {
    const { host, controllers, underlay, mark, log } = options;
    this.#options = options;
    this.#known = options.cached;
    this.#acceptance = new Acceptance(options);
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
    this.#connection = new Connection({
      endpoints: controllers,
      credentials: async () => this.#renewal?.credentials(),
      log,
      request: () => this.#watchRequest(),
      onState: (state) => this.#noteConnection(state),
      listener: {
        onAssignment: (assignment) => this.#takeAssignment(assignment),
        onSnapshot: (snapshot) => this.#takeSnapshot(snapshot),
        onDelta: (delta) => this.#takeDelta(delta),
        onBookmark: (at) => this.#takeBookmark(at),
        onTrust: (authority, spreadMs) => this.#renewal?.trust(authority, spreadMs),
      },
    });
    this.#renewal = this.#makeRenewal();
    this.#reporter = new Reporter({
      log,
      state: () => this.#report(),
      send: (request, signal) => this.#connection.report(request, signal),
      onFenced: () => this.#connection.reopen(),
    });
  }

  #makeRenewal(): Renewal | undefined {
    const { proof, log } = this.#options;
    if (proof === undefined) return undefined;
    return new Renewal({
      ...proof,
      log,
      renew: (csr, signal) => this.#connection.renew(csr, signal),
      onFindings: () => this.#tellStatus(),
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

  /** run works until `signal` aborts. Everything on the host stays as it is then. */
  async run(signal: AbortSignal): Promise<void> {
    const { host } = this.#options;
    const off = host.monitor.onChange((changes) => {
      // Commits of programs that we ran come back here too; the turn that follows finds everything as it should be.
      const filtering = [...changes].filter((change) => change === 'nftables' || change === 'forwarding');
      if (filtering.length > 0) this.#triggerFirewall();
      if (filtering.length < changes.size) this.#lanes.routes.trigger();
    });
    await Promise.all([
      this.#lanes.routes.run(signal),
      this.#lanes.firewall.run(signal),
      this.#lanes.docker.run(signal),
      this.#connection.run(signal),
      this.#reporter.run(signal),
      this.#renewal?.run(signal),
      this.#followDocker(signal),
    ]);
    off();
  }

  async #followDocker(signal: AbortSignal): Promise<void> {
    for await (const event of this.#options.host.docker.engine.events(signal)) {
      this.#lanes.docker.trigger();
      if (event.kind === 'connected') this.#triggerFirewall();
    }
  }

  // Something other than the table: Docker may have come, gone or been set up anew.
  #triggerFirewall(): void {
    this.#options.host.engineFacts.forget();
    this.#lanes.firewall.trigger();
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
    };
  }

  #learn(known: Known): void {
    this.#known = known;
    this.#options.onKnown(known);
  }

  #takeAssignment(told: Assignment): void {
    this.#take(this.#acceptance.assignment(this.#known, told));
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
    this.#tellStatus();
  }

  #noteLease(before: Assignment | undefined, { nodeId, subnet, generation, mode }: Assignment): void {
    const { log } = this.#options;
    if (before !== undefined && before.nodeId !== nodeId) {
      log.warn({ before: before.nodeId, now: nodeId }, 'this node was added anew');
    }
    if (before?.nodeId === nodeId && formatPrefix(before.subnet) === formatPrefix(subnet)) return;
    log.info({ subnet: formatPrefix(subnet), generation, mode }, 'leased');
    this.#findings.set('docker', [pending('Docker')]);
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
    for (const [lane, applied] of this.#appliedBy) {
      if (applied.revision === before.version.revision) this.#appliedBy.set(lane, at);
    }
  }

  #noteConnection(state: ConnectionState): void {
    const { log } = this.#options;
    if (state.connected) {
      log.info({ controller: state.endpoint }, 'connected');
      this.#reporter.changed();
      this.#renewal?.connected();
    } else if (isRefusal(state.error.code)) this.#renewal?.refused(state.error);
    this.#connectionState = state;
    this.#tellStatus();
  }

  #noteTurn(lane: LaneName, outcome: Outcome, known: Known): void {
    this.#findings.set(lane, outcome.findings);
    // Docker being away, or forwarding off, says nothing of whether the rules are in the kernel.
    const about = lane === 'routes' ? 'Routes' : 'Firewall';
    const failed = outcome.findings.some(({ type, transient }) => type === about && transient);
    if (known.table !== undefined && !failed) this.#appliedBy.set(lane, known.table.version);
    if (lane === 'docker') void this.#lookAtNetworks(known);
    // What was refused may be acceptable on the host as it is by now.
    this.#take(lane === 'routes' ? this.#acceptance.again(this.#known) : this.#known);
  }

  async #lookAtNetworks({ assignment }: Known): Promise<void> {
    if (assignment === undefined) return;
    try {
      this.#hostNetworks = await this.#options.host.docker.hostNetworks(assignment.mode, AbortSignal.timeout(10_000));
      this.#tellStatus();
    } catch (error) {
      // Docker is away: what was known of its networks stays.
      this.#options.log.debug({ reason: messageOf(error) }, 'networks of the host not read');
    }
  }

  #tellStatus(): void {
    const before = this.#conditions;
    const findings = [...this.#findings.values()].flat();
    this.#conditions = conditionsFrom(
      [
        ...findings,
        ...this.#withdrawals(),
        ...this.#acceptance.findings(this.#known),
        ...(this.#renewal?.findings() ?? []),
      ],
      before,
      Date.now(),
    );
    for (const condition of this.#conditions) {
      const former = before.find(({ type }) => type === condition.type);
      if (former?.reason === condition.reason && former.message === condition.message) continue;
      if (condition.reason === pendingReason) continue;
      if (!condition.ok) this.#options.log.warn({ type: condition.type, reason: condition.reason }, condition.message);
      else if (former?.ok === false) this.#options.log.info({ type: condition.type, after: former.reason }, 'ready');
    }
    this.#options.onStatus({
      connection: this.#connectionState,
      applied: this.#applied(),
      conditions: this.#conditions,
    });
    const report = JSON.stringify(this.#report());
    if (report === this.#lastReport) return;
    this.#lastReport = report;
    if (this.#isUnderWay(before)) this.#reporter.changedWithin(longestUnderWayMs);
    else this.#reporter.changed();
  }

  // Between the turns that a change of the table brings about, counts that are out of date in a moment are all that is
  // new: the last of these turns has them reported.
  #isUnderWay(before: readonly Condition[]): boolean {
    const { table } = this.#known;
    const applied = this.#applied();
    const same = this.#conditions.every(({ type, ok, reason, message }) =>
      before.some((one) => one.type === type && one.ok === ok && one.reason === reason && one.message === message),
    );
    return same && table !== undefined && applied !== undefined && isOlder(applied, table.version);
  }

  #withdrawals(): readonly Finding[] {
    const held = this.#known.table?.held.size ?? 0;
    if (held === 0) return [];
    const message = `${held} routes are kept although a controller withdrew them at once: waiting for the store to confirm it`;
    return [{ type: 'Withdrawals', transient: true, reason: 'WithdrawalHeld', message }];
  }

  // What both the kernel's routes and its firewall have taken in.
  #applied(): Version | undefined {
    const routes = this.#appliedBy.get('routes');
    const firewall = this.#appliedBy.get('firewall');
    if (routes === undefined || firewall === undefined) return undefined;
    return isOlder(firewall, routes) ? firewall : routes;
  }

  #report(): ReportRequest | undefined {
    // An assignment that this host refuses is still the one that the controller knows it by.
    const assignment = this.#acceptance.offered ?? this.#known.assignment;
    if (assignment === undefined) return undefined;
    const { host } = this.#options;
    const applied = this.#applied();
    return {
      nodeId: assignment.nodeId,
      generation: assignment.generation,
      ...(applied === undefined ? {} : { applied }),
      routes: host.routes.counts,
      conditions: [...this.#conditions],
      daemonVersion,
      kernelVersion: kernelVersion(),
      dockerVersion: host.engineFacts.version,
      hostNetworks: this.#hostNetworks.map(wireFromHostNetwork),
    };
  }
}
