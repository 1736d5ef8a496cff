// Reports the routes that the daemon holds: withdrawn by a controller, many at once, and kept. Pure.

import { formatPrefix } from '../../proto/domain/address.js';
import { type HeldRoutes, mostHeldReported } from '../../proto/domain/network.js';
import { counted } from '../../proto/domain/text.js';
import type { Finding } from '../reconcile/effect.js';
import { heldSubnets, isOlder, type NodeTable, toExplain } from '../table/node-table.js';

const mostNamed = 5;

/** heldRoutesOf returns the held routes as a report has them; undefined if there are none. */
export function heldRoutesOf(table: NodeTable | undefined): HeldRoutes | undefined {
  const [first, ...others] = table?.held.values() ?? [];
  if (table === undefined || first === undefined) return undefined;
  const { epoch, revision } = others.reduce(
    (newest, { version }) => (isOlder(newest, version) ? version : newest),
    first.version,
  );
  return {
    count: table.held.size,
    subnets: heldSubnets(table).slice(0, mostHeldReported),
    epoch,
    revision,
    isUnexplained: toExplain(table).length === 0,
  };
}

/** withdrawalFindings report the held routes. */
export function withdrawalFindings(table: NodeTable | undefined): readonly Finding[] {
  const held = heldRoutesOf(table);
  if (held === undefined) return [];
  const { count, subnets, revision, isUnexplained } = held;
  const kept = `${counted(count, 'route is kept although a controller withdrew it', 'routes are kept although a controller withdrew them')} at once`;
  if (!isUnexplained) {
    const message = `${kept}: waiting for the store to confirm it`;
    return [{ type: 'Withdrawals', transient: true, reason: 'WithdrawalHeld', message }];
  }
  const more = count > mostNamed ? ` and ${count - mostNamed} more` : '';
  const which = `${subnets.slice(0, mostNamed).map(formatPrefix).join(', ')}${more}`;
  return [
    {
      type: 'Withdrawals',
      transient: false,
      reason: 'WithdrawalUnexplained',
      message: `${kept}: the store of revision ${revision} has no record that these leases ended: ${which}`,
      fix: 'see: xctl routes held; if these hosts are gone for good: xctl routes approve',
    },
  ];
}
