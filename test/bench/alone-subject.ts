// What is measured alone on a host: xnetd or flanneld, with peers that only exist in its store.
import { Fleet } from '../../deploy/lab/fleet.js';
import type { LabHost } from '../../deploy/lab/host.js';
import { KernelWatch } from './kernel-watch.js';

/** Place is the host that it runs on, and the watch of its kernel. */
export type Place = { readonly fleet: Fleet; readonly host: LabHost; readonly watch: KernelWatch };

/** Subject is such a daemon. Close it. */
export type Subject = {
  readonly name: string;
  /** Of the running one. */
  readonly pid: number;
  /** peers adds peers to the store until there are `count`. */
  peers(count: number): Promise<void>;
  start(): Promise<void>;
  /** kill ends it with SIGKILL. Its routes stay. */
  kill(): Promise<void>;
  /** forget kills it if it runs, and removes all that it has in the kernel and what it knows about its peers. */
  forget(): Promise<void>;
  /** routes lists the destinations in the kernel: "10.64.3.0/24". */
  routes(): Promise<readonly string[]>;
  /** cpuMs is the processor time of the running one, all threads and the programs that it ran, in milliseconds. */
  cpuMs(): number;
  close(): Promise<void>;
};

/**
 * atPlace makes a host without Docker on a LAN with room for the addresses of all peers, of which none exists, and removes it
 * after `work`.
 */
export async function atPlace(work: (place: Place) => Promise<void>): Promise<void> {
  const fleet = await Fleet.create({ hosts: 1, lan: '172.20.0.0/16', mode: 'bip', pool: '10.64.0.0/10' });
  let watch: KernelWatch | undefined;
  try {
    const [host] = fleet.lab.hosts;
    if (host === undefined) throw new Error('no host');
    watch = await KernelWatch.start([host.namespace.name]);
    await work({ fleet, host, watch });
  } finally {
    await watch?.close();
    await fleet.close();
  }
}

/** firstPeer is the address of the first peer, 172.20.10.0, as a number. */
export const firstPeer = 0xac140a00;

/** destinationsOf returns the destinations of routes as `ip route` prints them. */
export function destinationsOf(text: string): readonly string[] {
  return text.split('\n').flatMap((row) => /^(\d\S+\/24) .*(?:via|nhid) /.exec(row)?.[1] ?? []);
}
