// Passes questions on to the daemons connected to this controller, and their answers back.
// Invariant: a question has one outcome: the node's answer, the end of its stream, or the end of its time. At most 64
// questions wait at a controller, 4 of them for one node, so their cost is bounded.
import { randomUUID } from 'node:crypto';
import { XnetError } from '../../proto/errors.js';
import type { Findings__Output } from '../../proto/gen/xnet/v1/Findings.js';
import type { Question } from '../../proto/gen/xnet/v1/Question.js';
import { encodeLook } from '../session/encoding.js';
import type { NodeStream } from '../session/node-stream.js';

/** mostQuestions is how many questions wait for answers at one controller. */
export const mostQuestions = 64;
const mostOfNode = 4;

type Waiting = {
  readonly nodeId: string;
  readonly resolve: (findings: Findings__Output) => void;
};

/** Questions are the questions that wait for an answer. */
export class Questions {
  readonly #streamOf: (nodeId: string) => NodeStream | undefined;
  readonly #waiting = new Map<string, Waiting>();

  /** @param streamOf returns the stream of a node that is connected here */
  constructor(streamOf: (nodeId: string) => NodeStream | undefined) {
    this.#streamOf = streamOf;
  }

  /**
   * ask sends a question to a node that is connected here, and waits for the answer.
   * @param timeoutMs at most this many milliseconds
   * @throws XnetError FailedPrecondition (not connected, or no answer in time), ResourceExhausted (too many wait)
   */
  async ask(
    { nodeId, nodeName }: { readonly nodeId: string; readonly nodeName: string },
    question: Question,
    timeoutMs: number,
  ): Promise<Findings__Output> {
    const stream = this.#streamOf(nodeId);
    if (stream === undefined || stream.closed) throw away(nodeName);
    const ofNode = [...this.#waiting.values()].filter((each) => each.nodeId === nodeId).length;
    if (this.#waiting.size >= mostQuestions || ofNode >= mostOfNode) {
      const whose = ofNode >= mostOfNode ? `of ${nodeName}` : 'of this controller';
      throw new XnetError('ResourceExhausted', `too many questions wait for an answer ${whose}`, {
        hint: 'others test paths at the same time: retry in a few seconds',
      });
    }
    const id = randomUUID();
    let timer: NodeJS.Timeout | undefined;
    const answer = new Promise<Findings__Output>((resolve) => this.#waiting.set(id, { nodeId, resolve }));
    let forget: (() => void) | undefined;
    const late = new Promise<never>((_, reject) => {
      forget = stream.whenClosed(() => reject(away(nodeName)));
      timer = setTimeout(() => reject(unanswered(nodeName)), timeoutMs);
    });
    try {
      stream.interject(encodeLook({ id, timeoutMs, question }));
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
      forget?.();
      this.#waiting.delete(id);
    }
  }

  /** answer takes a node's answer, unless no call waits for it or another node was asked. */
  answer(nodeId: string, id: string, findings: Findings__Output): void {
    const waiting = this.#waiting.get(id);
    if (waiting?.nodeId === nodeId) waiting.resolve(findings);
  }
}

function unanswered(nodeName: string): XnetError {
  return new XnetError('FailedPrecondition', `the daemon of ${nodeName} did not answer`, {
    hint: 'it is busy, or too old to answer questions about paths; see its version: xctl nodes show',
  });
}

function away(nodeName: string): XnetError {
  return new XnetError('FailedPrecondition', `the daemon of ${nodeName} is not connected`, {
    hint: 'on that host: xnetd status',
  });
}
