// Waits until a node's newest change is in the kernels of all connected nodes, and shows the progress.
import { escaped } from '../../proto/domain/text.js';
import { XnetError } from '../../proto/errors.js';
import type { Convergence__Output } from '../../proto/gen/xnet/v1/Convergence.js';
import { problemText } from '../../proto/process/problem.js';
import type { CommandContext } from '../client/context.js';
import { ProgressLine } from '../output/screen.js';
import { formatDuration } from '../output/time.js';

/** Goal is the state to wait for: all other nodes route to the node, or the node itself is also ready. */
export type Goal = 'routed' | 'ready';

/** WaitedOutput is the progress, in JSON. */
export type WaitedOutput = {
  /** Connected nodes besides this one, and how many of them have the change in their kernel. */
  readonly nodes: number;
  readonly routed: number;
  /** Time from the commit until the last of them had it, or until now; null if unknown. */
  readonly elapsedMs: number | null;
  /** Names of up to ten that do not have it. */
  readonly pending: readonly string[];
  /** Number of disconnected nodes, which are not waited for. `down` has up to ten names. */
  readonly downCount: number;
  readonly down: readonly string[];
  /** The node itself is connected and ready. */
  readonly ready: boolean;
  /** The goal was reached. */
  readonly done: boolean;
};

const waitMs = 60_000;

function waitedFrom(wire: Convergence__Output): WaitedOutput {
  const { nodes, applied, elapsedMs, pending, downCount, down, nodeReady, done } = wire;
  return {
    nodes,
    routed: applied,
    elapsedMs: elapsedMs === 0 ? null : elapsedMs,
    pending,
    downCount,
    down,
    ready: nodeReady,
    done,
  };
}

function names(some: readonly string[], count: number): string {
  const more = count - some.length;
  return `${some.map(escaped).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** progressText is the line of progress: "routed on 41/41 nodes, 84 ms (1 down: db-2)". Pure. */
export function progressText(waited: WaitedOutput, goal: Goal, why: string): string {
  const { nodes, routed, elapsedMs, downCount, down, ready } = waited;
  const peers =
    nodes === 0
      ? 'no other node is connected'
      : `routed on ${routed}/${nodes} nodes${elapsedMs === null ? '' : `, ${elapsedMs} ms`}`;
  const away = downCount === 0 ? '' : ` (${downCount} down: ${names(down, downCount)})`;
  const self = goal === 'routed' ? '' : ready ? '; ready' : `; not ready: ${why}`;
  return `${peers}${away}${self}`;
}

function whyOf({ conditions }: Convergence__Output): string {
  const failing = conditions.find(({ ok }) => !ok);
  if (failing === undefined) return 'its daemon has not connected and reported yet';
  const { type, reason, message, fix } = failing;
  return escaped(problemText({ text: `${type}: ${message === '' ? reason : message}`, fix: fix === '' ? null : fix }));
}

function notInTime(
  name: string,
  goal: Goal,
  waited: WaitedOutput | undefined,
  timeoutMs: number,
  why: string,
): XnetError {
  const { pending = [], nodes = 0, routed = 0 } = waited ?? {};
  const behind = nodes - routed;
  const problems = [
    ...(behind > 0 ? [`${behind} of ${nodes} nodes have no route to it yet: ${names(pending, behind)}`] : []),
    ...(goal === 'ready' && waited?.ready !== true ? [why] : []),
  ];
  const [only = 'no controller has reported the progress'] = problems;
  const message = `${name} is not ${goal} within ${formatDuration(timeoutMs)}`;
  const [first] = pending;
  return new XnetError('DeadlineExceeded', problems.length > 1 ? message : `${message}: ${only}`, {
    problems: problems.length > 1 ? problems : [],
    hint: `it keeps its lease, and continues by itself; see: xctl nodes show ${goal === 'ready' ? name : (first ?? name)}`,
  });
}

type Waiting = {
  /** Null if no controller answered. */
  readonly waited: WaitedOutput | null;
  /** Set if the goal was not reached in time. */
  readonly failure?: XnetError;
};

// Throws NotFound when the node is removed meanwhile, and Unavailable.
async function waitFor({ client, settings }: CommandContext, name: string, goal: Goal): Promise<Waiting> {
  const timeoutMs = settings.timeoutMs ?? waitMs;
  const line = new ProgressLine(settings.quiet ? { write: () => undefined } : process.stderr);
  const signal = AbortSignal.timeout(timeoutMs);
  let waited: WaitedOutput | undefined;
  let why = 'no controller has reported the reason';
  try {
    const request = { node: name, untilReady: goal === 'ready' };
    for await (const wire of client.follow(
      (admin) => admin.watchConvergence(request),
      { endsByItself: true },
      signal,
    )) {
      waited = waitedFrom(wire);
      why = whyOf(wire);
      line.set(progressText(waited, goal, why));
    }
  } finally {
    line.end();
  }
  if (waited?.done === true) return { waited };
  return { waited: waited ?? null, failure: notInTime(name, goal, waited, timeoutMs, why) };
}

/**
 * showAndWait shows a change of a node, and waits if there is a goal.
 * @param show prints the change, with the progress of the wait
 * @throws XnetError DeadlineExceeded, NotFound when the node is removed meanwhile, Unavailable
 */
export async function showAndWait(
  context: CommandContext,
  { name, goal }: { readonly name: string; readonly goal: Goal | true | undefined },
  show: (waited: WaitedOutput | null) => Promise<void>,
): Promise<void> {
  if (goal === undefined) return show(null);
  // People need the output while they wait; programs need one document, which includes the outcome of the wait.
  const { forPeople } = context.output;
  if (forPeople) await show(null);
  const { waited, failure } = await waitFor(context, name, goal === true ? 'routed' : goal);
  if (!forPeople) await show(waited);
  if (failure !== undefined) throw failure;
}
