// `xctl rollouts`, and what starts one: `xctl nodes move`.
import type { Mode } from '../../proto/domain/network.js';
import { escaped } from '../../proto/domain/text.js';
import { XnetError } from '../../proto/errors.js';
import type { GetRolloutResponse__Output } from '../../proto/gen/xnet/v1/GetRolloutResponse.js';
import type { Mode__Output } from '../../proto/gen/xnet/v1/Mode.js';
import type { RolloutControl__Output } from '../../proto/gen/xnet/v1/RolloutControl.js';
import { wireFromMode } from '../../proto/rpc/convert.js';
import { confirmed } from '../client/confirm.js';
import type { CommandContext } from '../client/context.js';
import { relisted, watchLists } from '../client/watch.js';
import { type TableLook, tableOf } from '../output/columns.js';
import {
  isRolloutOver,
  type RolloutOutput,
  rolloutFromWire,
  rolloutKind,
  rolloutLines,
  type StepOutput,
  stepFromWire,
  stepKind,
} from '../output/rollout.js';
import { Screen } from '../output/screen.js';
import { requirePart, verdict } from './change-response.js';

/** WholeRollout is a rollout with its steps. */
export type WholeRollout = { readonly rollout: RolloutOutput; readonly steps: readonly StepOutput[] };

/** PaceOptions are the options of commands that start a rollout. */
export type PaceOptions = {
  readonly maxUnavailable?: string;
  readonly per?: string;
  readonly healthTimeout?: number;
  readonly dryRun: boolean;
  readonly wait: boolean;
};

/** paceOf returns the fields of a request that the options of its pace give. */
export function paceOf({ maxUnavailable = '', per = '', healthTimeout = 0, dryRun }: PaceOptions) {
  return { maxUnavailable, per, healthSeconds: Math.ceil(healthTimeout / 1000), dryRun };
}

/** listRollouts lists rollouts. */
export async function listRollouts(context: CommandContext, { watch }: { readonly watch: boolean }): Promise<void> {
  const { client, output } = context;
  const load = async () => {
    const { rollouts } = await client.read((admin) => admin.listRollouts.bind(admin), {});
    return rollouts.map(rolloutFromWire);
  };
  if (watch) return watchLists(context, rolloutKind, relisted(load));
  await output.list(rolloutKind, await load());
}

function wholeFromWire({ rollout, steps }: GetRolloutResponse__Output): WholeRollout {
  return { rollout: rolloutFromWire(requirePart(rollout)), steps: steps.map(stepFromWire) };
}

/** wholeText returns a rollout with a line for each host. */
export function wholeText({ rollout, steps }: WholeRollout, look: TableLook): readonly string[] {
  const columns = stepKind.columns;
  return [...rolloutLines(rollout, look), ...(steps.length === 0 ? [] : ['', ...tableOf(columns, steps, look)])];
}

async function showWhole({ output }: CommandContext, whole: WholeRollout, more: object = {}): Promise<void> {
  await output.show({ value: { ...whole, ...more }, name: whole.rollout.id, text: (look) => wholeText(whole, look) });
}

// Fails as long as a rollout is not where it was to go.
function requireSuccess({ rollout }: WholeRollout): void {
  const { id, state, message } = rollout;
  if (state === 'done' || state === 'undone' || !isRolloutOver(rollout)) return;
  throw new XnetError('FailedPrecondition', `rollout ${id} is ${state}${message === '' ? '' : `: ${message}`}`, {
    hint: `to continue: xctl rollouts resume ${id}; to revert: xctl rollouts undo ${id}`,
  });
}

/**
 * watchRollout shows the progress of a rollout, a line for each host, until it is over; for programs only its end, or each
 * change with -o jsonl. Ending the command does not end the rollout.
 * @throws XnetError FailedPrecondition if it failed, was paused or cancelled; DeadlineExceeded after --timeout
 */
export async function watchRollout(context: CommandContext, id: string): Promise<void> {
  const { client, output, settings } = context;
  const { timeoutMs } = settings;
  context.interruption.text = `rollout ${id} continues by itself; see: xctl rollouts show ${id} --watch`;
  const signal = timeoutMs === undefined ? new AbortController().signal : AbortSignal.timeout(timeoutMs);
  const screen = new Screen(process.stdout, '');
  let whole: WholeRollout | undefined;
  while (!signal.aborted && (whole === undefined || !isRolloutOver(whole.rollout))) {
    const messages = client.follow((admin) => admin.watchRollout({ rollout: id }), { endsByItself: true }, signal);
    for await (const message of messages) {
      whole = wholeFromWire(message);
      if (output.forPeople) screen.draw(wholeText(whole, output.look).join('\n'));
      else if (output.options.format === 'jsonl') output.jsonLine(whole);
    }
  }
  context.interruption.text = '';
  if (whole !== undefined && !output.forPeople && output.options.format !== 'jsonl') await showWhole(context, whole);
  if (whole === undefined || !isRolloutOver(whole.rollout)) {
    throw new XnetError('DeadlineExceeded', `rollout ${id} is not over yet; it continues by itself`, {
      hint: `see: xctl rollouts show ${id} --watch`,
    });
  }
  requireSuccess(whole);
}

/** showRollout shows a rollout; the newest one unless an id is given. */
export async function showRollout(
  context: CommandContext,
  { watch }: { readonly watch: boolean },
  id: string = '',
): Promise<void> {
  const response = await context.client.read((admin) => admin.getRollout.bind(admin), { rollout: id });
  const whole = wholeFromWire(response);
  if (watch) return watchRollout(context, whole.rollout.id);
  await showWhole(context, whole);
}

const wireOfControl = {
  pause: 'ROLLOUT_CONTROL_PAUSE',
  resume: 'ROLLOUT_CONTROL_RESUME',
  cancel: 'ROLLOUT_CONTROL_CANCEL',
  undo: 'ROLLOUT_CONTROL_UNDO',
} as const satisfies Record<string, RolloutControl__Output>;

/** ControlOptions are the options of `rollouts pause`, `resume`, `cancel` and `undo`. */
export type ControlOptions = { readonly dryRun: boolean; readonly watch?: boolean };

const doneBy = { pause: 'paused', resume: 'resumed', cancel: 'cancelled', undo: 'undoing' } as const;

/** controlRollout returns the command that pauses, resumes, cancels or undoes a rollout. */
export function controlRollout(control: keyof typeof wireOfControl) {
  return async (context: CommandContext, { dryRun, watch = false }: ControlOptions, id: string): Promise<void> => {
    const { client, output } = context;
    const found = await client.read((admin) => admin.getRollout.bind(admin), { rollout: id });
    const { rollout: before } = wholeFromWire(found);
    const question = { what: `${control} rollout ${before.id}`, name: before.id, severe: false, given: undefined };
    const asks = control === 'undo' || control === 'cancel';
    if (asks && !dryRun && !(await confirmed(context, question))) return;
    const request = { rollout: before.id, control: wireOfControl[control], dryRun };
    const response = await client.change((admin) => admin.controlRollout.bind(admin), request);
    const rollout = rolloutFromWire(requirePart(response.rollout));
    const { unchanged } = response;
    const did = verdict({ unchanged, dryRun }, doneBy[control], control);
    if (watch && !dryRun) {
      output.message(`${did} rollout ${rollout.id}`);
      return watchRollout(context, rollout.id);
    }
    await output.show({
      value: { rollout, unchanged, dryRun },
      name: rollout.id,
      text: () => [`${did} rollout ${rollout.id}`],
    });
  };
}

/** MoveOptions are the options of `nodes move`. */
export type MoveOptions = PaceOptions & { readonly pool: string; readonly mode?: Mode };

/** moveNodes moves nodes to another pool, or to another mode, by a rollout. */
export async function moveNodes(
  context: CommandContext,
  options: MoveOptions,
  names: readonly string[],
): Promise<void> {
  const { pool, mode, dryRun } = options;
  const to = { pool, ...(mode === undefined ? {} : { mode: wireFromMode(mode) }) };
  const moves = [...new Set(names)].map((node) => ({ node, ...to }));
  const planned = await context.client.change((admin) => admin.createRollout.bind(admin), {
    ...paceOf(options),
    moves,
    dryRun: true,
  });
  const restarts = planned.steps.length;
  const what = `restart Docker on ${restarts} ${restarts === 1 ? 'host' : 'hosts'}, one group at a time`;
  if (restarts > 0 && !dryRun && !(await confirmed(context, { what, name: pool, severe: false, given: undefined })))
    return;
  await startRollout(context, { ...paceOf(options), moves, pool: '' }, options);
}

/** RolloutRequest is a request for a rollout, without its operation id. */
export type RolloutRequest = ReturnType<typeof paceOf> & {
  readonly moves: readonly { readonly node: string; readonly pool: string; readonly mode?: Mode__Output }[];
  /** Instead of `moves`: the pool that gets `mode`. */
  readonly pool: string;
  readonly mode?: Mode__Output;
  /** Absent: chosen by the client. */
  readonly operationId?: string;
};

/** startRollout creates a rollout, shows it, and follows it unless --no-wait is set. */
export async function startRollout(
  context: CommandContext,
  { moves, ...request }: RolloutRequest,
  { wait, dryRun }: Pick<PaceOptions, 'wait' | 'dryRun'>,
): Promise<void> {
  const { client, output } = context;
  const response = await client.change((admin) => admin.createRollout.bind(admin), { ...request, moves: [...moves] });
  const { unchanged, warnings } = response;
  for (const warning of warnings) output.message(`warning: ${escaped(warning)}`);
  if (response.rollout === null) {
    return output.show({
      value: { rollout: null, steps: [], unchanged, dryRun },
      name: '',
      text: () => ['unchanged: all nodes are there already'],
    });
  }
  const whole = wholeFromWire(response);
  if (!wait || dryRun || output.forPeople) {
    const did = verdict({ unchanged, dryRun }, 'started', 'start');
    output.message(`${did} rollout ${whole.rollout.id}`.trimEnd());
  }
  const ungrouped = request.per !== '' && whole.steps.every(({ group }) => group === '');
  if (ungrouped) output.message(`warning: none of these nodes has a label ${escaped(request.per)}: they are one group`);
  if (dryRun || !wait) return showWhole(context, whole, { unchanged, dryRun, warnings });
  await watchRollout(context, whole.rollout.id);
}
