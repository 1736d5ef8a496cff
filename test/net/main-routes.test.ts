// What a host says of its routes and addresses by the mirror, compared on the real kernel with its other listings:
// /proc/net/route and `ip`.
import { readdirSync } from 'node:fs';
import test from 'ava';
import { interfaceNetworks } from '../../node/join/host-networks.js';
import { KernelMirror } from '../../node/kernel/mirror.js';
import { connectedNetworks, foreignNetworks, type MainRoute, mainRoutesFrom } from '../../node/table/used-ranges.js';
import { formatIpv4, formatPrefix, ipv4FromNumber, prefixOf } from '../../proto/domain/address.js';
import { isRoot, LinuxRouteHost } from '../support/linux-route-host.js';

// net/ipv4/fib_trie.c, fib_route_seq_show(): hexadecimal numbers in the machine's byte order.
const fromHex = (text: string) => ipv4FromNumber(Buffer.from(text, 'hex').readUInt32LE());

function listedInProc(text: string): readonly string[] {
  const lines = text.split('\n').slice(1);
  return lines.flatMap((line) => {
    const [ifname = '', destination = '', gateway = '', , , , , mask = ''] = line.trim().split(/\s+/);
    if (mask === '') return [];
    const length = 32 - Math.log2(2 ** 32 - fromHex(mask));
    const prefix = formatPrefix(prefixOf(fromHex(destination), length));
    return [`${prefix} ${fromHex(gateway) === 0 ? 'on-link' : formatIpv4(fromHex(gateway))} ${ifname}`];
  });
}

const lineOf = ({ destination, gateway, ifname }: MainRoute) =>
  `${formatPrefix(destination)} ${typeof gateway === 'number' ? formatIpv4(gateway) : (gateway ?? 'on-link')} ${ifname}`;

if (isRoot('routes and addresses by the mirror')) {
  test.serial('all main routes are those of /proc/net/route, of whatever kind', async (t) => {
    const host = new LinuxRouteHost();
    const mirror = new KernelMirror({ kernel: host.kernel, protocol: 88 });
    try {
      t.deepEqual(mirror.allRoutes(), [], 'a namespace without anything');
      for (const name of ['eth0', 'eth1', 'tun0', 'down0', 'idle0']) host.addLink(name);
      host.addAddress('eth0', '192.168.83.1/24');
      host.addAddress('eth0', '192.168.83.2/24');
      host.addAddress('eth0', '10.20.30.40/32');
      host.addAddress('eth1', '10.50.0.9/16');
      host.ip('address', 'add', '10.90.0.1', 'peer', '10.90.0.2', 'dev', 'tun0');
      host.addAddress('down0', '10.91.0.1/24');
      host.addAddress('idle0', '10.92.0.1/24');
      host.ip('link', 'set', 'lo', 'up');
      const add = (...words: readonly string[]) => host.ip('route', 'add', ...words);
      add('default', 'via', '192.168.83.254');
      add('default', 'via', '10.50.0.1', 'metric', '500');
      add('10.60.0.0/16', 'via', '192.168.83.253', 'dev', 'eth0');
      add('0.0.0.0/1', 'via', '10.50.0.2');
      add('8.8.8.8', 'via', '10.50.0.3');
      add('10.61.0.0/16', 'dev', 'tun0', 'scope', 'global');
      add('10.62.0.7/32', 'dev', 'tun0');
      add('10.63.0.0/16', 'nexthop', 'via', '10.50.0.4', 'nexthop', 'via', '192.168.83.4');
      for (const kind of ['blackhole', 'unreachable', 'prohibit', 'throw']) add(kind, `10.64.${kind.length}.0/24`);
      add('local', '10.65.0.0/24', 'dev', 'lo');
      add('broadcast', '10.66.0.255/32', 'dev', 'eth0');
      add('10.67.0.0/16', 'via', '192.168.83.252', 'table', '100');
      add('10.68.0.0/16', 'dev', 'eth0', 'table', 'local');
      add('10.69.0.0/24', 'via', '10.50.0.5', 'tos', '0x10');
      // A policy keeps the tables main and local apart, which are one structure of the kernel before.
      host.ip('rule', 'add', 'from', '10.67.0.0/16', 'lookup', '100');
      host.ip('nexthop', 'add', 'id', '1', 'via', '10.50.0.6', 'dev', 'eth1');
      host.ip('nexthop', 'add', 'id', '2', 'dev', 'tun0');
      host.ip('nexthop', 'add', 'id', '3', 'via', '192.168.83.6', 'dev', 'eth0');
      host.ip('nexthop', 'add', 'id', '9', 'group', '3/1');
      add('10.70.0.0/16', 'nhid', '1');
      add('10.71.0.0/16', 'nhid', '2');
      add('10.72.0.0/16', 'nhid', '9');
      host.setLink('down0', 'down');
      host.setLink('idle0-end', 'down');
      await mirror.refresh();

      const descriptors = readdirSync('/proc/self/fd').length;
      const routes = mainRoutesFrom(mirror.allRoutes(), mirror);
      t.is(readdirSync('/proc/self/fd').length, descriptors);
      const listed = listedInProc(host.namespace.runSync(['cat', '/proc/net/route']));
      const lines = routes.map(lineOf);
      // There, of several hops only the first.
      const further = ['10.63.0.0/16 192.168.83.4 eth0', '10.72.0.0/16 10.50.0.6 eth1'];
      t.deepEqual([...lines].sort(), [...listed, ...further].sort());
      for (const line of [
        '0.0.0.0/0 192.168.83.254 eth0',
        '10.60.0.0/16 192.168.83.253 eth0',
        '10.61.0.0/16 on-link tun0',
        '10.64.9.0/24 on-link *',
        '10.70.0.0/16 10.50.0.6 eth1',
        '10.72.0.0/16 192.168.83.6 eth0',
        '10.90.0.2/32 on-link tun0',
        '10.92.0.0/24 on-link idle0',
      ]) {
        t.true(lines.includes(line), line);
      }
      t.false(
        lines.some((line) => /^10\.(66|67|68|91)\./.test(line)),
        'broadcast, other tables, interfaces that are down',
      );

      // In /proc/net/route it has no gateway.
      host.ip('-6', 'address', 'add', 'fd00:83::1/64', 'dev', 'eth1', 'nodad');
      add('10.73.0.0/16', 'via', 'inet6', 'fd00:83::2', 'dev', 'eth1');
      const other = mainRoutesFrom(mirror.allRoutes(), mirror).map(lineOf);
      t.deepEqual(
        other.filter((line) => !lines.includes(line)),
        ['10.73.0.0/16 inet6 eth1'],
        'no route of IPv6',
      );

      // The mirror keeps no route of scope global outside of the ranges.
      const networks = connectedNetworks(routes).map(({ prefix, source }) => `${formatPrefix(prefix)} ${source}`);
      const kept = foreignNetworks(mirror, []).map(({ prefix, source }) => `${formatPrefix(prefix)} ${source}`);
      t.deepEqual(
        networks.filter((each) => !kept.includes(each)),
        ['10.61.0.0/16 interface tun0', '10.71.0.0/16 interface tun0'],
      );
    } finally {
      await host.close();
    }
  });

  test.serial('a host tells its address on every interface, also on a bridge without a container', async (t) => {
    const host = new LinuxRouteHost();
    const mirror = new KernelMirror({ kernel: host.kernel, protocol: 88 });
    try {
      for (const name of ['eth0', 'tun0']) host.addLink(name);
      host.addAddress('eth0', '192.168.83.1/24');
      host.ip('address', 'add', '192.168.83.2/24', 'dev', 'eth0', 'label', 'eth0:second');
      host.ip('address', 'add', '10.90.0.1', 'peer', '10.90.0.2', 'dev', 'tun0');
      host.ip('link', 'add', 'docker0', 'type', 'bridge');
      host.addAddress('docker0', '172.17.0.1/16');
      host.setLink('docker0', 'up');
      await mirror.refresh();
      const { networks, addresses } = interfaceNetworks(mirror);
      t.deepEqual([...addresses].map(([name, all]) => `${name} ${all.map(formatIpv4).join(' ')}`).sort(), [
        'docker0 172.17.0.1',
        'eth0 192.168.83.1 192.168.83.2',
        'lo 127.0.0.1',
        'tun0 10.90.0.1',
      ]);
      t.deepEqual(networks.map(({ prefix, source }) => `${formatPrefix(prefix)} ${source}`).sort(), [
        '10.90.0.2/32 interface tun0',
        '172.17.0.0/16 interface docker0',
        '192.168.83.0/24 interface eth0',
      ]);
    } finally {
      await host.close();
    }
  });
}
