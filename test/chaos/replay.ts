// The store at any revision, rebuilt from its recorded history without code of the controller's view or route table. Pure.
import { parseKey } from '../../controller/store/keys.js';
import { decode } from '../../controller/store/record-codec.js';
import { formatIpv4, formatPrefix } from '../../proto/domain/address.js';
import type { StoredVersion } from '../support/etcd-history.js';

/** StoredLease is a leased subnet and its node: "10.76.1.0/24" of "h2" at "192.168.83.12". */
export type StoredLease = {
  readonly subnet: string;
  readonly node: string;
  readonly address: string;
  /** Nodes stop routing to it. */
  readonly isLeaving: boolean;
};

/** Replay is the store, which goes forward in time. */
export class Replay {
  readonly #versions: readonly StoredVersion[];
  readonly #values = new Map<string, string>();
  #next = 0;

  /** @param versions sorted by revision */
  constructor(versions: readonly StoredVersion[]) {
    this.#versions = versions;
  }

  /** at goes forward to a revision. The same or a lower revision changes nothing. */
  at(revision: number): this {
    for (;;) {
      const version = this.#versions[this.#next];
      if (version === undefined || version.revision > revision) return this;
      this.#next += 1;
      for (const change of version.changes) {
        if (change.kind === 'put') this.#values.set(change.entry.key, change.entry.value);
        else this.#values.delete(change.key);
      }
    }
  }

  /** leases returns the leased subnets, sorted. */
  leases(): readonly StoredLease[] {
    const leases: StoredLease[] = [];
    for (const [name, value] of this.#values) {
      const key = parseKey(name);
      if (key?.kind !== 'subnet') continue;
      const held = decode('subnet', value);
      if (!('record' in held) || held.record.state !== 'leased') continue;
      const node = decode('node', this.#values.get(`nodes/${held.record.node}`) ?? '');
      if (!('record' in node)) throw new Error(`${name} is leased to ${held.record.node}, which is not there`);
      leases.push({
        subnet: formatPrefix(key.subnet),
        node: node.record.name,
        address: formatIpv4(node.record.address),
        isLeaving: node.record.availability === 'leaving',
      });
    }
    return leases.sort((a, b) => (a.subnet < b.subnet ? -1 : 1));
  }

  /** routes returns what every node is to route: "10.76.1.0/24 via 192.168.83.12", sorted. */
  routes(): readonly string[] {
    return this.leases()
      .filter(({ isLeaving }) => !isLeaving)
      .map(({ subnet, address }) => `${subnet} via ${address}`)
      .sort();
  }

  /** pools returns the ranges of the pools: "10.76.0.0/16". */
  pools(): readonly string[] {
    const pools: string[] = [];
    for (const [name, value] of this.#values) {
      if (parseKey(name)?.kind !== 'pool') continue;
      const decoded = decode('pool', value);
      if ('record' in decoded) pools.push(formatPrefix(decoded.record.cidr));
    }
    return pools;
  }
}
