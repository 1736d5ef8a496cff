// Interfaces, addresses and routes as the kernel dumps them, for tests of LAN mode.

import type { LanJournal, Moved } from '../../node/lan/journal.js';
import { type KernelObject, number32 } from '../../node/lan/objects.js';
import type { LanLink, LanSnapshot } from '../../node/lan/snapshot.js';
import { formatIpv4, type Ipv4, parsePrefix } from '../../proto/domain/address.js';
import { ip } from './route-fixtures.js';

/** lanLink is an interface; index 2, "eth0", unless told. */
export function lanLink(more: Partial<LanLink> = {}): LanLink {
  return {
    ...{ ifindex: 2, name: 'eth0', hardware: 1, isUp: true, isRunning: true, mac: '02:fc:00:00:61:11', mtu: 1500 },
    ...{ master: 0, lower: 0, kind: '', alias: '' },
    ...more,
  };
}

function networkOrder(address: Ipv4): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(address, 0);
  return bytes;
}

/** lanAddress is an address of an interface: "192.168.61.11/24". */
export function lanAddress(ifindex: number, cidr: string, label = 'eth0'): KernelObject {
  const [text = '', length = '32'] = cidr.split('/');
  const header = Buffer.alloc(8);
  header[0] = 2;
  header[1] = Number(length);
  header.writeUInt32LE(ifindex, 4);
  const value = networkOrder(ip(text));
  return {
    header,
    attributes: [
      { type: 1, value },
      { type: 2, value },
      { type: 3, value: Buffer.from(`${label}\0`) },
    ],
  };
}

/** lanRoute is a route by an interface: "10.9.0.0/16", "0.0.0.0/0" with a gateway. */
export function lanRoute(ifindex: number, cidr: string, gateway?: string, table = 254): KernelObject {
  const prefix = parsePrefix(cidr);
  if (prefix === undefined) throw new TypeError(`${cidr} is not a CIDR`);
  const header = Buffer.alloc(12);
  header[0] = 2;
  header[1] = prefix.length;
  header[4] = table;
  header[7] = 1;
  const attributes = [
    { type: 15, value: number32(table) },
    ...(prefix.length === 0 ? [] : [{ type: 1, value: networkOrder(prefix.network) }]),
    ...(gateway === undefined ? [] : [{ type: 5, value: networkOrder(ip(gateway)) }]),
    { type: 4, value: number32(ifindex) },
  ];
  return { header, attributes };
}

/** lanSnapshot is a host with eth0, 192.168.61.11/24 and a default route. */
export function lanSnapshot(more: Partial<LanSnapshot> = {}): LanSnapshot {
  return {
    links: [lanLink()],
    addresses: [lanAddress(2, '192.168.61.11/24')],
    inet6: [],
    routes: [lanRoute(2, '0.0.0.0/0', '192.168.61.254')],
    nextHops: [],
    neighbours: [],
    rules: [],
    ...more,
  };
}

/** lanBridgeLink is xnet's bridge, index 9. */
export function lanBridgeLink(more: Partial<LanLink> = {}): LanLink {
  return lanLink({ ifindex: 9, name: 'xnet-lan', kind: 'bridge', alias: 'xnet: LAN mode', ...more });
}

/** lanJournal is a journal of a move that is in place and verified. */
export function lanJournal(more: Partial<Moved> = {}): LanJournal {
  const held = { addresses: [lanAddress(9, '192.168.61.11/24')], routes: [lanRoute(9, '0.0.0.0/0', '192.168.61.254')] };
  return {
    moved: {
      ...{
        bridge: 'xnet-lan',
        bridgeIndex: 9,
        port: 'eth0',
        mac: '02:fc:00:00:61:11',
        phase: 'in place',
        proven: true,
      },
      ...{ witnesses: [], boot: 'first', held: { ...held, neighbours: [] } },
      ...more,
    },
    givenUp: undefined,
  };
}

/** addressesOf lists the addresses of requests or objects with their interface: "2 192.168.61.11/24". */
export function addressesOf(objects: readonly KernelObject[]): readonly string[] {
  return objects.map(({ header, attributes }) => {
    const value = attributes.find(({ type }) => type === 2)?.value.readUInt32BE(0) ?? 0;
    return `${header.readUInt32LE(4)} ${formatIpv4(value as Ipv4)}/${header[1]}`;
  });
}
