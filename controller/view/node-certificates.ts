// Indexes certificates by node.
// Invariant: the index holds the same certificates as the view's table of certificates.
import type { CertificateRecord } from '../store/records.js';
import type { Held } from './held.js';
import type { RecordIndex } from './record-tables.js';

type Certificates = ReadonlyMap<string, Held<CertificateRecord>>;

/** NodeCertificates finds the certificates of a node. */
export class NodeCertificates implements RecordIndex<CertificateRecord> {
  readonly #newest = new Map<string, string>();
  readonly #serials = new Map<string, Set<string>>();

  /** newest returns the serial of each node's newest certificate, by node id. */
  get newest(): ReadonlyMap<string, string> {
    return this.#newest;
  }

  /** serials returns the serials of all certificates of each node, by node id. */
  get serials(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#serials;
  }

  put(serial: string, { record: { role, id } }: Held<CertificateRecord>, all: Certificates): void {
    if (role !== 'node') return;
    this.#serials.set(id, (this.#serials.get(id) ?? new Set()).add(serial));
    this.#findNewest(id, all);
  }

  delete(serial: string, { record: { role, id } }: Held<CertificateRecord>, all: Certificates): void {
    if (role !== 'node') return;
    const left = this.#serials.get(id);
    left?.delete(serial);
    if (left?.size === 0) this.#serials.delete(id);
    this.#findNewest(id, all);
  }

  #findNewest(nodeId: string, all: Certificates): void {
    let newest: { readonly serial: string; readonly modRevision: number } | undefined;
    for (const serial of this.#serials.get(nodeId) ?? []) {
      const modRevision = all.get(serial)?.modRevision ?? 0;
      if (newest === undefined || modRevision > newest.modRevision) newest = { serial, modRevision };
    }
    if (newest === undefined) this.#newest.delete(nodeId);
    else this.#newest.set(nodeId, newest.serial);
  }
}
