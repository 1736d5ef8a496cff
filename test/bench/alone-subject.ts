// What is measured alone on a host: xnetd or flanneld, with peers that only exist in its store.
import type { Fleet } from '../../deploy/lab/fleet.js';
import type { LabHost } from '../../deploy/lab/host.js';
import type { KernelWatch } from './kernel-watch.js';

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

/** firstPeer is the address of the first peer, 172.20.10.0, as a number. */
export const firstPeer = 0xac140a00;

/** destinationsOf returns the destinations of routes as `ip route` prints them. */
export function destinationsOf(text: string): readonly string[] {
  return text.split('\n').flatMap((row) => /^(\d\S+\/24) .*(?:via|nhid) /.exec(row)?.[1] ?? []);
}
