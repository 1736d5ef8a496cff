// Compares the limits of the kernel's neighbour table with the size of the fleet: a host that talks to all peers has an
// entry for each, and when the table is full, new peers and containers are unreachable.
// Invariant: nothing is written without --tune-kernel, and no limit is ever lowered.
import { messageOf } from '../../proto/errors.js';
import type { Logger } from '../../proto/process/log.js';
import { ipv4Sysctl, type ProcFiles, procFiles } from '../firewall/proc.js';
import type { Finding, Outcome } from '../reconcile/effect.js';

// Entries other than peers: this host's containers, its gateways and other neighbours on its links.
const others = 256;
const name = 'net.ipv4.neigh.default';
// Administrators seldom lower a limit.
const lookEveryMs = 30_000;

/** Limits are net.ipv4.neigh.default.gc_thresh2 and gc_thresh3, in entries (arp(7)). */
export type Limits = { readonly soft: number; readonly hard: number };

/**
 * neededLimits are the limits to raise to; undefined when there is room. Above the soft limit the kernel drops entries
 * after 5 seconds, so the soft limit has to exceed the number of entries in use as well. Pure.
 */
export function neededLimits({ soft, hard }: Limits, peers: number): Limits | undefined {
  const needed = peers + others;
  if (hard >= needed) return undefined;
  const power = 2 ** Math.ceil(Math.log2(needed));
  return { soft: Math.max(soft, power), hard: power * 2 };
}

/** NeighbourTableOptions say whether the kernel's limits may be raised. */
export type NeighbourTableOptions = {
  /** --tune-kernel */
  readonly tune: boolean;
  readonly log: Logger;
  readonly proc?: ProcFiles;
};

type NeighbourFindings = { readonly findings: readonly Finding<'NeighbourTableSmall'>[] };

/** NeighbourTable checks the limits, and raises them if it may. */
export class NeighbourTable {
  readonly #tune: boolean;
  readonly #log: Logger;
  readonly #proc: ProcFiles;
  // So many peers had room then.
  #roomy = { peers: -1, untilMs: 0 };

  constructor({ tune, log, proc = procFiles }: NeighbourTableOptions) {
    this.#tune = tune;
    this.#log = log;
    this.#proc = proc;
  }

  /** converge makes room for so many peers, or reports the command that does. */
  async converge(peers: number): Promise<Omit<Outcome, 'findings'> & NeighbourFindings> {
    if (peers <= this.#roomy.peers && performance.now() < this.#roomy.untilMs) return { findings: [], changes: 0 };
    const present = await this.#read();
    const wanted = present && neededLimits(present, peers);
    if (wanted === undefined) {
      const most = present === undefined ? Number.POSITIVE_INFINITY : present.hard - others;
      this.#roomy = { peers: most, untilMs: performance.now() + lookEveryMs };
      return { findings: [], changes: 0 };
    }
    const refused = this.#tune ? await this.#write(wanted) : undefined;
    if (this.#tune && refused === undefined) {
      this.#log.info({ ...wanted, before: present }, 'limits of the neighbour table raised');
      return { findings: [], changes: 1 };
    }
    const command = `sysctl -w ${name}.gc_thresh2=${wanted.soft} ${name}.gc_thresh3=${wanted.hard}`;
    const message =
      `the kernel's neighbour table has room for ${present?.hard} entries, this fleet of ${peers} peers needs ` +
      `${peers + others}: some will not be reached when it is full` +
      (refused === undefined ? '' : `; xnetd could not raise the limits: ${refused}`);
    const fix = `${command} (and in /etc/sysctl.d)${this.#tune ? '' : ', or let xnetd do it (--tune-kernel)'}`;
    return {
      findings: [{ type: 'Routes', transient: false, reason: 'NeighbourTableSmall', message, fix }],
      changes: 0,
    };
  }

  // The files exist only in the initial network namespace: all namespaces share one table.
  async #read(): Promise<Limits | undefined> {
    const soft = Number(await this.#proc.read(fileOf('gc_thresh2')));
    const hard = Number(await this.#proc.read(fileOf('gc_thresh3')));
    return soft > 0 && hard > 0 ? { soft, hard } : undefined;
  }

  // The hard limit is last: a daemon that is killed in between finds it too small again.
  async #write({ soft, hard }: Limits): Promise<string | undefined> {
    try {
      await this.#proc.write(fileOf('gc_thresh2'), String(soft));
      await this.#proc.write(fileOf('gc_thresh3'), String(hard));
      return undefined;
    } catch (error) {
      return messageOf(error);
    }
  }
}

function fileOf(limit: 'gc_thresh2' | 'gc_thresh3'): string {
  return ipv4Sysctl('neigh', 'default', limit);
}
