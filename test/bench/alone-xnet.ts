// One xnetd with peers that only exist in the store.
import { formatIpv4, ipv4FromNumber } from '../../proto/domain/address.js';
import { destinationsOf, firstPeer, type Place, type Subject } from './alone-subject.js';
import { rateOf } from './etcd-rate.js';
import { allCpuMsOf } from './process-usage.js';
import { XnetRouters } from './xnet-routers.js';

const pool = '10.64.0.0/10';
const clients = 32;

// What xnetd has in the kernel. The host has no Docker, so nothing else is in these chains but the last rule of DOCKER-USER.
const removals = [
  ['ip', 'nexthop', 'flush', 'proto', '88'],
  ['ip', '-4', 'route', 'flush', 'proto', '88'],
  ['iptables', '--wait', '--table', 'raw', '--flush', 'PREROUTING'],
  ['iptables', '--wait', '--flush', 'DOCKER-USER'],
  ['iptables', '--wait', '--append', 'DOCKER-USER', '--jump', 'RETURN'],
] as const;

/** XnetSubject is that xnetd. */
export class XnetSubject implements Subject {
  readonly name = 'xnet';
  readonly #place: Place;
  readonly #routers: XnetRouters;
  #peers = 0;

  private constructor(place: Place, routers: XnetRouters) {
    this.#place = place;
    this.#routers = routers;
  }

  /** start starts the controller, and joins the host. */
  static async start(place: Place): Promise<XnetSubject> {
    const routers = await XnetRouters.start(place.fleet, pool);
    await routers.grow([place.host]);
    return new XnetSubject(place, routers);
  }

  get #daemon() {
    const { fleet, host } = this.#place;
    const daemon = fleet.daemons.get(host.name);
    if (daemon === undefined) throw new Error('no daemon');
    return daemon;
  }

  get pid(): number {
    return this.#daemon.pid;
  }

  async peers(count: number): Promise<void> {
    const from = this.#peers;
    await rateOf(count - from, clients, async (index) => {
      await this.#routers.add(`peer-${from + index}`, formatIpv4(ipv4FromNumber(firstPeer + from + index)));
    });
    this.#peers = count;
  }

  async start(): Promise<void> {
    await this.#place.fleet.startDaemon(this.#place.host);
  }

  async kill(): Promise<void> {
    this.#daemon.kill('SIGKILL');
    await this.#daemon.exited;
  }

  async forget(): Promise<void> {
    await this.kill();
    const { host } = this.#place;
    await host.run(['sh', '-c', 'rm -f /var/lib/xnet/cache.*']);
    for (const removal of removals) await host.run(removal);
    // It fails if xnetd was killed before it had made the table.
    await host.exec(['nft', 'delete', 'table', 'ip', 'xnet']);
  }

  async routes(): Promise<readonly string[]> {
    return destinationsOf(await this.#place.host.run(['ip', '-4', 'route', 'show', 'proto', '88']));
  }

  cpuMs(): number {
    return allCpuMsOf(this.pid);
  }

  close(): Promise<void> {
    return this.#routers.close();
  }
}
