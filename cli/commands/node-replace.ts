// `xctl nodes replace`: gives a node to new hardware, and prints the command to run on it.
import { escaped } from '../../proto/domain/text.js';
import { confirmed } from '../client/confirm.js';
import type { CommandContext } from '../client/context.js';
import { nodeFromWire } from '../output/node.js';
import { requirePart } from './change-response.js';
import { joinLines, joinWith, requireFree } from './join-token.js';

/** NodeReplaceOptions are the options of `nodes replace`. */
export type NodeReplaceOptions = {
  readonly address: string;
  /** Name that the node gets as well. */
  readonly name?: string;
  readonly force: boolean;
  readonly confirm?: string;
  /** File to write the join token to. */
  readonly tokenOut?: string;
  readonly dryRun: boolean;
};

/**
 * replaceNode gives a node to another host. Its former host is fenced. With a name, the node is renamed first: both are
 * rehearsed before, and the same command with the new name completes one that was killed in between.
 */
export async function replaceNode(context: CommandContext, options: NodeReplaceOptions, text: string): Promise<void> {
  const { client, output } = context;
  const { address, force, confirm, tokenOut, dryRun } = options;
  await requireFree(tokenOut);
  const found = await client.read((admin) => admin.getNode.bind(admin), { node: text });
  const before = nodeFromWire(requirePart(found.node));
  const { name, id } = before;
  const question = {
    what: `replace the host of ${name} (${before.address}), which is refused from then on`,
    name,
    severe: force,
    given: confirm,
  };
  if (!dryRun && !(await confirmed(context, question))) return;
  const request = { node: id, address, force };
  const renames: string[] = [];
  if (options.name !== undefined && options.name !== name) {
    const renamed = { node: id, name: options.name };
    const rehearsed = await client.change((admin) => admin.renameNode.bind(admin), { ...renamed, dryRun: true });
    renames.push(rehearsed.change);
    if (!dryRun) {
      await client.change((admin) => admin.replaceNode.bind(admin), { ...request, dryRun: true });
      await client.change((admin) => admin.renameNode.bind(admin), renamed);
    }
  }
  const response = await client.change((admin) => admin.replaceNode.bind(admin), { ...request, dryRun });
  const node = nodeFromWire(requirePart(response.node));
  const { joinToken } = response;
  const change = [...renames, response.change].join('; ');
  const join = joinToken === null ? null : await joinWith(context, joinToken, tokenOut);
  await output.show({
    value: { node, dryRun, change, join },
    name: node.name,
    text: (look) => [
      `${dryRun ? 'would replace' : 'replaced'} ${escaped(name)}: ${escaped(change)}`,
      ...(join === null ? [] : joinLines(join, `${node.name} (${node.address})`, look)),
    ],
  });
}
