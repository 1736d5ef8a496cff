// One flanneld alone with a large table, for comparison with one xnetd alone: the time until its kernel has one more route.
// All other nodes only exist in its etcd.
import type { Fleet } from '../../deploy/lab/fleet.js';
import type { LabHost } from '../../deploy/lab/host.js';
import { formatIpv4, formatPrefix, ipv4FromNumber } from '../../proto/domain/address.js';
import { oneMoreMs } from './change-cost.js';
import { rateOf } from './etcd-rate.js';
import type { BenchContext } from './figure.js';
import { FlannelRouters } from './flannel-routers.js';
import type { Flanneld } from './flanneld.js';
import type { KernelWatch } from './kernel-watch.js';
import type { Summary } from './statistics.js';

const network = '10.64.0.0/10';
const firstSubnet = 0x0a400000;
// flanneld leases one of the lowest 100 that are free, so the peers begin behind those.
const firstNumber = 200;
const clients = 16;

/** Alone is a host, and the addresses that its peers get: firstPeer and up, all on-link. */
export type Alone = {
  readonly fleet: Fleet;
  readonly host: LabHost;
  readonly watch: KernelWatch;
  readonly firstPeer: number;
};

function subnetOf(number: number): string {
  return formatPrefix({ network: ipv4FromNumber(firstSubnet + ((firstNumber + number) << 8)), length: 24 });
}

/** flannelOneMore measures tables of these sizes, the smallest first, and returns the times by size, in milliseconds. */
export async function flannelOneMore(
  { quick, log }: BenchContext,
  { fleet, host, watch, firstPeer }: Alone,
  flanneld: Flanneld,
  sizes: readonly number[],
): Promise<ReadonlyMap<number, Summary>> {
  const flannel = await FlannelRouters.start(fleet.lab, flanneld, network);
  const times = new Map<number, Summary>();
  let have = 0;
  const addressOf = (number: number) => formatIpv4(ipv4FromNumber(firstPeer + number));
  try {
    const lease = await flannel.etcd.grant();
    for (const size of sizes) {
      log(`flannel ${flanneld.version}: one more of ${size} routes`);
      await flannel.stop();
      const from = have;
      await rateOf(size - from, clients, (index) =>
        flannel.etcd.add(subnetOf(from + index), addressOf(from + index), lease),
      );
      have = size;
      flannel.launch([host]);
      await flannel.untilRouted(size);
      const add = async (round: number) => {
        await flannel.etcd.add(subnetOf(have + round), addressOf(have + round));
        return subnetOf(have + round);
      };
      const { rounds, summary } = await oneMoreMs(watch, quick, add);
      have += rounds;
      times.set(size, summary);
    }
    return times;
  } finally {
    await flannel.close();
  }
}
