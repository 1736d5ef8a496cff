// What a host reports of its networks when it joins: of each the host's own address in it, and Docker's name for it.
// Invariant: a Docker that does not answer keeps no host from joining; its networks are then reported as interfaces. Nor
// does a kernel whose routing can't be read: no network is then reported, and the daemon reports them when it runs.
import { type Ipv4, prefixContains } from '../../proto/domain/address.js';
import type { HostNetwork } from '../../proto/domain/network.js';
import { messageOf } from '../../proto/errors.js';
import { connectEngine } from '../docker/engine/dockerode.js';
import type { Engine } from '../docker/engine/engine.js';
import { openLinuxRouteKernel } from '../kernel/linux-route-kernel.js';
import { KernelMirror } from '../kernel/mirror.js';
import { Poller } from '../kernel/poller.js';
import { connectedNetworks, mainRoutesFrom } from '../table/used-ranges.js';

const answersWithinMs = 5_000;

/** Described are the networks of a host, and what could not be found out, in sentences. */
export type Described = { readonly networks: readonly HostNetwork[]; readonly problems: readonly string[] };

type Interfaces = {
  readonly networks: readonly HostNetwork[];
  /** By interface. */
  readonly addresses: ReadonlyMap<string, readonly Ipv4[]>;
};

/** describeNetworks adds to each network the host's address in it, and the name of the Docker network behind it. Pure. */
export function describeNetworks(
  networks: readonly HostNetwork[],
  addresses: ReadonlyMap<string, readonly Ipv4[]>,
  docker: ReadonlyMap<string, string>,
): readonly HostNetwork[] {
  return networks.map((network) => {
    const name = /^interface (.+)$/.exec(network.source)?.[1] ?? '';
    const address = addresses.get(name)?.find((each) => prefixContains(network.prefix, each));
    const dockerNetwork = docker.get(name);
    return {
      ...network,
      ...(address === undefined ? {} : { address }),
      ...(dockerNetwork === undefined ? {} : { dockerNetwork }),
    };
  });
}

/** interfaceNetworks returns the networks on the interfaces that a mirror shows, and the addresses of each. */
export function interfaceNetworks(
  mirror: Pick<KernelMirror, 'addresses' | 'allRoutes' | 'links' | 'nextHops'>,
): Interfaces {
  const addresses = new Map<string, Ipv4[]>();
  for (const { ifindex, address } of mirror.addresses) {
    const name = mirror.links.get(ifindex)?.name ?? '';
    addresses.set(name, [...(addresses.get(name) ?? []), address]);
  }
  return { networks: connectedNetworks(mainRoutesFrom(mirror.allRoutes(), mirror)), addresses };
}

// A mirror for one reading, like that of the daemon.
async function readInterfaces(protocol: number): Promise<Interfaces> {
  const poller = new Poller();
  try {
    const kernel = openLinuxRouteKernel({ poller });
    try {
      const mirror = new KernelMirror({ kernel, protocol });
      await mirror.refresh();
      return interfaceNetworks(mirror);
    } finally {
      kernel.close();
    }
  } finally {
    await poller.close();
  }
}

/** HostPlace says where a host's networks are read. */
export type HostPlace = {
  readonly dockerSocket: string;
  /** rtm_protocol of xnet's routes. */
  readonly routeProtocol: number;
};

/** readDescribedNetworks returns the networks of this host. */
export async function readDescribedNetworks(
  { dockerSocket, routeProtocol }: HostPlace,
  signal: AbortSignal,
): Promise<Described> {
  let interfaces: Interfaces;
  try {
    interfaces = await readInterfaces(routeProtocol);
  } catch (error) {
    return { networks: [], problems: [`The networks of this host are not known: ${messageOf(error)}`] };
  }
  const { networks, addresses } = interfaces;
  const limited = AbortSignal.any([signal, AbortSignal.timeout(answersWithinMs)]);
  try {
    const docker = await dockerNetworks(connectEngine(dockerSocket), limited);
    return { networks: describeNetworks(networks, addresses, docker), problems: [] };
  } catch (error) {
    if (signal.aborted) throw error;
    const problem = `Docker's own networks are not known: ${messageOf(error)}`;
    return { networks: describeNetworks(networks, addresses, new Map()), problems: [problem] };
  }
}

// Docker's names of bridge networks, by bridge; docker0 is known by its own name.
async function dockerNetworks(engine: Engine, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
  const networks = await engine.networks(signal);
  return new Map(
    networks.flatMap(({ name, bridgeName, isDefault }): readonly (readonly [string, string])[] =>
      bridgeName === undefined || isDefault ? [] : [[bridgeName, name]],
    ),
  );
}
