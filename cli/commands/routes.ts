// `xctl routes`: the nodes' route table, and the nodes whose kernel does not have it.
import { counted, escaped } from '../../proto/domain/text.js';
import { exitCodes } from '../../proto/errors.js';
import type { CommandContext } from '../client/context.js';
import { relisted, watchLists } from '../client/watch.js';
import { isAway, nodeFromWire } from '../output/node.js';
import { isAmiss, routeCheckKind, routeKind, routeOutputOf } from '../output/route.js';

/** ListRoutesOptions are the options of `routes list`. */
export type ListRoutesOptions = { readonly node?: string; readonly watch: boolean };

/** listRoutes lists the route table; for a node, without the node's own entry. */
export async function listRoutes(context: CommandContext, { node = '', watch }: ListRoutesOptions): Promise<void> {
  const { client, output } = context;
  const ask = () => client.read((admin) => admin.listRoutes.bind(admin), { node });
  if (watch)
    return watchLists(
      context,
      routeKind,
      relisted(async () => (await ask()).routes.map(routeOutputOf)),
    );
  const { routes, unresolved, revision } = await ask();
  await output.list(routeKind, routes.map(routeOutputOf), { unresolved, revision });
  if (!output.forPeople) return;
  for (const subnet of unresolved) {
    output.write(`! ${escaped(subnet)}: its record can't be read; nodes keep the route they have: xctl status`);
  }
}

/** checkRoutes lists the nodes with missing routes; exit code 8 if there are any. */
export async function checkRoutes({ client, output }: CommandContext): Promise<void> {
  const response = await client.read((admin) => admin.listNodes.bind(admin), { summary: output.forPeople });
  const nodes = response.nodes.map(nodeFromWire);
  const amiss = nodes.filter(isAmiss);
  const unknown = nodes.filter((node) => isAway(node) || node.routes === null).length;
  const checked = nodes.length - unknown;
  const text = amiss.length === 0 ? `all ${checked} connected nodes have every route` : '';
  if (output.forPeople && text !== '') output.write(text);
  else await output.list(routeCheckKind, amiss, { checked, unknown });
  if (unknown > 0) output.message(`${counted(unknown, 'node is', 'nodes are')} not connected: not checked`);
  if (amiss.length > 0) process.exitCode = exitCodes.problemsFound;
}
