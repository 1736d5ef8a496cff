// The values shared by controllers and nodes: a node's assignment, the route table, conditions.
// Invariant: all are plain, immutable values; only proto/rpc/convert.ts knows their wire form.

import { type Ipv4, type Prefix, prefixesEqual } from './address.js';
import type { NicList, NicUse } from './nic.js';
import type { NonEmpty } from './non-empty.js';

/**
 * Mode is how a node realises its lease: as docker0's subnet (bip), as the subnet of a separate bridge network (bridge),
 * as a block that docker0 and all networks that Docker makes from then on lie in (block), or as a part of the hosts' own network,
 * in a Docker network over a bridge with the host's interface (lan).
 */
export type Mode = 'bip' | 'bridge' | 'block' | 'lan';

/** modes lists all values of Mode. */
export const modes = ['bip', 'bridge', 'block', 'lan'] as const satisfies readonly Mode[];

/** usesDocker0 reports whether docker0 has an address of a lease of this mode. */
export function usesDocker0(mode: Mode): boolean {
  return mode === 'bip' || mode === 'block';
}

/** Lan is the hosts' own network, which leases of mode lan lie in. No route leads to these: all hosts are on the same link. */
export type Lan = {
  /** "192.168.61.0/24" */
  readonly prefix: Prefix;
  /** The router of the LAN, and the default gateway of containers: "192.168.61.254". */
  readonly gateway: Ipv4;
  /** Its bridge is that of Docker's default network, which containers without another one are on; absent: of a named one. */
  readonly defaultNetwork?: true;
};

/** usualLanName is the default name of the Docker network of mode lan, and of its bridge. */
export const usualLanName = 'xnet-lan';

/** lansEqual reports whether two LANs are the same; undefined: none. */
export function lansEqual(a: Lan | undefined, b: Lan | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return prefixesEqual(a.prefix, b.prefix) && a.gateway === b.gateway && a.defaultNetwork === b.defaultNetwork;
}

/** docker0Length is the prefix length of docker0's part of a block: it is the first one. */
export const docker0Length = 24;

/** usualNetworkLength is the default prefix length of the networks that Docker makes within a block: 61 containers each. */
export const usualNetworkLength = 26;

/** longestNetworkLength is the longest prefix length of such networks: 5 containers each. */
export const longestNetworkLength = 29;

/** longestDockerLength is the longest prefix length of the part of a subnet that Docker hands out: 6 addresses. */
export const longestDockerLength = 29;

/** Availability is the placement state of a node, set by an operator or by a leaving host. */
export type Availability = 'active' | 'cordoned' | 'draining' | 'leaving';

/** availabilities lists all values of Availability. */
export const availabilities = ['active', 'cordoned', 'draining', 'leaving'] as const satisfies readonly Availability[];

/**
 * Version is a point in the store's history. A restored store starts a new epoch; revisions compare only within one
 * epoch.
 */
export type Version = { readonly clusterId: string; readonly epoch: number; readonly revision: number };

/** Route is one node's subnet and the node address that is its next hop. */
export type Route = {
  readonly subnet: Prefix;
  readonly nextHop: Ipv4;
  readonly nodeName: string;
  /** A static route: its host is not a node, and `nodeName` is what an operator calls it. */
  readonly isStatic?: true;
};

/** PoolRange is the range of a pool, 10.76.0.0/16, and the length of its subnets, 24. */
export type PoolRange = Prefix & { readonly subnetLength: number };

/**
 * LeaseState is the progress of a lease. "wanted": granted, the host does not use it yet. "in force": the host uses it.
 * "ending": the host is to stop using it. Peers route to the subnet in all three.
 */
export type LeaseState = 'wanted' | 'in force' | 'ending';

/** leaseStates lists all values of LeaseState. */
export const leaseStates = ['wanted', 'in force', 'ending'] as const satisfies readonly LeaseState[];

/** Lease is one lease of a node, as its host realises it. */
export type Lease = {
  readonly pool: string;
  readonly subnet: Prefix;
  /** +1 for every grant of this subnet; fences a former holder. */
  readonly generation: number;
  /** Of the leases of one node that are not ending, at most one is of Docker's default network. */
  readonly mode: Mode;
  /** Of mode block: prefix length of the networks that Docker makes within the subnet. */
  readonly networkLength?: number;
  /** Prefix length of the part that Docker hands out addresses from, see dockerRange; absent: it hands out all. */
  readonly dockerLength?: number;
  /** Of mode lan alone. */
  readonly lan?: Lan;
  /** Docker network of modes bridge and lan, "xnet", and its Linux bridge, "xnet0". In mode lan, "xnet-lan" is the name of both. */
  readonly networkName: string;
  readonly bridgeName: string;
  readonly state: LeaseState;
  /** Name of the named network that the lease belongs to; absent: none. */
  readonly network?: string;
  /** Of an ending lease: the host detaches containers from its Docker network. */
  readonly detach?: true;
};

/**
 * Permit allows a host to restart Docker for one change of its leases: `subnet` is the lease that docker0 is to
 * have; undefined: none.
 */
export type Permit = {
  /** Id of the rollout; empty: the node's first lease. */
  readonly rollout: string;
  readonly subnet: Prefix | undefined;
  readonly generation: number;
};

/** Assignment holds the values for one node alone. */
export type Assignment = {
  readonly nodeId: string;
  readonly nodeName: string;
  readonly address: Ipv4;
  readonly availability: Availability;
  /** All leases, sorted by subnet. */
  readonly leases: NonEmpty<Lease>;
  /** Undefined: the host does not restart Docker to change which lease docker0 has. */
  readonly permit: Permit | undefined;
  /** Whether the host is to leave by itself. */
  readonly leave: boolean;
  /** Withdrawals up to this version are approved by an operator; absent: none was. */
  readonly approved?: Version;
  /** Absent: not known, and the host keeps the nics that it has. */
  readonly nics?: NicList;
};

/**
 * primaryLease is the lease that stands for a node where only one can be shown: the first that is in force, else the
 * first that is not ending, else the first.
 */
export function primaryLease({ leases }: Pick<Assignment, 'leases'>): Lease {
  return (
    leases.find(({ state }) => state === 'in force') ?? leases.find(({ state }) => state === 'wanted') ?? leases[0]
  );
}

/** mostLeases is how many leases a node may have: more than a host that moves between pools needs; each adds firewall rules. */
export const mostLeases = 64;

/** ContainerUse is a container with an address in a lease's subnet. */
export type ContainerUse = {
  /** First 12 digits of its id. */
  readonly id: string;
  readonly name: string;
  readonly subnet: Prefix;
  /** Its address, if Docker has given it one that a nic could have (`docker run --ip`). */
  readonly askedAddress?: Ipv4;
};

/** LeaseUse is what a host does with a lease. */
export type LeaseUse = {
  readonly subnet: Prefix;
  readonly generation: number;
  /** Whether a bridge of the host has its gateway address. */
  readonly inForce: boolean;
  /** Whether the host knows that the lease is ending: if not, it may begin to use it after the report. Absent: no. */
  readonly ending?: boolean;
  /** Of mode bridge: whether containers, running or stopped, are attached to its Docker network. Absent: not known. */
  readonly inUse?: boolean;
  /** At most mostAttachedReported names of these: "web", "db (stopped)". */
  readonly attached?: readonly string[];
};

/** mostAttachedReported is the maximum number of attached containers that a report names for one lease. */
export const mostAttachedReported = 8;

/** mostContainersReported is the maximum number of containers in a report. */
export const mostContainersReported = 64;

/** TableDelta is the change of the route table between two revisions. */
export type TableDelta = {
  readonly fromRevision: number;
  readonly to: Version;
  readonly upserts: readonly Route[];
  readonly removals: readonly Prefix[];
  /** Subnets whose record became unreadable: nodes keep their routes to them. */
  readonly unresolved: readonly Prefix[];
  /** All pools, if their set changed. */
  readonly pools: readonly PoolRange[] | undefined;
};

/** ConditionType names the subject of a condition. */
export type ConditionType =
  | 'Underlay'
  | 'Routes'
  | 'Firewall'
  | 'Forwarding'
  | 'Docker'
  | 'Withdrawals'
  | 'Nics'
  | 'Controller'
  | 'Certificate'
  | 'DataPath'
  | 'State';

/** pendingReason is the reason of a condition without a result yet. */
export const pendingReason = 'Pending';

/** echoIgnoredReason is the reason of the condition DataPath if the host's own settings ignore ICMP echo. */
export const echoIgnoredReason = 'EchoIgnored';

/** mostSilentReported is the maximum number of silent peers in a report. */
export const mostSilentReported = 16;

/** Condition is the state of one effect of a node: as desired, or why not and what to do. */
export type Condition = {
  readonly type: ConditionType | (string & {});
  readonly ok: boolean;
  /** Expected to pass without intervention. */
  readonly transient: boolean;
  /** CamelCase, stable: "RolledBack". */
  readonly reason: string;
  /** The problem, for people; includes the remedy unless `fix` has it. */
  readonly message: string;
  /** The remedy, a command where there is one. */
  readonly fix?: string;
  /** Since when `ok` and `reason` have had these values, milliseconds since 1970. */
  readonly sinceMs: number;
};

/** RouteCounts counts a node's routes to its peers' subnets. */
export type RouteCounts = {
  readonly desired: number;
  readonly installed: number;
  readonly conflicting: number;
  readonly unreachable: number;
};

/** HostNetwork is a network of a host that is not xnet's: "192.168.83.0/24" of "interface eth0". */
export type HostNetwork = {
  readonly prefix: Prefix;
  readonly source: string;
  /** The host's own address in it. Only when joining. */
  readonly address?: Ipv4;
  /** Name of the Docker network whose bridge the interface is, unless it is docker0. Only when joining. */
  readonly dockerNetwork?: string;
};

/** SilentPeer is a peer whose gateway does not answer a node's probes. */
export type SilentPeer = {
  readonly nodeName: string;
  /** Its gateway address. */
  readonly gateway: Ipv4;
  /** Whether its host answers at its node address. */
  readonly hostAnswers: boolean;
  /** When it first did not answer: milliseconds since 1970, by the reporting node's clock. */
  readonly sinceMs: number;
};

/** HeldRoutes are the routes that a controller withdrew from a node at once, and that the node keeps. */
export type HeldRoutes = {
  readonly count: number;
  /** At most mostHeldReported of them. */
  readonly subnets: readonly Prefix[];
  /** The newest version of the route table without them: its epoch and revision. */
  readonly epoch: number;
  readonly revision: number;
  /** Whether the store was asked and has no record that these leases ended; false: it is still to confirm them. */
  readonly isUnexplained: boolean;
};

/** mostHeldReported is the maximum number of held routes in a report. */
export const mostHeldReported = 64;

/** NodeStatus is the last report of a node. */
export type NodeStatus = {
  readonly routes: RouteCounts;
  readonly conditions: readonly Condition[];
  readonly daemonVersion: string;
  readonly kernelVersion: string;
  readonly dockerVersion: string;
  readonly hostNetworks: readonly HostNetwork[];
  readonly silentPeers: readonly SilentPeer[];
  /** Empty from a daemon that knows only one lease. */
  readonly leases: readonly LeaseUse[];
  /** At most mostContainersReported of those that use the node's subnets. */
  readonly containers: readonly ContainerUse[];
  /** Absent: not known, because Docker has not answered yet, or from a daemon that knows only one lease. */
  readonly containerCount?: number;
  /** Absent: it holds none. */
  readonly held?: HeldRoutes;
  /** Absent: it reports none. */
  readonly nics?: readonly NicUse[];
  /** The features that the daemon knows, of newer versions as well; absent: none. */
  readonly features?: readonly string[];
};
