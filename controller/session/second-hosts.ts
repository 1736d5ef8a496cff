// Detects a second host with the identity of a node: a copied machine, or a state directory that was restored
// elsewhere.
// Invariant: the first host stays the node, also while its daemon restarts, until an operator has one of them join again
// or removes the node. A host that returns after a reboot before its former stream has ended is not a second host: a
// refused host counts as one only when the first host is heard from after it.

/** HostClaim is a host that claims to be a node. */
export type HostClaim = {
  readonly nodeId: string;
  /** Differs for each boot of each host. */
  readonly fingerprint: string;
  /** Serial of the certificate it presents; a host that joined again has another one. */
  readonly serial: string;
};

/** HostAdmission is the decision on a claim; `isNew`: the host was not refused before, so record an event. */
export type HostAdmission = { readonly admitted: true } | { readonly admitted: false; readonly isNew: boolean };

type Refused = {
  readonly serial: string;
  readonly other: string;
  readonly sinceMs: number;
  isSecond: boolean;
  reported: boolean;
};

// A stream of a dead host ends within 30 s (proto/rpc/limits.ts); one older than twice that is alive.
const surelyAliveMs = 60_000;
// Remembered hosts per node. Copies beyond it are reported repeatedly.
const mostPerNode = 16;

/** SecondHosts remembers refused hosts while this controller runs. */
export class SecondHosts {
  readonly #refused = new Map<string, Map<string, Refused>>();

  /**
   * judge decides whether a host may be the node.
   * @param connected the host connected as the node; undefined: none. `sure`: it answered a moment ago
   * @param nowMs of a monotonic clock
   */
  judge(
    { nodeId, fingerprint, serial }: HostClaim,
    connected: { readonly fingerprint: string; readonly sure: boolean } | undefined,
    nowMs: number,
  ): HostAdmission {
    const ofNode = this.#refused.get(nodeId) ?? new Map<string, Refused>();
    let before = ofNode.get(fingerprint);
    // The host joined again: an operator decided.
    if (before !== undefined && before.serial !== serial) {
      ofNode.delete(fingerprint);
      before = undefined;
    }
    if (connected === undefined || connected.fingerprint === fingerprint) {
      if (before?.isSecond === true) return { admitted: false, isNew: false };
      ofNode.delete(fingerprint);
      return { admitted: true };
    }
    const { fingerprint: other, sure } = connected;
    if (before !== undefined) {
      if (before.other === other && nowMs - before.sinceMs >= surelyAliveMs) before.isSecond = true;
      const isNew = !before.reported && (sure || before.isSecond);
      before.reported ||= isNew;
      return { admitted: false, isNew };
    }
    ofNode.set(fingerprint, { serial, other, sinceMs: nowMs, isSecond: false, reported: sure });
    if (ofNode.size > mostPerNode) ofNode.delete([...ofNode.keys()][0] ?? '');
    this.#refused.set(nodeId, ofNode);
    return { admitted: false, isNew: sure };
  }

  /** isSecond reports whether a host was refused while another host was the node. */
  isSecond(nodeId: string, fingerprint: string): boolean {
    return this.#refused.get(nodeId)?.get(fingerprint)?.isSecond === true;
  }

  /** alive records a sign of life of the connected host of a node: the hosts refused because of it are second hosts. */
  alive(nodeId: string): void {
    for (const refused of this.#refused.get(nodeId)?.values() ?? []) refused.isSecond = true;
  }

  /** forget drops all records of a node. */
  forget(nodeId: string): void {
    this.#refused.delete(nodeId);
  }
}
