// The leases of a node that one host can't have together.
import { clashOf, networkOf } from '../../controller/view/lease-network.js';
import { leasesOf } from '../../controller/view/leases.js';
import type { ReadonlyView } from '../../controller/view/view.js';

/** clashesOf returns the leases of a node that clash with an earlier one. */
export function clashesOf(view: ReadonlyView, node: string) {
  const leases = leasesOf(view, node).flatMap(({ pool: name, subnet, record }) => {
    const held = view.pools.get(name)?.record;
    if (held === undefined) return [];
    const network = networkOf(record, view.nodes.get(node)?.record, held);
    return [{ ...network, subnet, ending: record.endingMs !== undefined }];
  });
  return leases.flatMap((a, index) => leases.slice(index + 1).filter((b) => clashOf(a, b) !== undefined));
}
