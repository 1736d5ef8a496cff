// `xctl nics`: further interfaces of containers.
import { escaped } from '../../proto/domain/text.js';
import { confirmed } from '../client/confirm.js';
import type { CommandContext } from '../client/context.js';
import { relisted, watchLists } from '../client/watch.js';
import { type NicOutput, nicFromWire, nicKind } from '../output/nic.js';
import { requirePart, verdict } from './change-response.js';

/** AddNicOptions are the options of `nics add`. */
export type AddNicOptions = {
  readonly pool?: string;
  readonly address?: string;
  readonly name?: string;
  readonly dryRun: boolean;
};

function described({ address, container, interface: name, node }: NicOutput): string {
  return `${address} as ${escaped(name)} of container ${escaped(container)} on ${escaped(node)}`;
}

/** addNic gives a container another interface. */
export async function addNic(
  { client, output }: CommandContext,
  { pool = '', address = '', name = '', dryRun }: AddNicOptions,
  node: string,
  container: string,
): Promise<void> {
  const request = { node, container, pool, address, interfaceName: name, dryRun };
  const response = await client.change((nics) => nics.addNic.bind(nics), request);
  const nic = nicFromWire(requirePart(response.nic));
  const { unchanged, change } = response;
  const did = verdict({ unchanged, dryRun }, 'added', 'add');
  await output.show({
    value: { nic, unchanged, dryRun, change },
    name: nic.address,
    text: () => [`${did} ${described(nic)}`],
  });
}

/** ListNicsOptions are the options of `nics list`. */
export type ListNicsOptions = { readonly node?: string; readonly watch: boolean };

/** listNics lists nics. */
export async function listNics(context: CommandContext, { node = '', watch }: ListNicsOptions): Promise<void> {
  const { client, output } = context;
  const load = async () => {
    const { nics } = await client.read((each) => each.listNics.bind(each), { node });
    return nics.map(nicFromWire);
  };
  if (watch) return watchLists(context, nicKind, relisted(load));
  await output.list(nicKind, await load());
}

/** RemoveNicOptions are the options of `nics remove`. */
export type RemoveNicOptions = { readonly confirm?: string; readonly dryRun: boolean };

/** removeNic takes a nic from its container. */
export async function removeNic(
  context: CommandContext,
  { confirm, dryRun }: RemoveNicOptions,
  address: string,
): Promise<void> {
  const { client, output } = context;
  const what = `remove the nic ${address}: what uses the address loses its connections`;
  if (!dryRun && !(await confirmed(context, { what, name: address, severe: false, given: confirm }))) return;
  const response = await client.change((nics) => nics.removeNic.bind(nics), { address, dryRun });
  const nic = nicFromWire(requirePart(response.nic));
  const did = verdict({ unchanged: false, dryRun }, 'removed', 'remove');
  await output.show({ value: { nic, dryRun }, name: address, text: () => [`${did} ${described(nic)}`] });
}
