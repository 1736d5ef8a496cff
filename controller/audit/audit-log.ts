// The audit log of one controller: files of one JSON entry per line, only ever appended to.
// Invariant: entries are in the files in the order of their chain, each on a line of its own. What can't be written
// waits, in order; a line that a death tore is left as it is and the chain goes on behind it.
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, XnetError } from '../../proto/errors.js';
import type { Logger } from '../../proto/process/log.js';
import {
  type AuditEntry,
  type AuditFacts,
  type Head,
  origin,
  parseLine,
  seal,
  type Verdict,
  Verifier,
} from './chain.js';

/** AuditLogOptions say where a log is and how large it may grow. */
export type AuditLogOptions = {
  /** "/var/lib/xnet-controller/audit"; made with mode 0700. */
  readonly dir: string;
  readonly log: Logger;
  /** A file that is larger is followed by another one, in bytes. */
  readonly fileBytes?: number;
  /** The oldest files beyond so many are removed. */
  readonly files?: number;
};

/** AuditQuery says which entries. Empty texts and 0 mean: whatever. */
export type AuditQuery = {
  readonly sinceMs: number;
  readonly subject: string;
  readonly actor: string;
  readonly call: string;
  /** The newest so many. */
  readonly limit: number;
};

// An entry is about 1 KiB: some 16,000 in a file, a million in all.
const defaultFileBytes = 16 * 1024 * 1024;
const defaultFiles = 64;
// What waits to be written is in memory.
const mostWaiting = 10_000;
const flushEveryMs = 1_000;
const filePattern = /^\d{12}\.jsonl$/;

function nameOf(sequence: number): string {
  return `${String(sequence).padStart(12, '0')}.jsonl`;
}

/** AuditLog is one controller's log. Open it before anything is appended; close it. */
export class AuditLog {
  readonly #options: AuditLogOptions;
  #head: Head = origin;
  #file: FileHandle | undefined;
  #bytes = 0;
  #waiting: AuditEntry[] = [];
  #writing: Promise<void> | undefined;
  #problem: string | undefined;
  #flush: NodeJS.Timeout | undefined;

  private constructor(options: AuditLogOptions) {
    this.#options = options;
  }

  /**
   * open opens a log and finds where its chain is at.
   * @throws XnetError FailedPrecondition when it can't be read or written
   */
  static async open(options: AuditLogOptions): Promise<AuditLog> {
    const log = new AuditLog(options);
    try {
      await mkdir(options.dir, { recursive: true, mode: 0o700 });
      await log.#resume();
    } catch (error) {
      throw new XnetError('FailedPrecondition', `can't use the audit log in ${options.dir}: ${messageOf(error)}`, {
        cause: error,
      });
    }
    return log;
  }

  // The newest file that has an entry tells where the chain is at.
  async #resume(): Promise<void> {
    const names = await this.#names();
    for (const name of [...names].reverse()) {
      const entry = await this.#lastOf(name);
      if (entry === undefined) continue;
      this.#head = { sequence: entry.sequence, hash: entry.hash };
      break;
    }
    const newest = names.at(-1);
    if (newest !== undefined) await this.#openFile(newest);
  }

  async #lastOf(name: string): Promise<AuditEntry | undefined> {
    let last: AuditEntry | undefined;
    for await (const { text } of this.#lines(name)) last = parseLine(text) ?? last;
    return last;
  }

  async #names(): Promise<readonly string[]> {
    return (await readdir(this.#options.dir)).filter((name) => filePattern.test(name)).sort();
  }

  async *#lines(name: string): AsyncGenerator<{ readonly text: string; readonly number: number }> {
    const file = await open(join(this.#options.dir, name), constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      let number = 0;
      for await (const text of file.readLines({ encoding: 'utf8', autoClose: false })) {
        number += 1;
        if (text !== '') yield { text, number };
      }
    } finally {
      await file.close();
    }
  }

  async #openFile(name: string): Promise<void> {
    const path = join(this.#options.dir, name);
    const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
    const file = await open(path, flags, 0o600);
    const { size, mode } = await file.stat();
    if ((mode & 0o077) !== 0) await file.chmod(0o600);
    this.#file = file;
    this.#bytes = size;
    if (size === 0) return;
    const last = Buffer.alloc(1);
    await file.read(last, 0, 1, size - 1);
    // The rest of a line that was being written: what comes next has a line of its own.
    if (last[0] !== 0x0a) await this.#write(file, '\n');
  }

  /** head is where the chain is at, with what waits to be written. */
  get head(): Head {
    return this.#head;
  }

  /** problem says why entries can't be written at the moment; undefined: they can. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /**
   * append writes an entry and resolves when it is in the file, or waits to be because the file can't be written.
   * `problem` tells which. It never throws.
   * @returns where in the chain the entry is; undefined: too many wait, and it is not in it
   */
  async append(facts: AuditFacts): Promise<Head | undefined> {
    if (this.#waiting.length >= mostWaiting) {
      this.#options.log.error(
        { audit: facts },
        'audit: too many entries wait to be written; this one is told here alone',
      );
      return undefined;
    }
    const entry = seal(facts, this.#head);
    const head = { sequence: entry.sequence, hash: entry.hash };
    this.#head = head;
    this.#waiting.push(entry);
    await this.settle();
    return head;
  }

  /** settle tries to write what waits. */
  async settle(): Promise<void> {
    // All that have come meanwhile go in one write; one that came while the last of them ended goes in another.
    do {
      this.#writing ??= this.#drain().finally(() => {
        this.#writing = undefined;
      });
      await this.#writing;
    } while (this.#waiting.length > 0 && this.#problem === undefined);
  }

  async #drain(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const batch = [...this.#waiting];
        await this.#writeBatch(batch);
        this.#waiting = this.#waiting.slice(batch.length);
      }
      if (this.#problem !== undefined) this.#options.log.info('audit: written again');
      this.#problem = undefined;
    } catch (error) {
      if (this.#problem === undefined) {
        this.#options.log.error(
          { reason: messageOf(error) },
          'audit: can’t be written, changes are refused until it can',
        );
      }
      this.#problem = messageOf(error);
    }
  }

  async #writeBatch(batch: readonly AuditEntry[]): Promise<void> {
    const { fileBytes = defaultFileBytes, dir } = this.#options;
    if (this.#file === undefined || this.#bytes >= fileBytes) {
      await this.#file?.datasync();
      await this.#file?.close();
      this.#file = undefined;
      await this.#openFile(nameOf(batch[0]?.sequence ?? 1));
      await this.#removeOldest(dir);
    }
    const file: FileHandle | undefined = this.#file;
    if (file !== undefined) await this.#write(file, batch.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
  }

  // All of it, or nothing: what a full disk took of it goes again.
  async #write(file: FileHandle, text: string): Promise<void> {
    const bytes = Buffer.from(text, 'utf8');
    let done = 0;
    try {
      while (done < bytes.length) done += (await file.write(bytes, done)).bytesWritten;
    } catch (error) {
      if (done > 0) await file.truncate(this.#bytes);
      throw error;
    }
    this.#bytes += bytes.length;
    this.#flush ??= setTimeout(() => {
      this.#flush = undefined;
      file.datasync().catch(() => undefined);
    }, flushEveryMs).unref();
  }

  async #removeOldest(dir: string): Promise<void> {
    const names = await this.#names();
    const surplus = names.length - (this.#options.files ?? defaultFiles);
    for (const name of names.slice(0, Math.max(0, surplus))) await unlink(join(dir, name));
  }

  /** list reads entries, oldest first. Throws a system error. */
  async list(query: AuditQuery): Promise<readonly AuditEntry[]> {
    const found: AuditEntry[][] = [];
    let count = 0;
    for (const name of [...(await this.#names())].reverse()) {
      const { mtimeMs } = await stat(join(this.#options.dir, name));
      if (count >= query.limit || mtimeMs < query.sinceMs) break;
      const ofFile: AuditEntry[] = [];
      for await (const { text } of this.#lines(name)) {
        const entry = parseLine(text);
        if (entry !== undefined && matches(entry, query)) ofFile.push(entry);
      }
      found.push(ofFile);
      count += ofFile.length;
    }
    return found.reverse().flat().slice(-query.limit);
  }

  /** verify computes the chain again over all that is kept. Throws a system error. */
  async verify(): Promise<Verdict> {
    await this.settle();
    const verifier = new Verifier();
    // What is appended while this reads is not looked at.
    const known = this.#head;
    const waiting = this.#waiting.length;
    reading: for (const name of await this.#names()) {
      for await (const { text, number } of this.#lines(name)) {
        verifier.line(text, `${name}, line ${number}`);
        if (parseLine(text)?.sequence === known.sequence) break reading;
      }
    }
    return verifier.end(waiting === 0 ? known : undefined);
  }

  /** close writes what waits and closes the file. */
  async close(): Promise<void> {
    await this.settle();
    clearTimeout(this.#flush);
    await this.#file?.datasync().catch(() => undefined);
    await this.#file?.close();
    this.#file = undefined;
  }
}

function matches(entry: AuditEntry, { sinceMs, subject, actor, call }: AuditQuery): boolean {
  return (
    entry.timeMs >= sinceMs &&
    (subject === '' || entry.subject === subject) &&
    (actor === '' || entry.actor === actor) &&
    (call === '' || entry.call === call)
  );
}
