// `xctl nodes drain`, and the waiting of `xctl nodes remove --wait`.
// Invariant: the controllers continue the drain, whether or not this command waits. Repeating the command
// waits again.
import { formatDuration } from '../../proto/domain/duration.js';
import { escaped } from '../../proto/domain/text.js';
import { XnetError } from '../../proto/errors.js';
import type { CommandContext, Run } from '../client/context.js';
import { type DepartureOutput, departureFromWire, departureText } from '../output/departure.js';
import { type NodeOutput, nodeFromWire } from '../output/node.js';
import { ProgressLine } from '../output/screen.js';
import { formatLeft } from '../output/time.js';
import { requirePart, verdict } from './change-response.js';
import { eachName } from './several.js';

/** DrainOptions are the options of `nodes drain`. */
export type DrainOptions = {
  /** Milliseconds; absent: as long as it takes. */
  readonly deadline?: number;
  readonly cancel: boolean;
  readonly dryRun: boolean;
};

type Asked = { readonly node: NodeOutput; readonly unchanged: boolean; readonly change: string };

async function ask(
  { client }: CommandContext,
  node: string,
  { deadline = 0, ...rest }: Omit<DrainOptions, 'cancel'> & { readonly cancel?: boolean; readonly remove?: boolean },
): Promise<Asked> {
  const request = { node, deadlineSeconds: Math.ceil(deadline / 1_000), ...rest };
  const response = await client.change((admin) => admin.drainNode.bind(admin), request);
  const { unchanged, change } = response;
  return { node: nodeFromWire(requirePart(response.node)), unchanged, change };
}

/**
 * drainNodes drains nodes: all at once, and waits for one after the other.
 * @throws XnetError DeadlineExceeded, naming the containers, when the deadline of a drain passes
 */
export const drainNodes: Run<DrainOptions, [readonly string[]]> = async (context, options, names) => {
  if (options.cancel || options.dryRun) return eachName(changeDrain)(context, options, names);
  // Each drain is requested once: a second request would undo a cancel by another operator.
  const asked = new Map([...new Set(names)].map((name) => [name, ask(context, name, options)]));
  await Promise.allSettled(asked.values());
  const follow: Run<DrainOptions, [string]> = async (_context, _options, name) => {
    const answer = await asked.get(name);
    if (answer !== undefined) await followDrain(context, answer);
  };
  return eachName(follow)(context, options, names);
};

const changeDrain: Run<DrainOptions, [string]> = async (context, options, text) => {
  const { node, unchanged, change } = await ask(context, text, options);
  const { dryRun, cancel } = options;
  const did = verdict({ unchanged, dryRun }, 'changed', cancel ? 'change' : 'drain');
  await context.output.show({
    value: { node, unchanged, dryRun, change, departure: null },
    name: node.name,
    text: () => [`${did} ${escaped(node.name)}${change === '' ? '' : `: ${escaped(change)}`}`],
  });
};

async function followDrain(context: CommandContext, { node, unchanged, change }: Asked): Promise<void> {
  const { name } = node;
  const { departure } = await followDeparture(context, node, 'drained');
  requireDrained(name, departure);
  await context.output.show({
    value: { node: departure.node ?? node, unchanged, dryRun: false, change, departure },
    name,
    text: () => [`drained ${escaped(name)}: no container uses its subnets; it stays cordoned`],
  });
}

/**
 * leaveNode tells a node's host to leave: it is drained, its peers withdraw their routes, it restores the configuration
 * of Docker, and its leases end.
 * @throws XnetError DeadlineExceeded when it is not drained in time; Conflict when another operator changed it
 * meanwhile
 */
export async function leaveNode(
  context: CommandContext,
  text: string,
  options: Pick<DrainOptions, 'deadline' | 'dryRun'>,
): Promise<void> {
  const { output } = context;
  const { dryRun } = options;
  const { node, unchanged, change } = await ask(context, text, { ...options, remove: true });
  const { name } = node;
  if (dryRun) {
    return output.show({
      value: { node, dryRun, quarantinedUntil: null, departure: null },
      name,
      text: () => [`would remove ${escaped(name)}${unchanged ? '' : `: ${escaped(change)}`}`],
    });
  }
  const { departure, quarantinedUntilMs } = await followDeparture(context, node, 'removed');
  if (departure.stage !== 'removed') requireDrained(name, departure);
  await output.show({
    value: { node, dryRun, quarantinedUntil: departure.quarantinedUntil, departure },
    name,
    text: ({ nowMs }) => [
      `removed ${escaped(name)}${
        departure.quarantinedUntil === null
          ? ''
          : `; ${node.subnet} is in quarantine for ${formatLeft(quarantinedUntilMs, nowMs)}, until ${departure.quarantinedUntil}`
      }`,
    ],
  });
}

// Throws unless the drain ended well.
function requireDrained(name: string, departure: DepartureOutput): void {
  if (departure.stage === 'drained') return;
  const { node } = departure;
  if (departure.stage === 'missed') {
    const containers = node?.containers ?? [];
    const more = (node?.containerCount ?? 0) - containers.length;
    throw new XnetError('DeadlineExceeded', `${name} was not drained in time; it stays cordoned`, {
      problems: [
        ...containers.map((one) => `container ${one.name} (${one.id}) uses ${one.subnet}`),
        ...(more > 0 ? [`and ${more} more containers`] : []),
        ...(node?.containerCount === null ? ['its host does not report its containers'] : []),
      ],
      hint: `drain it again, or make it schedulable: xctl nodes uncordon ${name}`,
    });
  }
  throw new XnetError('Conflict', `${name} is not being drained any more: an operator changed that`, {
    hint: `see: xctl nodes show ${name}`,
  });
}

type Followed = { readonly departure: DepartureOutput; readonly quarantinedUntilMs: number };

// Shows the progress until nothing follows. With --timeout it ends earlier, and the controllers carry on.
async function followDeparture(
  { client, settings, interruption }: CommandContext,
  { id, name }: NodeOutput,
  goal: 'drained' | 'removed',
): Promise<Followed> {
  const { timeoutMs, quiet } = settings;
  const line = new ProgressLine(quiet ? { write: () => undefined } : process.stderr);
  const signal = timeoutMs === undefined ? new AbortController().signal : AbortSignal.timeout(timeoutMs);
  let last: Followed | undefined;
  const going = goal === 'drained' ? 'is still being drained' : 'is still being removed';
  interruption.text = `${escaped(name)} ${going}; repeat the command to wait again, or end it: xctl nodes drain ${escaped(name)} --cancel`;
  try {
    const stream = client.follow((admin) => admin.watchDeparture({ node: id }), { endsByItself: true }, signal);
    for await (const wire of stream) {
      const departure = departureFromWire(wire);
      last = { departure, quarantinedUntilMs: wire.quarantinedUntilMs };
      line.set(`${escaped(name)}: ${departureText(departure, Date.now())}`);
      if (departure.done || (goal === 'drained' && departure.stage === 'drained')) return last;
    }
  } finally {
    interruption.text = '';
    line.end();
  }
  const far =
    last === undefined ? 'no controller has reported the progress' : departureText(last.departure, Date.now());
  const limit = timeoutMs === undefined ? '' : ` within ${formatDuration(timeoutMs)}`;
  throw new XnetError('DeadlineExceeded', `${name} is not ${goal}${limit}: ${far}`, {
    hint: `it continues by itself; repeat the command to wait again, or see: xctl nodes show ${name}`,
  });
}
