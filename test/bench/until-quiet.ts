// Waits until a daemon that runs alone has done its work, and finds when that was, by the processor time that it uses.
import { pause } from '../../proto/process/backoff.js';
import type { Subject } from './alone-subject.js';
import { Wrong } from './figure.js';

const sampleEveryMs = 25;
// A daemon is quiet once it has used less than a tenth of a processor for three seconds. A window is long enough that what
// an idle daemon does every few seconds does not fill a tenth of it.
const windowMs = 500;
const quietShare = 0.1;
const quietMs = 3_000;
const patienceMs = 600_000;
// Less than any daemon needs to start: one that has used no more is not idle, but waits for a processor.
const leastCpuMs = 10;
// The work is done when nearly all of it is: a little is always left to do later, such as a report or freeing memory.
const doneShare = 0.98;

/** Quiet is when a daemon had done its work, as performance.now() has it, and the processor time that it had used by then. */
export type Quiet = { readonly at: number; readonly cpuMs: number };

/**
 * untilQuiet waits until a daemon has been quiet for three seconds.
 * @throws Wrong if that takes more than ten minutes
 */
export async function untilQuiet(subject: Subject): Promise<Quiet> {
  const sample = (): Quiet => ({ at: performance.now(), cpuMs: subject.cpuMs() });
  const first = sample();
  const samples = [first];
  // Where the current window begins, and where the quiet ones do.
  let window = first;
  let quiet = first;
  while (window.at - quiet.at < quietMs) {
    await pause(sampleEveryMs);
    const now = sample();
    if (now.at - first.at > patienceMs) throw new Wrong(`${subject.name} is not quiet after ${patienceMs / 1000} s`);
    samples.push(now);
    const long = now.at - window.at;
    if (long < windowMs) continue;
    if (now.cpuMs < leastCpuMs || now.cpuMs - window.cpuMs >= quietShare * long) quiet = now;
    window = now;
  }
  // The work ended somewhere in the window before the quiet ones. From there on, it only used what it uses in idleness.
  const idleShare = (window.cpuMs - quiet.cpuMs) / (window.at - quiet.at);
  const isDone = ({ at, cpuMs }: Quiet) => cpuMs >= doneShare * (quiet.cpuMs - idleShare * (quiet.at - at));
  return { at: samples.find(isDone)?.at ?? quiet.at, cpuMs: quiet.cpuMs };
}
