// Removes labs: one's own, and those whose owner was killed.
// Invariant: only what a lab's record names, and what is found inside of that, is touched. Every step may be repeated,
// killed half way and done by two at once; the record goes last, so that the next one carries on.
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
    // A program that was just being started may have gone unseen, and made more meanwhile.
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

/** Swept is what sweepLabs came to. */
export type Swept = {
  /** Ids of the labs that it removed. */
  readonly removed: readonly string[];
  /** What it could not remove and why, one line each. */
  readonly problems: readonly string[];
};

/**
 * sweepLabs removes the labs and the test namespaces whose owner is gone. Labs that are kept on purpose stay.
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

// A boot empties /run, where the records are, but not the disk.
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

// A container has a network namespace of its own, but not a cgroup of its own choice; its shim has the lab's mark.
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

// What is killed may have started another one just before; hence until none is found.
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
  // -force goes on after a line that fails, e.g. because somebody else has just deleted it.
  const { stderr } = spawnSync('ip', ['-force', '-batch', '-'], { input: lines.join(''), encoding: 'utf8', env });
  const left = present(names);
  if (left.length > 0) throw new XnetError('FailedPrecondition', `can't delete ${left.join(', ')}: ${stderr.trim()}`);
}

function present(namespaces: readonly string[]): readonly string[] {
  const names = new Set(entries('/run/netns'));
  return namespaces.filter((name) => names.has(name));
}

// In the unified hierarchy, or in each of those of cgroup v1.
async function removeCgroups(cgroup: string): Promise<void> {
  const root = '/sys/fs/cgroup';
  for (const hierarchy of [root, ...entries(root).map((name) => join(root, name))]) {
    await removeCgroup(join(hierarchy, cgroup));
  }
}

async function removeCgroup(path: string): Promise<void> {
  // Where it is not, the file system may be read-only, which would be the answer to removing it.
  if (!existsSync(path)) return;
  for (const entry of folders(path)) await removeCgroup(join(path, entry));
  // Its processes are dead, but the kernel may count them for a moment longer.
  for (let waitMs = 1; !removeEmpty(path); waitMs *= 2) {
    if (waitMs > 4_096) throw new XnetError('FailedPrecondition', `can't remove the cgroup ${path}: it is in use`);
    await pause(waitMs);
  }
}

// What is mounted is not the lab's: a file system that can't be unmounted keeps the folder from being removed.
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

// Returns whether it is gone.
function removeEmpty(folder: string): boolean {
  try {
    rmdirSync(folder);
  } catch (error) {
    return errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR';
  }
  return true;
}
