// What the operators' calls depend on, grouped by owner, and what the calls have in common. Each group of calls declares
// the part of it that it uses.
import type { XnetError } from '../../proto/errors.js';
import type { AuditLog } from '../audit/audit-log.js';
import type { Authority } from '../authority/authority.js';
import type { CertificateRegistry } from '../authority/certificates.js';
import type { TokenRegistry } from '../authority/tokens.js';
import type { MutationId } from '../registry/guards.js';
import type { NodeRegistry } from '../registry/nodes.js';
import { requestDigest } from '../registry/operation.js';
import type { PoolRegistry } from '../registry/pools.js';
import type { Sessions } from '../session/sessions.js';
import type { Store } from '../store/store.js';
import type { ViewFeed } from '../view/view-feed.js';
import type { ControllerHealth } from './controller-problems.js';
import type { Live } from './to-wire/records.js';

/** ClusterState is what the calls read: the view, the records that are not in it, and the connected nodes. */
export type ClusterState = {
  readonly feed: ViewFeed;
  readonly store: Store;
  readonly sessions: Sessions;
};

/** Registries are what the calls change the store through. */
export type Registries = {
  readonly nodes: NodeRegistry;
  readonly pools: PoolRegistry;
  readonly tokens: TokenRegistry;
  readonly certificates: CertificateRegistry;
  readonly authority: Authority;
};

/** Ports are the TCP ports of this controller: see Listeners. */
export type Ports = {
  readonly check: () => Promise<void>;
  readonly settled: () => Promise<void>;
  /** Why a port can't be opened; undefined: nothing prevents it. */
  readonly problem: () => XnetError | undefined;
};

/** ThisController is the controller that answers, and what it knows of the others. */
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
    /** What makes etcd reachable for others than the controllers. */
    readonly warnings: () => readonly string[];
  };
  readonly health: () => ControllerHealth;
  /** See Clocks.offsetOf. */
  readonly offsetOf: (registration: string) => number | undefined;
  /** Removes the record of a controller that is gone. */
  readonly forget: (id: MutationId, controller: string) => Promise<unknown>;
};

/** AdminDeps are what adminService binds the calls to. */
export type AdminDeps = {
  readonly state: ClusterState;
  readonly registries: Registries;
  readonly controller: ThisController;
};

/** mutationId takes what every mutation carries from a request. */
export function mutationId(request: { readonly operationId: string; readonly dryRun: boolean }): MutationId {
  return { operationId: request.operationId, digest: requestDigest(request), dryRun: request.dryRun };
}

/** liveOf returns what the sessions know of nodes beyond the store's records, as of now. */
export function liveOf(sessions: Pick<Sessions, 'statusOf' | 'fanout'>): Live {
  return {
    statusOf: (nodeId) => sessions.statusOf(nodeId),
    isConnected: (nodeId) => sessions.fanout.streamOf(nodeId) !== undefined,
    routes: sessions.fanout.table.entries.size,
  };
}
