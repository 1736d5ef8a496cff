// The input of preflight: the leases and pools, as far as they are known, and the other hosts of the fleet. Pure.
import { type Ipv4, type Prefix, prefixKey } from '../../proto/domain/address.js';
import { usesDefaultNetwork } from '../../proto/domain/default-network.js';
import { type Lease, type Mode, type Route, usesDocker0, usualLanName } from '../../proto/domain/network.js';
import { bipOfLease } from '../docker/bip/choose.js';
import type { Bip } from '../docker/engine/bip-value.js';
import type { TcpEndpoint } from '../join/call.js';
import type { JoinPreview } from '../join/preview.js';
import type { Cached } from '../table/cache.js';
import { bridgeNameOf } from '../table/own-subnets.js';

/** KnownLease is a lease that the host has or is to get. */
export type KnownLease = Pick<Lease, 'subnet' | 'mode' | 'networkLength' | 'dockerLength' | 'lan'> & {
  readonly bridge: string;
};

/** PreflightRequest is the input of preflight besides the host itself. */
export type PreflightRequest = {
  /** Empty: no lease is known yet. */
  readonly leases: readonly KnownLease[];
  /** Mode of a lease to come. */
  readonly mode: Mode;
  /** Whether Docker's default network is to be on the LAN, by a lease of mode lan that is not known yet. */
  readonly toDefaultNetwork: boolean;
  readonly pools: readonly Prefix[];
  /** This host's node address; undefined: not known. */
  readonly address: Ipv4 | undefined;
  /** Addresses of other hosts. */
  readonly peers: readonly Ipv4[];
  /** Routes to them, as far as they are known. */
  readonly routes: readonly Route[];
  /** Number of other hosts; 0: not known. */
  readonly fleet: number;
  readonly controllers: readonly TcpEndpoint[];
  /** Leaves out the rules of the firewall, which takes most of the time to list. */
  readonly quick: boolean;
};

/** PreflightGiven is what the command line says. */
export type PreflightGiven = {
  readonly subnet?: Prefix | undefined;
  readonly pool?: readonly Prefix[] | undefined;
  readonly mode: Mode;
  readonly peer?: readonly Ipv4[] | undefined;
  readonly nodes?: number | undefined;
  readonly defaultNetwork?: boolean | undefined;
  readonly controllers: readonly TcpEndpoint[];
  readonly quick?: boolean;
};

/** requestFrom combines the command line with the host's cache, which supplies what the command line omits. */
export function requestFrom(given: PreflightGiven, cached: Cached | undefined): PreflightRequest {
  const { subnet, pool, mode, peer, nodes, defaultNetwork = false, controllers, quick = false } = given;
  const { assignment, table } = cached ?? {};
  const bridge = bridgeNameOf({ mode, bridgeName: mode === 'lan' ? usualLanName : 'xnet0' });
  const held = knownLeases(assignment?.leases ?? []);
  const own = new Set((assignment?.leases ?? []).map((lease) => prefixKey(lease.subnet)));
  const routed = [...(table?.routes.values() ?? [])].filter((route) => !own.has(prefixKey(route.subnet)));
  return {
    leases: subnet === undefined ? held : [{ subnet, mode, bridge }],
    mode: held[0]?.mode ?? mode,
    toDefaultNetwork: defaultNetwork,
    pools: pool ?? table?.pools ?? [],
    address: assignment?.address,
    peers: peer ?? [],
    routes: routed,
    fleet: nodes === undefined ? new Set(routed.map(({ nextHop }) => nextHop)).size : Math.max(0, nodes - 1),
    controllers,
    quick,
  };
}

/** isOnlyOnLan reports whether all leases that the host has, or is to get, are of mode lan. */
export function isOnlyOnLan({ leases, mode }: Pick<PreflightRequest, 'leases' | 'mode'>): boolean {
  return leases.length === 0 ? mode === 'lan' : leases.every((lease) => lease.mode === 'lan');
}

/** requestOfJoin returns the input of the complete preflight of a host that is about to join. */
export function requestOfJoin(preview: JoinPreview): PreflightRequest {
  const { leases, pools, address, peers, fleet, controllers } = preview;
  const given = { mode: leases[0]?.mode ?? 'bip', pool: pools, peer: peers, controllers };
  return { ...requestFrom(given, undefined), leases: knownLeases(leases), address, fleet };
}

function knownLeases(leases: readonly Lease[]): readonly KnownLease[] {
  return leases
    .filter(({ state }) => state !== 'ending')
    .map(({ subnet, mode, networkLength, dockerLength, bridgeName, lan }) => {
      const length = {
        ...(networkLength === undefined ? {} : { networkLength }),
        ...(dockerLength === undefined ? {} : { dockerLength }),
        ...(lan === undefined ? {} : { lan }),
      };
      return { subnet, mode, ...length, bridge: bridgeNameOf({ mode, bridgeName }) };
    });
}

/** bipWanted returns the address that docker0 is to have; undefined if no lease for docker0 is known. */
export function bipWanted({ leases }: Pick<PreflightRequest, 'leases'>): Bip | undefined {
  const lease = leases.find(usesDefaultNetwork);
  return lease && bipOfLease({ ...lease, bridgeName: lease.bridge });
}

/** mayGetBip reports whether Docker's default network has or may get a lease: also one that is not known yet. */
export function mayGetBip({
  leases,
  mode,
  toDefaultNetwork,
}: Pick<PreflightRequest, 'leases' | 'mode' | 'toDefaultNetwork'>): boolean {
  if (toDefaultNetwork) return true;
  return leases.length === 0 ? usesDocker0(mode) : leases.some(usesDefaultNetwork);
}
