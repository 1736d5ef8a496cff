// The memory and processor time of a process, as counted by the kernel.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { pause } from '../../proto/process/backoff.js';

/** residentKiB returns the resident memory of a process (VmRSS of proc(5)), in KiB. It throws if the process is gone. */
export function residentKiB(pid: number): number {
  const kib = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kib === undefined) throw new Error(`the process ${pid} has no memory: it has ended`);
  return Number(kib);
}

// Returns all processes by parent (proc(5), stat: the name in parentheses may contain blanks).
function childrenByParent(): ReadonlyMap<number, readonly number[]> {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const parent = Number(/\) \S (\d+) /.exec(readFileSync(`/proc/${name}/stat`, 'utf8'))?.[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    } catch {
      // It ended in the meantime.
    }
  }
  return children;
}

/** treeKiB returns the resident memory of a process and of all processes that it started, in KiB. */
export function treeKiB(pid: number): number {
  const children = childrenByParent();
  const sum = (of: number): number =>
    (children.get(of) ?? []).reduce((total, child) => total + tryKiB(child) + sum(child), 0);
  return residentKiB(pid) + sum(pid);
}

function tryKiB(pid: number): number {
  try {
    return residentKiB(pid);
  } catch {
    return 0;
  }
}

/** mostTreeKiB returns the largest value of treeKiB while `work` runs and just after, in KiB. */
export async function mostTreeKiB(pid: number, work: () => Promise<void>): Promise<number> {
  let most = treeKiB(pid);
  const timer = setInterval(() => {
    most = Math.max(most, treeKiB(pid));
  }, 50);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return Math.max(most, treeKiB(pid));
}

/** settledKiB returns the smallest value of treeKiB, or of another measure, over `ms` milliseconds, in KiB. */
export async function settledKiB(pid: number, ms: number, measure: (pid: number) => number = treeKiB): Promise<number> {
  let least = measure(pid);
  for (const end = performance.now() + ms; performance.now() < end; ) {
    await pause(100);
    least = Math.min(least, measure(pid));
  }
  return least;
}

/** idleNodeKiB returns the resident memory of an idle Node.js, in KiB. */
export async function idleNodeKiB(): Promise<number> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6); process.stdout.write("up")'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await once(child.stdout, 'data');
    return await settledKiB(child.pid ?? 0, 500);
  } finally {
    child.kill('SIGKILL');
  }
}

// USER_HZ, in which stat(5) counts; 100 on every architecture that Node.js runs on.
const tickMs = 10;

/** endedChildrenMs returns the processor time of all children of this process that have ended, in milliseconds. */
export function endedChildrenMs(): number {
  const fields = statFields('self');
  return (Number(fields[13]) + Number(fields[14])) * tickMs;
}

// Behind the name in parentheses: utime and stime are fields 14 and 15 of proc(5), those of its children 16 and 17.
function statFields(id: number | 'self'): readonly string[] {
  return readFileSync(`/proc/${id}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
}

/** allCpuMsOf returns the processor time of all threads of a process, and of its children that have ended, in milliseconds. */
export function allCpuMsOf(pid: number): number {
  const ofThread = (id: string) => {
    try {
      return Number(readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
    } catch {
      // The thread ended in the meantime.
      return 0;
    }
  };
  const threads = readdirSync(`/proc/${pid}/task`).reduce((sum, id) => sum + ofThread(id), 0);
  const fields = statFields(pid);
  return threads + (Number(fields[13]) + Number(fields[14])) * tickMs;
}
