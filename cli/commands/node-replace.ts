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
  readonly force: boolean;
  readonly confirm?: string;
  /** File to write the join token to. */
  readonly tokenOut?: string;
  readonly dryRun: boolean;
};

/** replaceNode gives a node to another host. Its former host is fenced. */
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
  const request = { node: id, address, force, dryRun };
  const response = await client.change((admin) => admin.replaceNode.bind(admin), request);
  const node = nodeFromWire(requirePart(response.node));
  const { joinToken, change } = response;
  const join = joinToken === null ? null : await joinWith(context, joinToken, tokenOut);
  await output.show({
    value: { node, dryRun, change, join },
    name,
    text: (look) => [
      `${dryRun ? 'would replace' : 'replaced'} ${escaped(name)}: ${escaped(change)}`,
      ...(join === null ? [] : joinLines(join, `${name} (${node.address})`, look)),
    ],
  });
}
