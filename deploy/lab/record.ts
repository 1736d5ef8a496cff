// The record of a lab, by which another process can remove the lab if its owner was killed.
// Invariant: a lab's record is written before anything else of the lab is made, and removed last.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { errnoOf, XnetError } from '../../proto/errors.js';
import { labsFolder } from './paths.js';
import { isRunning } from './process-table.js';

const processRef = v.object({ pid: v.number(), startTime: v.string() });

const machineRecord = v.object({
  name: v.string(),
  role: v.picklist(['host', 'control', 'outside', 'stranger']),
  address: v.string(),
  mac: v.string(),
  namespace: v.string(),
});

const labRecord = v.object({
  version: v.literal(1),
  /** Six hex digits. */
  id: v.pipe(v.string(), v.regex(/^[0-9a-f]{6}$/)),
  /** The process that created the lab and removes it. */
  owner: processRef,
  /** The boot in which the lab was made: after another boot only its files are left. */
  bootId: v.string(),
  /** Whether the lab stays when its owner ends. */
  keep: v.boolean(),
  /** ISO 8601, UTC. */
  createdAt: v.string(),
  /** "192.168.83.0/24" */
  lan: v.string(),
  /** "28.5.2+dfsg4-5"; empty for a lab without Docker. */
  engine: v.string(),
  /** Every network namespace of the lab, by name. */
  namespaces: v.array(v.string()),
  machines: v.array(machineRecord),
});

/** LabRecord is the content of lab.json in a lab's folder. */
export type LabRecord = v.InferOutput<typeof labRecord>;

/** recordFolder returns a lab's folder below /run. */
export function recordFolder(id: string): string {
  return join(labsFolder, id);
}

/** bootId returns the kernel's identifier of the current boot. */
export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/**
 * createRecord creates a lab's folder with its record in it, atomically.
 * @throws XnetError AlreadyExists if a lab with that id exists
 */
export function createRecord(record: LabRecord): void {
  // The name contains the owner: if this process is killed before the rename, others can tell that the folder is abandoned.
  const fresh = join(labsFolder, `.new-${record.id}-${record.owner.pid}-${record.owner.startTime}`);
  mkdirSync(fresh, { recursive: true, mode: 0o755 });
  writeFileSync(join(fresh, 'lab.json'), serialize(record));
  try {
    renameSync(fresh, recordFolder(record.id));
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    if (errnoOf(error) === 'ENOTEMPTY' || errnoOf(error) === 'EEXIST') {
      throw new XnetError('AlreadyExists', `there is a lab ${record.id} already`);
    }
    throw error;
  }
}

/** replaceRecord rewrites a lab's record. */
export function replaceRecord(record: LabRecord): void {
  const path = join(recordFolder(record.id), 'lab.json');
  writeFileSync(`${path}.new`, serialize(record));
  renameSync(`${path}.new`, path);
}

function serialize(record: LabRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}

/** FoundLab is a lab's folder, with its record or the reason why it can't be read. */
export type FoundLab = { readonly id: string } & ({ readonly record: LabRecord } | { readonly problem: string });

/** listRecords reads the records of all labs on this machine. */
export function listRecords(): readonly FoundLab[] {
  return folders()
    .filter((name) => !name.startsWith('.'))
    .flatMap((id): FoundLab[] => {
      const found = readRecord(id);
      return found === undefined ? [] : [found];
    });
}

/** readRecord reads one lab's record; undefined if there is no such lab. */
export function readRecord(id: string): FoundLab | undefined {
  const path = join(recordFolder(id), 'lab.json');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    return { id, problem: `can't read ${path}: ${error}` };
  }
  try {
    const result = v.safeParse(labRecord, JSON.parse(text));
    if (result.success && result.output.id === id) return { id, record: result.output };
  } catch {
    // Not JSON: treated like any other invalid content.
  }
  return { id, problem: `${path} is not a lab's record of a version that is known here` };
}

/** isAbandoned reports whether a lab's owner is gone and the lab is not to be kept. */
export function isAbandoned(record: LabRecord): boolean {
  return record.bootId !== bootId() || (!record.keep && !isRunning(record.owner));
}

/** removeUnfinished removes what a killed createRecord left behind. */
export function removeUnfinished(): void {
  for (const name of folders()) {
    const [, pid, startTime] = /^\.new-[0-9a-f]{6}-(\d+)-(\d+)$/.exec(name) ?? [];
    if (pid === undefined || startTime === undefined || isRunning({ pid: Number(pid), startTime })) continue;
    rmSync(join(labsFolder, name), { recursive: true, force: true });
  }
}

function folders(): readonly string[] {
  try {
    return readdirSync(labsFolder);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}
