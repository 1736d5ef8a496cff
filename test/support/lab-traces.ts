// Finds what a lab has left on this machine.
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { labsFolder, storesFolder } from '../../deploy/lab/paths.js';
import { commandLine, environment, processes } from '../../deploy/lab/process-table.js';

/** tracesOf lists everything on this machine that has the lab's id in its name or belongs to it; [] if it is gone. */
export function tracesOf(id: string): readonly string[] {
  const traces: string[] = [];
  for (const folder of [labsFolder, storesFolder]) {
    for (const name of list(folder)) if (name.includes(id)) traces.push(`folder ${join(folder, name)}`);
  }
  for (const name of list('/run/netns')) if (name.includes(id)) traces.push(`namespace ${name}`);
  for (const name of ['', ...list('/sys/fs/cgroup')]) {
    const cgroup = join('/sys/fs/cgroup', name, `xnet-lab-${id}`);
    if (existsSync(cgroup)) traces.push(`cgroup ${cgroup}`);
  }
  const seen = new Set<string>();
  for (const process of processes()) {
    const { pid } = process;
    const argv = commandLine(process);
    const marks = [...argv, ...environment(process), read(`/proc/${pid}/cgroup`)];
    if (marks.some((mark) => mark.includes(id))) traces.push(`process ${pid} ${argv.join(' ')}`);
    const namespace = link(`/proc/${pid}/ns/mnt`);
    if (seen.has(namespace)) continue;
    seen.add(namespace);
    for (const line of read(`/proc/${pid}/mountinfo`).split('\n')) {
      if (line.includes(id)) traces.push(`mount seen by process ${pid}: ${line}`);
    }
  }
  return traces;
}

/** mountsOfMachine returns the mounts of this machine that come neither from a lab nor from `ip netns`. */
export function mountsOfMachine(): readonly string[] {
  const points = read('/proc/self/mountinfo').split('\n');
  return points.filter((line) => !/xnet-|\/netns/.test(line)).map((line) => line.split(' ').slice(3, 5).join(' on '));
}

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return path;
  }
}
