// Collects the daemon's own state: the findings of its lanes, the table that they have applied, and other problems.
// Updates status file and log when it changes, and notifies the reporter.
// Invariant: a report has the newest state, whatever earlier notifications said.

import { formatIpv4 } from '../../proto/domain/address.js';
import {
  type Condition,
  type ConditionType,
  type HostNetwork,
  pendingReason,
  primaryLease,
  type Version,
} from '../../proto/domain/network.js';
import { messageOf } from '../../proto/errors.js';
import type { ReportRequest } from '../../proto/gen/xnet/v1/ReportRequest.js';
import { within } from '../../proto/process/backoff.js';
import type { Logger } from '../../proto/process/log.js';
import { aborted } from '../../proto/process/parts.js';
import { wireFromHeldRoutes, wireFromHostNetwork, wireFromSilentPeer } from '../../proto/rpc/convert.js';
import { wireFromContainerUse, wireFromLeaseUse } from '../../proto/rpc/convert-assignment.js';
import { wireFromNicUse } from '../../proto/rpc/convert-nic.js';
import type { Host } from '../host/host.js';
import type { Finding, Outcome } from '../reconcile/effect.js';
import { Subscribers } from '../reconcile/live-value.js';
import { Paced } from '../reconcile/paced.js';
import { fencedFinding } from '../table/fence.js';
import { ownSubnets } from '../table/own-subnets.js';
import { foreignNetworks } from '../table/used-ranges.js';
import type { UplinkState } from '../uplink/uplink.js';
import { aboutDaemon } from './about.js';
import type { AddressFollower } from './address-follower.js';
import { AppliedTable } from './applied.js';
import { conditionsFrom } from './conditions.js';
import type { DataPath } from './data-path.js';
import type { Intake } from './intake.js';
import type { Known, KnownReader } from './known.js';
import type { LaneName } from './lanes.js';
import type { LeaseUses } from './lease-use.js';
import { Patience } from './patience.js';
import { heldRoutesOf, withdrawalFindings } from './withdrawals.js';

/** DaemonState is the daemon's state as the status file and systemd show it. */
export type DaemonState = {
  readonly connection: UplinkState | undefined;
  readonly applied: Version | undefined;
  readonly conditions: readonly Condition[];
};

/** FindingSource is a part with its own findings. */
export type FindingSource = {
  readonly findings: readonly Finding[];
  /** subscribe calls `listener` whenever the findings may have changed. */
  subscribe(listener: () => void): () => void;
};

/** SelfStatusOptions are the sources of the status. */
export type SelfStatusOptions = {
  readonly host: Pick<Host, 'docker' | 'engineFacts' | 'mirror' | 'nics' | 'routes'>;
  readonly known: KnownReader;
  readonly intake: Pick<Intake, 'offered' | 'findings'>;
  readonly dataPath: Pick<DataPath, 'findings' | 'silentPeers'>;
  readonly uses: Pick<LeaseUses, 'look' | 'report'>;
  /** Undefined: without --follow-address. */
  readonly follower: Pick<AddressFollower, 'look'> | undefined;
  /** The certificate and the state directory. */
  readonly sources: readonly Pick<FindingSource, 'findings'>[];
  /** Called with each new status. */
  readonly onStatus: (status: DaemonState) => void;
  readonly log: Logger;
};

// A fleet that grows changes all the time.
const tellEveryMs = 250;
// Once for all lanes that a change triggers, and after the routes of other hosts that share processors with this one or with
// the controller: they are the urgent part of a change.
const tellWithinMs = 200;
// While work is under way, a report waits this long for its end.
const longestUnderWayMs = 1_000;
// In a fleet, containers start and end all the time.
const containersMs = 15_000;
const dockerMs = 10_000;

function pending(type: ConditionType): Finding {
  return { type, transient: true, reason: pendingReason, message: 'not checked yet' };
}

function fencedFindings({ fenced }: Known): readonly Finding[] {
  return fenced === undefined ? [] : [fencedFinding(fenced)];
}

/** SelfStatus holds the state of the daemon and its host. */
export class SelfStatus {
  /** Notified when the report has changed, with the permitted delay in milliseconds. */
  readonly reportable = new Subscribers<[withinMs: number]>();
  readonly #options: SelfStatusOptions;
  // Before its first turn, a lane counts as not converged.
  readonly #findings = new Map<LaneName, readonly Finding[]>([
    ['routes', [pending('Routes')]],
    ['firewall', [pending('Firewall')]],
    ['docker', [pending('Docker')]],
  ]);
  readonly #applied = new AppliedTable();
  readonly #patience = new Patience();
  readonly #telling = new Paced(tellEveryMs, () => this.#tellOrFail());
  #judgement: NodeJS.Timeout | undefined;
  #failed: ((error: unknown) => void) | undefined;
  #conditions: readonly Condition[] = [];
  #connection: UplinkState | undefined;
  #hostNetworks: readonly HostNetwork[] = [];
  // The containers in the last report, and all else of it.
  #lastUse = '';
  #lastRest = '';

  constructor(options: SelfStatusOptions) {
    this.#options = options;
  }

  /** noteLease records that Docker has to get another subnet. */
  noteLease(): void {
    this.#findings.set('docker', [pending('Docker')]);
  }

  /** noteConnection records the state of the uplink. */
  noteConnection(state: UplinkState): void {
    this.#connection = state;
    this.tell();
  }

  /** noteBookmark records that the table at `before` is unchanged at `at`. */
  noteBookmark(before: Version, at: Version): void {
    this.#applied.noteBookmark(before, at);
  }

  /** noteTurn records the outcome of a lane's turn, and the state that it began with. It does not notify. */
  noteTurn(lane: LaneName, outcome: Outcome, known: Known): void {
    this.#findings.set(lane, outcome.findings);
    this.#applied.noteTurn(lane, outcome, known);
    if (lane !== 'docker') return;
    // Docker has never answered: the kernel's connected routes are all there is to report.
    if (outcome.findings.length > 0 && this.#hostNetworks.length === 0)
      this.#hostNetworks = foreignNetworks(this.#options.host.mirror, ownSubnets(known.assignment));
    void this.#lookAtNetworks(known);
  }

  async #lookAtNetworks({ assignment }: Known): Promise<void> {
    if (assignment === undefined) return;
    const { host, uses, log } = this.#options;
    await uses.look();
    try {
      this.#hostNetworks = await within(dockerMs, (signal) => host.docker.hostNetworks(assignment.leases, signal));
      this.tell();
    } catch (error) {
      // Docker is unavailable: its last known networks stay.
      log.debug({ reason: messageOf(error) }, "Docker's networks not read");
    }
  }

  #finds(lane: LaneName, reason: string): boolean {
    return (this.#findings.get(lane) ?? []).some((finding) => finding.reason === reason);
  }

  /** waits reports whether the last turn of a lane left anything not as desired. */
  waits(lane: LaneName): boolean {
    return (this.#findings.get(lane) ?? []).some(({ isNote }) => isNote !== true);
  }

  /** tell recomputes the conditions soon, and notifies of changes: once for all that one change of the table triggers. */
  tell(): void {
    this.#telling.within(tellWithinMs);
  }

  /**
   * run notifies until `signal` aborts.
   * @throws the error of a listener
   */
  async run(signal: AbortSignal): Promise<void> {
    const failed = new Promise<never>((_, reject) => {
      this.#failed = reject;
    });
    await Promise.race([failed, aborted(signal)]);
    this.#telling.end();
    clearTimeout(this.#judgement);
  }

  #tellOrFail(): void {
    try {
      this.#tellNow();
    } catch (error) {
      if (this.#failed === undefined) throw error;
      this.#failed(error);
    }
  }

  #judgeNow(): void {
    const { intake, dataPath, known, sources, onStatus } = this.#options;
    const before = this.#conditions;
    const findings = [...this.#findings.values()].flat();
    this.#conditions = this.#judged(
      conditionsFrom(
        [
          ...[
            ...findings,
            ...fencedFindings(known.current),
            ...withdrawalFindings(this.#options.known.current.table),
            ...intake.findings(known.current),
            ...dataPath.findings,
          ],
          ...sources.flatMap((source) => source.findings),
        ],
        before,
        Date.now(),
      ),
    );
    this.#logChanges(before);
    onStatus({ connection: this.#connection, applied: this.#applied.current?.version, conditions: this.#conditions });
  }

  #tellNow(): void {
    const before = this.#conditions;
    this.#judgeNow();
    const { containers = [], containerCount = 0, ...rest } = this.report() ?? {};
    const [restText, useText] = [JSON.stringify(rest), JSON.stringify([containers, containerCount])];
    const [isSameRest, isSameUse] = [restText === this.#lastRest, useText === this.#lastUse];
    this.#lastRest = restText;
    this.#lastUse = useText;
    if (isSameRest && isSameUse) return;
    if (isSameRest) this.reportable.notify(this.#containersWithinMs());
    else this.reportable.notify(this.#isUnderWay(before) ? longestUnderWayMs : 0);
  }

  #judged(found: readonly Condition[]): readonly Condition[] {
    const { conditions, againMs } = this.#patience.judge(found, performance.now());
    clearTimeout(this.#judgement);
    this.#judgement = againMs === undefined ? undefined : setTimeout(() => this.tell(), againMs + 1).unref();
    return conditions;
  }

  #logChanges(before: readonly Condition[]): void {
    const { log } = this.#options;
    for (const condition of this.#conditions) {
      const former = before.find(({ type }) => type === condition.type);
      const same = former?.reason === condition.reason && former.message === condition.message;
      if (same && former.transient === condition.transient) continue;
      if (condition.reason === pendingReason) continue;
      const { type, reason, message, fix } = condition;
      if (!condition.ok) log.warn({ type, reason, ...(fix === undefined ? {} : { fix }) }, message);
      else if (former?.ok === false) log.info({ type: condition.type, after: former.reason }, 'ready');
    }
  }

  // Between the turns that one change of the table triggers, only counts change; the last of these turns reports them.
  #isUnderWay(before: readonly Condition[]): boolean {
    if (!this.#applied.isBehind(this.#options.known.current)) return false;
    const essence = ({ type, ok, transient, reason, message }: Condition) =>
      JSON.stringify([type, ok, transient, reason, message]);
    const known = new Set(before.map(essence));
    return this.#conditions.every((condition) => known.has(essence(condition)));
  }

  // Only a lease that ends or a drain that waits for containers needs them soon.
  #containersWithinMs(): number {
    const { assignment } = this.#options.known.current;
    const waits = assignment?.availability === 'draining' || assignment?.leases.some(({ state }) => state === 'ending');
    return waits === true ? longestUnderWayMs : containersMs;
  }

  /** report returns the report for the controllers; undefined while this host has no lease. */
  report(): ReportRequest | undefined {
    const { intake, dataPath, follower, host, known, uses } = this.#options;
    if (this.#telling.isDue) this.#judgeNow();
    // Controllers identify this host by the newest assignment, even if the host refuses it.
    const assignment = intake.offered ?? known.current.assignment;
    if (assignment === undefined) return undefined;
    const applied = this.#applied.current;
    const { leases, containers, containerCount } = uses.report(assignment);
    const newAddress = follower?.look();
    const held = heldRoutesOf(known.current.table);
    return {
      nodeId: assignment.nodeId,
      generation: primaryLease(assignment).generation,
      // What the cached table does not have is still in the kernel until a turn on a confirmed one.
      ...(applied?.isConfirmed === true ? { applied: applied.version } : {}),
      routes: host.routes.counts,
      conditions: [...this.#conditions],
      ...aboutDaemon(host.engineFacts),
      hostNetworks: this.#hostNetworks.map(wireFromHostNetwork),
      silentPeers: dataPath.silentPeers.map(wireFromSilentPeer),
      leases: leases.map(wireFromLeaseUse),
      nics: host.nics.uses.map(wireFromNicUse),
      containers: containers.map(wireFromContainerUse),
      // A host without Docker has no containers.
      containerCount: containerCount ?? 0,
      containersKnown: containerCount !== undefined || this.#finds('docker', 'NotInstalled'),
      ...(newAddress === undefined ? {} : { newAddress: formatIpv4(newAddress) }),
      ...(held === undefined ? {} : { held: wireFromHeldRoutes(held) }),
    };
  }
}
