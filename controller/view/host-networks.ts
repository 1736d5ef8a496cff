// The networks that nodes report for their hosts, grouped by network: in a fleet most hosts report the same few.
// Invariant: it holds exactly the networks in the statuses of the view.
import { type Prefix, prefixesOverlap, prefixKey } from '../../proto/domain/address.js';
import type { HostNetwork } from '../../proto/domain/network.js';

/** SharedNetwork is a network, and its source on each host that has it, by node id: "interface eth0". */
export type SharedNetwork = { readonly prefix: Prefix; readonly sources: ReadonlyMap<string, string> };

/** ReadonlyHostNetworks is HostNetworks without its mutations. */
export type ReadonlyHostNetworks = Pick<HostNetworks, 'overlapping'>;

/** HostNetworks holds the networks of all nodes. */
export class HostNetworks {
  readonly #ofNode = new Map<string, readonly HostNetwork[]>();
  readonly #networks = new Map<number, { readonly prefix: Prefix; readonly sources: Map<string, string> }>();

  /** set replaces the networks of a node. */
  set(nodeId: string, networks: readonly HostNetwork[]): void {
    this.delete(nodeId);
    this.#ofNode.set(nodeId, networks);
    for (const { prefix, source } of networks) {
      const key = prefixKey(prefix);
      const network = this.#networks.get(key) ?? { prefix, sources: new Map<string, string>() };
      if (!network.sources.has(nodeId)) network.sources.set(nodeId, source);
      this.#networks.set(key, network);
    }
  }

  /** delete removes the networks of a node. */
  delete(nodeId: string): void {
    for (const { prefix } of this.#ofNode.get(nodeId) ?? []) {
      const key = prefixKey(prefix);
      const sources = this.#networks.get(key)?.sources;
      sources?.delete(nodeId);
      if (sources?.size === 0) this.#networks.delete(key);
    }
    this.#ofNode.delete(nodeId);
  }

  /** overlapping returns the networks that overlap a range. */
  overlapping(range: Prefix): readonly SharedNetwork[] {
    return [...this.#networks.values()].filter(({ prefix }) => prefixesOverlap(prefix, range));
  }
}
