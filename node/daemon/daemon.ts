// The daemon's core: applies the state from the controllers to the host by lanes, and reports the outcome.
// Invariant: knowledge only gets newer. Without any controller the lanes go on with what is cached.
import type { Prefix } from '../../proto/domain/address.js';
import { messageOf } from '../../proto/errors.js';
import { exec } from '../../proto/process/exec.js';
import type { Logger } from '../../proto/process/log.js';
import { aborted, type Parts, runParts } from '../../proto/process/parts.js';
import type { Endpoint } from '../../proto/rpc/endpoint.js';
import { Answers } from '../diagnosis/answers.js';
import type { LookedAt } from '../diagnosis/looked-at.js';
import { Traces } from '../diagnosis/trace.js';
import { procFiles } from '../firewall/proc.js';
import type { Host } from '../host/host.js';
import type { NodeIdentity } from '../identity/identity.js';
import { CertificateRenewal } from '../identity/renewal.js';
import { LiveValue } from '../reconcile/live-value.js';
import { lanSubnets, ownSubnets } from '../table/own-subnets.js';
import type { Underlay } from '../underlay/choose.js';
import { Uplink } from '../uplink/uplink.js';
import { AddressFollower } from './address-follower.js';
import { ControllerList } from './controller-list.js';
import { DataPath } from './data-path.js';
import { desiredLan } from './desired-lan.js';
import { Feed } from './feed.js';
import { Intake } from './intake.js';
import type { Known } from './known.js';
import { type LaneSettings, type Lanes, makeLanes, type Watchdog } from './lanes.js';
import { LeaseUses } from './lease-use.js';
import { Reporter } from './reporter.js';
import { type DaemonState, type FindingSource, SelfStatus } from './self-status.js';
import { StateSpace } from './space.js';
import type { Standing } from './standing.js';
import { Triggers } from './triggers.js';

/** LocalNode is the node that this host is. */
export type LocalNode = {
  readonly name: string;
  /** The same on this host as long as it runs, and different on any other. */
  readonly fingerprint: string;
  readonly stateDir: string;
  readonly controllers: readonly Endpoint[];
  /** The addresses that the controllers announce are used as well: no operator named any. */
  readonly followControllers: boolean;
  /** Undefined: every controller is a unix socket. */
  readonly identity: NodeIdentity | undefined;
};

/** DaemonNetworkSettings are an operator's settings of what the daemon does to the host's network. */
export type DaemonNetworkSettings = LaneSettings & {
  /** --allowed-pools */
  readonly allowedPools: readonly Prefix[] | undefined;
  /** --probe-interval in milliseconds; 0: peers are not probed. */
  readonly probeIntervalMs: number;
  /** --follow-address */
  readonly followAddress: boolean;
};

/** Supervisor receives the daemon's state, and restarts it without a sign of life: systemd. */
export type Supervisor = Watchdog & {
  /** onStatus is called with each new status. */
  onStatus(status: DaemonState): void;
};

/** DaemonOptions are the dependencies of a daemon. */
export type DaemonOptions = {
  readonly node: LocalNode;
  readonly host: Host;
  readonly settings: DaemonNetworkSettings;
  /** Initially the cached state. The cache writer subscribes to it. */
  readonly known: LiveValue<Known>;
  /** Finds that what is known can't be kept on disk. */
  readonly cache: FindingSource;
  /** Waits for the controllers to ask this host to leave; undefined: they can't. */
  readonly asked: (FindingSource & { run(signal: AbortSignal): Promise<void> }) | undefined;
  readonly supervisor: Supervisor;
  readonly log: Logger;
};

// A restart of Docker that is under way when a part fails continues without xnetd; the next start completes it.
const partsGraceMs = 2_000;

/** Daemon is the daemon's core. */
export class Daemon {
  readonly #options: DaemonOptions;
  readonly #renewal: CertificateRenewal | undefined;
  readonly #dataPath: DataPath;
  readonly #space: StateSpace;
  readonly #uses: LeaseUses;
  readonly #status: SelfStatus;
  readonly #lanes: Lanes;
  readonly #uplink: Uplink;
  readonly #reporter: Reporter;
  readonly #feed: Feed;
  readonly #traces: Traces;

  constructor(options: DaemonOptions) {
    const { node, host, settings, known, cache, asked, supervisor, log } = options;
    this.#options = options;
    const { identity, stateDir } = node;
    const underlay = new LiveValue<Underlay | undefined>(undefined);
    const renewal = identity === undefined ? undefined : new CertificateRenewal({ identity, stateDir, log });
    this.#renewal = renewal;
    const announced = node.followControllers ? renewal : undefined;
    const controllers = new ControllerList({ configured: node.controllers, announced });
    const { mirror } = host;
    const { allowedPools } = settings;
    const intake = new Intake({
      nodeName: node.name,
      controllers,
      allowedPools,
      joined: renewal,
      mirror,
    });
    this.#dataPath = new DataPath({ host, known, underlay, intervalMs: settings.probeIntervalMs, log });
    this.#space = new StateSpace(stateDir, log);
    this.#uses = new LeaseUses({ docker: host.docker, nics: host.nics, mirror, known, log });
    this.#status = new SelfStatus({
      host,
      known,
      intake,
      dataPath: this.#dataPath,
      uses: this.#uses,
      follower: settings.followAddress ? new AddressFollower({ mirror, known, underlay }) : undefined,
      sources: [renewal, asked, cache, this.#space].flatMap((source) => source ?? []),
      onStatus: (status) => supervisor.onStatus(status),
      log,
    });
    const reach = { endpoints: () => controllers.endpoints, credentials: async () => renewal?.credentials() };
    const standing = new LiveValue<Standing>('not known');
    this.#lanes = makeLanes({ host, known, underlay, settings, standing, reach, watchdog: supervisor, log });
    this.#uplink = new Uplink({ controllers, identity: renewal, hostFingerprint: node.fingerprint, log });
    this.#reporter = new Reporter({ source: this.#status, uplink: this.#uplink, log });
    this.#traces = new Traces({ exec, nameOf: (ifindex) => mirror.links.get(ifindex)?.name ?? '' });
    const place: LookedAt = {
      mirror,
      lookup: host.lookup,
      proc: procFiles,
      engine: host.docker.engine,
      openIcmp: (source, namespace, identifier) => host.openIcmp(source, namespace, identifier),
      traces: this.#traces,
      underlay: () => underlay.current,
      own: () => ownSubnets(known.current.assignment),
      inLan: () => lanSubnets(known.current.assignment),
      table: () => known.current.table,
      mark: settings.mark,
    };
    this.#feed = new Feed({
      nodeName: node.name,
      hostFingerprint: node.fingerprint,
      clusterId: identity?.clusterId,
      known,
      standing,
      intake,
      lanes: this.#lanes,
      status: this.#status,
      reporter: this.#reporter,
      uplink: this.#uplink,
      answers: new Answers(place, (id, findings) => this.#uplink.answer(id, findings), log),
      renewal,
      log,
    });
  }

  /**
   * run works until `signal` aborts. Everything on the host stays as it is then.
   * @throws XnetError when a part fails: a daemon that repairs only some things would look like one that repairs all
   */
  async run(signal: AbortSignal): Promise<void> {
    const { host, known, asked, log } = this.#options;
    const lanes = this.#lanes;
    const triggers = new Triggers({
      host,
      lanes,
      own: () => ownSubnets(known.current.assignment),
      isOnLan: () => desiredLan(known.current.assignment) !== undefined,
      dockerWaits: () => this.#status.waits('docker'),
      onContainers: () => {
        this.#uses.lookSoon();
        this.#nicsSoon();
      },
    });
    const ends = [triggers.listen(), ...this.#subscribe()];
    const renewal = this.#renewal;
    const parts: Parts = {
      routes: (stop) => lanes.routes.run(stop),
      firewall: (stop) => lanes.firewall.run(stop),
      docker: (stop) => lanes.docker.run(stop),
      nics: (stop) => lanes.nics.run(stop),
      lan: (stop) => lanes.lan.run(stop),
      connection: (stop) => this.#uplink.run(this.#feed, stop),
      reporter: (stop) => this.#reporter.run(stop),
      status: (stop) => this.#status.run(stop),
      'events of Docker': (stop) => triggers.followDocker(stop),
      'data path': (stop) => this.#dataPath.run(stop),
      'room on disk': (stop) => this.#space.run(stop),
      'leave that is asked for': (stop) => (asked?.run(stop) ?? Promise.resolve()).then(() => aborted(stop)),
      ...(renewal === undefined ? {} : { renewal: (stop: AbortSignal) => renewal.run(this.#uplink, stop) }),
    };
    try {
      // The first messages of a controller are checked against the addresses of this host.
      await host.mirror.refresh().catch((error: unknown) => {
        log.warn({ reason: messageOf(error) }, 'the addresses of this host could not be read yet');
      });
      // Removes the tables of a daemon that was killed during a trace. Without nft there are none.
      this.#traces.sweep();
      await runParts(parts, signal, {
        graceMs: partsGraceMs,
        onFailure: (part, error) => log.fatal({ err: error, part }, 'failed: the daemon ends'),
      });
    } finally {
      await this.#traces.close();
      for (const end of ends) end();
    }
  }

  #subscribe(): readonly (() => void)[] {
    const { host, cache, asked } = this.#options;
    const tell = () => this.#status.tell();
    return [
      this.#lanes.turns.subscribe((lane, outcome, known) => {
        this.#feed.onTurn(lane, outcome, known);
        // Docker may have been restarted and has recreated its bridge.
        if (lane === 'docker') this.#nicsSoon();
        if (lane === 'nics' && outcome.changes > 0) this.#uses.lookSoon();
      }),
      host.monitor.onChange((changes) => {
        if (changes.has('link') || changes.has('address') || changes.has('lost')) this.#nicsSoon();
      }),
      ...[this.#dataPath, this.#space, this.#uses, asked, this.#renewal]
        .flatMap((source) => source ?? [])
        .map((source) => source.subscribe(tell)),
      cache.subscribe(() => {
        this.#space.again();
        tell();
      }),
    ];
  }

  // A host without nics is not looked at for each container that starts.
  #nicsSoon(): void {
    const { nics } = this.#options.known.current.assignment ?? {};
    if (nics !== undefined && nics.nics.length > 0) this.#lanes.nics.triggerSoon();
  }

  /** retry repeats at once, at an operator's request, what was given up or postponed. */
  retry(): void {
    const { host, log } = this.#options;
    log.info('reload: every effect is tried again');
    host.docker.retry();
    this.#lanes.retryLan();
    const { routes, firewall, docker, nics, lan } = this.#lanes;
    for (const lane of [lan, routes, firewall, docker, nics]) lane.trigger();
  }
}
