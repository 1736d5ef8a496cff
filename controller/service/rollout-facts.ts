// What the sessions know of nodes, for rollouts.
import { prefixKey } from '../../proto/domain/address.js';
import type { Facts } from '../rollout/standing.js';
import type { Sessions } from '../session/sessions.js';
import type { ViewFeed } from '../view/view-feed.js';
import { liveOf } from './admin-deps.js';
import { summaryFromNode } from './to-wire/records.js';

/** RolloutFacts are the facts that the view does not have, except how long a permit is known. */
export type RolloutFacts = Omit<Facts, 'permittedMs'>;

/** rolloutFacts returns the facts of rollouts from the sessions of a controller. */
export function rolloutFacts(
  feed: Pick<ViewFeed, 'view'>,
  sessions: Pick<Sessions, 'statusOf' | 'fanout' | 'progress' | 'refused'>,
): RolloutFacts {
  return {
    stateOf: (nodeId) => {
      const state = summaryFromNode(feed.view, nodeId, liveOf(sessions))?.state;
      return typeof state === 'string' ? state : 'NODE_STATE_UNSPECIFIED';
    },
    statusOf: (nodeId) => sessions.statusOf(nodeId) ?? feed.view.statuses.get(nodeId)?.record,
    isRouted: (subnet, nodeId) => {
      const id = prefixKey(subnet);
      const { table } = sessions.fanout;
      if (table.entries.get(id)?.kind !== 'route') return false;
      const { nodes, applied } = sessions.progress(table.routedSince(id), nodeId);
      return applied === nodes;
    },
  };
}
