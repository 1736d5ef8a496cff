// `xctl nodes add`: leases a subnet at once and says what to run on the host.
import { escaped } from '../../proto/domain/text.js';
import { XnetError } from '../../proto/errors.js';
import { wireFromMode } from '../../proto/rpc/convert.js';
import type { Context } from '../context.js';
import { type HostCommand, hostCommand, shellText } from '../output/host-command.js';
import { nodeFromWire } from '../output/node.js';
import { requirePart, verdict } from './answers.js';
import { labelsFrom } from './labels.js';
import { type Goal, showAndWait, type WaitedOutput } from './wait.js';

/** AddOptions are those of `nodes add`. */
export type AddOptions = {
  readonly address: string;
  readonly pool?: string;
  readonly subnet?: string;
  readonly mode?: 'bip' | 'bridge';
  readonly label: readonly string[];
  /** True: routed. */
  readonly wait?: Goal | true;
  readonly dryRun: boolean;
};

/** commandFor is the command that a node's host has to run, with the addresses that controllers say they listen on. */
export async function commandFor({ client }: Context, nodeName: string): Promise<HostCommand> {
  try {
    const { controllers } = await client.read((admin) => admin.getStatus.bind(admin), {});
    return hostCommand(nodeName, controllers, client.answered);
  } catch (error) {
    // What was asked for is done: that a controller is lost right after it is no failure of it.
    if (!(error instanceof XnetError)) throw error;
    return hostCommand(nodeName, undefined, undefined);
  }
}

/** addNode adds a node; with --wait until all others route to it. */
export async function addNode(context: Context, options: AddOptions, name: string): Promise<void> {
  const { client, output } = context;
  const { address, pool = '', subnet = '', mode, label, wait, dryRun } = options;
  const response = await client.change((admin) => admin.addNode.bind(admin), {
    ...{ name, address, pool, subnet, dryRun, labels: labelsFrom(label) },
    ...(mode === undefined ? {} : { mode: wireFromMode(mode) }),
  });
  for (const warning of response.warnings) output.message(`warning: ${escaped(warning)}`);
  const node = nodeFromWire(requirePart(response.node));
  const { unchanged } = response;
  const host = dryRun ? { argv: [], note: null } : await commandFor(context, name);
  if (host.note !== null) output.message(`note: ${host.note}`);
  const show = (waited: WaitedOutput | null) =>
    output.show({
      value: { node, unchanged, dryRun, command: host.argv, note: host.note, waited },
      name,
      text: ({ colors }) => {
        const did = verdict({ unchanged, dryRun }, 'leased', 'lease');
        const leased = `${did} ${colors.strong(node.subnet ?? '-')} of pool ${node.pool ?? '-'} to ${name}`;
        if (dryRun) return [leased];
        return [leased, `run on ${name} (${node.address}), as root:`, `  ${colors.strong(shellText(host.argv))}`];
      },
    });
  await showAndWait(context, { name, goal: dryRun ? undefined : wait }, show);
}
