// Hosts that were refused because a restored store contradicts them, for as long as they try again.
// Invariant: a host that was admitted, or has stopped trying, is not listed.

/** HostRefusal is why a host is refused. */
export type HostRefusal = {
  /** CamelCase, as in events: "HeldDiffers". */
  readonly reason: string;
  readonly nodeName: string;
  readonly message: string;
};

// A host tries again within a minute, at this controller or at another one.
const forgottenMs = 15 * 60_000;

/** RefusedHosts are those that this controller refuses. */
export class RefusedHosts {
  readonly #now: () => number;
  readonly #all = new Map<string, { readonly refusal: HostRefusal; readonly atMs: number }>();

  /** @param now a monotonic clock in milliseconds */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** refuse notes a refusal of a node's host. */
  refuse(nodeId: string, refusal: HostRefusal): void {
    this.#all.set(nodeId, { refusal, atMs: this.#now() });
  }

  /** admit forgets a node's host. */
  admit(nodeId: string): void {
    this.#all.delete(nodeId);
  }

  /** of returns why a node's host is refused; undefined: it is not. */
  of(nodeId: string): HostRefusal | undefined {
    const held = this.#all.get(nodeId);
    if (held === undefined || this.#now() - held.atMs < forgottenMs) return held?.refusal;
    this.#all.delete(nodeId);
    return undefined;
  }

  /** list returns all refusals, by node name. */
  list(): readonly HostRefusal[] {
    return [...this.#all.keys()].flatMap((id) => this.of(id) ?? []).sort((a, b) => (a.nodeName < b.nodeName ? -1 : 1));
  }
}
