// Reads a join token from a file that no other user can read, or from standard input, never from the command line,
// which every user of the host can see.
import { createInterface } from 'node:readline/promises';
import { addAbortSignal, Writable } from 'node:stream';
import { messageOf, XnetError } from '../../proto/errors.js';
import { readSecretFile } from '../../proto/pki/secret-file.js';
import { checkToken, type Token } from '../../proto/pki/token.js';

// A token has 89 characters.
const longest = 1_024;

async function typed(signal: AbortSignal): Promise<string> {
  process.stderr.write('join token: ');
  // Typed characters are not echoed.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    return await terminal.question('', { signal });
  } catch (error) {
    throw signal.aborted ? new XnetError('Cancelled', 'interrupted') : error;
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}

async function piped(signal: AbortSignal): Promise<string> {
  let text = '';
  try {
    for await (const chunk of addAbortSignal(signal, process.stdin)) {
      text += String(chunk);
      // The first line is enough; the writer may keep the pipe open.
      if (text.trimStart().includes('\n') || text.length > longest) break;
    }
  } catch (error) {
    throw signal.aborted ? new XnetError('Cancelled', 'interrupted') : error;
  }
  return text;
}

async function content(source: string, signal: AbortSignal): Promise<string> {
  if (source === '-') return process.stdin.isTTY ? typed(signal) : piped(signal);
  const bytes = await readSecretFile(source);
  if (bytes === undefined) throw new XnetError('InvalidArgument', `there is no file ${source}`);
  return bytes.toString('utf8');
}

/**
 * readToken reads a join token.
 * @param source path of a file, or "-" for standard input
 * @throws XnetError InvalidArgument for an invalid token; FailedPrecondition for a file that others can read
 */
export async function readToken(source: string, signal: AbortSignal): Promise<Token> {
  const where = source === '-' ? 'standard input' : source;
  let text: string;
  try {
    text = await content(source, signal);
  } catch (error) {
    if (error instanceof XnetError) throw error;
    throw new XnetError('InvalidArgument', `can't read ${where}: ${messageOf(error)}`, { cause: error });
  }
  const checked = checkToken(text.slice(0, longest));
  if ('value' in checked) return checked.value;
  throw new XnetError('InvalidArgument', `${where}: ${checked.problem}`);
}
