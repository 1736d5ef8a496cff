// Asking before something is done that can't be undone.
import { once } from 'node:events';
import { exitCodes, XnetError } from '../proto/errors.js';
import type { Context } from './context.js';

/** Question is what is asked. */
export type Question = {
  /** What is about to be done: "remove pool default (10.76.0.0/16)". */
  readonly what: string;
  /** What has to be given with --confirm. */
  readonly name: string;
  /** --yes is not enough. */
  readonly severe: boolean;
  /** What was given with --confirm. */
  readonly given: string | undefined;
};

async function ask(text: string): Promise<string> {
  const { createInterface } = await import('node:readline/promises');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  lines.once('SIGINT', () => process.exit(exitCodes.interrupted));
  try {
    // The end of the input is no answer.
    const answer = lines.question(text).catch(() => '');
    return await Promise.race([answer, once(lines, 'close').then(() => '')]);
  } finally {
    lines.close();
  }
}

/**
 * confirmed asks unless the answer was given on the command line. False: the user said no; the exit code is set.
 * @throws XnetError InvalidArgument when nobody can be asked, or --confirm names something else
 */
export async function confirmed({ settings, output }: Context, question: Question): Promise<boolean> {
  const { what, name, severe, given } = question;
  if (given === name) return true;
  if (given !== undefined) {
    throw new XnetError('InvalidArgument', `--confirm ${given} is not what this is about`, {
      hint: `to ${what}: --confirm ${name}`,
    });
  }
  if (settings.yes && !severe) return true;
  if (!settings.input || !process.stdin.isTTY || !process.stderr.isTTY) {
    throw new XnetError('InvalidArgument', `this would ${what}, and there is nobody to ask`, {
      hint: severe ? `if that is meant: --confirm ${name}` : 'if that is meant: --yes',
    });
  }
  const answer = await ask(severe ? `${what}? This can't be undone. Type yes: ` : `${what}? [y/N] `);
  if (answer === 'yes' || (!severe && /^y(es)?$/i.test(answer))) return true;
  output.message('nothing was changed');
  process.exitCode = exitCodes.givenUp;
  return false;
}
