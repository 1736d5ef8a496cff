// `xctl leases add` and `xctl leases end`: further leases of a node.
import type { Mode } from '../../proto/domain/network.js';
import { escaped } from '../../proto/domain/text.js';
import { wireFromMode } from '../../proto/rpc/convert.js';
import { confirmed } from '../client/confirm.js';
import type { CommandContext } from '../client/context.js';
import { nodeFromWire } from '../output/node.js';
import { isoTime } from '../output/time.js';
import { requirePart, verdict } from './change-response.js';

/** AddLeaseOptions are the options of `leases add`. */
export type AddLeaseOptions = {
  readonly pool: string;
  readonly subnet?: string;
  readonly mode?: Mode;
  readonly network?: string;
  readonly bridge?: string;
  readonly replace?: string;
  readonly dryRun: boolean;
};

/** addLease leases a node another subnet. */
export async function addLease({ client, output }: CommandContext, options: AddLeaseOptions, text: string) {
  const { pool, subnet = '', mode, network = '', bridge = '', replace = '', dryRun } = options;
  const response = await client.change((lease) => lease.addLease.bind(lease), {
    node: text,
    pool,
    subnet,
    networkName: network,
    bridgeName: bridge,
    replace,
    dryRun,
    ...(mode === undefined ? {} : { mode: wireFromMode(mode) }),
  });
  for (const warning of response.warnings) output.message(`warning: ${escaped(warning)}`);
  const node = nodeFromWire(requirePart(response.node));
  const { unchanged, change } = response;
  const lease = { subnet: response.subnet, pool: response.pool };
  const did = verdict({ unchanged, dryRun }, 'leased', 'lease');
  const ending = replace === '' || unchanged ? [] : [`${escaped(replace)} is ending`];
  await output.show({
    value: { node, lease, unchanged, dryRun, change },
    name: response.subnet,
    text: () => [`${did} ${lease.subnet} of pool ${escaped(lease.pool)} to ${escaped(node.name)}`, ...ending],
  });
}

/** EndLeaseOptions are the options of `leases end`. */
export type EndLeaseOptions = { readonly force: boolean; readonly confirm?: string; readonly dryRun: boolean };

/** endLease ends a lease of a node that has another one. */
export async function endLease(context: CommandContext, options: EndLeaseOptions, text: string, cidr: string) {
  const { client, output } = context;
  const { force, confirm, dryRun } = options;
  const found = await client.read((admin) => admin.getNode.bind(admin), { node: text });
  const { name, id } = nodeFromWire(requirePart(found.node));
  const question = {
    what: `end the lease of ${cidr} to ${name}${force ? ', although its host may still use it' : ''}`,
    name: cidr,
    severe: force,
    given: confirm,
  };
  if (!dryRun && !(await confirmed(context, question))) return;
  // By id: another node may have got the name.
  const response = await client.change((lease) => lease.endLease.bind(lease), {
    node: id,
    subnet: cidr,
    force,
    dryRun,
  });
  const { unchanged, change, quarantinedUntilMs } = response;
  const did = verdict({ unchanged, dryRun }, 'ended', 'end');
  await output.show({
    value: {
      node: nodeFromWire(requirePart(response.node)),
      subnet: response.subnet,
      unchanged,
      dryRun,
      change,
      quarantinedUntil: isoTime(quarantinedUntilMs),
    },
    name: response.subnet,
    text: () => [
      `${did} the lease of ${response.subnet} to ${escaped(name)}${change === '' ? '' : `: ${escaped(change)}`}`,
    ],
  });
}
