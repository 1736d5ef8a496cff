// `xctl networks list` and `xctl networks show`.
import type { CommandContext } from '../client/context.js';
import { relisted, watchLists } from '../client/watch.js';
import { tableOf } from '../output/columns.js';
import { memberFromWire, memberKind, networkFromWire, networkKind, networkLines } from '../output/network.js';
import { requirePart } from './change-response.js';

/** ListNetworksOptions are the options of `networks list`. */
export type ListNetworksOptions = { readonly watch: boolean };

/** listNetworks lists the networks. */
export async function listNetworks(context: CommandContext, { watch }: ListNetworksOptions): Promise<void> {
  const { client, output } = context;
  const load = async () => {
    const { networks } = await client.read((network) => network.listNetworks.bind(network), {});
    return networks.map(networkFromWire);
  };
  if (watch) return watchLists(context, networkKind, relisted(load));
  await output.list(networkKind, await load());
}

/** showNetwork shows a network, with what each node has of it. */
export async function showNetwork({ client, output }: CommandContext, _options: object, name: string): Promise<void> {
  const response = await client.read((each) => each.getNetwork.bind(each), { name });
  const network = networkFromWire(requirePart(response.network));
  const members = response.members.map(memberFromWire);
  await output.show({
    value: { network, members },
    name,
    text: (look) => [
      ...networkLines(network, look),
      ...(members.length === 0 ? [] : ['', ...tableOf(memberKind.columns, members, look)]),
    ],
  });
}
