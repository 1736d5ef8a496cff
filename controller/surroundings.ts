// The dependencies that a controller gets from its process if it is one of several workers.
import type { Systemd } from '../proto/process/systemd.js';
import type { PortSource } from '../proto/rpc/port-source.js';

/** ServiceNotice reports a controller's state to systemd, or to the supervisor. */
export type ServiceNotice = Pick<
  Systemd,
  'present' | 'watchdogMs' | 'ready' | 'beat' | 'status' | 'stopping' | 'close'
>;

/**
 * Surroundings are the dependencies of a worker. A controller that runs alone has none: it opens its own ports and runs its
 * own etcd.
 */
export type Surroundings = {
  readonly notice: ServiceNotice;
  /** Opens the TCP ports. */
  readonly ports: PortSource;
  /** Number of workers. */
  readonly of: number;
  /** Folder of the cluster key: "/var/lib/xnet-controller". */
  readonly keyDir: string;
  /** The etcd that the supervisor runs; undefined: the settings name one. `keeper`: this worker alone keeps it tidy. */
  readonly etcd: { readonly endpoint: string; readonly keeper: boolean } | undefined;
  /** started records the id of the controller and its unix socket. */
  started(id: string, socket: string): void;
  /** siblingOf returns the unix socket of another worker, by the id of its controller. */
  siblingOf(controllerId: string): string | undefined;
};
