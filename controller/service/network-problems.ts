// What is wrong with named networks, for `xctl status`. Pure.
import type { Problem } from '../../proto/gen/xnet/v1/Problem.js';
import type { ReadonlyView } from '../view/view.js';
import type { Live } from './to-wire/live.js';
import { wireMembers } from './to-wire/networks.js';

// Of each network; `xctl networks show` has all.
const mostTold = 5;

/** networkProblems returns the nodes that can't have a network that is for them. */
export function networkProblems(
  view: ReadonlyView,
  facts: { readonly live: Pick<Live, 'statusOf' | 'isConnected'>; readonly nowMs: number },
): readonly Problem[] {
  return [...view.networks].flatMap(([name, { record }]) => {
    const refused = wireMembers(view, { name, record }, facts).filter(({ state }) => state === 'MEMBER_STATE_REFUSED');
    const more = refused.length - mostTold;
    return [
      ...refused.slice(0, mostTold).map(({ nodeName, message, fix }) => ({
        text: `${nodeName} can't have network ${name}: ${message}`,
        fix: fix ?? '',
      })),
      ...(more > 0
        ? [{ text: `${more} more nodes can't have network ${name}`, fix: `xctl networks show ${name}` }]
        : []),
    ];
  });
}
