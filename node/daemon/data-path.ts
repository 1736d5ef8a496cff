// Runs the probe in the daemon: selects the peers to probe, and holds the findings.
// Invariant: nothing is probed before this host has a gateway address and routes to its peers.
import type { SilentPeer } from '../../proto/domain/network.js';
import type { Logger } from '../../proto/process/log.js';
import { aborted } from '../../proto/process/parts.js';
import { ipv4Sysctl, procFiles } from '../firewall/proc.js';
import type { Host } from '../host/host.js';
import { routeTypes } from '../kernel/route-kernel.js';
import { echoFindings, probeFindings, silentPeersOf } from '../probe/findings.js';
import { Prober, type ProbeScene } from '../probe/prober.js';
import { type ProbeVerdict, routedPeers } from '../probe/rounds.js';
import type { Finding } from '../reconcile/effect.js';
import { type LiveValue, Subscribers } from '../reconcile/live-value.js';
import { gatewaysInOrder } from '../table/own-subnets.js';
import type { Underlay } from '../underlay/choose.js';
import type { KnownReader } from './known.js';

/** DataPathOptions are the dependencies of the probe, and its interval. */
export type DataPathOptions = {
  readonly host: Pick<Host, 'mirror' | 'openIcmp'>;
  readonly known: KnownReader;
  readonly underlay: Pick<LiveValue<Underlay | undefined>, 'current'>;
  /** 0: nothing is probed. */
  readonly intervalMs: number;
  readonly log: Logger;
};

const echoIgnored = ipv4Sysctl('icmp_echo_ignore_all');

/** DataPath holds which peers answer. */
export class DataPath {
  readonly #options: DataPathOptions;
  readonly #changed = new Subscribers();
  #findings: readonly Finding[] = [];
  #silentPeers: readonly SilentPeer[] = [];

  constructor(options: DataPathOptions) {
    this.#options = options;
  }

  /** subscribe calls `listener` whenever the findings or the silent peers have changed. */
  subscribe(listener: () => void): () => void {
    return this.#changed.subscribe(listener);
  }

  /** findings report problems on the way to peers. */
  get findings(): readonly Finding[] {
    return this.#findings;
  }

  /** silentPeers are the peers that do not answer, at most 16. */
  get silentPeers(): readonly SilentPeer[] {
    return this.#silentPeers;
  }

  /** run probes until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { host, intervalMs, log } = this.#options;
    if (intervalMs === 0) return aborted(signal);
    const prober = new Prober({
      scene: () => this.#scene(),
      open: (source) => host.openIcmp(source),
      intervalMs,
      // An unreadable file is ignored.
      onVerdict: async (verdict) => this.#take(verdict, await procFiles.read(echoIgnored).catch(() => undefined)),
      log,
    });
    await prober.run(signal);
  }

  #scene(): ProbeScene | undefined {
    const { host, known, underlay } = this.#options;
    const { assignment, table, fenced } = known.current;
    const link = host.mirror.links.get(underlay.current?.ifindex ?? 0);
    if (assignment === undefined || table === undefined || link === undefined || fenced !== undefined) return undefined;
    const gateway = gatewaysInOrder(assignment).find((each) => host.mirror.hasAddress(each));
    if (gateway === undefined) return undefined;
    const own = assignment.leases.map(({ subnet }) => subnet);
    const peers = routedPeers(table.routes.values(), own, (key) =>
      host.mirror.routes.at(key).some(({ type }) => type === routeTypes.unicast),
    );
    return { gateway, peers, mtu: link.mtu };
  }

  #take(verdict: ProbeVerdict, ignored: string | undefined): void {
    const { host, underlay } = this.#options;
    const { ifname: name = '', ifindex = 0 } = underlay.current ?? {};
    const mtu = host.mirror.links.get(ifindex)?.mtu ?? 0;
    const before = JSON.stringify([this.#findings, this.#silentPeers]);
    this.#findings = [...echoFindings(ignored), ...probeFindings(verdict, { name, mtu })];
    this.#silentPeers = silentPeersOf(verdict);
    if (JSON.stringify([this.#findings, this.#silentPeers]) !== before) this.#changed.notify();
  }
}
