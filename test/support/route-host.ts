// A host's routing as tests use it, real in a namespace or in memory. Both must behave alike.
import type { RouteKernel } from '../../node/kernel/route-kernel.js';

/** RouteHost is one host with its interfaces, and two parties that change its routes. */
export interface RouteHost {
  /** The kernel under test. */
  readonly kernel: RouteKernel;
  /** Another party's view of the same routes: its changes are foreign to `kernel`. */
  readonly other: RouteKernel;
  /** addLink makes an interface that is up, and returns its interface index. */
  addLink(name: string): number;
  setLink(name: string, state: 'up' | 'down'): void;
  renameLink(name: string, to: string): void;
  removeLink(name: string): void;
  /** addAddress gives an interface an address: "192.168.83.1/24". */
  addAddress(name: string, cidr: string): void;
  removeAddress(name: string, cidr: string): void;
  /** flood makes enough changes of routes for notifications to be lost. */
  flood(): void;
  close(): Promise<void>;
}
