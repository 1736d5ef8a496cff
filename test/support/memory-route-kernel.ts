// RouteKernel in memory: one party, with its notifications.
import type {
  Address,
  KernelRefusal,
  KernelRoute,
  Link,
  NextHop,
  Notification,
  RouteChange,
  RouteFilter,
  RouteKernel,
} from '../../node/kernel/route-kernel.js';
import type { MemoryRouteHost } from './memory-route-host.js';

/** refuse returns a refusal of the kernel. */
export function refuse(errno: string, text = ''): KernelRefusal {
  return { errno, text };
}

/** MemoryRouteKernel is one party's view of a MemoryRouteHost. */
export class MemoryRouteKernel implements RouteKernel {
  readonly #host: MemoryRouteHost;
  #queue: Notification[] = [];
  #lost = false;
  #listener: (() => void) | undefined;
  #closed = false;
  /** All requested changes, in order. */
  readonly asked: RouteChange[] = [];

  constructor(host: MemoryRouteHost) {
    this.#host = host;
  }

  async routes(filter: RouteFilter): Promise<readonly KernelRoute[]> {
    return [...this.#host.routes.all()].filter(({ destination, protocol, scope, nextHopId }) =>
      filter({ ...destination, protocol, scope, nextHopId }),
    );
  }

  routesNow(): readonly KernelRoute[] {
    return [...this.#host.routes.all()];
  }

  async nextHops(): Promise<readonly NextHop[] | undefined> {
    return this.#host.nextHops && [...this.#host.nextHops.values()];
  }

  async links(): Promise<readonly Link[]> {
    return [...this.#host.links.values()];
  }

  async addresses(): Promise<readonly Address[]> {
    return [...this.#host.addresses];
  }

  async fingerprint(): Promise<string> {
    const { routes, nextHops, links, addresses } = this.#host;
    return JSON.stringify([[...routes.all()], [...(nextHops ?? [])], [...links], addresses]);
  }

  async apply(changes: readonly RouteChange[], signal?: AbortSignal): Promise<readonly (KernelRefusal | undefined)[]> {
    if (signal?.aborted === true) return changes.map(() => refuse('ECANCELED'));
    this.asked.push(...changes);
    return changes.map((change) => this.#host.change(change, this));
  }

  drain(visit: (notification: Notification) => void): boolean {
    const complete = !this.#lost;
    this.#lost = false;
    for (const notification of this.#queue.splice(0)) visit(notification);
    return complete;
  }

  onReadable(listener: () => void): void {
    this.#listener = listener;
  }

  close(): void {
    this.#closed = true;
  }

  queue(notification: Notification): void {
    if (this.#closed) return;
    this.#queue.push(notification);
    this.#wake();
  }

  lose(): void {
    this.#queue = [];
    this.#lost = true;
    this.#wake();
  }

  #wake(): void {
    const listener = this.#listener;
    if (listener !== undefined) setImmediate(() => this.#closed || listener());
  }
}
