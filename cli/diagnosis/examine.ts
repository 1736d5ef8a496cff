// Examines a path: asks the hosts of both ends, sends packets from the one to the other, and watches them on both.
// Invariant: every trace that is begun is ended, and nothing else is done on the hosts.
import { XnetError } from '../../proto/errors.js';
import type { Findings__Output } from '../../proto/gen/xnet/v1/Findings.js';
import type { Question } from '../../proto/gen/xnet/v1/Question.js';
import type { Examination, PathEnd, Side } from './examination.js';
import { endVerdict } from './verdict.js';

/**
 * Ask sends a question to the daemon of a node and returns the answer.
 * @throws XnetError FailedPrecondition when it can't be asked or does not answer
 */
export type Ask = (node: string, question: Question) => Promise<Findings__Output>;

/** ExamineOptions say how a path is examined. */
export type ExamineOptions = {
  /** Short packets to send, 1 to 10. */
  readonly count: number;
  /** Identifier of the echo requests, 1 to 65,535. */
  readonly identifier: number;
};

/**
 * examine examines the path from one end to another.
 * @throws what `ask` throws, other than FailedPrecondition
 */
export async function examine(
  ask: Ask,
  ends: { readonly source: PathEnd; readonly target: PathEnd },
  options: ExamineOptions,
): Promise<Examination> {
  const [source, target] = await Promise.all([settle(ask, ends.source), settle(ask, ends.target)]);
  const nothing = { source, target, echoes: undefined, probeProblem: '' };
  const isHopeless = source.away !== '' || (endVerdict(source, target) ?? endVerdict(target, source)) !== undefined;
  if (isHopeless || source.address === '' || target.address === '') return nothing;
  return new Examiner(ask, options).examine(source, target);
}

// Finds the address of a container.
async function settle(ask: Ask, end: PathEnd): Promise<Side> {
  const side: Side = {
    end,
    address: end.address,
    subnet: end.subnet,
    path: undefined,
    packets: undefined,
    away: awayOf(end),
    traceProblem: '',
  };
  if (end.container === '' || side.away !== '') return side;
  const { findings, away } = await asked(ask, end.node, { path: { container: end.container } });
  const path = findings?.path ?? undefined;
  return { ...side, away, path, address: path?.address ?? '', subnet: path?.subnet ?? '' };
}

function awayOf({ static: isStatic, connected }: PathEnd): string {
  if (isStatic) return 'it is the host of a static route, without xnetd';
  return connected ? '' : 'its daemon is not connected to a controller';
}

async function asked(
  ask: Ask,
  node: string,
  question: Question,
): Promise<{ readonly findings: Findings__Output | undefined; readonly away: string }> {
  try {
    return { findings: await ask(node, question), away: '' };
  } catch (error) {
    if (error instanceof XnetError && error.code === 'FailedPrecondition') {
      return { findings: undefined, away: error.message };
    }
    throw error;
  }
}

class Examiner {
  readonly #ask: Ask;
  readonly #options: ExamineOptions;

  constructor(ask: Ask, options: ExamineOptions) {
    this.#ask = ask;
    this.#options = options;
  }

  async examine(first: Side, second: Side): Promise<Examination> {
    const { identifier, count } = this.#options;
    const isSame = first.end.node === second.end.node;
    const [source, target] = await this.#begin(first, second, isSame);
    let probed: Awaited<ReturnType<typeof asked>> | undefined;
    let seen: readonly [Side, Side];
    try {
      const { container } = source.end;
      const from = container === '' ? source.address : '';
      probed = await asked(this.#ask, source.end.node, {
        probe: { container, from, to: [target.address], identifier, count },
      });
    } finally {
      seen = await this.#end(source, target, isSame);
    }
    const { findings, away } = probed;
    return {
      source: await this.#look(seen[0], target, away),
      target: await this.#look(seen[1], source, ''),
      echoes: findings?.probe?.echoes[0],
      probeProblem: findings?.problem ?? '',
    };
  }

  async #begin(source: Side, target: Side, isSame: boolean): Promise<readonly [Side, Side]> {
    const begun = await Promise.all([this.#beginAt(source), isSame ? undefined : this.#beginAt(target)]);
    return [begun[0], begun[1] ?? { ...target, traceProblem: begun[0].traceProblem }];
  }

  async #beginAt(side: Side): Promise<Side> {
    if (side.away !== '') return side;
    const { identifier } = this.#options;
    const { findings, away } = await asked(this.#ask, side.end.node, { traceBegin: { identifier } });
    return { ...side, away, traceProblem: findings?.problem ?? away };
  }

  async #end(source: Side, target: Side, isSame: boolean): Promise<readonly [Side, Side]> {
    const [first, second] = await Promise.all([this.#endAt(source), isSame ? undefined : this.#endAt(target)]);
    return [first, second ?? { ...target, packets: first.packets }];
  }

  async #endAt(side: Side): Promise<Side> {
    if (side.away !== '' || side.traceProblem !== '') return side;
    const { identifier } = this.#options;
    const { findings, away } = await asked(this.#ask, side.end.node, { traceEnd: { identifier } });
    const problem = findings?.problem ?? away;
    if (problem !== '') return { ...side, traceProblem: problem };
    return { ...side, packets: findings?.trace?.packets ?? [] };
  }

  // After the probe, because only then does the neighbour table show a silent next hop.
  async #look(side: Side, other: Side, away: string): Promise<Side> {
    if (side.away !== '' || away !== '') return { ...side, away: side.away || away };
    const { container, node } = side.end;
    const question = {
      path: {
        container,
        address: side.address,
        remote: other.address,
        remoteSubnet: other.subnet,
        remoteHost: other.end.nodeAddress,
      },
    };
    const answer = await asked(this.#ask, node, question);
    return { ...side, path: answer.findings?.path ?? undefined, away: answer.away };
  }
}
