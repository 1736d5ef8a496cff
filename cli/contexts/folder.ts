// The folder of contexts: one complete file per context, and a file with the name of the current one.
// Invariant: only the owner can read the files, and a context is written completely or not at all, by one rename.
import { existsSync } from 'node:fs';
import { readdir, stat, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { errnoOf, messageOf, XnetError } from '../../proto/errors.js';
import { readSecretFile, writeSecretFile } from '../../proto/pki/secret-file.js';
import { checkContextName, formatContext, parseContext, type SavedContext } from './saved.js';

const suffix = '.json';
const currentFile = 'current';

/** contextName checks a context's name. Throws XnetError InvalidArgument. */
function contextName(name: string): string {
  const checked = checkContextName(name);
  if ('problem' in checked) throw new XnetError('InvalidArgument', checked.problem);
  return checked.value;
}

/** ContextFolder is the folder of contexts. It need not exist. */
export class ContextFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** fileOf returns the path of a context's file, which may not exist. */
  fileOf(name: string): string {
    return join(this.path, `${contextName(name)}${suffix}`);
  }

  async #check(): Promise<void> {
    let mode: number;
    try {
      ({ mode } = await stat(this.path));
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return;
      throw new XnetError('FailedPrecondition', `can't look into ${this.path}: ${messageOf(error)}`, { cause: error });
    }
    if ((mode & 0o077) === 0) return;
    const octal = (mode & 0o777).toString(8).padStart(4, '0');
    throw new XnetError('FailedPrecondition', `${this.path} holds keys, and others can get into it (mode ${octal})`, {
      hint: `if no other user has read it: chmod 700 ${this.path}`,
    });
  }

  /**
   * names returns the names of all contexts, sorted.
   * @throws XnetError FailedPrecondition when others can access the folder
   */
  async names(): Promise<readonly string[]> {
    await this.#check();
    try {
      const files = await readdir(this.path);
      const named = files.filter((file) => file.endsWith(suffix)).map((file) => basename(file, suffix));
      return named.filter((name) => 'value' in checkContextName(name)).sort();
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return [];
      throw new XnetError('FailedPrecondition', `can't read ${this.path}: ${messageOf(error)}`, { cause: error });
    }
  }

  /**
   * find returns a context; undefined when there is none of this name.
   * @throws XnetError FailedPrecondition when others can read it, or it is unusable
   */
  async find(name: string): Promise<SavedContext | undefined> {
    const file = this.fileOf(name);
    await this.#check();
    const content = await readSecretFile(file);
    if (content === undefined) return undefined;
    const checked = parseContext(content.toString('utf8'));
    if ('value' in checked) return checked.value;
    throw new XnetError('FailedPrecondition', `${file}: ${checked.problem}`, {
      hint: `import it again, or remove it: xctl contexts remove ${name}`,
    });
  }

  /**
   * require returns a context.
   * @throws XnetError NotFound, and the errors of find
   */
  async require(name: string): Promise<SavedContext> {
    const found = await this.find(name);
    if (found !== undefined) return found;
    const names = await this.names();
    throw new XnetError('NotFound', `there is no context ${name}`, {
      hint: names.length === 0 ? 'there are none: see xctl contexts --help' : `there are: ${names.join(', ')}`,
    });
  }

  /**
   * write saves a context, replacing one of the same name.
   * @throws XnetError FailedPrecondition when it can't be written; the file is then unchanged
   */
  async write(name: string, context: SavedContext): Promise<void> {
    const file = this.fileOf(name);
    await this.#check();
    await writeSecretFile(file, Buffer.from(formatContext(context), 'utf8'));
  }

  /** remove removes a context, and unsets it as the current one. False: it did not exist. */
  async remove(name: string): Promise<boolean> {
    const file = this.fileOf(name);
    if ((await this.current()) === name) await this.#unlink(join(this.path, currentFile));
    return this.#unlink(file);
  }

  async #unlink(path: string): Promise<boolean> {
    try {
      await unlink(path);
      return true;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return false;
      throw new XnetError('FailedPrecondition', `can't remove ${path}: ${messageOf(error)}`, { cause: error });
    }
  }

  /** current returns the name of the current context; undefined: there is none. */
  async current(): Promise<string | undefined> {
    // Most runs on a controller's machine have no contexts.
    if (!existsSync(this.path)) return undefined;
    await this.#check();
    const content = await readSecretFile(join(this.path, currentFile));
    const name = content?.toString('utf8').trim();
    return name === undefined || name === '' ? undefined : contextName(name);
  }

  /** use makes a context the current one. */
  async use(name: string): Promise<void> {
    await this.require(name);
    await writeSecretFile(join(this.path, currentFile), Buffer.from(`${name}\n`, 'utf8'));
  }
}
