// `xctl routes add` and `xctl routes remove`: static routes, to hosts that are not nodes.
import { escaped } from '../../proto/domain/text.js';
import type { StaticRoute__Output } from '../../proto/gen/xnet/v1/StaticRoute.js';
import { confirmed } from '../client/confirm.js';
import type { CommandContext } from '../client/context.js';
import { isoTime } from '../output/time.js';
import { requirePart, verdict } from './change-response.js';

/** AddStaticRouteOptions are the options of `routes add`. */
export type AddStaticRouteOptions = { readonly name?: string; readonly dryRun: boolean };

type StaticRouteOutput = Pick<StaticRoute__Output, 'subnet' | 'nextHop' | 'name' | 'pool'>;

function routeOf(wire: StaticRoute__Output | null): StaticRouteOutput {
  const { subnet, nextHop, name, pool } = requirePart(wire);
  return { subnet, nextHop, name, pool };
}

/** addStaticRoute makes every node route a subnet to a host that is not a node. */
export async function addStaticRoute(
  { client, output }: CommandContext,
  { name = '', dryRun }: AddStaticRouteOptions,
  subnet: string,
  _via: 'via',
  nextHop: string,
): Promise<void> {
  const request = { subnet, nextHop, name, dryRun };
  const response = await client.change((routes) => routes.addStaticRoute.bind(routes), request);
  for (const warning of response.warnings) output.message(`warning: ${escaped(warning)}`);
  const route = routeOf(response.route);
  const { unchanged, change } = response;
  const did = verdict({ unchanged, dryRun }, 'added', 'add');
  await output.show({
    value: { route, unchanged, dryRun, change },
    name: route.subnet,
    text: () => [
      `${did} the static route to ${route.subnet} of pool ${escaped(route.pool)} via ${route.nextHop} (${escaped(route.name)})`,
    ],
  });
}

/** RemoveStaticRouteOptions are the options of `routes remove`. */
export type RemoveStaticRouteOptions = { readonly confirm?: string; readonly dryRun: boolean };

/** removeStaticRoute ends a static route; its subnet goes into quarantine. */
export async function removeStaticRoute(
  context: CommandContext,
  { confirm, dryRun }: RemoveStaticRouteOptions,
  subnet: string,
): Promise<void> {
  const { client, output } = context;
  const what = `remove the static route to ${subnet}, which every node has`;
  if (!dryRun && !(await confirmed(context, { what, name: subnet, severe: false, given: confirm }))) return;
  const response = await client.change((routes) => routes.removeStaticRoute.bind(routes), { subnet, dryRun });
  const route = routeOf(response.route);
  const quarantinedUntil = isoTime(response.quarantinedUntilMs);
  const did = verdict({ unchanged: false, dryRun }, 'removed', 'remove');
  await output.show({
    value: { route, dryRun, quarantinedUntil },
    name: route.subnet,
    text: () => [
      `${did} the static route to ${route.subnet} via ${route.nextHop} (${escaped(route.name)})`,
      ...(quarantinedUntil === null ? [] : [`the subnet is in quarantine until ${quarantinedUntil}`]),
    ],
  });
}
