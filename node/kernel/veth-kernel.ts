// Makes and removes veth pairs between the host and the network namespaces of containers.
// Invariant: a call opens what it needs and closes it again, so a namespace never outlives its container because of xnet.
import { readFileSync, writeFileSync } from 'node:fs';
import { errnoName } from '../../proto/process/errno.js';
import { inNamespace, SyscallError } from '../../proto/process/syscall.js';
import { linkMessages } from './link-messages.js';
import { NetlinkSocket } from './netlink-socket.js';
import { readVethLink, type VethLink, type VethRequest, writeVethDump, writeVethRequest } from './veth-messages.js';

const NETLINK_ROUTE = 0;
const EEXIST = 17;
// With arp_ignore 1, ARP requests for an address are answered only on the interface that has it.
const arpIgnore = '/proc/sys/net/ipv4/conf/all/arp_ignore';

/** namespaceOfFd returns the path of a network namespace that is open as a descriptor of this process. */
export function namespaceOfFd(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

/** VethKernel is the kernel of one network namespace, as far as nics are concerned. */
export class VethKernel {
  readonly #namespace: string | undefined;

  /** @param namespace "/run/netns/h1"; that of the process by default */
  constructor(namespace?: string) {
    this.#namespace = namespace;
  }

  /** links lists the interfaces. */
  links(): Promise<readonly VethLink[]> {
    return this.#with(async (socket) => {
      let found: VethLink[] = [];
      await socket.dump(
        writeVethDump,
        () => {
          found = [];
        },
        (bytes, { type, start, end }) => {
          if (type === linkMessages.added) found.push(readVethLink(bytes, start, end));
        },
      );
      return found;
    });
  }

  /**
   * change makes changes, in one call to the kernel, so that a process that is killed has made all or none.
   * @returns how many were made; what is there already is left as it is
   * @throws SyscallError the first refusal, after all others were tried
   */
  change(requests: readonly VethRequest[]): Promise<number> {
    return this.#with(async (socket) => {
      const results = socket.change(requests, writeVethRequest);
      const refused = results.findIndex(({ errno }) => errno !== 0 && errno !== EEXIST);
      const { errno = 0, text = '' } = results[refused] ?? {};
      if (errno !== 0) {
        const name = errnoName(errno);
        throw new SyscallError(requests[refused]?.op ?? '', name, text === '' ? name : text);
      }
      return results.filter((result) => result.errno === 0).length;
    });
  }

  /** answerByOwner has interfaces answer ARP only for their own addresses; two of a container may be on one bridge. */
  answerByOwner(): void {
    const set = () => {
      if (readFileSync(arpIgnore, 'utf8').trim() === '0') writeFileSync(arpIgnore, '1');
    };
    if (this.#namespace === undefined) set();
    else inNamespace(this.#namespace, set);
  }

  async #with<T>(work: (socket: NetlinkSocket) => Promise<T>): Promise<T> {
    const socket = new NetlinkSocket({ protocol: NETLINK_ROUTE, namespace: this.#namespace });
    try {
      return await work(socket);
    } finally {
      socket.close();
    }
  }
}
