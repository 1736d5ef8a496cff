// The ways to reach xnet's programs on a machine of the lab: TCP ports, and unix sockets with their modes.
import { readdirSync, readFileSync, readlinkSync, type Stats, statSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { XnetError } from '../../proto/errors.js';
import type { Machine } from './machine.js';
import { repositoryRoot } from './paths.js';
import type { PortAnswers } from './port-probe.js';

/** Listener is a listening process of xnet, with the address. */
type Listener = {
  /** "192.168.83.250:7400", or the path to which a socket was bound, relative to the process's working directory. */
  readonly at: string;
  readonly pid: number;
  /** Inode of the socket's file, which may have been renamed. */
  readonly inode: number;
};

/** OpenPort is a TCP port of xnet. */
export type OpenPort = PortAnswers & {
  /** "192.168.83.250:7400" */
  readonly at: string;
};

/** OpenSocket is a unix socket of xnet. */
export type OpenSocket = {
  /** Path on the machine: "/run/xnet-controller/controller.sock". */
  readonly path: string;
  /** Permission bits of the socket: 0o660. */
  readonly mode: number;
  /** Whether users other than its owner and group can open it, given its mode and those of all folders above. */
  readonly forAll: boolean;
};

// "LISTEN 0 511 192.168.83.250:7400 0.0.0.0:* users:(("node",pid=71,fd=22)) ino:55 …"; unix sockets have "u_str" before.
function listenersIn(output: string): readonly Listener[] {
  return output.split('\n').flatMap((line) => {
    const at = /\bLISTEN +\d+ +\d+ +(\S+)/.exec(line)?.[1];
    if (at === undefined) return [];
    const inode = Number(/ ino:(\d+)/.exec(line)?.[1]);
    return [...line.matchAll(/pid=(\d+)/g)].map(([, pid]) => ({ at, pid: Number(pid), inode }));
  });
}

// Matches programs of this checkout, installed ones (deploy/install.sh), and the etcd that a controller runs.
function isOurs(pid: number): boolean {
  let words: readonly string[];
  try {
    words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return false;
  }
  const [program = ''] = words;
  const ours = (word: string) =>
    word.startsWith(`${repositoryRoot()}/dist/`) || /\/lib\/xnet\/[^/]+\/dist\//.test(word);
  return program.endsWith('/etcd') || program === 'etcd' || words.some(ours);
}

async function listening(machine: Machine, family: '-t' | '-x'): Promise<readonly Listener[]> {
  const found = listenersIn(await machine.run(['ss', '-H', '-n', '-l', '-p', '-e', family]));
  return found.filter(({ pid }) => isOurs(pid)).sort((a, b) => (a.at < b.at ? -1 : 1));
}

/** openPorts returns the TCP ports of xnet on a machine, in order, with their answers to an arbitrary client. */
export async function openPorts(machine: Machine): Promise<readonly OpenPort[]> {
  const probe = `${repositoryRoot()}/dist/deploy/lab/port-probe.js`;
  return Promise.all(
    (await listening(machine, '-t')).map(async ({ at }) => {
      const colon = at.lastIndexOf(':');
      const host = at.slice(0, colon).replace(/^\*$|^0\.0\.0\.0$|^\[::\]$/, '127.0.0.1');
      const output = await machine.run([process.execPath, probe, host, at.slice(colon + 1)]);
      return { at, ...(JSON.parse(output) as PortAnswers) };
    }),
  );
}

/**
 * openSockets returns the unix sockets of xnet on a machine.
 * @throws XnetError FailedPrecondition if the file of a socket is not found: its permissions are unknown
 */
export async function openSockets(machine: Machine): Promise<readonly OpenSocket[]> {
  return (await listening(machine, '-x')).map(({ at, pid, inode }) => {
    const bound = isAbsolute(at) ? at : join(readlinkSync(`/proc/${pid}/cwd`), at);
    const path = [bound, ...besides(machine, bound)].find((one) => statOf(machine, one)?.ino === inode);
    if (path === undefined) throw new XnetError('FailedPrecondition', `${machine.name}: where is the socket ${at}?`);
    return { path, ...permissions(machine, path) };
  });
}

// A socket is bound in a folder that no other user may enter, and moved out once its mode is set (proto/rpc/server.ts).
function besides(machine: Machine, bound: string): readonly string[] {
  const folder = dirname(dirname(bound));
  return readdirSync(machine.inside(folder)).map((name) => join(folder, name));
}

function statOf(machine: Machine, path: string): Stats | undefined {
  return statSync(machine.inside(path), { throwIfNoEntry: false });
}

function permissions(machine: Machine, path: string): Pick<OpenSocket, 'mode' | 'forAll'> {
  const modeOf = (inside: string) => (statOf(machine, inside)?.mode ?? 0o777) & 0o777;
  const mode = modeOf(path);
  let forAll = (mode & 0o002) !== 0;
  for (let folder = dirname(path); folder !== '/' && forAll; folder = dirname(folder)) {
    forAll = (modeOf(folder) & 0o001) !== 0;
  }
  return { mode, forAll };
}
