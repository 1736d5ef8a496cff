// The networks that nodes report of their hosts, by network: in a fleet most hosts have the same few.
// Invariant: it holds what the statuses of the view hold, and nothing else.
import { type Prefix, prefixesOverlap, prefixKey } from '../../proto/domain/address.js';
import type { HostNetwork } from '../../proto/domain/network.js';

/** SharedNetwork is a network, and where it comes from on each host that has it, by node id: "interface eth0". */
export type SharedNetwork = { readonly prefix: Prefix; readonly sources: ReadonlyMap<string, string> };

/** ReadonlyHostNetworks is what decisions see of them. */
export type ReadonlyHostNetworks = Pick<HostNetworks, 'overlapping'>;

/** HostNetworks are those of all nodes. */
export class HostNetworks {
  readonly #ofNode = new Map<string, readonly HostNetwork[]>();
  readonly #networks = new Map<number, { readonly prefix: Prefix; readonly sources: Map<string, string> }>();

  /** set takes what a node has reported in the place of what it had reported before. */
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

  /** delete forgets what a node has reported. */
  delete(nodeId: string): void {
    for (const { prefix } of this.#ofNode.get(nodeId) ?? []) {
      const key = prefixKey(prefix);
      const sources = this.#networks.get(key)?.sources;
      sources?.delete(nodeId);
      if (sources?.size === 0) this.#networks.delete(key);
    }
    this.#ofNode.delete(nodeId);
  }

  /** overlapping lists those that overlap a range. */
  overlapping(range: Prefix): readonly SharedNetwork[] {
    return [...this.#networks.values()].filter(({ prefix }) => prefixesOverlap(prefix, range));
  }
}
