// One flanneld with peers that only exist in its etcd, and the time until its kernel has one more route.
import { formatIpv4, formatPrefix, ipv4FromNumber } from '../../proto/domain/address.js';
import { destinationsOf, firstPeer, type Place, type Subject } from './alone-subject.js';
import { oneMoreMs } from './change-cost.js';
import { rateOf } from './etcd-rate.js';
import type { BenchContext } from './figure.js';
import { FlannelRouters } from './flannel-routers.js';
import type { Flanneld } from './flanneld.js';
import type { Summary } from './statistics.js';

const network = '10.64.0.0/10';
const firstSubnet = 0x0a400000;
// flanneld leases one of the lowest 100 that are free, so the peers begin behind those.
const firstNumber = 200;
const clients = 16;

/** FlannelSubject is that flanneld. */
export class FlannelSubject implements Subject {
  readonly name: string;
  readonly #place: Place;
  readonly #routers: FlannelRouters;
  readonly #lease: string;
  #peers = 0;

  private constructor(place: Place, routers: FlannelRouters, { name, lease }: { name: string; lease: string }) {
    this.name = name;
    this.#place = place;
    this.#routers = routers;
    this.#lease = lease;
  }

  /** start starts its etcd, and has it lease a subnet. */
  static async start(place: Place, flanneld: Flanneld): Promise<FlannelSubject> {
    const routers = await FlannelRouters.start(place.fleet.lab, flanneld, network);
    try {
      await routers.grow([place.host]);
      const lease = await routers.etcd.grant();
      return new FlannelSubject(place, routers, { name: `flannel ${flanneld.version}`, lease });
    } catch (error) {
      await routers.close();
      throw error;
    }
  }

  get pid(): number {
    return this.#routers.pidOf(this.#place.host);
  }

  async peers(count: number): Promise<void> {
    await rateOf(count - this.#peers, clients, async () => void (await this.addPeer()));
  }

  /** addPeer adds one more peer to the store, and returns its subnet: "10.64.200.0/24". */
  async addPeer(): Promise<string> {
    const number = this.#peers;
    this.#peers += 1;
    const subnet = formatPrefix({ network: ipv4FromNumber(firstSubnet + ((firstNumber + number) << 8)), length: 24 });
    await this.#routers.etcd.add(subnet, formatIpv4(ipv4FromNumber(firstPeer + number)), this.#lease);
    return subnet;
  }

  /** untilRouted waits until its kernel has the routes to all peers. */
  untilRouted(): Promise<void> {
    return this.#routers.untilRouted(this.#peers);
  }

  async start(): Promise<void> {
    await this.#routers.begin(this.#place.host);
  }

  async kill(): Promise<void> {
    await this.#routers.stop('SIGKILL');
  }

  async forget(): Promise<void> {
    await this.kill();
    await this.#routers.clear(this.#place.host);
  }

  async routes(): Promise<readonly string[]> {
    return destinationsOf(await this.#place.host.run(['ip', '-4', 'route', 'show', 'root', network]));
  }

  cpuMs(): number {
    return this.#routers.cpuMs();
  }

  close(): Promise<void> {
    return this.#routers.close();
  }
}

/** flannelOneMore measures tables of these sizes, the smallest first, and returns the times by size, in milliseconds. */
export async function flannelOneMore(
  { quick, log }: BenchContext,
  place: Place,
  flanneld: Flanneld,
  sizes: readonly number[],
): Promise<ReadonlyMap<number, Summary>> {
  const flannel = await FlannelSubject.start(place, flanneld);
  const times = new Map<number, Summary>();
  try {
    for (const size of sizes) {
      log(`${flannel.name}: one more of ${size} routes`);
      await flannel.kill();
      await flannel.peers(size);
      await flannel.start();
      await flannel.untilRouted();
      times.set(size, (await oneMoreMs(place.watch, quick, () => flannel.addPeer())).summary);
    }
    return times;
  } finally {
    await flannel.close();
  }
}
