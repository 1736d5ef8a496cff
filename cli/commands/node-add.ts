// `xctl nodes add`: leases a subnet at once and prints the command to run on the host.
import type { Mode } from '../../proto/domain/network.js';
import { escaped } from '../../proto/domain/text.js';
import { XnetError } from '../../proto/errors.js';
import { wireFromMode } from '../../proto/rpc/convert.js';
import type { CommandContext } from '../client/context.js';
import { nodeFromWire } from '../output/node.js';
import { requirePart, verdict } from './change-response.js';
import { joinLines, joinWith, requireFree } from './join-token.js';
import { labelsFrom } from './labels.js';
import { adoptHost } from './node-adopt.js';
import { type Goal, showAndWait, type WaitedOutput } from './wait.js';

/** AddOptions are the options of `nodes add`. */
export type AddOptions = {
  readonly address: string;
  readonly pool?: string;
  readonly subnet?: string;
  readonly mode?: Mode;
  readonly label: readonly string[];
  /** File to write the join token to. */
  readonly tokenOut?: string;
  /** True: 'routed'. */
  readonly wait?: Goal | true;
  /** The host keeps a Docker network that it has. */
  readonly adopt: boolean;
  readonly dryRun: boolean;
};

/** addNode adds a node; with --wait until all others route to it. */
export async function addNode(context: CommandContext, options: AddOptions, name: string): Promise<void> {
  const { client, output } = context;
  const { address, pool = '', subnet = '', mode, label, tokenOut, wait, adopt, dryRun } = options;
  if (adopt && wait !== undefined) {
    throw new XnetError('InvalidArgument', '--wait does not go with --adopt: the node is added when its host joins');
  }
  await requireFree(tokenOut);
  if (adopt) return adoptHost(context, options, name);
  const response = await client.change((admin) => admin.addNode.bind(admin), {
    name,
    address,
    pool,
    subnet,
    dryRun,
    labels: labelsFrom(label),
    ...(mode === undefined ? {} : { mode: wireFromMode(mode) }),
  });
  for (const warning of response.warnings) output.message(`warning: ${escaped(warning)}`);
  const node = nodeFromWire(requirePart(response.node));
  const { unchanged, joinToken } = response;
  const join = joinToken === null ? null : await joinWith(context, joinToken, tokenOut);
  const show = (waited: WaitedOutput | null) =>
    output.show({
      value: { node, unchanged, dryRun, join, waited },
      name,
      text: (look) => {
        const did = verdict({ unchanged, dryRun }, 'leased', 'lease');
        const leased = `${did} ${look.colors.strong(node.subnet ?? '-')} of pool ${node.pool ?? '-'} to ${name}`;
        if (dryRun) return [leased];
        if (join !== null) return [leased, ...joinLines(join, `${name} (${node.address})`, look)];
        return [leased, unchanged ? `for a host that has not joined: ${tokenCommand(name)}` : noAuthority(name)];
      },
    });
  await showAndWait(context, { name, goal: dryRun ? undefined : wait }, show);
}

/** tokenCommand returns the command that creates another token for a node. */
export function tokenCommand(name: string): string {
  return `xctl tokens create --node ${escaped(name)}`;
}

function noAuthority(name: string): string {
  return `the cluster has no authority yet, so no host can join: xctl init, and then: ${tokenCommand(name)}`;
}
