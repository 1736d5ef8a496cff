// A host's routing as tests see it: real, in a namespace, or in memory. What holds for the one has to hold for the other.
import type { RouteKernel } from '../../node/kernel/route-kernel.js';

/** RouteHost is one host with its interfaces, and two parties that change its routes. */
export interface RouteHost {
  /** The kernel under test. */
  readonly kernel: RouteKernel;
  /** Somebody else's view of the same: what it changes is foreign to `kernel`. */
  readonly other: RouteKernel;
  /** addLink makes an interface that is up, and returns its interface index. */
  addLink(name: string): number;
  setLink(name: string, state: 'up' | 'down'): void;
  renameLink(name: string, to: string): void;
  removeLink(name: string): void;
  /** addAddress gives an interface an address: "192.168.83.1/24". */
  addAddress(name: string, cidr: string): void;
  removeAddress(name: string, cidr: string): void;
  /** flood makes so many changes of routes that notifications are lost. */
  flood(): void;
  close(): Promise<void>;
}
