// Waits until a network is in force on all of its nodes, or is gone, and shows the progress.
import { counted, escaped } from '../../proto/domain/text.js';
import { XnetError } from '../../proto/errors.js';
import { pause } from '../../proto/process/backoff.js';
import type { CommandContext } from '../client/context.js';
import {
  attachedText,
  type MemberOutput,
  memberFromWire,
  type NetworkOutput,
  networkFromWire,
} from '../output/network.js';
import { ProgressLine } from '../output/screen.js';
import { formatDuration } from '../output/time.js';
import { requirePart } from './change-response.js';

/** NetworkGoal is the state to wait for: exactly the selected nodes have the network; or it is gone. */
export type NetworkGoal = 'in force' | 'removed';

/** NetworkWaited is the outcome. `failure`: the goal was not reached in time, or can't be. */
export type NetworkWaited = {
  readonly shown: { readonly network: NetworkOutput | null; readonly members: readonly MemberOutput[] };
  readonly failure?: XnetError;
};

const waitMs = 60_000;
const askEveryMs = 300;

function progressOf(name: string, members: readonly MemberOutput[], goal: NetworkGoal): string {
  const left = members.filter(({ state }) => state !== 'in force');
  const ready = members.length - left.length;
  const names = left.slice(0, 3).map((member) => `${escaped(member.node)}: ${reasonOf(member)}`);
  const rest =
    names.length === 0 ? '' : ` (${names.join('; ')}${left.length > 3 ? `; and ${left.length - 3} more` : ''})`;
  return goal === 'in force'
    ? `network ${escaped(name)}: in force on ${ready}/${members.length} nodes${rest}`
    : `network ${escaped(name)}: still on ${counted(members.length, 'node', 'nodes')}${rest}`;
}

function reasonOf(member: MemberOutput): string {
  const { message, state, inUse } = member;
  if (message !== null) return escaped(message);
  return state === 'ending' && inUse ? `used by ${attachedText(member)}` : state;
}

const leasesMs = 30_000;

/** waitForLeases waits until controllers have given a network's nodes their leases: those that can have one, and for 30 s. */
export async function waitForLeases({ client }: CommandContext, name: string): Promise<void> {
  const deadline = performance.now() + leasesMs;
  while (performance.now() < deadline) {
    const { members } = await seen(client, name);
    if (!members.some(({ state, message }) => state === 'pending' && message === null)) return;
    await pause(askEveryMs);
  }
}

/** waitForNetwork waits for a goal. @throws XnetError Unavailable */
export async function waitForNetwork(
  { client, settings, interruption }: CommandContext,
  name: string,
  goal: NetworkGoal,
): Promise<NetworkWaited> {
  const timeoutMs = settings.timeoutMs ?? waitMs;
  const deadline = performance.now() + timeoutMs;
  const line = new ProgressLine(settings.quiet ? { write: () => undefined } : process.stderr);
  interruption.text = `the controllers carry on; see: xctl networks show ${escaped(name)}`;
  try {
    for (;;) {
      const shown = await seen(client, name);
      const { network, members } = shown;
      if (network === null) return goal === 'removed' ? { shown } : { shown, failure: goneMeanwhile(name) };
      line.set(progressOf(name, members, goal));
      const isDone = goal === 'in force' && members.every(({ state }) => state === 'in force');
      if (isDone) return { shown };
      const isRefused = members.every(({ state }) => state === 'in force' || state === 'refused');
      if (goal === 'in force' && isRefused) return { shown, failure: refused(name, members) };
      if (performance.now() >= deadline) return { shown, failure: late(name, goal, members, timeoutMs) };
      await pause(askEveryMs);
    }
  } finally {
    interruption.text = '';
    line.end();
  }
}

async function seen(client: CommandContext['client'], name: string): Promise<NetworkWaited['shown']> {
  try {
    const response = await client.read((each) => each.getNetwork.bind(each), { name });
    return { network: networkFromWire(requirePart(response.network)), members: response.members.map(memberFromWire) };
  } catch (error) {
    if (error instanceof XnetError && error.code === 'NotFound') return { network: null, members: [] };
    throw error;
  }
}

function goneMeanwhile(name: string): XnetError {
  return new XnetError('NotFound', `network ${name} was removed meanwhile`);
}

function problemsOf(members: readonly MemberOutput[]): readonly string[] {
  const left = members.filter(({ state }) => state !== 'in force');
  const more = left.length - 20;
  const texts = left
    .slice(0, 20)
    .map((member) => `${member.node}: ${reasonOf(member)}${member.fix === null ? '' : ` (${member.fix})`}`);
  return more > 0 ? [...texts, `and ${more} more`] : texts;
}

function refused(name: string, members: readonly MemberOutput[]): XnetError {
  const problems = problemsOf(members);
  return new XnetError(
    'FailedPrecondition',
    `${counted(problems.length, 'node', 'nodes')} can't have network ${name}; the others have it`,
    {
      problems,
      hint: 'they get it as soon as they can',
    },
  );
}

function late(name: string, goal: NetworkGoal, members: readonly MemberOutput[], timeoutMs: number): XnetError {
  const hint =
    goal === 'removed' && members.some(({ inUse }) => inUse)
      ? `detach the containers, or have xnet do it: xctl networks remove ${name} --disconnect`
      : `it continues by itself; see: xctl networks show ${name}`;
  return new XnetError('DeadlineExceeded', `network ${name} is not ${goal} within ${formatDuration(timeoutMs)}`, {
    problems: problemsOf(members),
    hint,
  });
}
