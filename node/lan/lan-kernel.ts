// Reads the snapshot of a network namespace and makes changes, over rtnetlink.
// Invariant: a batch is made by one system call, or by several in a row without any other work in between: after a
// kill, a batch of up to 256 requests is either not begun or complete.
import { errnoName } from '../../proto/process/errno.js';
import { SyscallError } from '../../proto/process/syscall.js';
import type { MessageWriter } from '../kernel/netlink-message.js';
import { NetlinkSocket } from '../kernel/netlink-socket.js';
import {
  headerLengths,
  ipv4OfNeighbour,
  type KernelObject,
  neighbourStates,
  readObject,
  stateOfNeighbour,
  tableOfRoute,
} from './objects.js';
import type { LanRequest } from './requests.js';
import { inet6Text, type LanLink, type LanSnapshot, type PolicyRule, readLanLink, readPolicyRule } from './snapshot.js';

const NETLINK_ROUTE = 0;
const [AF_UNSPEC, AF_INET, AF_INET6] = [0, 2, 10];
const dumps = { link: 18, address: 22, route: 26, neighbour: 30, rule: 34, nextHop: 106 } as const;
const answers = { link: 16, address: 20, route: 24, neighbour: 28, rule: 32, nextHop: 104 } as const;
const localTable = 255;
// Scopes below this one are not those of links (RT_SCOPE_LINK).
const linkScope = 253;
const requestsPerBatch = 256;
const answersBytes = 1024 * 1024;

/** LanRefusal is a request that the kernel refused. */
export type LanRefusal = { readonly what: string; readonly errno: string; readonly text: string };

/** LanKernel is the network of one namespace. */
export class LanKernel {
  readonly #dumps: NetlinkSocket;
  readonly #changes: NetlinkSocket;
  // A socket holds one dump at a time.
  #turn: Promise<unknown> = Promise.resolve();

  /**
   * @param namespace "/run/netns/h1"; that of the process by default
   * @throws SyscallError without CAP_NET_ADMIN
   */
  constructor(namespace?: string) {
    this.#dumps = new NetlinkSocket({ protocol: NETLINK_ROUTE, namespace });
    this.#changes = new NetlinkSocket({ protocol: NETLINK_ROUTE, namespace, receiveBufferBytes: answersBytes });
  }

  /** read reads all of it. Throws SyscallError. */
  async read(): Promise<LanSnapshot> {
    const addresses = await this.#objects('address', AF_INET, headerLengths.address);
    const inet6 = await this.#objects('address', AF_INET6, headerLengths.address);
    const routes = await this.#objects('route', AF_INET, headerLengths.route);
    return {
      links: await this.links(),
      addresses,
      inet6: inet6
        .filter(({ header }) => (header[3] ?? 0) < linkScope)
        .map((address) => ({ ifindex: address.header.readUInt32LE(4), text: inet6Text(address) })),
      routes: routes.filter((route) => tableOfRoute(route) !== localTable),
      nextHops: await this.#nextHops(),
      neighbours: await this.neighbours(),
      rules: await this.#rules(),
    };
  }

  /** links lists the interfaces. */
  links(): Promise<readonly LanLink[]> {
    return this.#list('link', AF_UNSPEC, 16, readLanLink);
  }

  /** neighbours lists the IPv4 neighbours whose hardware address is known. */
  async neighbours(): Promise<readonly KernelObject[]> {
    const all = await this.#objects('neighbour', AF_INET, headerLengths.neighbour);
    const { reachable, stale, delay, probe, permanent } = neighbourStates;
    const known = reachable | stale | delay | probe | permanent;
    return all.filter((each) => ipv4OfNeighbour(each) !== undefined && (stateOfNeighbour(each) & known) !== 0);
  }

  #rules(): Promise<readonly PolicyRule[]> {
    return this.#list('rule', AF_INET, 12, readPolicyRule);
  }

  async #nextHops(): Promise<readonly KernelObject[]> {
    try {
      return await this.#objects('nextHop', AF_UNSPEC, headerLengths.nextHop);
    } catch (error) {
      // Kernels before 5.3 do not support the message.
      if (error instanceof SyscallError && (error.code === 'EOPNOTSUPP' || error.code === 'EINVAL')) return [];
      throw error;
    }
  }

  #objects(kind: keyof typeof dumps, family: number, headerLength: number): Promise<readonly KernelObject[]> {
    return this.#list(kind, family, headerLength, (bytes, start, end) => readObject(bytes, start, end, headerLength));
  }

  #list<T>(
    kind: keyof typeof dumps,
    family: number,
    headerLength: number,
    read: (bytes: Buffer, start: number, end: number) => T | undefined,
  ): Promise<readonly T[]> {
    const list = this.#turn.then(() => this.#listNow(kind, family, headerLength, read));
    this.#turn = list.catch(() => undefined);
    return list;
  }

  async #listNow<T>(
    kind: keyof typeof dumps,
    family: number,
    headerLength: number,
    read: (bytes: Buffer, start: number, end: number) => T | undefined,
  ): Promise<readonly T[]> {
    let list: T[] = [];
    await this.#dumps.dump(
      (writer, sequence, flags) => {
        writer.begin(dumps[kind], flags, sequence);
        writer.u8(family);
        writer.zeros(headerLength - 1);
        writer.end();
      },
      () => {
        list = [];
      },
      (bytes, { type, start, end }) => {
        const item = type === answers[kind] ? read(bytes, start, end) : undefined;
        if (item !== undefined) list.push(item);
      },
    );
    return list;
  }

  /**
   * change makes a batch of changes; one that is refused does not affect the others.
   * @returns the requests that were refused
   */
  change(requests: readonly LanRequest[]): readonly LanRefusal[] {
    const refused: LanRefusal[] = [];
    for (let at = 0; at < requests.length; at += requestsPerBatch) {
      const batch = requests.slice(at, at + requestsPerBatch);
      for (const [index, { errno, text }] of this.#changes.change(batch, writeRequest).entries()) {
        const request = batch[index];
        if (errno === 0 || request === undefined || request.done.includes(errnoName(errno))) continue;
        refused.push({ what: request.what, errno: errnoName(errno), text });
      }
    }
    return refused;
  }

  close(): void {
    this.#dumps.close();
    this.#changes.close();
  }
}

function writeRequest(writer: MessageWriter, request: LanRequest, sequence: number, flags: number): void {
  const { type, header, attributes } = request;
  writer.begin(type, flags | request.flags, sequence);
  writer.reserve(header.length + attributes.reduce((sum, { value }) => sum + value.length + 8, 0));
  writer.copy(header);
  for (const attribute of attributes) writer.bytesAttribute(attribute.type, attribute.value);
  writer.end();
}
