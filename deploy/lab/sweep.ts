// Removes labs: this process's own, and those whose owner was killed.
// Invariant: only what a lab's record names, and what is found inside of that, is touched. Every step may be repeated,
// killed half way, and run by two processes at once. The record is removed last, so that the next sweep can resume.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, messageOf, XnetError } from '../../proto/errors.js';
import { pause } from '../../proto/process/backoff.js';
import { abandonedNamespaces, namespaceFile } from './namespace.js';
import { cgroupOf, labMark, labsFolder, storesFolder, systemPath } from './paths.js';
import { environment, type ProcessRef, processes, signal, untilEnded } from './process-table.js';
import {
  bootId,
  isAbandoned,
  type LabRecord,
  listRecords,
  readRecord,
  recordFolder,
  removeUnfinished,
} from './record.js';

/**
 * removeLab removes a lab: processes, namespaces, cgroups, files.
 * @throws XnetError FailedPrecondition with everything that could not be removed
 */
export async function removeLab(record: LabRecord): Promise<void> {
  const store = join(storesFolder, record.id);
  const folder = recordFolder(record.id);
  const problems: string[] = [];
  const attempt = async (step: () => unknown) => {
    try {
      await step();
    } catch (error) {
      problems.push(messageOf(error));
    }
  };
  await attempt(async () => {
    // A program that was just starting may have been missed, and may have created more in the meantime.
    do {
      await endProcesses(`the lab ${record.id}`, () => processesOf(record));
      deleteNamespaces(record.namespaces);
    } while (processesOf(record).length > 0 || present(record.namespaces).length > 0);
  });
  await attempt(() => removeCgroups(cgroupOf(record.id)));
  for (const path of [store, folder]) await attempt(() => unmountBelow(path));
  if (problems.length === 0) {
    await attempt(() => {
      rmSync(store, { recursive: true, force: true });
      for (const name of entries(folder)) {
        if (name !== 'lab.json') rmSync(join(folder, name), { recursive: true, force: true });
      }
      rmSync(folder, { recursive: true, force: true });
      for (const parent of [storesFolder, labsFolder]) removeEmpty(parent);
    });
  }
  if (problems.length > 0) {
    throw new XnetError('FailedPrecondition', `the lab ${record.id} is not quite removed`, { problems });
  }
}

/** Swept is the result of sweepLabs. */
export type Swept = {
  /** Ids of the removed labs. */
  readonly removed: readonly string[];
  /** What could not be removed, with the reason, one line each. */
  readonly problems: readonly string[];
};

/**
 * sweepLabs removes the labs and the test namespaces whose owner is gone. Labs that are to be kept stay.
 */
export async function sweepLabs(): Promise<Swept> {
  const removed: string[] = [];
  const problems: string[] = [];
  removeUnfinished();
  for (const found of listRecords()) {
    if ('problem' in found) problems.push(found.problem);
    else if (isAbandoned(found.record)) {
      try {
        await removeLab(found.record);
        removed.push(found.id);
      } catch (error) {
        const details = error instanceof XnetError ? error.problems : [];
        problems.push(...(details.length > 0 ? details : [messageOf(error)]));
      }
    }
  }
  removeStoresOfEarlierBoots();
  const namespaces = abandonedNamespaces(entries('/run/netns'));
  if (namespaces.length > 0) {
    await endProcesses('an abandoned test', () => processesIn(namespaces));
    deleteNamespaces(namespaces);
  }
  return { removed, problems };
}

// A boot empties /run, which holds the records, but not the disk.
function removeStoresOfEarlierBoots(): void {
  const now = bootId();
  for (const id of entries(storesFolder)) {
    const store = join(storesFolder, id);
    const madeIn = read(join(store, 'boot-id'));
    if (madeIn === '' || madeIn === now || readRecord(id) !== undefined) continue;
    unmountBelow(store);
    rmSync(store, { recursive: true, force: true });
  }
  removeEmpty(storesFolder);
}

function processesIn(namespaces: readonly string[]): ProcessRef[] {
  const ours = new Set(namespaces.map((name) => identityOf(namespaceFile(name))));
  return processes().filter((process) => ours.has(identityOf(`/proc/${process.pid}/ns/net`) ?? 'gone'));
}

// A container has its own network namespace, but does not choose its cgroup; its shim carries the lab's mark.
function processesOf(record: LabRecord): ProcessRef[] {
  const inside = new Set(processesIn(record.namespaces).map(({ pid }) => pid));
  const mark = `${labMark}=${record.id}`;
  const cgroup = new RegExp(`:${cgroupOf(record.id)}(/|$)`, 'm');
  return processes().filter(
    (process) =>
      inside.has(process.pid) ||
      environment(process).includes(mark) ||
      cgroup.test(read(`/proc/${process.pid}/cgroup`)),
  );
}

// A killed process may have started another one just before, so this repeats until none is found.
async function endProcesses(where: string, find: () => ProcessRef[]): Promise<void> {
  for (let round = 0; round < 20; round++) {
    const found = find();
    if (found.length === 0) return;
    for (const process of found) signal(process, 'SIGKILL');
    await untilEnded(found, 5_000);
  }
  const left = find().map(({ pid }) => pid);
  if (left.length > 0)
    throw new XnetError('FailedPrecondition', `processes of ${where} do not end: ${left.join(', ')}`);
}

function deleteNamespaces(names: readonly string[]): void {
  const lines = present(names).map((name) => `netns delete ${name}\n`);
  if (lines.length === 0) return;
  const env = { ...process.env, PATH: systemPath() };
  // With -force, ip continues after a line that fails, e.g. because another process has just deleted the namespace.
  const { stderr } = spawnSync('ip', ['-force', '-batch', '-'], { input: lines.join(''), encoding: 'utf8', env });
  const left = present(names);
  if (left.length > 0) throw new XnetError('FailedPrecondition', `can't delete ${left.join(', ')}: ${stderr.trim()}`);
}

function present(namespaces: readonly string[]): readonly string[] {
  const names = new Set(entries('/run/netns'));
  return namespaces.filter((name) => names.has(name));
}

// Removes it from the unified hierarchy, or from each hierarchy of cgroup v1.
async function removeCgroups(cgroup: string): Promise<void> {
  const root = '/sys/fs/cgroup';
  for (const hierarchy of [root, ...entries(root).map((name) => join(root, name))]) {
    await removeCgroup(join(hierarchy, cgroup));
  }
}

async function removeCgroup(path: string): Promise<void> {
  // If it does not exist, the file system may be read-only, and removing would fail with that error.
  if (!existsSync(path)) return;
  for (const entry of folders(path)) await removeCgroup(join(path, entry));
  // Its processes are dead, but the kernel may count them for a moment.
  for (let waitMs = 1; !removeEmpty(path); waitMs *= 2) {
    if (waitMs > 32_768) throw new XnetError('FailedPrecondition', `can't remove the cgroup ${path}: it is in use`);
    await pause(waitMs);
  }
}

// Mounted file systems do not belong to the lab: one that can't be unmounted keeps the folder from being removed.
function unmountBelow(folder: string): void {
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) =>
      (line.split(' ')[4] ?? '').replace(/\\([0-7]{3})/g, (_, code) => String.fromCharCode(parseInt(code, 8))),
    )
    .filter((point) => point.startsWith(`${folder}/`));
  for (const point of points.reverse()) {
    execFileSync('umount', ['--lazy', point], { env: { ...process.env, PATH: systemPath() }, stdio: 'pipe' });
  }
}

function identityOf(namespace: string): string | undefined {
  try {
    const { dev, ino } = statSync(namespace);
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function entries(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return [];
    throw error;
  }
}

function folders(path: string): readonly string[] {
  return entries(path).filter((name) => lstatSync(join(path, name), { throwIfNoEntry: false })?.isDirectory() === true);
}

// Reports whether the folder is gone.
function removeEmpty(folder: string): boolean {
  try {
    rmdirSync(folder);
  } catch (error) {
    return errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR';
  }
  return true;
}
