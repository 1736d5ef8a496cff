// Labs that end with a test, and processes that own labs.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, watch } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { readDockerdRecord } from '../../deploy/lab/dockerd.js';
import { type EngineLine, tryEngine } from '../../deploy/lab/engines.js';
import type { LabHost } from '../../deploy/lab/host.js';
import { Lab, type LabOptions } from '../../deploy/lab/lab.js';
import { commandLine, processes } from '../../deploy/lab/process-table.js';
import { mountsOfMachine, tracesOf } from './lab-traces.js';

export async function withLab(
  t: ExecutionContext,
  options: LabOptions,
  work: (lab: Lab) => Promise<void>,
): Promise<void> {
  const before = mountsOfMachine();
  const lab = await Lab.create(options);
  try {
    await work(lab);
  } finally {
    await lab.close();
  }
  t.deepEqual(tracesOf(lab.id), []);
  t.deepEqual(mountsOfMachine(), before);
}

export async function withEngine(
  t: ExecutionContext,
  line: EngineLine,
  options: Omit<LabOptions, 'engine'>,
  work: (lab: Lab) => Promise<void>,
): Promise<void> {
  const engine = await tryEngine(line);
  if ('why' in engine) {
    console.log(`SKIP the lab with Docker ${line}: ${engine.why}`);
    t.pass();
    return;
  }
  await withLab(t, { ...options, engine }, work);
}

export function dockerdsOf(host: LabHost): number {
  const pidFile = `--pidfile=${readDockerdRecord(host.folder).pidFile}`;
  return processes().filter((process) => commandLine(process).includes(pidFile)).length;
}

export function startOwner(hosts: string, line: string): ChildProcess {
  const script = fileURLToPath(new URL('./lab-owner.js', import.meta.url));
  return spawn(process.execPath, [script, hosts, line], { stdio: ['ignore', 'pipe', 'inherit'] });
}

export async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('no output to read');
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return String(line);
}

export async function endBy(child: ChildProcess, name: NodeJS.Signals): Promise<NodeJS.Signals | null> {
  child.kill(name);
  const [, by] = await once(child, 'exit');
  return by;
}

/** untilSo checks again after each change in a folder until it finds something. */
export async function untilSo<T>(folder: string, find: () => T | undefined): Promise<T> {
  mkdirSync(folder, { recursive: true });
  const watcher = watch(folder);
  try {
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      await once(watcher, 'change');
    }
  } finally {
    watcher.close();
  }
}
