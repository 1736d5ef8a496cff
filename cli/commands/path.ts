// `xctl ping` and `xctl trace`: look at one path.
import { randomInt } from 'node:crypto';
import { exitCodes, XnetError } from '../../proto/errors.js';
import type { CommandContext } from '../client/context.js';
import { askThrough } from '../client/look.js';
import type { Examination } from '../diagnosis/examination.js';
import { examine } from '../diagnosis/examine.js';
import type { PathVerdict } from '../diagnosis/reasons.js';
import { verdictOf } from '../diagnosis/verdict.js';
import { pathOutputOf, pingLines, traceLines } from '../output/path.js';

const mostCount = 10;

/** PingOptions are the options of `ping`. */
export type PingOptions = { readonly count: number };

/** pingPath examines a path and prints why packets do not pass; exit code 8 if they do not. */
export async function pingPath(
  context: CommandContext,
  { count }: PingOptions,
  src: string,
  dst: string,
): Promise<void> {
  if (count > mostCount) throw new XnetError('InvalidArgument', `--count: at most ${mostCount}`);
  await show(context, [src, dst], count, pingLines);
}

/** tracePath examines a path and lists what its packets pass; exit code 8 if they do not pass. */
export async function tracePath(context: CommandContext, _options: object, src: string, dst: string): Promise<void> {
  await show(context, [src, dst], 1, traceLines);
}

type Lines = typeof pingLines;

async function show(
  { client, output }: CommandContext,
  [src, dst]: readonly [string, string],
  count: number,
  lines: Lines,
): Promise<void> {
  const find = (text: string) => client.read((admin) => admin.findPathEnd.bind(admin), { text });
  const [source, target] = await Promise.all([find(src), find(dst)]);
  if (source.address !== '' && source.address === target.address) {
    throw new XnetError('InvalidArgument', `both ends are ${source.address}`);
  }
  const identifier = randomInt(1, 0x10000);
  const examination: Examination = await examine(askThrough(client), { source, target }, { count, identifier });
  const verdict: PathVerdict = verdictOf(examination);
  const value = pathOutputOf(examination, verdict);
  await output.show({ value, name: verdict.reason, text: (look) => lines(examination, verdict, look) });
  if (verdict.reason !== 'Fine') process.exitCode = exitCodes.problemsFound;
}
