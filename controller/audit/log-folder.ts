// Reads the folder of one controller's audit log: its files in order, their lines, the entries of a query.
// Invariant: nothing here changes an entry. An announcement is shown until the entry that settles it exists, so that a
// change without a recorded outcome is visible.
import { constants } from 'node:fs';
import { open, readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../../proto/process/folder.js';
import { type AuditEntry, begun, parseLine } from './chain.js';

/** AuditQuery selects entries. Empty texts and 0 match everything. */
export type AuditQuery = {
  readonly sinceMs: number;
  readonly subject: string;
  readonly actor: string;
  readonly call: string;
  /** Maximum number of entries to return, the newest ones. */
  readonly limit: number;
};

/** Line is one line of a file, numbered from 1. */
export type Line = { readonly text: string; readonly number: number };

const filePattern = /^\d{12}\.jsonl$/;

/** LogFolder is the folder. Its methods throw system errors. */
export class LogFolder {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** make creates the folder with mode 0700 if it does not exist. */
  async make(): Promise<void> {
    await makeFolder(this.#dir, 0o700);
  }

  /** pathOf returns the file that begins with the entry of a sequence number. */
  pathOf(sequence: number): string {
    return join(this.#dir, `${String(sequence).padStart(12, '0')}.jsonl`);
  }

  /** paths returns the files, oldest first. */
  async paths(): Promise<readonly string[]> {
    const names = (await readdir(this.#dir)).filter((name) => filePattern.test(name)).sort();
    return names.map((name) => join(this.#dir, name));
  }

  /** lines reads the non-empty lines of a file. */
  async *lines(path: string): AsyncGenerator<Line> {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
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

  /** lastEntry returns the newest entry; undefined when there is none. */
  async lastEntry(): Promise<AuditEntry | undefined> {
    for (const path of [...(await this.paths())].reverse()) {
      let last: AuditEntry | undefined;
      for await (const { text } of this.lines(path)) last = parseLine(text) ?? last;
      if (last !== undefined) return last;
    }
    return undefined;
  }

  /** keep removes the oldest files beyond `files`. */
  async keep(files: number): Promise<void> {
    const paths = await this.paths();
    for (const path of paths.slice(0, Math.max(0, paths.length - files))) await unlink(path);
  }

  /**
   * list reads entries, oldest first.
   * @param underWay sequence numbers of announcements whose change is still in progress
   */
  async list(query: AuditQuery, underWay: ReadonlySet<number>): Promise<readonly AuditEntry[]> {
    const found: AuditEntry[][] = [];
    const settled = new Set<number>(underWay);
    let count = 0;
    // An entry that settles another one comes later: in the same file, or in one that was already read.
    for (const path of [...(await this.paths())].reverse()) {
      const { mtimeMs } = await stat(path);
      if (count >= query.limit || mtimeMs < query.sinceMs) break;
      const ofFile: AuditEntry[] = [];
      for await (const { text } of this.lines(path)) {
        const entry = parseLine(text);
        if (entry?.settles !== undefined) settled.add(entry.settles);
        if (entry !== undefined && matches(entry, query)) ofFile.push(entry);
      }
      const shown = ofFile.filter(({ outcome, sequence }) => outcome !== begun || !settled.has(sequence));
      found.push(shown);
      count += shown.length;
    }
    return found.reverse().flat().slice(-query.limit);
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
