// What of all that happens on a host is a reason for a turn of a lane, and how soon.
// Invariant: what may have taken something of ours away is looked at at once, but no oftener than once a second for long;
// all else is brought together. What is missed here, the next turn without a reason finds.
import { Allowance } from '../../proto/rpc/allowance.js';
import type { EngineEvent } from '../docker/engine.js';
import type { OwnBridge } from '../docker/own-bridge.js';
import { onBridgeChange } from '../docker/own-bridge.js';
import type { Host } from '../host/host.js';
import type { HostChange } from '../kernel/host-monitor.js';
import type { NftablesCommit } from '../kernel/nftables-watch.js';
import type { Lanes } from './lanes.js';

/** TriggersOptions are what is listened to, and who is triggered. */
export type TriggersOptions = {
  readonly host: Pick<Host, 'monitor' | 'mirror' | 'engineFacts' | 'docker'> & {
    readonly firewall: Pick<Host['firewall'], 'urgencyOf'>;
  };
  readonly lanes: {
    readonly [lane in 'routes' | 'firewall' | 'docker']: Pick<Lanes[lane], 'trigger' | 'triggerSoon'>;
  };
  /** The bridge of the present assignment; undefined when there is none. */
  readonly bridge: () => OwnBridge | undefined;
  /** Docker is not as desired: whatever happens to containers may have changed that. */
  readonly dockerWaits: () => boolean;
};

// Repairs at once, one after the other; and so many in a second when somebody keeps at it.
const atOnce = { burst: 10, perSecond: 1 };

/** Triggers listens. */
export class Triggers {
  readonly #options: TriggersOptions;
  readonly #atOnce = new Allowance(atOnce, performance.now());
  readonly #bridgeAtOnce = new Allowance(atOnce, performance.now());

  constructor(options: TriggersOptions) {
    this.#options = options;
  }

  /**
   * listen begins to listen to the kernel.
   * @returns ends it
   */
  listen(): () => void {
    const { host, bridge } = this.#options;
    const ends = [
      host.monitor.onChange((changes, commits) => this.#takeChanges(changes, commits)),
      onBridgeChange(host.mirror, bridge, () => this.#bridgeNow()),
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
    // Commits of programs that we ran come back here too; the turn that follows finds everything as it should be.
    const urgency = changes.has('nftables') ? host.firewall.urgencyOf(commits) : 'never';
    if (changes.has('forwarding') || urgency === 'now') this.#firewallNow();
    else if (urgency === 'soon') lanes.firewall.triggerSoon();
    if ([...changes].some((change) => change !== 'nftables' && change !== 'forwarding')) lanes.routes.trigger();
  }

  #firewallNow(): void {
    const { firewall } = this.#options.lanes;
    if (this.#atOnce.take(performance.now())) firewall.trigger();
    else firewall.triggerSoon();
  }

  // A turn asks Docker a lot: a program that takes the address away each time it is put back must not keep both busy.
  #bridgeNow(): void {
    const { docker } = this.#options.lanes;
    if (this.#bridgeAtOnce.take(performance.now())) docker.trigger();
    else docker.triggerSoon();
  }

  #takeEvent(event: EngineEvent): void {
    const { host, lanes, dockerWaits } = this.#options;
    if (event.kind === 'connected' || event.kind === 'disconnected' || event.kind === 'daemon') {
      // Docker may have come, gone or been set up anew.
      host.engineFacts.forget();
      lanes.docker.trigger();
      lanes.firewall.trigger();
    } else if (isAboutNetworks(event) || dockerWaits()) lanes.docker.triggerSoon();
  }
}

// Networks that come and go; containers come and go without a difference to a network that is as it should be.
function isAboutNetworks(event: EngineEvent): boolean {
  return event.kind === 'network' && !/^(dis)?connect$/.test(event.action);
}
