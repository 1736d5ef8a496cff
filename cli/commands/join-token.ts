// Presents a new join token: as the command to run on the host, or in a file that only its owner can read.
import { access, constants, lstat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf, XnetError } from '../../proto/errors.js';
import type { JoinToken__Output } from '../../proto/gen/xnet/v1/JoinToken.js';
import { writeNewSecretFile } from '../../proto/pki/secret-file.js';
import type { CommandContext } from '../client/context.js';
import type { TableLook } from '../output/columns.js';
import { hereDocument, hostCommand, shellText } from '../output/host-command.js';
import { leftText, type TokenOutput, tokenFromWire } from '../output/token.js';
import { requirePart } from './change-response.js';

/** JoinOutput describes in JSON how a host joins. */
export type JoinOutput = {
  /** The token with its secret; null if it was written to `tokenFile`. */
  readonly token: string | null;
  readonly tokenFile: string | null;
  readonly record: TokenOutput;
  /** Pins the authority. */
  readonly caDigest: string;
  /** The command to run on the host, with `token` on its standard input. */
  readonly command: readonly string[];
  /** Why the command does not work as it is; null: it does. */
  readonly note: string | null;
};

/**
 * requireFree checks the token file before a controller creates a secret, which can't be retrieved twice.
 * @throws XnetError AlreadyExists, and FailedPrecondition when the file can't be created
 */
export async function requireFree(path: string | undefined): Promise<void> {
  if (path === undefined) return;
  try {
    await access(dirname(path), constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new XnetError('FailedPrecondition', `can't write ${path}: ${messageOf(error)}`, { cause: error });
  }
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  throw new XnetError('AlreadyExists', `${path} already exists`, { hint: 'name another file, or remove it' });
}

// On failure the token exists but is lost; everything else that was requested is done.
async function writeToken(path: string, { id, node }: TokenOutput, token: string): Promise<void> {
  try {
    await writeNewSecretFile(path, Buffer.from(`${token}\n`, 'utf8'));
  } catch (error) {
    if (!(error instanceof XnetError)) throw error;
    const another = node === null ? 'xctl tokens create' : `xctl tokens create --node ${node}`;
    throw new XnetError(error.code, `${error.message}; join token ${id} was created nevertheless`, {
      hint: `make another: ${another}; and revoke this one: xctl tokens revoke ${id}`,
      cause: error,
    });
  }
}

/** joinWith returns how a host joins with a token. With `tokenOut` the token is written to that file. */
export async function joinWith(
  { client, output }: CommandContext,
  wire: JoinToken__Output,
  tokenOut: string | undefined,
): Promise<JoinOutput> {
  const { token, caDigest, controllers } = wire;
  const record = tokenFromWire(requirePart(wire.record));
  if (tokenOut !== undefined) await writeToken(tokenOut, record, token);
  const { argv, note } = hostCommand({
    listening: controllers,
    connected: client.answered,
    tokenFile: tokenOut ?? '-',
    anyHost: record.node === null,
  });
  if (note !== null) output.message(`note: ${note}`);
  return {
    token: tokenOut === undefined ? token : null,
    tokenFile: tokenOut ?? null,
    record,
    caDigest,
    command: argv,
    note,
  };
}

/** joinLines returns the instructions to join, for people. @param where "web-1 (192.168.83.11)", "each host" */
export function joinLines({ token, tokenFile, record, command }: JoinOutput, where: string, look: TableLook): string[] {
  const { colors, nowMs } = look;
  const named = record.node === null ? ", with the host's NAME and ADDRESS" : '';
  const left = `${leftText(record.expiresAt, nowMs).replace(/^in /, 'within ')}${named}`;
  if (token === null) {
    return [
      `the join token is in ${tokenFile}; copy it to ${where}, and run there, as root, ${left}:`,
      `  ${colors.strong(shellText(command))}`,
    ];
  }
  // Not indented: the delimiter of a here-document must begin its line.
  return [`run on ${where}, as root, ${left}:`, '', ...hereDocument(command, token).map(colors.strong), ''];
}
