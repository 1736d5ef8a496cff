// `xctl networks create`, `set`, `include`, `exclude` and `remove`.
import { counted, escaped } from '../../proto/domain/text.js';
import type { Network__Output } from '../../proto/gen/xnet/v1/Network.js';
import type { NetworkMember__Output } from '../../proto/gen/xnet/v1/NetworkMember.js';
import { confirmed } from '../client/confirm.js';
import type { CommandContext } from '../client/context.js';
import { attachedText, memberFromWire, type NetworkOutput, networkFromWire, selectorText } from '../output/network.js';
import { requirePart, verdict } from './change-response.js';
import { labelsFrom } from './labels.js';
import { waitForNetwork } from './network-wait.js';

/** SelectorOptions select the nodes of a network. */
export type SelectorOptions = {
  readonly all: boolean;
  readonly label: readonly string[];
  readonly node: readonly string[];
};

/** CreateNetworkOptions are the options of `networks create`. */
export type CreateNetworkOptions = SelectorOptions & {
  readonly pool?: string;
  readonly bridge?: string;
  readonly wait: boolean;
  readonly dryRun: boolean;
};

function selectorOf({ all, label, node }: SelectorOptions) {
  return { all, labels: labelsFrom(label), nodes: [...node] };
}

type Changed = {
  readonly network: Network__Output | null;
  readonly members: readonly NetworkMember__Output[];
  readonly unchanged: boolean;
  readonly change: string;
  readonly warnings?: readonly string[];
};

async function showChange(
  context: CommandContext,
  { network: wire, members, unchanged, change, warnings = [] }: Changed,
  { dryRun, wait, did }: { readonly dryRun: boolean; readonly wait: boolean; readonly did: string },
): Promise<void> {
  const { output } = context;
  for (const warning of warnings) output.message(`warning: ${escaped(warning)}`);
  const network = networkFromWire(requirePart(wire));
  const value = { network, members: members.map(memberFromWire), unchanged, dryRun, change };
  const shown = {
    value,
    name: network.name,
    text: () => [`${did} network ${escaped(network.name)}: ${textOf(network)}`],
  };
  if (!wait || dryRun) return output.show(shown);
  if (output.forPeople) await output.show(shown);
  const waited = await waitForNetwork(context, network.name, 'in force');
  if (!output.forPeople) await output.show({ ...shown, value: { ...value, ...waited.shown } });
  if (waited.failure !== undefined) throw waited.failure;
}

function textOf(network: NetworkOutput): string {
  const { pool, members } = network;
  return `a subnet of pool ${escaped(pool)} for each of ${counted(members, 'node', 'nodes')} (${escaped(selectorText(network))})`;
}

/** createNetwork makes a network. */
export async function createNetwork(
  context: CommandContext,
  options: CreateNetworkOptions,
  name: string,
): Promise<void> {
  const { pool = '', bridge = '', dryRun, wait } = options;
  const request = { name, pool, bridgeName: bridge, dryRun, selector: selectorOf(options) };
  const response = await context.client.change((each) => each.createNetwork.bind(each), request);
  const did = verdict({ unchanged: response.unchanged, dryRun }, 'created', 'create');
  await showChange(context, response, { dryRun, wait, did });
}

/** SetNetworkOptions are the options of `networks set`. */
export type SetNetworkOptions = SelectorOptions & { readonly wait: boolean; readonly dryRun: boolean };

/** setNetwork replaces the selector of a network. */
export async function setNetwork(context: CommandContext, options: SetNetworkOptions, name: string): Promise<void> {
  await change(context, { name, selector: selectorOf(options), include: [], exclude: [] }, options);
}

/** IncludeOptions are the options of `networks include` and `networks exclude`. */
export type IncludeOptions = { readonly wait: boolean; readonly dryRun: boolean };

/** includeNodes gives nodes a network. */
export async function includeNodes(
  context: CommandContext,
  options: IncludeOptions,
  name: string,
  nodes: readonly string[],
): Promise<void> {
  await change(context, { name, include: [...nodes], exclude: [] }, options);
}

/** excludeNodes takes a network from nodes. */
export async function excludeNodes(
  context: CommandContext,
  options: IncludeOptions,
  name: string,
  nodes: readonly string[],
): Promise<void> {
  await change(context, { name, include: [], exclude: [...nodes] }, options);
}

type Change = {
  readonly name: string;
  readonly selector?: ReturnType<typeof selectorOf>;
  readonly include: string[];
  readonly exclude: string[];
};

async function change(context: CommandContext, request: Change, { dryRun, wait }: IncludeOptions): Promise<void> {
  const response = await context.client.change((each) => each.changeNetwork.bind(each), { ...request, dryRun });
  const did = verdict({ unchanged: response.unchanged, dryRun }, 'changed', 'change');
  await showChange(context, response, { dryRun, wait, did });
}

/** RemoveNetworkOptions are the options of `networks remove`. */
export type RemoveNetworkOptions = {
  readonly disconnect: boolean;
  readonly wait: boolean;
  readonly confirm?: string;
  readonly dryRun: boolean;
};

/** removeNetwork removes a network from all hosts. */
export async function removeNetwork(
  context: CommandContext,
  options: RemoveNetworkOptions,
  name: string,
): Promise<void> {
  const { client, output } = context;
  const { disconnect, wait, confirm, dryRun } = options;
  const how = disconnect ? ', and detach the containers that are attached to it' : '';
  const question = {
    what: `remove network ${name} from all its nodes${how}`,
    name,
    severe: disconnect,
    given: confirm,
  };
  if (!dryRun && !(await confirmed(context, question))) return;
  const response = await client.change((each) => each.removeNetwork.bind(each), { name, disconnect, dryRun });
  const { unchanged, change: done } = response;
  const members = response.members.map(memberFromWire);
  const network = response.network === null ? null : networkFromWire(response.network);
  const users = members.filter(({ inUse }) => inUse);
  const did = verdict({ unchanged, dryRun }, network === null ? 'removed' : 'removing', 'remove');
  const shown = {
    value: { network, members, unchanged, dryRun, change: done },
    name,
    text: () => [
      `${did} network ${escaped(name)}${network === null ? '' : ` from ${counted(members.length, 'node', 'nodes')}`}`,
      ...users.map(
        (member) => `  ${dryRun ? 'would detach' : 'detaching'} on ${escaped(member.node)}: ${attachedText(member)}`,
      ),
    ],
  };
  if (!wait || dryRun || network === null) return output.show(shown);
  if (output.forPeople) await output.show(shown);
  const waited = await waitForNetwork(context, name, 'removed');
  if (!output.forPeople) await output.show({ ...shown, value: { ...shown.value, ...waited.shown } });
  if (waited.failure !== undefined) throw waited.failure;
}
