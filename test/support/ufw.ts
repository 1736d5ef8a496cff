// The real ufw on a host of a test: unpacked from Debian's package, with files of its own, in the host's network namespace.
// Invariant: nothing is installed on this machine, and nothing outside of the namespace and the given folder is changed.
import { appendFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AptSource, mirrorsOfMachine } from '../../deploy/lab/apt-source.js';
import { withLock } from '../../deploy/lab/lock.js';
import type { Namespace } from '../../deploy/lab/namespace.js';
import { repositoryRoot } from '../../deploy/lab/paths.js';
import { messageOf } from '../../proto/errors.js';

const suite = 'bookworm';
const program = 'usr/sbin/ufw';

/** obtainUfw returns the folder with the unpacked package, from .cache or from Debian, or why it can't be had. */
export async function obtainUfw(): Promise<string | { readonly why: string }> {
  const cache = join(repositoryRoot(), '.cache/ufw');
  const folder = join(cache, suite);
  try {
    return await withLock(join(cache, 'lock'), 600_000, async () => {
      if (!existsSync(join(folder, program))) await fetchInto(cache, folder);
      return folder;
    });
  } catch (error) {
    return { why: messageOf(error) };
  }
}

async function fetchInto(cache: string, folder: string): Promise<void> {
  // What a killed process left is in the way.
  const work = join(cache, '.new');
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work);
  try {
    const [mirror = ''] = mirrorsOfMachine();
    const source = await AptSource.open(suite, mirror, join(work, 'apt'));
    const tree = join(work, 'tree');
    mkdirSync(tree);
    await source.unpack(['ufw'], tree);
    rmSync(folder, { recursive: true, force: true });
    renameSync(tree, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

// What the package's postinst does. The files of rules are readable by root alone: ufw refuses others.
const settled = `
cp usr/share/ufw/iptables/* usr/share/ufw/*.init usr/share/ufw/ufw.conf etc/ufw/
chmod 640 etc/ufw/*.rules etc/ufw/*.init
`;

/** Ufw is one installation. */
export class Ufw {
  /** Prefix of the paths of its files. */
  readonly root = mkdtempSync(join(tmpdir(), 'xnet-ufw-'));
  readonly #host: Namespace;

  /** @param unpacked the folder that obtainUfw returns */
  constructor(unpacked: string, host: Namespace) {
    this.#host = host;
    cpSync(unpacked, this.root, { recursive: true, verbatimSymlinks: true });
    host.runSync(['sh', '-ec', `cd ${this.root}${settled}`]);
  }

  /** append appends text to one of its files: "after.rules". */
  append(name: string, text: string): void {
    appendFileSync(join(this.root, 'etc/ufw', name), text);
  }

  /** sh runs a command line in the namespace in which ufw is this one. */
  sh(line: string): string {
    const { root } = this;
    const ufw = `ufw() { PYTHONPATH=${root}/usr/lib/python3/dist-packages /usr/bin/python3 ${root}/${program} --rootdir=${root} --datadir=${root} "$@"; }`;
    return this.#host.runSync(['sh', '-ec', `${ufw}; ${line}`]);
  }

  delete(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
