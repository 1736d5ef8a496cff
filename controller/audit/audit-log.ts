// The audit log of one controller: files of one JSON entry per line, only ever appended to.
// Invariant: entries are in the files in the order of their chain, each on a line of its own, and append() returns when
// the disk has them. What can't be written waits, in order; a line that a death tore is left as it is and the chain goes
// on behind it. Nobody waits longer than a bound for a disk that does not answer: the write that is under way goes on, and
// nothing is written beside it.
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

/** AuditLogOptions say where a log is and how large it may grow. */
export type AuditLogOptions = {
  /** "/var/lib/xnet-controller/audit"; made with mode 0700. */
  readonly dir: string;
  readonly log: Logger;
  /** A file that is larger is followed by another one, in bytes. */
  readonly fileBytes?: number;
  /** The oldest files beyond so many are removed. */
  readonly files?: number;
  /** How the files that are written are opened. */
  readonly open?: OpenLogFile;
  /** How long a write may take before the disk counts as hanging, milliseconds. */
  readonly stallMs?: number;
};

/** Appended is where in the chain an entry is, and whether the disk has it; otherwise it waits to be written. */
export type Appended = Head & { readonly written: boolean };

// An entry is about 1 KiB: some 16,000 in a file, a million in all.
const defaultFileBytes = 16 * 1024 * 1024;
const defaultFiles = 64;
// What waits to be written is in memory.
const mostWaiting = 10_000;
// Until somebody asks for a change, which tries at once.
const retryMs = 2_000;
// An fsync on a busy disk takes up to some seconds; callers wait 15 s for an answer.
const defaultStallMs = 5_000;

/** AuditLog is one controller's log. Open it before anything is appended; close it. */
export class AuditLog {
  readonly #options: AuditLogOptions;
  readonly #folder: LogFolder;
  #remembered: HeadFile | undefined;
  #head: Head = origin;
  /** Up to which entry the disk has them. */
  #written = 0;
  #file: AuditFile | undefined;
  #waiting: AuditEntry[] = [];
  #writing: Promise<void> | undefined;
  #problem: string | undefined;
  #retry: NodeJS.Timeout | undefined;
  /** Ends the waiting for the write under way, which goes on. */
  #giveUp = () => {};
  #isStalled = false;
  #isClosed = false;
  /** Sequence numbers of what this process has begun and not settled. */
  readonly #underWay = new Set<number>();

  private constructor(options: AuditLogOptions) {
    this.#options = options;
    this.#folder = new LogFolder(options.dir);
  }

  /**
   * open opens a log and finds where its chain is at.
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
      this.#options.log.warn({ reason: problem }, 'audit: head.json does not tell whether the end of the log is there');
    }
    this.#remembered = file;
    this.#head = last === undefined ? origin : { sequence: last.sequence, hash: last.hash };
    if (head !== undefined && head.sequence >= this.#head.sequence && head.hash !== this.#head.hash) {
      this.#options.log.error(
        { endsWith: this.#head.sequence, written: head.sequence },
        'audit: entries at the end of the log are missing or were changed; xctl audit --verify shows it',
      );
      // The chain goes on behind what was written, so that the gap is seen for as long as the log is kept.
      this.#head = head;
    }
    this.#written = this.#head.sequence;
    const newest = (await this.#folder.paths()).at(-1);
    if (newest !== undefined) this.#file = await AuditFile.open(newest, this.#options.open ?? openLogFile);
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
   * append writes an entry and resolves when the disk has it, or when it waits because it can't be written or the disk
   * hangs. Those that come at once share one fsync. It never throws.
   * @returns undefined: too many wait, and it is not in the chain
   */
  async append(facts: AuditFacts): Promise<Appended | undefined> {
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
    if (entry.outcome === begun) this.#underWay.add(entry.sequence);
    await this.settle();
    if (entry.settles !== undefined) this.#underWay.delete(entry.settles);
    return { ...head, written: this.#written >= head.sequence };
  }

  /** settle tries to write what waits. It resolves at once while the disk hangs. */
  async settle(): Promise<void> {
    // All that have come meanwhile go in one write; one that came while the last of them ended goes in another.
    do {
      this.#writing ??= this.#begin();
      await this.#writing;
    } while (this.#waiting.length > 0 && this.#problem === undefined);
  }

  // Resolves when all is written, or the disk hangs. Until it is written no other write begins.
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

  // A write that hangs can't be cancelled, and may be done at any time: whoever waits is let go, the write is not.
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

  /** verify computes the chain again over all that is kept. Throws a system error. */
  async verify(): Promise<Verdict> {
    await this.settle();
    const verifier = new Verifier();
    // What is appended while this reads is not looked at.
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

  /** close writes what waits and closes the files; on a disk that hangs, when it goes on. */
  async close(): Promise<void> {
    await this.settle();
    clearTimeout(this.#retry);
    this.#isClosed = true;
    if (!this.#isStalled) return this.#closeFiles();
    this.#options.log.error({ waiting: this.#waiting.length }, 'audit: the disk hangs, what waits may be lost');
  }

  async #closeFiles(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close().catch(() => undefined);
    await this.#remembered?.close();
  }
}
