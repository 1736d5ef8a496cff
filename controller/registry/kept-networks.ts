// Decides which subnet a host keeps if it had Docker networks in a pool before it became a node. Pure.
// Invariant: a host keeps exactly its reported network and address, or its join is refused: nothing on it may restart.
import { formatIpv4, formatPrefix, gatewayOf, type Prefix, prefixesEqual } from '../../proto/domain/address.js';
import { checkDockerName, checkInterfaceName } from '../../proto/domain/input.js';
import type { HostNetwork, Mode } from '../../proto/domain/network.js';
import { XnetError } from '../../proto/errors.js';
import { poolOf } from '../view/pool-of.js';
import type { ReadonlyView } from '../view/view.js';

/** WhatToKeep is the operator's description of the network that a host keeps. */
export type WhatToKeep = { readonly pool?: string; readonly subnet?: Prefix; readonly mode?: Mode };

/** KeptNetwork is the network that a host keeps: docker0 with mode bip, or a Docker network of the host's with its bridge. */
export type KeptNetwork = {
  readonly pool: string;
  readonly subnet: Prefix;
  readonly mode: Mode;
  /** Of mode bridge. */
  readonly networkName?: string;
  readonly bridgeName?: string;
};

type Candidate = { readonly network: HostNetwork; readonly kept?: KeptNetwork; readonly problem?: string };

const bridge = /^interface (.+)$/;
// Networks that Docker makes for its swarm, on bridges: no lease has their names (node/table/lease-rules.ts).
const dockersOwn: ReadonlySet<string> = new Set(['docker_gwbridge', 'ingress']);

/**
 * keptNetwork returns the network that a host keeps.
 * @param networks what the host reported
 * @throws XnetError FailedPrecondition if there is none that fits, or several
 */
export function keptNetwork(
  view: ReadonlyView,
  name: string,
  networks: readonly HostNetwork[],
  keeping: WhatToKeep,
): KeptNetwork {
  const candidates = networks.filter(isOfDocker).map((network) => candidateOf(view, network, keeping));
  const kept = candidates.flatMap((each) => (each.kept === undefined ? [] : [each.kept]));
  const [only, ...more] = kept;
  if (only !== undefined && more.length === 0) return only;
  const all = (texts: readonly string[]) => new Set(texts);
  if (only !== undefined) {
    throw new XnetError('FailedPrecondition', `${name} has several networks that it could keep: select one`, {
      problems: [
        ...all(
          kept.map(
            ({ subnet, mode, networkName }) => `${formatPrefix(subnet)} of ${networkName ?? 'docker0'} (${mode})`,
          ),
        ),
      ],
      hint: `xctl nodes add ${name} --address ADDRESS --adopt --subnet ${formatPrefix(only.subnet)}; lease it the others later: xctl leases add`,
    });
  }
  throw new XnetError('FailedPrecondition', `${name} has no Docker network that it could keep`, {
    problems: candidates.map(({ network, problem = '' }) => `${describe(network)}: ${problem}`),
    hint:
      'make a pool that has the subnet, with subnets of its length: xctl pools create NAME CIDR --subnet-length LENGTH; or ' +
      `lease it another one: xctl nodes add ${name} --address ADDRESS`,
  });
}

function isOfDocker({ source, dockerNetwork }: HostNetwork): boolean {
  return source === 'interface docker0' || dockerNetwork !== undefined;
}

function describe({ prefix, source, dockerNetwork }: HostNetwork): string {
  const what = dockerNetwork === undefined ? source.replace(bridge, '$1') : `the Docker network ${dockerNetwork}`;
  return `${formatPrefix(prefix)} of ${what}`;
}

function candidateOf(view: ReadonlyView, network: HostNetwork, keeping: WhatToKeep): Candidate {
  const { prefix, source, dockerNetwork, address } = network;
  const mode: Mode = source === 'interface docker0' ? 'bip' : 'bridge';
  const [pool, held] = poolOf(view, prefix) ?? [];
  const refused = (problem: string) => ({ network, problem });
  if (pool === undefined || held === undefined) return refused('it is in no pool');
  const { cidr, subnetLength, dockerLength } = held.record;
  if (held.record.mode === 'lan') return refused(`pool ${pool} is of mode lan, and has no networks of single hosts`);
  if (keeping.pool !== undefined && keeping.pool !== pool) return refused(`it is in pool ${pool}`);
  if (keeping.subnet !== undefined && !prefixesEqual(keeping.subnet, prefix)) {
    return refused(`it is not ${formatPrefix(keeping.subnet)}`);
  }
  if (keeping.mode !== undefined && keeping.mode !== mode) return refused(`it would be of mode ${mode}`);
  if (prefix.length !== subnetLength) {
    return refused(`pool ${pool} (${formatPrefix(cidr)}) has subnets of /${subnetLength}`);
  }
  if (dockerLength !== undefined) {
    return refused(
      `in pool ${pool}, Docker hands out the first /${dockerLength} of a subnet, and this host's Docker hands out all of it`,
    );
  }
  const gateway = gatewayOf(prefix);
  if (address === undefined) return refused('the host did not say which address it has there: upgrade xnetd on it');
  if (address !== gateway) {
    return refused(`the host has ${formatIpv4(address)} there; a gateway is the first address, ${formatIpv4(gateway)}`);
  }
  if (mode === 'bip') return { network, kept: { pool, subnet: prefix, mode } };
  const names = { networkName: dockerNetwork ?? '', bridgeName: source.replace(bridge, '$1') };
  // Hosts refuse leases with other names.
  for (const checked of [checkDockerName(names.networkName), checkInterfaceName(names.bridgeName)]) {
    if ('problem' in checked) return refused(checked.problem);
  }
  if (dockersOwn.has(names.networkName)) return refused("it is Docker's own");
  return { network, kept: { pool, subnet: prefix, mode, ...names } };
}
