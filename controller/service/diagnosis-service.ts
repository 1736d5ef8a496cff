// The calls about a path, bound to their services. A question is passed on unchanged: the controller decides only who
// may ask, which node, and how many questions at a time.
import { XnetError } from '../../proto/errors.js';
import type { AnswerLookRequest__Output } from '../../proto/gen/xnet/v1/AnswerLookRequest.js';
import type { AnswerLookResponse } from '../../proto/gen/xnet/v1/AnswerLookResponse.js';
import type { DiagnosisServiceHandlers } from '../../proto/gen/xnet/v1/DiagnosisService.js';
import type { FindPathEndRequest__Output } from '../../proto/gen/xnet/v1/FindPathEndRequest.js';
import type { FindPathEndResponse } from '../../proto/gen/xnet/v1/FindPathEndResponse.js';
import type { LookAtNodeRequest, LookAtNodeRequest__Output } from '../../proto/gen/xnet/v1/LookAtNodeRequest.js';
import type { LookAtNodeResponse } from '../../proto/gen/xnet/v1/LookAtNodeResponse.js';
import type { LookServiceHandlers } from '../../proto/gen/xnet/v1/LookService.js';
import { callUnary, makeClient } from '../../proto/rpc/channel.js';
import { services } from '../../proto/rpc/definitions.js';
import { nodeIdOf, peerOf } from '../../proto/rpc/peer.js';
import { type ServiceBinding, unary } from '../../proto/rpc/server.js';
import { Questions } from '../diagnosis/questions.js';
import type { Sessions } from '../session/sessions.js';
import type { ViewFeed } from '../view/view-feed.js';
import { findNode } from './find-node.js';
import { findPathEnd } from './path-end.js';

/** DiagnosisServiceDeps are the dependencies of the calls. */
export type DiagnosisServiceDeps = {
  readonly feed: Pick<ViewFeed, 'view' | 'version'>;
  readonly sessions: Pick<Sessions, 'fanout'>;
  readonly controllerId: string;
  /** Returns the unix socket of another worker of this controller, by the id of its controller. */
  readonly siblingOf: (controllerId: string) => string | undefined;
};

// A probe of 64 addresses with packets of many lengths takes some seconds; xctl waits a little longer.
const answerMs = 20_000;

type Metadata = Parameters<typeof peerOf>[0];

class DiagnosisCalls {
  readonly #deps: DiagnosisServiceDeps;
  readonly #questions: Questions;

  constructor(deps: DiagnosisServiceDeps) {
    this.#deps = deps;
    this.#questions = new Questions((nodeId) => deps.sessions.fanout.streamOf(nodeId));
  }

  async find({ text }: FindPathEndRequest__Output): Promise<FindPathEndResponse> {
    const { view } = this.#deps.feed;
    const { nodeId, ...end } = findPathEnd(view, text);
    const connected = nodeId !== undefined && (this.#isHere(nodeId) || view.sessions.has(nodeId));
    return { ...end, connected, static: nodeId === undefined };
  }

  async look({ node, question }: LookAtNodeRequest__Output, call: Metadata): Promise<LookAtNodeResponse> {
    const { view } = this.#deps.feed;
    if (question?.question === undefined) throw new XnetError('InvalidArgument', 'question: missing');
    const nodeId = findNode(view, node);
    const elsewhere = this.#isHere(nodeId) ? undefined : view.sessions.get(nodeId)?.record.controller;
    // Our own session record outlives its stream for a moment.
    if (elsewhere !== undefined && elsewhere !== this.#deps.controllerId) {
      const socket = this.#deps.siblingOf(elsewhere);
      // Its address is ours: the caller would ask here again.
      if (socket !== undefined) return askSibling(socket, { node, question });
      const peer = peerOf(call);
      const from = peer.kind === 'certificate' ? peer.address : '';
      const addresses = view.controllers.get(elsewhere)?.record.addresses ?? [];
      return { controllers: addresses.filter((each) => !each.startsWith('unix:') && isFor(each, from)) };
    }
    const nodeName = view.nodes.get(nodeId)?.record.name ?? node;
    const findings = await this.#questions.ask({ nodeId, nodeName }, question, answerMs);
    return { findings, controllers: [] };
  }

  #isHere(nodeId: string): boolean {
    return this.#deps.sessions.fanout.streamOf(nodeId) !== undefined;
  }

  async answer({ id, findings }: AnswerLookRequest__Output, call: Metadata): Promise<AnswerLookResponse> {
    const nodeId = nodeIdOf(call, '');
    if (findings !== null) this.#questions.answer(nodeId, id, findings);
    return {};
  }
}

// The caller's permission was checked here, as for a node connected to this controller.
async function askSibling(socket: string, request: LookAtNodeRequest): Promise<LookAtNodeResponse> {
  const client = makeClient(services.diagnosis, { kind: 'unix', path: socket });
  try {
    return await callUnary(client.lookAtNode.bind(client), request, { timeoutMs: answerMs + 1_000 });
  } finally {
    client.close();
  }
}

// A loopback address is useful only on the same machine.
function isFor(endpoint: string, from: string): boolean {
  return !endpoint.startsWith('127.') || from === '' || from.startsWith('127.');
}

/** diagnosisServices binds the calls of operators, and those of nodes. */
export function diagnosisServices(deps: DiagnosisServiceDeps): readonly ServiceBinding[] {
  const calls = new DiagnosisCalls(deps);
  const forOperators = {
    FindPathEnd: unary((request) => calls.find(request)),
    LookAtNode: unary((request, call) => calls.look(request, call)),
  } satisfies Partial<DiagnosisServiceHandlers>;
  const forNodes = {
    AnswerLook: unary((request, call) => calls.answer(request, call)),
  } satisfies Partial<LookServiceHandlers>;
  return [
    { definition: services.diagnosis.service, implementation: forOperators },
    { definition: services.look.service, implementation: forNodes },
  ];
}
