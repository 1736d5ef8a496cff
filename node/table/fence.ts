// Whether a host believes that it is no longer its node, and until when. Pure.
// Invariant: only the explicit word of its own cluster, at a version of the store that is not older than what the host has
// seen, fences it; and only a table that is not older than that word lifts the fence.
import type { Version } from '../../proto/domain/network.js';
import type { Fence } from '../../proto/errors.js';
import type { Finding } from '../reconcile/effect.js';
import { isOlder } from './node-table.js';

/** Fenced is why a host is no longer its node, and since when it knows, milliseconds since 1970. */
export type Fenced = Fence & { readonly sinceMs: number };

/** FenceSeen is what the host knows of its cluster: the version of its table, and the cluster that it joined. */
export type FenceSeen = { readonly version: Version | undefined; readonly clusterId: string | undefined };

/** fenceProblem says why the word of a controller does not fence this host; undefined: it does. */
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
  replaced: 'another host has taken the place of this one',
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
