// Binds the calls about rollouts to their service definition, and checks their arguments.
// Invariant: all problems of a request are reported together; rollout/ decides.
import type { ServerWritableStream } from '@grpc/grpc-js';
import { checkLabel, checkName, Problems } from '../../proto/domain/input.js';
import { quoted } from '../../proto/domain/text.js';
import { messageOf, throwIfAny, XnetError } from '../../proto/errors.js';
import type { ControlRolloutRequest__Output } from '../../proto/gen/xnet/v1/ControlRolloutRequest.js';
import type { ControlRolloutResponse } from '../../proto/gen/xnet/v1/ControlRolloutResponse.js';
import type { CreateRolloutRequest__Output } from '../../proto/gen/xnet/v1/CreateRolloutRequest.js';
import type { CreateRolloutResponse } from '../../proto/gen/xnet/v1/CreateRolloutResponse.js';
import type { GetRolloutRequest__Output } from '../../proto/gen/xnet/v1/GetRolloutRequest.js';
import type { GetRolloutResponse } from '../../proto/gen/xnet/v1/GetRolloutResponse.js';
import type { ListRolloutsResponse } from '../../proto/gen/xnet/v1/ListRolloutsResponse.js';
import type { Rollout } from '../../proto/gen/xnet/v1/Rollout.js';
import type { RolloutControl__Output } from '../../proto/gen/xnet/v1/RolloutControl.js';
import type { RolloutServiceHandlers } from '../../proto/gen/xnet/v1/RolloutService.js';
import { pause } from '../../proto/process/backoff.js';
import { enumProblem, keyOf, modeFromWire } from '../../proto/rpc/convert.js';
import { services } from '../../proto/rpc/definitions.js';
import { formatPeer, type Peer, peerOf } from '../../proto/rpc/peer.js';
import { type ServiceBinding, serverStream, unary } from '../../proto/rpc/server.js';
import { type Control, decideCreate, type NewRollout, plannedSteps } from '../rollout/control.js';
import { checkMaxUnavailable } from '../rollout/limits.js';
import { nextOf } from '../rollout/next.js';
import { nicWarnings } from '../rollout/nic-warnings.js';
import type { RolloutRegistry } from '../rollout/rollouts.js';
import { decode } from '../store/record-codec.js';
import type { ReadonlyView } from '../view/view.js';
import type { ViewFeed } from '../view/view-feed.js';
import { mutationId } from './admin-deps.js';
import { findNode } from './find-node.js';
import type { RolloutFacts } from './rollout-facts.js';
import { wireFromRollout, wireFromStep } from './to-wire/rollouts.js';

const usualHealthSeconds = 300;
const longestHealthSeconds = 24 * 3_600;
const sendEveryMs = 200;

/** RolloutDeps are the dependencies of rolloutService. */
export type RolloutDeps = {
  readonly feed: Pick<ViewFeed, 'view' | 'onChange'>;
  readonly rollouts: RolloutRegistry;
  readonly facts: RolloutFacts;
};

const controlFromWire = {
  pause: 'ROLLOUT_CONTROL_PAUSE',
  resume: 'ROLLOUT_CONTROL_RESUME',
  cancel: 'ROLLOUT_CONTROL_CANCEL',
  undo: 'ROLLOUT_CONTROL_UNDO',
} as const satisfies Record<Control, RolloutControl__Output>;

function newRolloutOf(view: ReadonlyView, request: CreateRolloutRequest__Output, peer: Peer): NewRollout {
  const problems = new Problems();
  const maxUnavailable = problems.take('max unavailable', checkMaxUnavailable(request.maxUnavailable || '1'));
  const per = request.per === '' ? undefined : problems.take('per', checkLabel(request.per, ''));
  const enums = [request, ...request.moves].flatMap(({ mode }) => enumProblem('mode', mode));
  throwIfAny([...new Set(enums)], 'invalid rollout');
  const mode = modeFromWire(request.mode);
  const pool = request.pool === '' ? undefined : problems.take('pool', checkName(request.pool));
  if (request.healthSeconds > longestHealthSeconds) problems.add('health: longer than a day');
  if (request.pool !== '' && (mode === undefined || request.moves.length > 0)) {
    problems.add('a rollout of a pool has a mode, and no moves');
  }
  if (request.pool === '' && request.moves.length === 0) problems.add('no node is named');
  const moves = request.moves.flatMap((move) => {
    const name = problems.take('pool', checkName(move.pool));
    const its = modeFromWire(move.mode);
    try {
      const nodeId = findNode(view, move.node);
      return name === undefined ? [] : [{ nodeId, pool: name, ...(its === undefined ? {} : { mode: its }) }];
    } catch (error) {
      if (request.moves.length === 1) throw error;
      problems.add(messageOf(error));
      return [];
    }
  });
  const twice = moves.filter(({ nodeId }, index) => moves.findIndex((other) => other.nodeId === nodeId) !== index);
  for (const { nodeId } of twice) problems.add(`${view.nodes.get(nodeId)?.record.name} is named twice`);
  throwIfAny(problems.list, 'invalid rollout');
  return {
    moves,
    ...(pool === undefined || mode === undefined ? {} : { pool: { name: pool, mode } }),
    maxUnavailable: maxUnavailable ?? '1',
    ...(per === undefined ? {} : { per: per[0] }),
    healthSeconds: request.healthSeconds || usualHealthSeconds,
    createdBy: formatPeer(peer),
  };
}

// Returns the id of the rollout that `text` names: an id, or a unique prefix of one.
function findRollout(view: ReadonlyView, text: string): string {
  if (view.rollouts.has(text)) return text;
  const [only, second] = [...view.rollouts.keys()].filter((id) => text !== '' && id.startsWith(text));
  if (only !== undefined && second === undefined) return only;
  if (second !== undefined)
    throw new XnetError('InvalidArgument', `${quoted(text)} begins the ids of several rollouts`);
  throw new XnetError('NotFound', `there is no rollout ${quoted(text)}`, { hint: 'see: xctl rollouts list' });
}

function newest(view: ReadonlyView): string {
  const [first] = [...view.rollouts].sort(([, a], [, b]) => b.record.createdMs - a.record.createdMs);
  if (first === undefined) throw new XnetError('NotFound', 'there is no rollout yet');
  return first[0];
}

// The calls about rollouts.
class RolloutCalls {
  readonly #deps: RolloutDeps;

  constructor(deps: RolloutDeps) {
    this.#deps = deps;
  }

  #rollout(id: string): Rollout | undefined {
    const { feed, facts } = this.#deps;
    const { view } = feed;
    const record = view.rollouts.get(id)?.record;
    if (record === undefined) return undefined;
    const steps = view.rolloutSteps.of(id).map(({ step }) => step);
    const next = nextOf(view, id, { ...facts, permittedMs: () => 0 });
    return wireFromRollout(id, record, steps, next?.kind === 'wait' ? next.text : '');
  }

  #whole(id: string): GetRolloutResponse {
    const rollout = this.#rollout(id);
    if (rollout === undefined) throw new XnetError('NotFound', `rollout ${id} was removed meanwhile`);
    return { rollout, steps: this.#deps.feed.view.rolloutSteps.of(id).map(({ step }) => wireFromStep(step)) };
  }

  async create(request: CreateRolloutRequest__Output, peer: Peer): Promise<CreateRolloutResponse> {
    const { feed, rollouts } = this.#deps;
    const wanted = (view: ReadonlyView) => newRolloutOf(view, request, peer);
    wanted(feed.view);
    const done = await rollouts.create(mutationId(request), wanted);
    if (feed.view.rollouts.has(done.subject)) {
      const steps = feed.view.rolloutSteps.of(done.subject).map(({ step }) => step);
      const warnings = [...nicWarnings(feed.view, steps)];
      return { ...this.#whole(done.subject), unchanged: done.unchanged, warnings };
    }
    return done.subject === '' ? { unchanged: true } : planned(feed.view, wanted(feed.view));
  }

  async list(): Promise<ListRolloutsResponse> {
    const ids = [...this.#deps.feed.view.rollouts].sort(([, a], [, b]) => a.record.createdMs - b.record.createdMs);
    return { rollouts: ids.flatMap(([id]) => this.#rollout(id) ?? []) };
  }

  async get({ rollout }: GetRolloutRequest__Output): Promise<GetRolloutResponse> {
    const { view } = this.#deps.feed;
    return this.#whole(rollout === '' ? newest(view) : findRollout(view, rollout));
  }

  async watch(
    { rollout }: GetRolloutRequest__Output,
    call: ServerWritableStream<unknown, GetRolloutResponse>,
    gone: AbortSignal,
  ): Promise<void> {
    const { feed } = this.#deps;
    const id = rollout === '' ? newest(feed.view) : findRollout(feed.view, rollout);
    let last = '';
    while (!gone.aborted) {
      const whole = this.#whole(id);
      const text = JSON.stringify(whole);
      // A client that does not read gets the newest state when it reads again.
      if (text !== last && !call.writableNeedDrain) {
        call.write(whole);
        last = text;
      }
      const state = whole.rollout?.state;
      if (text === last && state !== 'ROLLOUT_STATE_RUNNING' && state !== 'ROLLOUT_STATE_UNDOING') return;
      await pause(sendEveryMs, gone);
    }
  }

  async control(request: ControlRolloutRequest__Output): Promise<ControlRolloutResponse> {
    const { feed, rollouts } = this.#deps;
    const id = findRollout(feed.view, request.rollout);
    const control = keyOf<Control, RolloutControl__Output>(controlFromWire, request.control);
    if (control === undefined) throw new XnetError('InvalidArgument', 'say what to do: pause, resume, cancel or undo');
    const done = await rollouts.control(mutationId(request), id, control);
    return { ...this.#whole(id), unchanged: done.unchanged };
  }
}

// The rollout that a dry run would have created.
function planned(view: ReadonlyView, wanted: NewRollout): CreateRolloutResponse {
  const nowMs = Date.now();
  const steps = plannedSteps(view, wanted, nowMs);
  const put = decideCreate(view, 'planned', wanted, nowMs).change?.operations[0];
  const decoded = put?.kind === 'put' ? decode('rollout', put.value) : undefined;
  if (decoded === undefined || 'problem' in decoded) return { unchanged: true };
  return {
    rollout: wireFromRollout('', decoded.record, steps, ''),
    steps: steps.map(wireFromStep),
    unchanged: false,
    warnings: [...nicWarnings(view, steps)],
  };
}

/** rolloutService binds the calls about rollouts. */
export function rolloutService(deps: RolloutDeps): ServiceBinding {
  const calls = new RolloutCalls(deps);
  const implementation = {
    CreateRollout: unary((request, call) => calls.create(request, peerOf(call))),
    ListRollouts: unary(() => calls.list()),
    GetRollout: unary((request) => calls.get(request)),
    WatchRollout: serverStream<GetRolloutRequest__Output, GetRolloutResponse>((request, call, gone) =>
      calls.watch(request, call, gone),
    ),
    ControlRollout: unary((request) => calls.control(request)),
  } satisfies Partial<RolloutServiceHandlers>;
  return { definition: services.rollout.service, implementation };
}
