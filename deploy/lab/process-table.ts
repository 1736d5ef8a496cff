// Identifies processes reliably, and signals them.
// Invariant: a signal reaches only the intended process: its start time is compared first, so a process that was given the
// same pid later is not affected.
import { readdirSync, readFileSync } from 'node:fs';
import { XnetError } from '../../proto/errors.js';
import { pause } from '../../proto/process/backoff.js';

/** ProcessRef identifies one process for all time. */
export type ProcessRef = {
  readonly pid: number;
  /** Clock ticks from boot to its start, field 22 of /proc/PID/stat (proc(5)). */
  readonly startTime: string;
};

function statFields(pid: number): readonly string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field, the name in parentheses, may contain spaces and parentheses.
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

/** identify returns the process with a pid; undefined if there is none, or it is dead already. */
export function identify(pid: number): ProcessRef | undefined {
  const fields = statFields(pid);
  const [state, startTime] = [fields?.[0], fields?.[19]];
  if (startTime === undefined || state === 'Z' || state === 'X') return undefined;
  return { pid, startTime };
}

/**
 * thisProcess returns this process.
 * @throws XnetError Internal if there is no /proc
 */
export function thisProcess(): ProcessRef {
  const self = identify(process.pid);
  if (self === undefined) throw new XnetError('Internal', "can't read /proc/self/stat: is /proc mounted?");
  return self;
}

/** isRunning reports whether that process exists and is not a zombie. */
export function isRunning(process: ProcessRef): boolean {
  return identify(process.pid)?.startTime === process.startTime;
}

/** signal sends a signal to that process. Returns false if it is gone. */
export function signal(target: ProcessRef, name: NodeJS.Signals): boolean {
  if (!isRunning(target)) return false;
  try {
    return process.kill(target.pid, name);
  } catch {
    return false;
  }
}

/**
 * untilEnded waits until none of the processes runs. The kernel reports an end only to the parent, and these processes are
 * usually children of others, so their state is polled.
 * @returns the processes that still run after `timeoutMs` milliseconds
 */
export async function untilEnded(processes: readonly ProcessRef[], timeoutMs: number): Promise<ProcessRef[]> {
  const deadline = performance.now() + timeoutMs;
  let left = processes.filter(isRunning);
  for (let waitMs = 2; left.length > 0 && performance.now() < deadline; waitMs = Math.min(waitMs * 2, 50)) {
    await pause(waitMs);
    left = left.filter(isRunning);
  }
  return left;
}

/** processes lists all processes except this one and kernel threads. */
export function processes(): ProcessRef[] {
  const found: ProcessRef[] = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const ref = identify(pid);
    if (ref !== undefined) found.push(ref);
  }
  return found;
}

/** commandLine returns a process's arguments; empty if it is gone. */
export function commandLine(target: ProcessRef): readonly string[] {
  return nulTerminated(`/proc/${target.pid}/cmdline`);
}

/** environment returns a process's initial environment, as "NAME=value"; empty if it is gone. */
export function environment(target: ProcessRef): readonly string[] {
  return nulTerminated(`/proc/${target.pid}/environ`);
}

function nulTerminated(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').split('\0').slice(0, -1);
  } catch {
    return [];
  }
}
