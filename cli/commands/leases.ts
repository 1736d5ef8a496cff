// `xctl leases`: leased, reserved and quarantined subnets.
import { confirmed } from '../client/confirm.js';
import type { CommandContext } from '../client/context.js';
import { relisted, watchLists } from '../client/watch.js';
import { leaseFromWire, leaseKind } from '../output/pool.js';
import { verdict } from './change-response.js';

/** LeasesOptions are the options of `leases list`. */
export type LeasesOptions = { readonly pool?: string; readonly watch: boolean };

/** listLeases lists leased, reserved and quarantined subnets. */
export async function listLeases(context: CommandContext, { pool = '', watch }: LeasesOptions): Promise<void> {
  const { client, output } = context;
  const load = async () => {
    const { subnets } = await client.read((admin) => admin.listSubnets.bind(admin), { pool });
    return subnets.map(leaseFromWire);
  };
  if (watch) return watchLists(context, leaseKind, relisted(load));
  await output.list(leaseKind, await load());
}

/** ReleaseOptions are the options of `leases release`. */
export type ReleaseOptions = { readonly confirm?: string; readonly dryRun: boolean };

/** releaseLease ends a quarantine early. */
export async function releaseLease(
  context: CommandContext,
  { confirm, dryRun }: ReleaseOptions,
  cidr: string,
): Promise<void> {
  const { client, output } = context;
  const question = {
    what: `end the quarantine of ${cidr}, which another node may get then`,
    name: cidr,
    severe: true,
    given: confirm,
  };
  if (!dryRun && !(await confirmed(context, question))) return;
  await client.change((admin) => admin.releaseSubnet.bind(admin), { cidr, dryRun });
  const did = verdict({ unchanged: false, dryRun }, 'ended', 'end');
  await output.show({
    value: { subnet: cidr, dryRun },
    name: cidr,
    text: () => [`${did} the quarantine of ${cidr}`],
  });
}
