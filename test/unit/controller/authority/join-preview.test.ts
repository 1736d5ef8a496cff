// Which other hosts a host is told of before it joins.
import test from 'ava';
import { peersOf } from '../../../../controller/authority/join-preview.js';
import { encode } from '../../../../controller/store/record-codec.js';
import { formatIpv4 } from '../../../../proto/domain/address.js';
import { address, nodeRecord, poolRecord, prefix } from '../../../support/pools.js';
import { lease, pool, Rig } from '../../../support/written-records.js';

const session = (index: number) => ({
  [`sessions/n-${index}`]: encode('session', { controller: 'c', fingerprint: 'f', sinceMs: 0 }),
});
const lanPool = (cidr: string) =>
  encode('pool', {
    ...{ ...poolRecord(prefix(cidr), 27), mode: 'lan' },
    lan: { prefix: prefix(cidr), gateway: prefix(cidr).network },
  });

test('peers are connected, and this host has routes to them or a LAN in common with them', (t) => {
  const rig = new Rig().write({
    'pools/default': pool('10.76.0.0/16'),
    'pools/lan': lanPool('192.168.90.0/24'),
    'pools/other': lanPool('192.168.91.0/24'),
  });
  for (const index of [1, 2, 3]) rig.join(index);
  // Of mode lan alone.
  for (const [index, subnet] of [
    [4, 'lan/192.168.90.32-27'],
    [5, 'other/192.168.91.32-27'],
  ] as const) {
    rig.write({
      [`nodes/n-${index}`]: encode('node', nodeRecord(`web-${index}`, `192.168.83.${index}`)),
      [`subnets/${subnet}`]: lease(`n-${index}`),
    });
  }
  for (const index of [1, 2, 4, 5]) rig.write(session(index));
  const peers = (id: string, ...pools: readonly string[]) =>
    peersOf(
      rig.view,
      id,
      pools.map((name) => ({ pool: name })),
    ).map(formatIpv4);
  t.deepEqual(peers('n-9', 'default'), ['192.168.83.1', '192.168.83.2']);
  t.deepEqual(peers('n-1', 'default'), ['192.168.83.2'], 'not itself');
  // A node that reports that the address is not its own, is not asked.
  const lost = (reason: string, ok = false) => ({
    'status/n-2': encode('status', {
      routes: { desired: 0, installed: 0, conflicting: 0, unreachable: 0 },
      conditions: [{ type: 'Underlay', ok, transient: false, reason, message: '', sinceMs: 1 }],
      ...{
        daemonVersion: '1',
        kernelVersion: '6',
        dockerVersion: '28',
        hostNetworks: [],
        silentPeers: [],
        reportedMs: 1,
      },
      ...{ leases: [], containers: [] },
    }),
  });
  for (const reason of ['AddressMissing', 'AddressMismatch']) {
    rig.write(lost(reason));
    t.deepEqual(peers('n-9', 'default'), ['192.168.83.1']);
  }
  rig.write(lost('InterfaceDown'));
  t.is(peers('n-9', 'default').length, 2, 'what is wrong with it is something else');
  rig.write(lost('Ready', true));
  t.deepEqual(peers('n-9', 'lan'), ['192.168.83.1', '192.168.83.2', '192.168.83.4']);
});

test('of a large fleet, a bounded number of peers is told, from the first address to almost the last', (t) => {
  const rig = new Rig().write({ 'pools/default': pool('10.76.0.0/16') });
  for (let index = 1; index <= 100; index += 1) rig.join(index).write(session(index));
  const peers = peersOf(rig.view, 'n-0', [{ pool: 'default' }]);
  t.is(peers.length, 32);
  t.is(new Set(peers).size, 32);
  t.deepEqual([peers.at(0), peers.at(-1)], [address('192.168.83.1'), address('192.168.83.97')]);
});
