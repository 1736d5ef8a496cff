// What the calls of operators have in common.
import type { XnetError } from '../../proto/errors.js';
import type { AuditLog } from '../audit/audit-log.js';
import type { Authority } from '../authority/authority.js';
import type { Listeners } from '../listeners.js';
import type { CertificateRegistry } from '../registry/certificates.js';
import type { MutationId } from '../registry/guards.js';
import type { NodeRegistry } from '../registry/nodes.js';
import { requestDigest } from '../registry/operation.js';
import type { PoolRegistry } from '../registry/pools.js';
import type { TokenRegistry } from '../registry/tokens.js';
import type { Sessions } from '../session/sessions.js';
import type { Store } from '../store/store.js';
import type { ViewFeed } from '../view/view-feed.js';
import type { ControllerHealth } from './controller-problems.js';
import type { Live } from './to-wire.js';

/** AdminDeps are what the calls work with. */
export type AdminDeps = {
  readonly feed: ViewFeed;
  readonly store: Store;
  readonly sessions: Sessions;
  readonly nodes: NodeRegistry;
  readonly pools: PoolRegistry;
  readonly tokens: TokenRegistry;
  readonly certificates: CertificateRegistry;
  readonly authority: Authority;
  readonly audit: AuditLog;
  /** The TCP ports: see Listeners. */
  readonly ports: Pick<Listeners, 'check' | 'settled'> & { readonly problem: () => XnetError | undefined };
  readonly controllerId: string;
  /** The controllers, as this one knows them. */
  readonly fleet: {
    /** Id of this controller's registration. */
    readonly registration: string;
    /** See Clocks.offsetOf. */
    readonly offsetOf: (registration: string) => number | undefined;
    readonly health: () => ControllerHealth;
    /** Forgets a controller that is gone. */
    readonly remove: (id: MutationId, controller: string) => Promise<unknown>;
  };
  /** "0.1.0" */
  readonly version: string;
  readonly etcd: {
    readonly endpoints: readonly string[];
    readonly embedded: boolean;
    /** What makes it reachable for others than the controllers. */
    readonly warnings: () => readonly string[];
  };
};

/** mutationId takes what every mutation carries from a request. */
export function mutationId(request: { readonly operationId: string; readonly dryRun: boolean }): MutationId {
  return { operationId: request.operationId, digest: requestDigest(request), dryRun: request.dryRun };
}

/** liveOf is what is known beyond the store's records. */
export function liveOf(parts: AdminDeps): Live {
  return {
    statusOf: (nodeId) => parts.sessions.statusOf(nodeId),
    isConnected: (nodeId) => parts.sessions.fanout.streamOf(nodeId) !== undefined,
    routes: parts.sessions.fanout.table.entries.size,
  };
}
