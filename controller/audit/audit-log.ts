// The audit log of one controller: append-only files with one JSON entry per line.
// Invariant: the files have the entries in the order of their chain, one per line, and append() returns when they are
// on the disk. Entries that can't be written are queued in order; a torn line stays as it is and the chain continues
// after it. No caller waits longer than a limit for a hanging disk: the pending write continues, and no other write
// starts meanwhile.
import { join } from 'node:path';
import { messageOf, XnetError } from '../../proto/errors.js';
import type { Logger } from '../../proto/process/log.js';
import { AuditFile, type OpenLogFile, openLogFile } from './audit-file.js';
import {
  type AuditEntry,
  type AuditFacts,
  begun,
  type Head,
  origin,
  parseLine,
  seal,
  type Verdict,
  Verifier,
} from './chain.js';
import { HeadFile } from './head-file.js';
import { type AuditQuery, LogFolder } from './log-folder.js';

export type { AuditQuery } from './log-folder.js';

/** AuditLogOptions are the place of a log and its size limits. */
export type AuditLogOptions = {
  /** "/var/lib/xnet-controller/audit"; created with mode 0700. */
  readonly dir: string;
  readonly log: Logger;
  /** Size at which a new file is begun, in bytes. */
  readonly fileBytes?: number;
  /** Number of files to keep; the oldest beyond it are removed. */
  readonly files?: number;
  /** Opens the files to write. */
  readonly open?: OpenLogFile;
  /** Time after which a pending write counts as hanging, in milliseconds. */
  readonly stallMs?: number;
};

/** Appended is the place of an entry in the chain; `written` is false while it is queued. */
export type Appended = Head & { readonly written: boolean };

// An entry is about 1 KiB: about 16,000 per file, a million in all.
const defaultFileBytes = 16 * 1024 * 1024;
const defaultFiles = 64;
// Limit of queued entries, which are in memory.
const mostWaiting = 10_000;
// Retry interval; a requested change retries at once.
const retryMs = 2_000;
const turn = () => new Promise((resolve) => setImmediate(resolve));
// An fsync on a busy disk may take several seconds; callers wait 15 s for an answer.
const defaultStallMs = 10_000;

/** AuditLog is one controller's log. Open it before appending; close it. */
export class AuditLog {
  readonly #options: AuditLogOptions;
  readonly #folder: LogFolder;
  #remembered: HeadFile | undefined;
  #head: Head = origin;
  /** Sequence number of the last entry on the disk. */
  #written = 0;
  #file: AuditFile | undefined;
  #waiting: AuditEntry[] = [];
  #writing: Promise<void> | undefined;
  #problem: string | undefined;
  #retry: NodeJS.Timeout | undefined;
  /** Stops waiting for the pending write, which continues. */
  #giveUp = () => {};
  #isStalled = false;
  #isClosed = false;
  /** Sequence numbers of the changes that this process announced and has not settled. */
  readonly #underWay = new Set<number>();

  private constructor(options: AuditLogOptions) {
    this.#options = options;
    this.#folder = new LogFolder(options.dir);
  }

  /**
   * open opens a log and finds the head of its chain.
   * @throws XnetError FailedPrecondition when it can't be read or written
   */
  static async open(options: AuditLogOptions): Promise<AuditLog> {
    const log = new AuditLog(options);
    try {
      await log.#resume();
    } catch (error) {
      throw new XnetError('FailedPrecondition', `can't use the audit log in ${options.dir}: ${messageOf(error)}`, {
        cause: error,
      });
    }
    return log;
  }

  async #resume(): Promise<void> {
    await this.#folder.make();
    const last = await this.#folder.lastEntry();
    const { file, head, problem } = await HeadFile.open(join(this.#options.dir, 'head.json'));
    if (problem !== undefined) {
      this.#options.log.warn(
        { reason: problem },
        'audit: head.json does not show whether entries at the end of the log are missing',
      );
    }
    this.#remembered = file;
    this.#head = last === undefined ? origin : { sequence: last.sequence, hash: last.hash };
    if (head !== undefined && head.sequence >= this.#head.sequence && head.hash !== this.#head.hash) {
      this.#options.log.error(
        { endsWith: this.#head.sequence, written: head.sequence },
        'audit: entries at the end of the log are missing or were changed; xctl audit --verify shows it',
      );
      // The chain continues after the remembered head, so that lost entries show as a gap for as long as the log is
      // kept.
      this.#head = head;
    }
    this.#written = this.#head.sequence;
    const newest = (await this.#folder.paths()).at(-1);
    if (newest !== undefined) this.#file = await AuditFile.open(newest, this.#options.open ?? openLogFile);
  }

  /** head returns the head of the chain, queued entries included. */
  get head(): Head {
    return this.#head;
  }

  /** problem returns why entries can't be written at present; undefined: they can. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /**
   * append adds an entry and resolves when it is on the disk, or when it is queued because the disk fails or hangs.
   * Entries that arrive together share one fsync. It never throws.
   * @returns undefined: the queue is full and the entry is not in the chain
   */
  async append(facts: AuditFacts): Promise<Appended | undefined> {
    if (this.#waiting.length >= mostWaiting) {
      this.#options.log.error(
        { audit: facts },
        'audit: too many entries wait to be written; this entry is only in this log',
      );
      return undefined;
    }
    const entry = seal(facts, this.#head);
    const head = { sequence: entry.sequence, hash: entry.hash };
    this.#head = head;
    this.#waiting.push(entry);
    if (entry.outcome === begun) this.#underWay.add(entry.sequence);
    await this.settle();
    if (entry.settles !== undefined) this.#underWay.delete(entry.settles);
    return { ...head, written: this.#written >= head.sequence };
  }

  /** settle tries to write the queued entries. It resolves at once while the disk hangs. */
  async settle(): Promise<void> {
    // Entries that have arrived meanwhile share one write; entries that arrive during the last write get another one.
    do {
      this.#writing ??= this.#begin();
      await this.#writing;
    } while (this.#waiting.length > 0 && this.#problem === undefined);
  }

  // Resolves when everything is written, or the disk hangs. No other write starts before the pending one ends.
  #begin(): Promise<void> {
    return new Promise((resolve) => {
      this.#giveUp = resolve;
      void this.#drain().finally(() => {
        this.#writing = undefined;
        resolve();
        if (this.#isClosed) void this.#closeFiles();
      });
    });
  }

  async #drain(): Promise<void> {
    try {
      // The entries of a whole transaction are appended in this turn of the event loop: they share the first write.
      await turn();
      while (this.#waiting.length > 0) {
        const batch = [...this.#waiting];
        await this.#timed(() => this.#write(batch));
        this.#waiting = this.#waiting.slice(batch.length);
        const last = batch.at(-1);
        if (last === undefined) continue;
        this.#written = last.sequence;
        this.#remembered?.remember(last);
      }
      if (this.#problem !== undefined) this.#options.log.info('audit: written again');
      this.#problem = undefined;
    } catch (error) {
      this.#fails(messageOf(error));
      if (this.#isClosed) return;
      this.#retry ??= setTimeout(() => {
        this.#retry = undefined;
        void this.settle();
      }, retryMs).unref();
    }
  }

  #fails(problem: string): void {
    if (this.#problem === undefined) {
      this.#options.log.error({ reason: problem }, 'audit: can’t be written, changes are refused until it can');
    }
    this.#problem = problem;
  }

  // A hanging write can't be cancelled and may complete at any time: callers stop waiting, the write continues.
  async #timed(write: () => Promise<void>): Promise<void> {
    const { stallMs = defaultStallMs } = this.#options;
    const timer = setTimeout(() => {
      this.#isStalled = true;
      this.#fails(`the disk has not answered for ${stallMs / 1_000} s`);
      this.#giveUp();
    }, stallMs);
    try {
      await write();
    } finally {
      clearTimeout(timer);
      this.#isStalled = false;
    }
  }

  async #write(batch: readonly AuditEntry[]): Promise<void> {
    const { fileBytes = defaultFileBytes, files = defaultFiles, open = openLogFile } = this.#options;
    const full = this.#file !== undefined && this.#file.size >= fileBytes;
    if (this.#file === undefined || full) {
      const next = await AuditFile.open(this.#folder.pathOf(batch[0]?.sequence ?? 1), open);
      await this.#file?.close().catch(() => undefined);
      this.#file = next;
      await this.#folder.keep(files);
    }
    await this.#file.append(batch.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
  }

  /** list reads entries, oldest first. Throws a system error. */
  list(query: AuditQuery): Promise<readonly AuditEntry[]> {
    return this.#folder.list(query, new Set(this.#underWay));
  }

  /** verify recomputes the chain over all files. Throws a system error. */
  async verify(): Promise<Verdict> {
    await this.settle();
    const verifier = new Verifier();
    // Entries appended during the verification are ignored.
    const known = this.#head;
    const waiting = this.#waiting.length;
    reading: for (const path of await this.#folder.paths()) {
      const name = path.slice(path.lastIndexOf('/') + 1);
      for await (const { text, number } of this.#folder.lines(path)) {
        verifier.line(text, `${name}, line ${number}`);
        if (parseLine(text)?.sequence === known.sequence) break reading;
      }
    }
    return verifier.end(waiting === 0 ? known : undefined);
  }

  /** close writes the queued entries and closes the files; on a hanging disk, once it responds. */
  async close(): Promise<void> {
    await this.settle();
    clearTimeout(this.#retry);
    this.#isClosed = true;
    if (!this.#isStalled) return this.#closeFiles();
    this.#options.log.error(
      { waiting: this.#waiting.length },
      'audit: the disk hangs; entries that were not written yet may be lost',
    );
  }

  async #closeFiles(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close().catch(() => undefined);
    await this.#remembered?.close();
  }
}
