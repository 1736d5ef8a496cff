// Confirmation of actions that can't be undone.
import { once } from 'node:events';
import { exitCodes, XnetError } from '../../proto/errors.js';
import type { CommandContext } from './context.js';

/** Question is a request for confirmation. */
export type Question = {
  /** The action to confirm: "remove pool default (10.76.0.0/16)". */
  readonly what: string;
  /** The value required by --confirm, or typed at the prompt. */
  readonly name: string;
  /** A prefix of the name is sufficient, because the name is too long to type. */
  readonly byBeginning?: boolean;
  /** --yes is not sufficient. */
  readonly severe: boolean;
  /** The value of --confirm. */
  readonly given: string | undefined;
};

const shortestBeginning = 4;
const shownBeginning = 8;

function names({ name, byBeginning = false }: Question, text: string): boolean {
  // Several names are confirmed by a comma-separated list.
  return text
    .split(',')
    .some((one) => one === name || (byBeginning && one.length >= shortestBeginning && name.startsWith(one)));
}

async function ask(text: string): Promise<string> {
  const { createInterface } = await import('node:readline/promises');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  lines.once('SIGINT', () => process.exit(exitCodes.interrupted));
  try {
    // End of input is not an answer.
    const answer = lines.question(text).catch(() => '');
    return await Promise.race([answer, once(lines, 'close').then(() => '')]);
  } finally {
    lines.close();
  }
}

/**
 * confirmed asks for confirmation unless it was given on the command line. False: declined; the exit code is set.
 * @throws XnetError InvalidArgument when there is no terminal to ask on, or --confirm has another name
 */
export async function confirmed({ settings, output }: CommandContext, question: Question): Promise<boolean> {
  const { what, name, severe, given, byBeginning = false } = question;
  if (given !== undefined && names(question, given)) return true;
  if (given !== undefined) {
    throw new XnetError('InvalidArgument', `--confirm ${given} does not match`, {
      hint: `to ${what}: --confirm ${name}`,
    });
  }
  if (settings.yes && !severe) return true;
  if (!settings.input || !process.stdin.isTTY || !process.stderr.isTTY) {
    throw new XnetError(
      'InvalidArgument',
      `${what}: refused without confirmation (${settings.input ? 'no terminal' : '--no-input'})`,
      {
        hint: severe ? `to confirm: --confirm ${name}` : 'to confirm: --yes',
      },
    );
  }
  const shown = byBeginning ? name.slice(0, shownBeginning) : name;
  const answer = await ask(severe ? `${what}? This can't be undone. Type ${shown} to confirm: ` : `${what}? [y/N] `);
  if (names(question, answer.trim()) || (!severe && /^y(es)?$/i.test(answer))) return true;
  output.message('nothing was changed');
  process.exitCode = exitCodes.givenUp;
  return false;
}
