// How much memory and processor time a process has taken, as the kernel counts it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { pause } from '../../proto/process/backoff.js';

/** residentKiB is the resident memory of a process (VmRSS of proc(5)), in KiB. Throws when it is gone. */
export function residentKiB(pid: number): number {
  const kib = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kib === undefined) throw new Error(`the process ${pid} has no memory: it has ended`);
  return Number(kib);
}

/** settledKiB is the least resident memory that a process has over `ms` milliseconds, in KiB. */
export async function settledKiB(pid: number, ms: number): Promise<number> {
  let least = residentKiB(pid);
  for (const end = performance.now() + ms; performance.now() < end; ) {
    await pause(100);
    least = Math.min(least, residentKiB(pid));
  }
  return least;
}

/** idleNodeKiB is the resident memory of a Node.js that does nothing, in KiB. */
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

/** cpuMsOf is the processor time of a process's main thread (/proc/PID/schedstat) in milliseconds. */
export function cpuMsOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
}
