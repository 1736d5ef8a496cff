// The values that a controller and a node agree on: a node's assignment, the route table, conditions.
// Invariant: all of it is plain, immutable data; what it looks like on the wire is known to proto/rpc/convert.ts alone.
import type { Ipv4, Prefix } from './address.js';

/** Mode is how a node realises its lease: as docker0's subnet, or as that of a bridge network of its own. */
export type Mode = 'bip' | 'bridge';

/** modes are all of Mode. */
export const modes = ['bip', 'bridge'] as const satisfies readonly Mode[];

/** Availability is what an operator wants of a node. */
export type Availability = 'active' | 'cordoned' | 'draining' | 'leaving';

/** availabilities are all of Availability. */
export const availabilities = ['active', 'cordoned', 'draining', 'leaving'] as const satisfies readonly Availability[];

/**
 * Version is a point in the store's history. A store that was restored from a backup starts a new epoch: revisions
 * compare within one epoch only.
 */
export type Version = { readonly clusterId: string; readonly epoch: number; readonly revision: number };

/** Route is one node's subnet and the node address that leads to it. */
export type Route = { readonly subnet: Prefix; readonly nextHop: Ipv4; readonly nodeName: string };

/** PoolRange is the range of a pool, 10.76.0.0/16, and the length of its subnets, 24. */
export type PoolRange = Prefix & { readonly subnetLength: number };

/** Assignment is what concerns one node alone. */
export type Assignment = {
  readonly nodeId: string;
  readonly nodeName: string;
  readonly address: Ipv4;
  readonly availability: Availability;
  readonly pool: string;
  readonly subnet: Prefix;
  /** +1 for every grant of this subnet; fences a holder that was replaced. */
  readonly generation: number;
  readonly mode: Mode;
  /** Docker network of bridge mode, "xnet", and its Linux bridge, "xnet0". */
  readonly networkName: string;
  readonly bridgeName: string;
};

/** TableDelta is what changed in the route table between two revisions. */
export type TableDelta = {
  readonly fromRevision: number;
  readonly to: Version;
  readonly upserts: readonly Route[];
  readonly removals: readonly Prefix[];
  /** Subnets whose record became unreadable: whoever has a route to them keeps it. */
  readonly unresolved: readonly Prefix[];
  /** All pools, when their set changed. */
  readonly pools: readonly PoolRange[] | undefined;
};

/** ConditionType names what a condition is about. */
export type ConditionType =
  | 'Underlay'
  | 'Routes'
  | 'Firewall'
  | 'Forwarding'
  | 'Docker'
  | 'Withdrawals'
  | 'Controller'
  | 'Certificate'
  | 'DataPath'
  | 'State';

/** pendingReason is the reason of a condition that nothing is known of yet. */
export const pendingReason = 'Pending';

/** echoIgnoredReason is the reason of the condition DataPath of a host that answers no ICMP echo by its own settings. */
export const echoIgnoredReason = 'EchoIgnored';

/** mostSilentReported is how many silent peers a report names at most. */
export const mostSilentReported = 16;

/** Condition says whether one effect of a node is as it should be, and if not, why and what to do. */
export type Condition = {
  readonly type: ConditionType | (string & {});
  readonly ok: boolean;
  /** Waiting is enough. */
  readonly transient: boolean;
  /** CamelCase, stable: "RolledBack". */
  readonly reason: string;
  /** What is wrong, for people; with what to do about it unless `fix` says that. */
  readonly message: string;
  /** What to do about it, a command where there is one. */
  readonly fix?: string;
  /** Since when `ok` and `reason` are so, milliseconds since 1970. */
  readonly sinceMs: number;
};

/** RouteCounts are a node's routes to its peers' subnets, counted. */
export type RouteCounts = {
  readonly desired: number;
  readonly installed: number;
  readonly conflicting: number;
  readonly unreachable: number;
};

/** HostNetwork is a network on a host that is not xnet's, "192.168.83.0/24" of "interface eth0". */
export type HostNetwork = { readonly prefix: Prefix; readonly source: string };

/** SilentPeer is a peer whose gateway does not answer a node's probes. */
export type SilentPeer = {
  readonly nodeName: string;
  /** Its gateway address. */
  readonly gateway: Ipv4;
  /** Whether its host answers at its node address. */
  readonly hostAnswers: boolean;
  /** When it first did not answer, milliseconds since 1970, the reporting node's clock. */
  readonly sinceMs: number;
};

/** NodeStatus is what a node last reported. */
export type NodeStatus = {
  readonly routes: RouteCounts;
  readonly conditions: readonly Condition[];
  readonly daemonVersion: string;
  readonly kernelVersion: string;
  readonly dockerVersion: string;
  readonly hostNetworks: readonly HostNetwork[];
  readonly silentPeers: readonly SilentPeer[];
};
