// `xctl routes held` and `xctl routes approve`: routes that nodes keep although they were withdrawn.
import { counted } from '../../proto/domain/text.js';
import { XnetError } from '../../proto/errors.js';
import { confirmed } from '../client/confirm.js';
import type { CommandContext } from '../client/context.js';
import { relisted, watchLists } from '../client/watch.js';
import { tableOf } from '../output/columns.js';
import { type HeldRoutesOutput, heldRoutesFromWire, heldRoutesKind } from '../output/held-routes.js';
import { verdict } from './change-response.js';

async function load({ client }: CommandContext) {
  const { clusterId, nodes, approvedEpoch, approvedRevision } = await client.read(
    (route) => route.listHeldRoutes.bind(route),
    {},
  );
  const approved = approvedRevision === 0 ? null : { epoch: approvedEpoch, revision: approvedRevision };
  return { clusterId, approved, holders: nodes.map(heldRoutesFromWire) };
}

/** listHeldRoutes lists the nodes that hold routes. */
export async function listHeldRoutes(context: CommandContext, { watch }: { readonly watch: boolean }): Promise<void> {
  const { output } = context;
  if (watch)
    return watchLists(
      context,
      heldRoutesKind,
      relisted(async () => (await load(context)).holders),
    );
  const { holders, approved } = await load(context);
  if (output.forPeople && holders.length === 0) {
    output.write('no node holds a withdrawn route');
    return;
  }
  await output.list(heldRoutesKind, holders, { approved });
  if (!output.forPeople) return;
  if (holders.some(({ waitsFor }) => waitsFor === 'approval')) {
    output.write('');
    output.write(
      'the store has no record that these leases ended; if the hosts are gone for good: xctl routes approve',
    );
  }
}

type Point = { readonly epoch: number; readonly revision: number };

function isUpTo(one: Point, limit: Point): boolean {
  return one.epoch < limit.epoch || (one.epoch === limit.epoch && one.revision <= limit.revision);
}

// Withdrawals after the list was made are not approved.
function newestOf(holders: readonly HeldRoutesOutput[], revision: number | undefined): Point | undefined {
  const [first, ...others] = holders;
  if (first === undefined) return undefined;
  const newest = others.reduce<Point>((point, one) => (isUpTo(one, point) ? point : one), first);
  return revision === undefined ? newest : { epoch: newest.epoch, revision };
}

/** ApproveOptions are the options of `routes approve`. */
export type ApproveOptions = { readonly revision?: number; readonly dryRun: boolean };

/** approveWithdrawals has the nodes withdraw the routes that they hold, up to a revision of the route table. */
export async function approveWithdrawals(
  context: CommandContext,
  { revision: given, dryRun }: ApproveOptions,
): Promise<void> {
  const { client, output } = context;
  const { clusterId, holders } = await load(context);
  const point = newestOf(holders, given);
  if (point === undefined) {
    throw new XnetError('FailedPrecondition', 'no node holds a withdrawn route', { hint: 'see: xctl routes held' });
  }
  const affected = holders.filter((one) => isUpTo(one, point));
  const request = { clusterId, ...point };
  // A refusal comes before the question.
  const planned = await client.change((route) => route.approveWithdrawals.bind(route), { ...request, dryRun: true });
  const routes = affected.reduce((sum, { count }) => sum + count, 0);
  const nodes = counted(affected.length, 'node', 'nodes');
  const what = `withdraw ${counted(routes, 'route', 'routes')} from ${nodes}, of revision ${point.revision} and before`;
  if (output.forPeople && !dryRun) {
    for (const line of tableOf(
      heldRoutesKind.columns.filter(({ wide }) => wide !== true),
      affected,
      output.look,
    )) {
      output.message(line);
    }
  }
  if (!dryRun && !(await confirmed(context, { what, name: 'yes', severe: false, given: undefined }))) return;
  const { unchanged } = dryRun
    ? planned
    : await client.change((route) => route.approveWithdrawals.bind(route), { ...request, dryRun: false });
  const did = verdict({ unchanged, dryRun }, 'approved', 'approve');
  await output.show({
    value: { ...point, nodes: affected.map(({ node }) => node), routes, unchanged, dryRun },
    name: String(point.revision),
    text: () => [
      `${did} the withdrawals up to revision ${point.revision}: ${counted(routes, 'route', 'routes')} of ${nodes}`,
    ],
  });
}
