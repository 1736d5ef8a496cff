// What to do with a join token that was just made: the command for the host, or a file that only its owner reads.
import { lstat, writeFile } from 'node:fs/promises';
import { errnoOf, messageOf, XnetError } from '../../proto/errors.js';
import type { JoinToken__Output } from '../../proto/gen/xnet/v1/JoinToken.js';
import type { Context } from '../context.js';
import { hereDocument, hostCommand, shellText } from '../output/host-command.js';
import type { Look } from '../output/kind.js';
import { leftText, type TokenOutput, tokenFromWire } from '../output/token.js';
import { requirePart } from './answers.js';

/** JoinOutput is how a host joins, in JSON. */
export type JoinOutput = {
  /** The token with its secret; null when it went into `tokenFile`. */
  readonly token: string | null;
  readonly tokenFile: string | null;
  readonly record: TokenOutput;
  /** Pins the authority. */
  readonly caDigest: string;
  /** What to run on the host, with `token` on its standard input. */
  readonly command: readonly string[];
  /** Why the command can't be run as it is; null when it can. */
  readonly note: string | null;
};

function isThere(path: string): XnetError {
  return new XnetError('AlreadyExists', `${path} is there already`, { hint: 'name another file, or remove it' });
}

/**
 * requireFree is asked before a controller makes a secret that is to go into a file, which can't be had twice.
 * @throws XnetError AlreadyExists
 */
export async function requireFree(path: string | undefined): Promise<void> {
  if (path === undefined) return;
  const found = await lstat(path).catch(() => undefined);
  if (found !== undefined) throw isThere(path);
}

/**
 * writeNewSecret writes a secret into a new file that only its owner reads. One that is there already stays as it is.
 * @throws XnetError AlreadyExists, FailedPrecondition
 */
export async function writeNewSecret(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { mode: 0o600, flag: 'wx', flush: true });
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') throw isThere(path);
    throw new XnetError('FailedPrecondition', `can't write ${path}: ${messageOf(error)}`, { cause: error });
  }
}

/** joinWith is how a host joins with a token. With `tokenOut` the token goes into that file. */
export async function joinWith(
  { client, output }: Context,
  wire: JoinToken__Output,
  tokenOut: string | undefined,
): Promise<JoinOutput> {
  const { token, caDigest, controllers } = wire;
  const record = tokenFromWire(requirePart(wire.record));
  if (tokenOut !== undefined) await writeNewSecret(tokenOut, `${token}\n`);
  const { argv, note } = hostCommand({
    ...{ listening: controllers, connected: client.answered },
    ...{ tokenFile: tokenOut ?? '-', anyHost: record.node === null },
  });
  if (note !== null) output.message(`note: ${note}`);
  return {
    ...{ token: tokenOut === undefined ? token : null, tokenFile: tokenOut ?? null },
    ...{ record, caDigest, command: argv, note },
  };
}

/** joinLines is how a host joins, for people. @param where "web-1 (192.168.83.11)", "each host" */
export function joinLines({ token, tokenFile, record, command }: JoinOutput, where: string, look: Look): string[] {
  const { colors, nowMs } = look;
  const named = record.node === null ? ', with its NAME and ADDRESS put in' : '';
  const left = `${leftText(record.expiresAt, nowMs).replace(/^in /, 'within ')}${named}`;
  if (token === null) {
    return [
      `the join token is in ${tokenFile}; copy it to ${where}, and run there, as root, ${left}:`,
      `  ${colors.strong(shellText(command))}`,
    ];
  }
  // Not indented: the end of a here-document has to begin its line.
  return [`run on ${where}, as root, ${left}:`, '', ...hereDocument(command, token).map(colors.strong), ''];
}
