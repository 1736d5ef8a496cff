// The sources of answers about a path on one host: the kernel, Docker and the controllers' messages.
import type { Ipv4, Prefix } from '../../proto/domain/address.js';
import { XnetError } from '../../proto/errors.js';
import type { Engine } from '../docker/engine/engine.js';
import type { ProcFiles } from '../firewall/proc.js';
import type { Icmp } from '../kernel/icmp.js';
import type { LinuxLookup } from '../kernel/lookup.js';
import type { KernelMirror } from '../kernel/mirror.js';
import type { NodeTable } from '../table/node-table.js';
import type { OwnSubnet } from '../table/own-subnets.js';
import type { Underlay } from '../underlay/choose.js';
import type { Traces } from './trace.js';

/** LookedAt is the part of one host that concerns paths. */
export type LookedAt = {
  readonly mirror: Pick<KernelMirror, 'refresh' | 'links' | 'routes' | 'nextHops' | 'hasAddress' | 'addresses'>;
  readonly lookup: Pick<LinuxLookup, 'wayOf' | 'neighbour' | 'ruleCount'>;
  readonly proc: Pick<ProcFiles, 'read'>;
  readonly engine: Pick<Engine, 'containers' | 'process'>;
  /**
   * openIcmp opens a socket for echo requests.
   * @param namespace path of a container's network namespace; undefined: the host's
   * @throws SyscallError EPERM, EADDRNOTAVAIL
   */
  readonly openIcmp: (source: Ipv4, namespace: string | undefined, identifier: number) => Icmp;
  readonly traces: Pick<Traces, 'begin' | 'end'>;
  /** Undefined: none is chosen. */
  readonly underlay: () => Underlay | undefined;
  /** The subnets of this host's leases that are routed. */
  readonly own: () => readonly OwnSubnet[];
  /** The subnets of leases of mode lan. */
  readonly inLan: () => readonly Prefix[];
  /** The route table; undefined before the first. */
  readonly table: () => Pick<NodeTable, 'routes'> | undefined;
  /** The bit that the firewall sets in the mark of packets from peers. */
  readonly mark: number;
};

/** invalid is the error for a question with a missing or invalid field. */
export function invalid(what: string): XnetError {
  return new XnetError('InvalidArgument', `the question has no ${what}`);
}
