// Hosts that claim to be a node that another host is: a copied machine, or a state directory that was restored elsewhere.
// Invariant: the host that was there first stays the node, also while its daemon restarts, until an operator decides by
// having one of them join anew or by removing the node. A host that was merely too early after its own reboot, when its
// former stream had not ended yet, is no second one: it counts as such only when the first is heard of after it.

/** HostClaim is a host that wants to be a node. */
export type HostClaim = {
  readonly nodeId: string;
  /** Differs for each boot of each host. */
  readonly fingerprint: string;
  /** Serial of the certificate that it shows; a host that joined anew has another. */
  readonly serial: string;
};

/** HostAdmission is what becomes of a claim; `isNew`: it was not refused before, so that it is worth an event. */
export type HostAdmission = { readonly admitted: true } | { readonly admitted: false; readonly isNew: boolean };

type Refused = {
  readonly serial: string;
  readonly other: string;
  readonly sinceMs: number;
  isSecond: boolean;
  reported: boolean;
};

// A stream whose host is gone ends within 30 s (proto/rpc/limits.ts); one that is there after twice that is alive.
const surelyAliveMs = 60_000;
// Of one node. More copies than this are told of again and again, which they deserve.
const mostPerNode = 16;

/** SecondHosts remembers them, as long as this controller runs. */
export class SecondHosts {
  readonly #refused = new Map<string, Map<string, Refused>>();

  /**
   * judge says whether a host may be the node.
   * @param connected the host that is connected as the node; undefined: none is. `sure`: it answered a moment ago
   * @param nowMs of a clock that only goes forward
   */
  judge(
    { nodeId, fingerprint, serial }: HostClaim,
    connected: { readonly fingerprint: string; readonly sure: boolean } | undefined,
    nowMs: number,
  ): HostAdmission {
    const ofNode = this.#refused.get(nodeId) ?? new Map<string, Refused>();
    let before = ofNode.get(fingerprint);
    // It joined anew: an operator decided.
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

  /** isSecond says whether a host was refused while the node was another one. */
  isSecond(nodeId: string, fingerprint: string): boolean {
    return this.#refused.get(nodeId)?.get(fingerprint)?.isSecond === true;
  }

  /** alive says that the connected host of a node was heard of: those that were refused because of it are others. */
  alive(nodeId: string): void {
    for (const refused of this.#refused.get(nodeId)?.values() ?? []) refused.isSecond = true;
  }

  /** forget forgets all of a node. */
  forget(nodeId: string): void {
    this.#refused.delete(nodeId);
  }
}
