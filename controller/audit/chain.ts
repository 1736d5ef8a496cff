// The entries of an audit log and the chain of hashes through them. Pure.
// Invariant: an entry's hash covers every field of it and the hash before, so that nothing in the middle can be changed,
// taken out or put in without the next hash telling.
import { createHash } from 'node:crypto';
import * as v from 'valibot';

const schema = v.strictObject({
  sequence: v.pipe(v.number(), v.integer(), v.minValue(1)),
  timeMs: v.pipe(v.number(), v.integer(), v.minValue(0)),
  actor: v.string(),
  serial: v.string(),
  source: v.string(),
  call: v.string(),
  operationId: v.string(),
  subject: v.string(),
  request: v.string(),
  before: v.string(),
  after: v.string(),
  outcome: v.string(),
  message: v.string(),
  controller: v.string(),
  /** Sequence number of the entry that announced this change. */
  settles: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  previousHash: v.string(),
  hash: v.string(),
});

/** AuditEntry is one entry as it stands in the log; what the fields mean is told in admin.proto. */
export type AuditEntry = Readonly<v.InferOutput<typeof schema>>;

/**
 * begun is the outcome of an entry that announces a change before it is made. Another entry settles it; where there is
 * none, the controller ended in between, and the change may have been made or not.
 */
export const begun = 'Begun';

/** AuditFacts are what an entry tells of a call. */
export type AuditFacts = Omit<AuditEntry, 'sequence' | 'previousHash' | 'hash'>;

/** Head is where a chain is at: the number and the hash of its last entry. */
export type Head = { readonly sequence: number; readonly hash: string };

/** origin is the head of a chain without entries. */
export const origin: Head = { sequence: 0, hash: '0'.repeat(64) };

/** canonicalJson writes an object with its keys in order, so that equal objects are equal texts. */
export function canonicalJson(entry: Readonly<Record<string, string | number | undefined>>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** hashOf is SHA-256, hexadecimal, of the hash before and the entry without its own hash. */
export function hashOf({ hash: _, ...entry }: AuditEntry): string {
  return createHash('sha256')
    .update(`${entry.previousHash}\n${canonicalJson(entry)}`)
    .digest('hex');
}

/** seal makes the next entry of a chain. */
export function seal(facts: AuditFacts, head: Head): AuditEntry {
  const entry = { ...facts, sequence: head.sequence + 1, previousHash: head.hash, hash: '' };
  return { ...entry, hash: hashOf(entry) };
}

/** parseLine reads one line of a log; undefined for one that is not an entry. */
export function parseLine(line: string): AuditEntry | undefined {
  try {
    const parsed = v.safeParse(schema, JSON.parse(line));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

/** Verdict is what a look at a whole log came to. */
export type Verdict = {
  readonly ok: boolean;
  readonly entries: number;
  readonly firstSequence: number;
  readonly head: Head;
  /** Each with file and line: "00000001.jsonl, line 7: entry 7 was changed: its hash is not that of its content". */
  readonly problems: readonly string[];
};

// Somebody who writes garbage into a log of gigabytes gets told a part of it.
const mostProblems = 100;

/** Verifier takes the lines of a log one after the other. */
export class Verifier {
  readonly #problems: string[] = [];
  #ok = true;
  #entries = 0;
  #firstSequence = 0;
  #head: Head | undefined;
  // A line that is no entry: harmless if the chain goes on right behind it, as after a death in the middle of a write.
  #torn: string | undefined;

  /** line takes the next one; `where` names it: "00000001.jsonl, line 7". */
  line(text: string, where: string): void {
    const entry = parseLine(text);
    if (entry === undefined) {
      if (this.#torn !== undefined) this.#wrong(`${this.#torn}: is not an entry`);
      this.#torn = where;
      return;
    }
    this.#entries += 1;
    if (this.#head === undefined) this.#firstSequence = entry.sequence;
    const problem = this.#problemOf(entry);
    if (problem !== undefined) this.#wrong(`${where}: ${problem}`);
    if (this.#torn !== undefined) {
      if (problem === undefined)
        this.#note(`${this.#torn}: is torn, as by a death while it was written; none is missing`);
      else this.#wrong(`${this.#torn}: is not an entry`);
      this.#torn = undefined;
    }
    this.#head = { sequence: entry.sequence, hash: entry.hash };
  }

  #problemOf(entry: AuditEntry): string | undefined {
    const { sequence } = entry;
    if (hashOf(entry) !== entry.hash) return `entry ${sequence} was changed: its hash is not that of its content`;
    const before = this.#head;
    if (before === undefined) {
      if (sequence !== 1 || entry.previousHash === origin.hash) return undefined;
      return 'entry 1 does not begin the chain';
    }
    if (sequence !== before.sequence + 1) return `entry ${sequence} follows entry ${before.sequence}`;
    if (entry.previousHash !== before.hash) return `entry ${sequence} does not continue entry ${before.sequence}`;
    return undefined;
  }

  #wrong(problem: string): void {
    this.#ok = false;
    this.#note(problem);
  }

  #note(problem: string): void {
    if (this.#problems.length < mostProblems) this.#problems.push(problem);
  }

  /**
   * end says what came of it.
   * @param known where the chain is known to be at; undefined: nothing is known
   */
  end(known?: Head): Verdict {
    const head = this.#head ?? origin;
    // The last line of a log may be one that is being written, or was when its writer died.
    if (this.#torn !== undefined) this.#note(`${this.#torn}: is torn, as by a death while it was written`);
    if (known !== undefined && (known.sequence !== head.sequence || known.hash !== head.hash)) {
      this.#wrong(`the log ends with entry ${head.sequence}, the controller has written up to entry ${known.sequence}`);
    }
    return {
      ok: this.#ok,
      entries: this.#entries,
      firstSequence: this.#firstSequence,
      head,
      problems: this.#problems,
    };
  }
}
