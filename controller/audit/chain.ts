// The entries of an audit log and their hash chain. Pure.
// Invariant: an entry's hash covers all its fields and the previous hash, so a change, removal or insertion in the
// middle breaks the next hash.
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

/** AuditEntry is one entry of the log; security.proto documents the fields. */
export type AuditEntry = Readonly<v.InferOutput<typeof schema>>;

/**
 * begun is the outcome of an entry that announces a change. A second entry settles it. Without one, the controller
 * ended in between, and the change may or may not have been made.
 */
export const begun = 'Begun';

/** AuditFacts are the fields of an entry that describe a call. */
export type AuditFacts = Omit<AuditEntry, 'sequence' | 'previousHash' | 'hash'>;

/** Head is the sequence number and the hash of a chain's last entry. */
export type Head = { readonly sequence: number; readonly hash: string };

/** origin is the head of an empty chain. */
export const origin: Head = { sequence: 0, hash: '0'.repeat(64) };

// In this order, whatever the order of an entry's own fields is.
const hashedFields = Object.keys(schema.entries)
  .filter((name) => name !== 'hash')
  .sort();

/** hashOf returns the SHA-256, in hexadecimal, of the previous hash and the entry without its own hash, fields by name. */
export function hashOf(entry: AuditEntry): string {
  return createHash('sha256')
    .update(`${entry.previousHash}\n${JSON.stringify(entry, hashedFields)}`)
    .digest('hex');
}

/** seal returns the next entry of a chain. */
export function seal(facts: AuditFacts, head: Head): AuditEntry {
  const entry = { ...facts, sequence: head.sequence + 1, previousHash: head.hash, hash: '' };
  return { ...entry, hash: hashOf(entry) };
}

/** parseLine parses one line of a log; undefined for a line that is not an entry. */
export function parseLine(line: string): AuditEntry | undefined {
  try {
    const parsed = v.safeParse(schema, JSON.parse(line));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

/** Verdict is the result of verifying a log. */
export type Verdict = {
  readonly ok: boolean;
  readonly entries: number;
  readonly firstSequence: number;
  readonly head: Head;
  /** Each with file and line: "00000001.jsonl, line 7: entry 7 was changed: its hash is not that of its content". */
  readonly problems: readonly string[];
};

// Limits the output for a log that is full of garbage.
const mostProblems = 100;

/** Verifier checks the lines of a log in order. */
export class Verifier {
  readonly #problems: string[] = [];
  #ok = true;
  #entries = 0;
  #firstSequence = 0;
  #head: Head | undefined;
  // A line that is not an entry: harmless if the chain continues right after it, as after a crash during a write.
  #torn: string | undefined;

  /** line checks the next line; `where` names it: "00000001.jsonl, line 7". */
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
        this.#note(`${this.#torn}: is incomplete, as after a crash while it was written; no entry is missing`);
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
   * end returns the verdict.
   * @param known the known head of the chain; undefined: unknown
   */
  end(known?: Head): Verdict {
    const head = this.#head ?? origin;
    // The last line may be incomplete: it is being written, or its writer died.
    if (this.#torn !== undefined) this.#note(`${this.#torn}: is incomplete, as after a crash while it was written`);
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
