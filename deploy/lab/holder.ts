// Starts the process that keeps a machine of the lab alive, see holder.sh.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { XnetError } from '../../proto/errors.js';
import { Namespace } from './namespace.js';
import { labMark, repositoryRoot, storesFolder, systemPath } from './paths.js';
import { hostsFile, type LabPlan, type MachinePlan, machineLinks } from './plan.js';
import { identify, type ProcessRef } from './process-table.js';
import { recordFolder } from './record.js';

/** IptablesBackend is the variant of `iptables` on a machine: Debian's alternatives iptables-nft and iptables-legacy. */
export type IptablesBackend = 'nft' | 'legacy';

const iptablesPrograms = [
  'iptables',
  'iptables-save',
  'iptables-restore',
  'ip6tables',
  'ip6tables-save',
  'ip6tables-restore',
];

/** MachineFolders holds a machine's two folders, whose paths are the same inside and outside. */
export type MachineFolders = {
  /** In memory: sockets and records. Its subfolder `run` is the machine's /run. "/run/xnet-lab/1f0c9a/h1" */
  readonly folder: string;
  /** On disk: logs, root's home, and the machine's /etc/docker, /etc/xnet, /var/lib/docker and /var/lib/xnet. */
  readonly store: string;
};

/** machineFolders returns the folders of a machine. */
export function machineFolders(labId: string, name: string): MachineFolders {
  return { folder: join(recordFolder(labId), name), store: join(storesFolder, labId, name) };
}

/**
 * holdMachine sets up a machine of the lab, whose network namespace and link to the LAN must exist, and returns the process
 * that keeps it alive.
 * @throws XnetError Internal with the script's output if it fails
 */
export async function holdMachine(plan: LabPlan, machine: MachinePlan, backend: IptablesBackend): Promise<ProcessRef> {
  const { folder, store } = machineFolders(plan.id, machine.name);
  for (const part of ['run/xnet-lab', 'run/lock', 'scratch']) mkdirSync(join(folder, part), { recursive: true });
  for (const part of [
    'etc-docker',
    'etc-xnet',
    'docker',
    'xnet',
    'log',
    'etc/docker',
    'etc/xnet',
    'etc/alternatives',
  ]) {
    mkdirSync(join(store, part), { recursive: true });
  }
  mkdirSync(join(store, 'home'), { recursive: true, mode: 0o700 });
  const files = {
    hosts: hostsFile(plan),
    hostname: `${machine.name}\n`,
    // The router runs no name server and refuses queries at once; without an answer, programs would wait for a timeout.
    'resolv.conf': `nameserver ${plan.router}\noptions timeout:1 attempts:1\n`,
    'machine-id': `${randomBytes(16).toString('hex')}\n`,
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(store, 'etc', name), content);
  for (const name of iptablesPrograms) {
    // Links as update-alternatives(1) makes them.
    const target = `/usr/sbin/${name.replace('tables', `tables-${backend}`)}`;
    symlinkSync(target, join(store, 'etc/alternatives', name));
  }

  const [program, ...enter] = Namespace.named(machine.namespace).enter;
  const script = join(repositoryRoot(), 'deploy/lab/holder.sh');
  const unshare = ['unshare', '--mount', '--uts', '--propagation', 'slave', '--'];
  const child = spawn(program, [...enter, ...unshare, 'sh', script, machine.name, folder, store], {
    cwd: '/',
    detached: true,
    env: { PATH: systemPath(), LANG: 'C', [labMark]: plan.id },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  child.stdin.on('error', () => undefined);
  child.stdin.end(`${machineLinks(plan, machine).join('\n')}\n`);
  // Both pipes end when the script ends, or when it reaches its last command, which closes them.
  const read = (name: 'stdout' | 'stderr') =>
    once(
      child[name].setEncoding('utf8').on('data', (text: string) => {
        said[name] += text;
      }),
      'end',
    );
  await Promise.race([
    Promise.all([read('stdout'), read('stderr')]),
    once(child, 'error').then(([error]) => Promise.reject(error)),
  ]);
  const holder = child.pid === undefined ? undefined : identify(child.pid);
  if (said.stdout !== 'ready\n' || holder === undefined) {
    throw new XnetError(
      'Internal',
      `can't make the machine ${machine.name}: ${said.stderr.trim() || 'no reason given'}`,
    );
  }
  child.unref();
  return holder;
}
