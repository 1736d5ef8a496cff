// Answers the questions that come with the watch stream.
// Invariant: an answer changes nothing on the host except the table of a trace, whatever a controller asks. At most 4
// questions are answered at a time; the others get no answer.
import { messageOf } from '../../proto/errors.js';
import type { Findings } from '../../proto/gen/xnet/v1/Findings.js';
import type { Look__Output } from '../../proto/gen/xnet/v1/Look.js';
import type { Question__Output } from '../../proto/gen/xnet/v1/Question.js';
import type { Logger } from '../../proto/process/log.js';
import type { LookedAt } from './looked-at.js';
import { answerPath } from './path.js';
import { probe } from './probe.js';

/** mostLooks is how many questions are answered at a time. */
export const mostLooks = 4;

/** answerTo answers a question. If it can't, the answer has the problem. */
export async function answerTo(place: LookedAt, question: Question__Output): Promise<Findings> {
  try {
    if (question.path) return { path: await answerPath(place, question.path) };
    if (question.probe) return { probe: await probe(place, question.probe) };
    if (question.traceBegin) {
      await place.traces.begin(question.traceBegin.identifier);
      return { trace: {} };
    }
    if (question.traceEnd) return { trace: await place.traces.end(question.traceEnd.identifier) };
    return { problem: 'this version of xnetd does not know the question' };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}

/** Answers answers questions. */
export class Answers {
  readonly #place: LookedAt;
  readonly #send: (id: string, findings: Findings) => Promise<unknown>;
  readonly #log: Logger;
  #underWay = 0;

  /** @param send sends an answer to the controller that asked */
  constructor(place: LookedAt, send: (id: string, findings: Findings) => Promise<unknown>, log: Logger) {
    this.#place = place;
    this.#send = send;
    this.#log = log;
  }

  /** take answers a question, unless too many are being answered. */
  async take({ id, question }: Look__Output): Promise<void> {
    if (question === null || this.#underWay >= mostLooks) return;
    this.#underWay += 1;
    try {
      const findings = await answerTo(this.#place, question);
      this.#log.debug({ id, question: question.question, problem: findings.problem }, 'look: answered');
      await this.#send(id, findings);
    } catch (error) {
      this.#log.debug({ id, reason: messageOf(error) }, 'look: the answer could not be sent');
    } finally {
      this.#underWay -= 1;
    }
  }
}
