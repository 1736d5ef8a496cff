// What a rollout leaves behind: nics in the subnets that nodes move from. Pure.
import { formatIpv4, formatPrefix, prefixContains } from '../../proto/domain/address.js';
import { nicRecords } from '../registry/nics.js';
import type { StepRecord } from '../store/records.js';
import type { ReadonlyView } from '../view/view.js';

const mostWarnings = 20;
const mostNamed = 5;

/**
 * nicWarnings names the nics that don't move with their nodes: their addresses are in the former subnet, and the hosts remove
 * them when they stop using it.
 */
export function nicWarnings(view: ReadonlyView, steps: readonly StepRecord[]): readonly string[] {
  const warnings = steps.flatMap(({ node, nodeName, from, to }) => {
    const left = nicRecords(view, node).filter(({ address }) => prefixContains(from.subnet, address));
    if (left.length === 0) return [];
    const named = left.slice(0, mostNamed).map(({ address, container }) => `${formatIpv4(address)} (${container})`);
    const more = left.length > mostNamed ? ` and ${left.length - mostNamed} more` : '';
    return [
      `${nodeName}: nics do not move from ${formatPrefix(from.subnet)}: ${named.join(', ')}${more}; once it has moved: ` +
        `xctl nics add ${nodeName} CONTAINER --pool ${to.pool}, and xctl nics remove ${formatIpv4(left[0]?.address ?? from.subnet.network)}`,
    ];
  });
  const more = warnings.length - mostWarnings;
  return more > 0 ? [...warnings.slice(0, mostWarnings), `and ${more} more nodes with nics`] : warnings;
}
