// How long ago this controller saw each revision of the store. Durations in records are measured with it, so that no
// controller compares its clock with another's.
// Invariant: an age never exceeds the time that passed on this machine, if its clock runs evenly. It is smaller by the time
// that this controller was down: a revision that it never saw before is as old as this process. A quarantine or a token
// may therefore last longer here than its record says, never shorter.
import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { errnoOf } from '../../proto/errors.js';
import { writeOwnFile } from '../../proto/process/atomic-file.js';
import { pause } from '../../proto/process/backoff.js';
import type { Logger } from '../../proto/process/log.js';

const sample = v.object({ revision: v.number(), atMs: v.number() });
const kept = v.object({ clusterId: v.string(), epoch: v.number(), samples: v.array(sample) });

type Sample = v.InferOutput<typeof sample>;

// A revision between two samples counts as seen at the later one.
const gapMs = 10_000;
const mostSamples = 1_024;
const saveEveryMs = 30_000;

/** Ages records when each revision was seen, by the clock that it is given (milliseconds since 1970). */
export class Ages {
  #samples: Sample[] = [];
  #newest: Sample | undefined;
  #clusterId = '';
  #epoch = 0;
  #saved = true;

  /** begin names the store that the revisions belong to. Revisions of another store, or of another epoch, are forgotten. */
  begin(clusterId: string, epoch: number): void {
    if (clusterId === this.#clusterId && epoch === this.#epoch) return;
    this.#clusterId = clusterId;
    this.#epoch = epoch;
    this.#samples = [];
    this.#newest = undefined;
  }

  /** saw notes that all revisions up to this one were seen. */
  saw(revision: number, nowMs: number): void {
    if (this.#newest !== undefined && revision <= this.#newest.revision) return;
    const last = this.#samples.at(-1);
    if (this.#newest !== undefined && (last === undefined || nowMs - last.atMs >= gapMs))
      this.#samples.push(this.#newest);
    this.#newest = { revision, atMs: nowMs };
    this.#saved = false;
    if (this.#samples.length > mostSamples) this.#thin(nowMs);
  }

  // Keeps samples whose distance is at least a fiftieth of their age. Two years take 700 samples.
  #thin(nowMs: number): void {
    const kept: Sample[] = [];
    let next = nowMs;
    for (const sample of this.#samples.reverse()) {
      if (next - sample.atMs < (nowMs - sample.atMs) / 50 && kept.length > 0) continue;
      kept.push(sample);
      next = sample.atMs;
    }
    this.#samples = kept.reverse();
  }

  /** of returns the least time that can have passed since a revision was made, in milliseconds. */
  of(revision: number, nowMs: number): number {
    let low = 0;
    let high = this.#samples.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#samples[middle]?.revision ?? 0) < revision) low = middle + 1;
      else high = middle;
    }
    const seen = this.#samples[low] ?? this.#newest;
    return seen === undefined || seen.revision < revision ? 0 : Math.max(0, nowMs - seen.atMs);
  }

  /** olderThan returns the newest revision that was seen at least that long ago, in milliseconds; undefined: none was. */
  olderThan(ageMs: number, nowMs: number): number | undefined {
    const all = this.#newest === undefined ? this.#samples : [...this.#samples, this.#newest];
    return all.findLast(({ atMs }) => nowMs - atMs >= ageMs)?.revision;
  }

  /** newest returns the newest revision that was seen; undefined: none was. */
  get newest(): number | undefined {
    return this.#newest?.revision;
  }

  /** load reads the saved samples. If they are unreadable, every revision is as old as this process. */
  async load(path: string, log: Logger, nowMs: number): Promise<this> {
    try {
      const saved = v.parse(kept, JSON.parse(await readFile(path, 'utf8')));
      this.#clusterId = saved.clusterId;
      this.#epoch = saved.epoch;
      // A sample in the future means that the clock was set back.
      this.#samples = saved.samples.filter(({ atMs }) => atMs <= nowMs);
      this.#newest = this.#samples.pop();
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT')
        log.warn({ err: error, path }, 'ages: not read; the times of quarantines and tokens start again');
    }
    return this;
  }

  /** save writes the samples to a file atomically. */
  async save(path: string): Promise<void> {
    if (this.#saved) return;
    this.#saved = true;
    const samples = this.#newest === undefined ? this.#samples : [...this.#samples, this.#newest];
    const text = JSON.stringify({ clusterId: this.#clusterId, epoch: this.#epoch, samples });
    await writeOwnFile(path, Buffer.from(`${text}\n`));
  }

  /** run saves the samples periodically, and when `signal` aborts. */
  async run(path: string, log: Logger, signal: AbortSignal): Promise<void> {
    for (;;) {
      await pause(saveEveryMs, signal);
      await this.save(path).catch((error: unknown) => {
        this.#saved = false;
        log.warn({ err: error, path }, 'ages: not saved');
      });
      if (signal.aborted) return;
    }
  }
}
