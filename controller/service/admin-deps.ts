// The dependencies of the operators' calls, grouped by owner, and what the calls share. Each group of calls declares
// the part that it uses.
import type { XnetError } from '../../proto/errors.js';
import type { AuditLog } from '../audit/audit-log.js';
import type { Authority } from '../authority/authority.js';
import type { CertificateRegistry } from '../authority/certificates.js';
import type { TokenRegistry } from '../authority/tokens.js';
import type { NetworkRegistry } from '../network/networks.js';
import type { MutationId } from '../registry/guards.js';
import type { LeaseRegistry } from '../registry/leases.js';
import type { NicRegistry } from '../registry/nics.js';
import type { NodeRegistry } from '../registry/nodes.js';
import { requestDigest } from '../registry/operation.js';
import type { PoolRegistry } from '../registry/pools.js';
import type { StaticRouteRegistry } from '../registry/static-routes.js';
import type { RolloutRegistry } from '../rollout/rollouts.js';
import type { Sessions } from '../session/sessions.js';
import type { Store } from '../store/store.js';
import type { ViewFeed } from '../view/view-feed.js';
import type { ControllerHealth } from './controller-problems.js';
import type { NodeFinder } from './find-node.js';
import type { Live } from './to-wire/live.js';

/** ClusterState is the state that the calls read: the view, the records outside it, and the connected nodes. */
export type ClusterState = {
  readonly feed: ViewFeed;
  readonly store: Store;
  readonly finder: NodeFinder;
  readonly sessions: Sessions;
};

/** Registries change the store on behalf of the calls. */
export type Registries = {
  readonly nodes: NodeRegistry;
  readonly leases: LeaseRegistry;
  readonly pools: PoolRegistry;
  readonly nics: NicRegistry;
  readonly staticRoutes: StaticRouteRegistry;
  readonly networks: NetworkRegistry;
  readonly rollouts: RolloutRegistry;
  readonly tokens: TokenRegistry;
  readonly certificates: CertificateRegistry;
  readonly authority: Authority;
};

/** Ports are the TCP ports of this controller: see Listeners. */
export type Ports = {
  readonly check: () => Promise<void>;
  readonly settled: () => Promise<void>;
  /** Returns why a port can't be opened; undefined: no problem. */
  readonly problem: () => XnetError | undefined;
};

/** ThisController is the answering controller, and what it knows of the others. */
export type ThisController = {
  readonly id: string;
  /** "0.1.0" */
  readonly version: string;
  /** Id of its registration. */
  readonly registration: string;
  readonly audit: AuditLog;
  readonly ports: Ports;
  readonly etcd: {
    readonly endpoints: readonly string[];
    readonly embedded: boolean;
    /** Returns what makes etcd reachable for others than the controllers, or fill up. */
    readonly warnings: () => readonly string[];
  };
  readonly health: () => ControllerHealth;
  /** See Clocks.offsetOf. */
  readonly offsetOf: (registration: string) => number | undefined;
  /** Removes the record of an absent controller. */
  readonly forget: (id: MutationId, controller: string) => Promise<unknown>;
};

/** AdminDeps are the dependencies of adminService. */
export type AdminDeps = {
  readonly state: ClusterState;
  readonly registries: Registries;
  readonly controller: ThisController;
};

/** mutationId returns the fields of a request that every mutation has. */
export function mutationId(request: { readonly operationId: string; readonly dryRun: boolean }): MutationId {
  return { operationId: request.operationId, digest: requestDigest(request), dryRun: request.dryRun, request };
}

/** liveOf returns the sessions' current knowledge of nodes beyond the store's records. */
export function liveOf(sessions: Pick<Sessions, 'statusOf' | 'fanout' | 'refused'>): Live {
  return {
    statusOf: (nodeId) => sessions.statusOf(nodeId),
    isConnected: (nodeId) => sessions.fanout.streamOf(nodeId) !== undefined,
    routes: sessions.fanout.table.entries.size,
    refusalOf: (nodeId) => sessions.refused.of(nodeId),
  };
}
