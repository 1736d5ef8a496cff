// Decides which events on the host trigger a turn of a lane, and how soon.
// Invariant: events that may have removed something of ours trigger at once, limited to one per second in the long run;
// others are debounced. The periodic resync finds whatever is missed here.
import { Allowance } from '../../proto/rpc/allowance.js';
import type { EngineEvent } from '../docker/engine/engine.js';
import { onBridgeChange } from '../docker/engine/own-bridge.js';
import type { Host } from '../host/host.js';
import type { HostChange } from '../kernel/host-monitor.js';
import type { NftablesCommit } from '../kernel/nftables-watch.js';
import type { OwnSubnet } from '../table/own-subnets.js';
import type { Lanes } from './lanes.js';

/** TriggersOptions are the sources of events, and the lanes to trigger. */
export type TriggersOptions = {
  readonly host: Pick<Host, 'monitor' | 'mirror' | 'engineFacts' | 'docker'> & {
    readonly firewall: Pick<Host['firewall'], 'urgencyOf'>;
  };
  readonly lanes: {
    readonly [lane in 'routes' | 'firewall' | 'docker' | 'lan']: Pick<Lanes[lane], 'trigger' | 'triggerSoon'>;
  };
  /** The subnets of the present assignment; none when there is none. */
  readonly own: () => readonly OwnSubnet[];
  /** Reports whether the node has a lease of LAN mode. */
  readonly isOnLan: () => boolean;
  /** Reports whether Docker differs from the desired state: any container event may have changed that. */
  readonly dockerWaits: () => boolean;
  /** Called when containers may have come to use a subnet, or ceased to. */
  readonly onContainers: () => void;
};

// A burst of immediate repairs, and the sustained rate when another program keeps removing things.
const atOnce = { burst: 10, perSecond: 1 };

/** Triggers listens to the kernel and to Docker, and triggers lanes. */
export class Triggers {
  readonly #options: TriggersOptions;
  readonly #atOnce = new Allowance(atOnce, performance.now());
  readonly #bridgeAtOnce = new Allowance(atOnce, performance.now());
  readonly #lanAtOnce = new Allowance(atOnce, performance.now());

  constructor(options: TriggersOptions) {
    this.#options = options;
  }

  /**
   * listen starts listening to the kernel.
   * @returns stops listening
   */
  listen(): () => void {
    const { host, own } = this.#options;
    const ends = [
      host.monitor.onChange((changes, commits) => this.#takeChanges(changes, commits)),
      onBridgeChange(host.mirror, own, () => this.#bridgeNow()),
    ];
    return () => {
      for (const end of ends) end();
    };
  }

  /** followDocker listens to Docker until `signal` aborts. */
  async followDocker(signal: AbortSignal): Promise<void> {
    for await (const event of this.#options.host.docker.engine.events(signal)) this.#takeEvent(event);
  }

  #takeChanges(changes: ReadonlySet<HostChange>, commits: readonly NftablesCommit[]): void {
    const { host, lanes } = this.#options;
    // Commits of programs that xnetd ran arrive here as well; the turn that they trigger finds nothing to do.
    const urgency = changes.has('nftables') ? host.firewall.urgencyOf(commits) : 'never';
    if (changes.has('forwarding') || urgency === 'now') this.#firewallNow();
    else if (urgency === 'soon') lanes.firewall.triggerSoon();
    if ([...changes].every((change) => change === 'nftables' || change === 'forwarding')) return;
    lanes.routes.trigger();
    if (this.#options.isOnLan()) this.#lanNow();
  }

  // A lost default route cuts the host off.
  #lanNow(): void {
    const { lan } = this.#options.lanes;
    if (this.#lanAtOnce.take(performance.now())) lan.trigger();
    else lan.triggerSoon();
  }

  #firewallNow(): void {
    const { firewall } = this.#options.lanes;
    if (this.#atOnce.take(performance.now())) firewall.trigger();
    else firewall.triggerSoon();
  }

  // A turn makes many Docker calls: a program that keeps removing the address must not keep xnetd and Docker busy.
  #bridgeNow(): void {
    const { docker } = this.#options.lanes;
    if (this.#bridgeAtOnce.take(performance.now())) docker.trigger();
    else docker.triggerSoon();
  }

  #takeEvent(event: EngineEvent): void {
    const { host, lanes, dockerWaits, onContainers } = this.#options;
    if (isAboutUse(event)) onContainers();
    if (event.kind === 'connected' || event.kind === 'disconnected' || event.kind === 'daemon') {
      // Docker may have started, stopped or been reconfigured.
      host.engineFacts.forget();
      lanes.docker.trigger();
      lanes.firewall.trigger();
    } else if (isAboutNetworks(event) || dockerWaits()) lanes.docker.triggerSoon();
  }
}

// Not those that a health check causes every few seconds (exec_start).
function isAboutUse(event: EngineEvent): boolean {
  if (event.kind === 'container') return /^(start|die|destroy)$/.test(event.action);
  return event.kind === 'network' && /^(dis)?connect$/.test(event.action);
}

// Networks that are created or removed. Containers that connect or disconnect don't affect a network that is as desired.
function isAboutNetworks(event: EngineEvent): boolean {
  return event.kind === 'network' && !/^(dis)?connect$/.test(event.action);
}
