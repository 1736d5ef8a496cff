// Reads a passphrase from a file or, twice where it is new, from the terminal without showing it.
import { Writable } from 'node:stream';
import { exitCodes, XnetError } from '../../proto/errors.js';
import { readSecretFile } from '../../proto/pki/secret-file.js';
import type { XctlSettings } from './settings.js';

/** PassphraseSource is the source and the purpose of a passphrase. */
export type PassphraseSource = {
  /** The file of --passphrase-file; undefined: ask on the terminal. */
  readonly file: string | undefined;
  /** It seals a file: it is entered twice and must not be short. */
  readonly isNew: boolean;
};

const shortest = 12;

async function ask(text: string): Promise<string> {
  const { createInterface } = await import('node:readline/promises');
  // Typed characters are not echoed.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  process.stderr.write(text);
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  lines.once('SIGINT', () => {
    process.stderr.write('\n');
    process.exit(exitCodes.interrupted);
  });
  try {
    return await lines.question('');
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}

async function fromFile(path: string): Promise<string> {
  const content = await readSecretFile(path);
  if (content === undefined) throw new XnetError('NotFound', `${path} does not exist`);
  // An editor ends the line.
  return content.toString('utf8').replace(/\r?\n$/, '');
}

async function fromTerminal({ input }: Pick<XctlSettings, 'input'>, isNew: boolean): Promise<string> {
  if (!input || !process.stdin.isTTY || !process.stderr.isTTY) {
    throw new XnetError('InvalidArgument', 'no terminal to ask for the passphrase on', {
      hint: 'give a file that only you can read: --passphrase-file FILE',
    });
  }
  const passphrase = await ask(isNew ? 'New passphrase of the backup: ' : 'Passphrase of the backup: ');
  if (isNew && (await ask('Repeat the passphrase: ')) !== passphrase) {
    throw new XnetError('InvalidArgument', 'the two passphrases differ');
  }
  return passphrase;
}

/**
 * readPassphrase reads a passphrase.
 * @throws XnetError InvalidArgument if there is no terminal, the two differ, or a new one is too short; NotFound,
 * FailedPrecondition for its file
 */
export async function readPassphrase(settings: XctlSettings, { file, isNew }: PassphraseSource): Promise<string> {
  const passphrase = file === undefined ? await fromTerminal(settings, isNew) : await fromFile(file);
  if (passphrase === '') throw new XnetError('InvalidArgument', 'the passphrase is empty');
  if (isNew && passphrase.length < shortest) {
    throw new XnetError('InvalidArgument', `the passphrase has ${passphrase.length} characters, it needs ${shortest}`, {
      hint: 'anyone with the file can try any number of passphrases: use several words',
    });
  }
  return passphrase;
}
