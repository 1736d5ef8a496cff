// A container of a run: a network namespace behind a bridge of its host that has the gateway address of a lease.
import type { Machine } from '../../deploy/lab/machine.js';
import { Namespace } from '../../deploy/lab/namespace.js';
import { formatIpv4, gatewayOf, ipv4FromNumber, parsePrefix } from '../../proto/domain/address.js';

/** Lodging is where a container is: its lease, "10.76.3.0/24", and the bridge, "docker0". */
export type Lodging = { readonly subnet: string; readonly bridge: string };

/** ChaosContainer is one container. Remove it. */
export class ChaosContainer {
  /** Name of its host: "h1". */
  readonly host: string;
  readonly subnet: string;
  /** "10.76.3.2" */
  readonly address: string;
  /** Command prefix that runs a command in the container. */
  readonly enter: readonly [string, ...string[]];
  readonly #machine: Machine;
  readonly #bridge: string;
  readonly #namespace: Namespace;

  /** Makes the bridge with the gateway address, and the container behind it with the address .2. */
  constructor(machine: Machine, { subnet, bridge }: Lodging) {
    const prefix = parsePrefix(subnet);
    if (prefix === undefined) throw new TypeError(`not a prefix: ${subnet}`);
    const gateway = formatIpv4(gatewayOf(prefix));
    this.host = machine.name;
    this.subnet = subnet;
    this.address = formatIpv4(ipv4FromNumber(prefix.network + 2));
    this.#machine = machine;
    this.#bridge = bridge;
    this.#namespace = Namespace.create(`${machine.name}-${bridge}`);
    this.enter = this.#namespace.enter;
    machine.namespace.ipBatch([
      `link add ${bridge} type bridge`,
      `address add ${gateway}/${prefix.length} dev ${bridge}`,
      `link set ${bridge} up`,
      `link add ${bridge}-c type veth peer name eth0 netns ${this.#namespace.name}`,
      `link set ${bridge}-c master ${bridge} up`,
    ]);
    this.#namespace.ipBatch([
      `address add ${this.address}/${prefix.length} dev eth0`,
      'link set eth0 up',
      `route add default via ${gateway}`,
    ]);
  }

  /** environment returns the environment of programs in the container. */
  get environment(): Record<string, string> {
    return this.#machine.environment();
  }

  /** remove removes the container and the bridge. */
  remove(): void {
    this.#machine.namespace.ipBatch([`link delete ${this.#bridge}`]);
    this.dispose();
  }

  /** dispose removes what is not removed with the lab. */
  dispose(): void {
    this.#namespace.delete();
  }
}
