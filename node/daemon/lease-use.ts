// Observes what the host does with its leases: which are in force, and which containers have addresses in them.
// Invariant: a lease that ends counts as in force until Docker itself has shown that it no longer has the subnet, and no
// start of Docker can bring it back. Until Docker answers, its last known networks and containers stay.
import { type Ipv4, type Prefix, prefixContains, prefixCovers, prefixesEqual } from '../../proto/domain/address.js';
import { usesDefaultNetwork } from '../../proto/domain/default-network.js';
import { dockerRange, nicProblem } from '../../proto/domain/docker-range.js';
import {
  type Assignment,
  type ContainerUse,
  type Lease,
  type LeaseUse,
  mostAttachedReported,
  mostContainersReported,
} from '../../proto/domain/network.js';
import { messageOf } from '../../proto/errors.js';
import { within } from '../../proto/process/backoff.js';
import type { Logger } from '../../proto/process/log.js';
import { bipOfLease } from '../docker/bip/choose.js';
import { withNicUsers } from '../docker/bridge/nic-users.js';
import { attachedTo } from '../docker/bridge/plan.js';
import type { DockerEffect } from '../docker/effect.js';
import { type Bip, bipsEqual } from '../docker/engine/bip-value.js';
import type { EngineContainer, EngineNetwork } from '../docker/engine/engine.js';
import { bridgeState, hands, hasLink } from '../docker/engine/own-bridge.js';
import type { KernelMirror } from '../kernel/mirror.js';
import type { Nics } from '../nics/nics.js';
import { Debounce } from '../reconcile/debounce.js';
import { Subscribers } from '../reconcile/live-value.js';
import { ownSubnetOf } from '../table/own-subnets.js';
import type { KnownReader } from './known.js';

/** DockerSeen is the last observation of Docker. */
export type DockerSeen = {
  readonly networks: readonly EngineNetwork[];
  readonly containers: readonly EngineContainer[];
  /** See bipsToCome; undefined: not known. */
  readonly bipsToCome: readonly Bip[] | undefined;
};

/** leaseUseOf returns whether a host uses a lease. Pure. @param seen undefined: Docker has not answered yet */
export function leaseUseOf(
  lease: Lease,
  mirror: Pick<KernelMirror, 'links' | 'addresses'>,
  seen: DockerSeen | undefined,
): LeaseUse {
  const { subnet, generation, state } = lease;
  if (lease.mode === 'lan') {
    // Until Docker has answered, the bridge represents its network.
    const isHanded =
      seen === undefined ? hasLink(mirror, lease.bridgeName) : seen.networks.some((network) => hands(network, lease));
    const inForce = isHanded || (state === 'ending' && seen !== undefined && isToCome(lease, seen));
    return { subnet, generation, inForce, ending: state === 'ending' };
  }
  const hasAddress = bridgeState(mirror, ownSubnetOf(lease)) === 'whole';
  // While dockerd is down, its bridge may be gone, and comes back with the address when it starts.
  const mayReturn = state === 'ending' && (seen === undefined || has(seen.networks, subnet) || isToCome(lease, seen));
  const inForce = hasAddress || mayReturn;
  return { subnet, generation, inForce, ending: state === 'ending', ...attachedIn(lease, seen) };
}

// The containers, running or stopped, on the Docker network of a lease: Docker removes no network that has some.
function attachedIn({ mode, networkName, subnet }: Lease, seen: DockerSeen | undefined) {
  const network = seen?.networks.find(
    ({ name, subnets }) => name === networkName && subnets.some(({ prefix }) => prefixesEqual(prefix, subnet)),
  );
  if (mode !== 'bridge' || network === undefined || seen === undefined) return {};
  const names = attachedTo(network, seen.containers).map(({ name, running }) => (running ? name : `${name} (stopped)`));
  return names.length === 0 ? {} : { inUse: true, attached: names.sort().slice(0, mostAttachedReported) };
}

function has(networks: readonly EngineNetwork[], subnet: Prefix): boolean {
  // In mode block, each of several networks has a part of it.
  return networks.some((network) => network.subnets.some(({ prefix }) => prefixCovers(subnet, prefix)));
}

function isToCome(lease: Lease, { bipsToCome }: DockerSeen): boolean {
  if (!usesDefaultNetwork(lease)) return false;
  return bipsToCome === undefined || bipsToCome.some((bip) => bipsEqual(bip, bipOfLease(lease)));
}

function isForNics(lease: Lease, address: Ipv4): boolean {
  return dockerRange(lease) !== undefined && nicProblem(lease, address) === undefined;
}

/**
 * containerUses lists the running containers that have addresses in the subnets of leases: those of ending leases first,
 * because a report has room for a limited number and they keep a lease from ending; then those with an address that a nic could
 * have; then by name. Pure.
 */
export function containerUses(
  leases: readonly Lease[],
  containers: readonly EngineContainer[],
): readonly ContainerUse[] {
  const uses = containers.flatMap(({ id, name, running, networks }) =>
    leases
      .filter(({ subnet }) =>
        networks.some(({ address }) => running && address !== undefined && prefixContains(subnet, address)),
      )
      .map((lease) => {
        const { subnet, state } = lease;
        const asked = networks.find(
          ({ address, isNic }) => isNic !== true && address !== undefined && isForNics(lease, address),
        )?.address;
        return {
          id: id.slice(0, 12),
          name,
          subnet,
          ...(asked === undefined ? {} : { askedAddress: asked }),
          order: `${state === 'ending' ? 0 : asked === undefined ? 2 : 1} ${name}`,
        };
      }),
  );
  return uses
    .sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0))
    .map(({ order: _order, ...use }) => use);
}

/** LeaseUsesOptions are the sources of the observation. */
export type LeaseUsesOptions = {
  readonly docker: Pick<DockerEffect, 'bipsToCome'> & {
    readonly engine: Pick<DockerEffect['engine'], 'networks' | 'containers'>;
  };
  readonly nics: Pick<Nics, 'attached'>;
  readonly mirror: Pick<KernelMirror, 'links' | 'addresses'>;
  readonly known: KnownReader;
  readonly log: Logger;
};

/** LeaseUseReport is the part of a report about leases and containers. */
export type LeaseUseReport = {
  readonly leases: readonly LeaseUse[];
  /** At most mostContainersReported. */
  readonly containers: readonly ContainerUse[];
  /** Undefined: Docker has not answered since the daemon started. */
  readonly containerCount: number | undefined;
};

const timeoutMs = 10_000;
// Starting a stack of containers causes many events.
const eventsSettle = { quietMs: 500, longestMs: 2_000 } as const;

/** LeaseUses holds the last observation. */
export class LeaseUses {
  readonly #options: LeaseUsesOptions;
  readonly #changed = new Subscribers();
  readonly #settle = new Debounce(eventsSettle, () => void this.look());
  #seen: DockerSeen | undefined;

  constructor(options: LeaseUsesOptions) {
    this.#options = options;
  }

  /** subscribe calls `listener` after each observation. */
  subscribe(listener: () => void): () => void {
    return this.#changed.subscribe(listener);
  }

  /** lookSoon observes once the events of Docker have settled. */
  lookSoon(): void {
    this.#settle.soon();
  }

  /** look asks Docker. It never throws: if Docker does not answer, the last observation stays. */
  async look(): Promise<void> {
    const { docker, nics, log } = this.#options;
    const { engine } = docker;
    try {
      const [networks, containers, attached] = await within(timeoutMs, (signal) =>
        Promise.all([engine.networks(signal), engine.containers(signal), nics.attached()]),
      );
      // After the networks: a change that ended in between has its outcome in daemon.json.
      const bipsToCome = await docker.bipsToCome().catch((error: unknown) => {
        log.debug({ reason: messageOf(error) }, 'daemon.json not read');
        return undefined;
      });
      this.#seen = { ...withNicUsers({ networks, containers }, attached), bipsToCome };
      this.#changed.notify();
    } catch (error) {
      log.debug({ reason: messageOf(error) }, 'containers not read');
    }
  }

  /** report returns what the host does with the leases of the present assignment. */
  report({ leases }: Pick<Assignment, 'leases'>): LeaseUseReport {
    const containers = containerUses(leases, this.#seen?.containers ?? []);
    return {
      leases: leases.map((lease) => leaseUseOf(lease, this.#options.mirror, this.#seen)),
      containers: containers.slice(0, mostContainersReported),
      containerCount: this.#seen && new Set(containers.map(({ id }) => id)).size,
    };
  }
}
