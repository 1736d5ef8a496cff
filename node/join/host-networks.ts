// What a host reports of its networks when it joins: of each the host's own address in it, and Docker's name for it.
// Invariant: a Docker that does not answer keeps no host from joining; its networks are then reported as interfaces.
import { networkInterfaces } from 'node:os';
import { type Ipv4, parseIpv4, prefixContains } from '../../proto/domain/address.js';
import type { HostNetwork } from '../../proto/domain/network.js';
import { messageOf } from '../../proto/errors.js';
import { connectEngine } from '../docker/engine/dockerode.js';
import type { Engine } from '../docker/engine/engine.js';
import { readNetworks } from '../table/used-ranges.js';

const answersWithinMs = 5_000;

type Named = { readonly networks: readonly HostNetwork[]; readonly problem: string | undefined };

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

/** readDescribedNetworks returns the networks of this host, and why Docker could not be asked; undefined: it was. */
export async function readDescribedNetworks(dockerSocket: string, signal: AbortSignal): Promise<Named> {
  const addresses = new Map(
    Object.entries(networkInterfaces()).map(([name, all = []]) => [
      name,
      all.flatMap(({ address }) => parseIpv4(address) ?? []),
    ]),
  );
  const limited = AbortSignal.any([signal, AbortSignal.timeout(answersWithinMs)]);
  try {
    const docker = await dockerNetworks(connectEngine(dockerSocket), limited);
    return { networks: describeNetworks(readNetworks(), addresses, docker), problem: undefined };
  } catch (error) {
    if (signal.aborted) throw error;
    return { networks: describeNetworks(readNetworks(), addresses, new Map()), problem: messageOf(error) };
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
