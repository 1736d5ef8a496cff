// `xctl nodes set`, `cordon`, `uncordon` and `remove`.

import type { Availability, Mode } from '../../proto/domain/network.js';
import { escaped } from '../../proto/domain/text.js';
import { XnetError } from '../../proto/errors.js';
import { wireFromAvailability, wireFromMode } from '../../proto/rpc/convert.js';
import { changeAsSeen, nodeReader } from '../client/as-seen.js';
import { confirmed } from '../client/confirm.js';
import type { CommandContext } from '../client/context.js';
import { type NodeOutput, nodeFromWire } from '../output/node.js';
import { formatLeft, isoTime } from '../output/time.js';
import { requirePart, verdict } from './change-response.js';
import { labelChange } from './labels.js';
import { leaveNode } from './node-drain.js';
import type { RemoveOptions } from './pools.js';
import { type Goal, showAndWait } from './wait.js';

/** SetOptions are the options of `nodes set`. */
export type SetOptions = {
  readonly address?: string;
  readonly availability?: Extract<Availability, 'active' | 'cordoned'>;
  readonly mode?: Mode;
  readonly label: readonly string[];
  readonly removeLabel: readonly string[];
  /** Of the node on which the change is based. */
  readonly revision?: number;
  readonly wait?: Goal | true;
  readonly dryRun: boolean;
};

/**
 * setNode changes a node.
 * @throws XnetError InvalidArgument when a label is both set and removed; as changeAsSeen does
 */
export async function setNode(context: CommandContext, options: SetOptions, text: string): Promise<void> {
  const { client, output } = context;
  const { address, availability, mode, label, removeLabel, revision, wait, dryRun } = options;
  const labels = labelChange(label, removeLabel);
  const keys = [...Object.keys(labels.setLabels), ...labels.removeLabels];
  const concerned = (node: NodeOutput) => [
    address === undefined || node.address,
    availability === undefined || node.availability,
    mode === undefined || node.mode,
    ...keys.map((key) => node.labels[key] ?? null),
  ];
  const response = await changeAsSeen(nodeReader(context), { text, revision }, concerned, (seen) =>
    client.change((admin) => admin.setNode.bind(admin), {
      ...seen,
      dryRun,
      ...labels,
      ...(address === undefined ? {} : { address }),
      ...(availability === undefined ? {} : { availability: wireFromAvailability(availability) }),
      ...(mode === undefined ? {} : { mode: wireFromMode(mode) }),
    }),
  );
  const node = nodeFromWire(requirePart(response.node));
  const { unchanged, change } = response;
  const did = verdict({ unchanged, dryRun }, 'changed', 'change');
  await showAndWait(context, { name: node.name, goal: dryRun ? undefined : wait }, (waited) =>
    output.show({
      value: { node, unchanged, dryRun, change, waited },
      name: node.name,
      text: () => [`${did} ${escaped(node.name)}${change === '' ? '' : `: ${escaped(change)}`}`],
    }),
  );
}

/**
 * renameNode gives a node another name.
 * @throws XnetError as changeAsSeen does
 */
export async function renameNode(
  context: CommandContext,
  { dryRun, revision }: { readonly dryRun: boolean; readonly revision?: number },
  text: string,
  name: string,
): Promise<void> {
  const { client, output } = context;
  const concerned = (node: NodeOutput) => [node.name];
  const response = await changeAsSeen(nodeReader(context), { text, revision }, concerned, (seen) =>
    client.change((admin) => admin.renameNode.bind(admin), { ...seen, name, dryRun }),
  );
  const node = nodeFromWire(requirePart(response.node));
  const { unchanged, change } = response;
  const did = verdict({ unchanged, dryRun }, 'renamed', 'rename');
  await output.show({
    value: { node, unchanged, dryRun, change },
    name: node.name,
    text: () => [`${did} ${escaped(node.name)}${change === '' ? '' : `: ${escaped(change)}`}`],
  });
}

/** cordonNode is a shorthand of setNode. */
export function cordonNode(
  context: CommandContext,
  { dryRun }: { readonly dryRun: boolean },
  text: string,
): Promise<void> {
  return setNode(context, { availability: 'cordoned', label: [], removeLabel: [], dryRun }, text);
}

/** uncordonNode is a shorthand of setNode that makes a node active again. */
export function uncordonNode(
  context: CommandContext,
  { dryRun }: { readonly dryRun: boolean },
  text: string,
): Promise<void> {
  return setNode(context, { availability: 'active', label: [], removeLabel: [], dryRun }, text);
}

/** RemoveNodeOptions are the options of `nodes remove`. */
export type RemoveNodeOptions = RemoveOptions & {
  /** Drain it, and tell its host to leave. */
  readonly wait: boolean;
  /** Time limit of the drain, in milliseconds. */
  readonly deadline?: number;
};

// "10.76.3.0/24, 10.84.0.0/24"
function subnetsOf({ subnet, leases }: Pick<NodeOutput, 'subnet' | 'leases'>): string | null {
  return leases.length > 1 ? leases.map((lease) => lease.subnet).join(', ') : subnet;
}

/** removeNode ends a node's leases. Its subnets go into quarantine. */
export async function removeNode(context: CommandContext, options: RemoveNodeOptions, text: string): Promise<void> {
  const { client, output } = context;
  const { force, dryRun, confirm, wait, deadline } = options;
  if (deadline !== undefined && !wait) {
    throw new XnetError('InvalidArgument', '--deadline is for a removal that waits', { hint: 'give --wait as well' });
  }
  const found = await client.read((admin) => admin.getNode.bind(admin), { node: text });
  const { name, id, address, state, ...rest } = nodeFromWire(requirePart(found.node));
  const question = {
    what: `remove node ${name} (${address}) and end its lease of ${subnetsOf(rest) ?? 'no subnet'}`,
    name,
    severe: force,
    given: confirm,
  };
  if (!dryRun && !(await confirmed(context, question))) return;
  // A host that has never connected has nothing to leave.
  if (wait && state !== 'pending') {
    return leaveNode(context, id, { dryRun, ...(deadline === undefined ? {} : { deadline }) });
  }
  // By id: another node may have got the name.
  const response = await client.change((admin) => admin.removeNode.bind(admin), { node: id, force, dryRun });
  const node = nodeFromWire(requirePart(response.node));
  const until = isoTime(response.quarantinedUntilMs);
  const did = verdict({ unchanged: false, dryRun }, 'removed', 'remove');
  const untilMs = response.quarantinedUntilMs;
  const quarantine = (nowMs: number) =>
    until === null ? '' : `; ${subnetsOf(node)} is in quarantine for ${formatLeft(untilMs, nowMs)}, until ${until}`;
  await output.show({
    value: { node, dryRun, quarantinedUntil: until },
    name: node.name,
    text: ({ nowMs }) => [`${did} ${escaped(node.name)}${quarantine(nowMs)}`],
  });
}
