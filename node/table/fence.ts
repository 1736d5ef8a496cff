// Decides whether a fence takes effect on this host, and when it is lifted. Pure.
// Invariant: only an explicit fence of the host's own cluster, at a version of the store that is not older than the
// host's table, takes effect; only a table that is not older than the fence lifts it.
import type { Version } from '../../proto/domain/network.js';
import type { Fence } from '../../proto/errors.js';
import type { Finding } from '../reconcile/effect.js';
import { isOlder } from './node-table.js';

/** Fenced is the reason why a host is no longer its node, and the time of the fence, milliseconds since 1970. */
export type Fenced = Fence & { readonly sinceMs: number };

/** FenceSeen is the version of the host's table, and the cluster that it joined. */
export type FenceSeen = { readonly version: Version | undefined; readonly clusterId: string | undefined };

/** fenceProblem returns why a fence does not take effect on this host; undefined: it does. */
export function fenceProblem(fence: Fence, { version, clusterId }: FenceSeen): string | undefined {
  const own = version?.clusterId ?? clusterId;
  if (own === undefined) return 'this host does not know which cluster it is of';
  if (fence.clusterId !== own) return `it is of cluster ${fence.clusterId}, this host is of ${own}`;
  if (version !== undefined && isOlder(fence, version)) {
    return `it is of revision ${fence.revision}, this host has seen ${version.revision}`;
  }
  return undefined;
}

/** isLifted reports whether a table at a version shows that the host is a node again. */
export function isLifted(fenced: Fenced, version: Version): boolean {
  return version.clusterId === fenced.clusterId && !isOlder(version, fenced);
}

const what = {
  removed: 'this host was removed from the cluster',
  replaced: 'another host has replaced this one',
} as const satisfies Record<Fence['reason'], string>;

/** fencedFinding reports that the host is fenced, and what to type next. */
export function fencedFinding({ reason }: Pick<Fenced, 'reason'>): Finding {
  return {
    type: 'Controller',
    transient: false,
    reason: 'Fenced',
    message: `${what[reason]}: its routes and its firewall are withdrawn, and Docker keeps the addresses that it has`,
    fix: 'to make it a node again: xctl tokens create, then xnetd join here; to undo the rest: xnetd leave --local',
  };
}
