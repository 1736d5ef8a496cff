// RouteHost on the real kernel: a network namespace of its own, changed with iproute2 and through two netlink adapters.
import { Namespace } from '../../deploy/lab/namespace.js';
import { openLinuxRouteKernel } from '../../node/kernel/linux-route-kernel.js';
import { Poller } from '../../node/kernel/poller.js';
import type { RouteKernel } from '../../node/kernel/route-kernel.js';
import type { RouteHost } from './route-host.js';

/** LinuxRouteHost is a namespace of the real kernel. It needs root. */
export class LinuxRouteHost implements RouteHost {
  readonly namespace = Namespace.create('routes');
  readonly poller = new Poller();
  readonly kernel: RouteKernel;
  readonly other: RouteKernel;
  readonly #neighbours: Namespace[] = [];

  constructor() {
    this.kernel = openLinuxRouteKernel({ poller: this.poller, namespace: this.namespace.path });
    this.other = openLinuxRouteKernel({ poller: this.poller, namespace: this.namespace.path });
  }

  /** ip runs iproute2 in the namespace: ip('route', 'show'). */
  ip(...args: readonly string[]): string {
    return this.namespace.runSync(['ip', ...args]);
  }

  addLink(name: string): number {
    // A veth pair with both ends up is an interface with a carrier. Not every kernel has dummy interfaces.
    const end = `${name}-end`;
    this.namespace.ipBatch([
      `link add ${name} type veth peer name ${end}`,
      `link set ${end} up`,
      `link set ${name} up`,
    ]);
    return this.ifindex(name);
  }

  setLink(name: string, state: 'up' | 'down'): void {
    this.ip('link', 'set', name, state);
  }

  renameLink(name: string, to: string): void {
    this.ip('link', 'set', name, 'name', to);
  }

  removeLink(name: string): void {
    this.ip('link', 'delete', name);
  }

  addAddress(name: string, cidr: string): void {
    this.ip('address', 'add', cidr, 'dev', name);
  }

  removeAddress(name: string, cidr: string): void {
    this.ip('address', 'delete', cidr, 'dev', name);
  }

  flood(): void {
    const lines: string[] = [];
    for (let i = 0; i < 40_000; i += 1) {
      lines.push(`route add 100.${64 + (i >> 14)}.${(i >> 6) & 255}.${(i & 63) * 4}/30 dev lo proto static`);
    }
    this.namespace.ipBatch(lines);
    this.ip('route', 'flush', 'proto', 'static');
  }

  /**
   * addNeighbour makes an interface that leads to a host in a namespace of its own, which has the address "192.168.83.11/24"
   * and the other given addresses.
   */
  addNeighbour(name: string, addresses: readonly string[]): Namespace {
    const neighbour = Namespace.create('neighbour');
    this.#neighbours.push(neighbour);
    this.namespace.ipBatch([`link add ${name} type veth peer name lan netns ${neighbour.name}`, `link set ${name} up`]);
    neighbour.ipBatch(['link set lan up', ...addresses.map((cidr) => `address add ${cidr} dev lan`)]);
    return neighbour;
  }

  /** ifindex returns the interface index of an interface. */
  ifindex(name: string): number {
    const links: unknown = JSON.parse(this.ip('-j', 'link', 'show', 'dev', name));
    if (!Array.isArray(links)) throw new TypeError('not a list of links');
    return Number(links[0]?.ifindex);
  }

  async close(): Promise<void> {
    this.kernel.close();
    this.other.close();
    await this.poller.close();
    this.namespace.delete();
    for (const neighbour of this.#neighbours) neighbour.delete();
  }
}

/** isRoot reports whether network namespaces can be created, and prints a message if not. */
export function isRoot(what: string): boolean {
  if (process.getuid?.() === 0) return true;
  console.log(`SKIP ${what}: needs root`);
  return false;
}
