// How a host realises a lease, read from records as the store has them: also those of versions in which a node has one lease.
import test from 'ava';
import { decode } from '../../../../controller/store/record-codec.js';
import type { LeaseRecord, RecordKind, RecordOf } from '../../../../controller/store/records.js';
import { clashOf, type LeaseNetwork, networkOf } from '../../../../controller/view/lease-network.js';
import { prefix } from '../../../support/docker-values.js';
import { address } from '../../../support/pools.js';

function read<K extends RecordKind>(kind: K, value: object): RecordOf<K> {
  const decoded = decode(kind, JSON.stringify(value));
  if ('problem' in decoded) throw new Error(`${kind}: ${decoded.problem}`);
  return decoded.record;
}

function readLease(value: object): LeaseRecord {
  const record = read('subnet', value);
  if (record.state !== 'leased') throw new Error(`it is ${record.state}`);
  return record;
}

const pool = read('pool', {
  cidr: '10.76.0.0/16',
  subnetLength: 24,
  mode: 'bip',
  networkName: 'xnet',
  bridgeName: 'xnet0',
  quarantineSeconds: 60,
  reservations: [],
  createdMs: 1,
});
const ofNode = { name: 'web-1', address: '192.168.83.1', labels: {}, availability: 'active', createdMs: 1 };
const ofReport = {
  routes: { desired: 1, installed: 1, conflicting: 0, unreachable: 0 },
  conditions: [],
  daemonVersion: '1',
  kernelVersion: '2',
  dockerVersion: '3',
  hostNetworks: [],
  reportedMs: 1,
};
// Such a lease has nothing of its own but its generation.
const only = { state: 'leased', node: 'n-1', generation: 1, sinceMs: 1 };
const ofPool: LeaseNetwork = { mode: 'bip', networkName: 'xnet', bridgeName: 'xnet0' };

test('networkOf reads the records of a node with one lease: as the node or its pool says', (t) => {
  const lease = readLease(only);
  t.deepEqual(networkOf(lease, read('node', ofNode), pool), ofPool);
  t.deepEqual(networkOf(lease, undefined, pool), ofPool, 'its node is not known yet');
  const bridge = read('node', { ...ofNode, mode: 'bridge' });
  t.deepEqual(networkOf(lease, bridge, pool), { ...ofPool, mode: 'bridge' });
  t.deepEqual(read('status', ofReport).leases, [], 'a report of that form');
});

test('networkOf reads the records of a node with a list of leases: each as it says itself', (t) => {
  const records = [
    only,
    { ...only, mode: 'bridge' },
    { ...only, mode: 'bridge', networkName: 'blue', bridgeName: 'blue0', network: 'blue' },
    { ...only, mode: 'block' },
  ];
  const node = read('node', { ...ofNode, mode: 'bip' });
  const list = records.map(readLease).map((lease) => networkOf(lease, node, { ...pool, networkLength: 26 }));
  t.deepEqual(list, [
    ofPool,
    { ...ofPool, mode: 'bridge' },
    { mode: 'bridge', networkName: 'blue', bridgeName: 'blue0' },
    { ...ofPool, mode: 'block', networkLength: 26 },
  ]);
  const uses = ['10.76.0.0/24', '10.76.1.0/24'].map((subnet) => ({ subnet, generation: 1, inForce: true }));
  t.is(read('status', { ...ofReport, leases: uses }).leases.length, 2, 'a report of that form');
});

test('networkOf: all leases of a pool of mode lan are of that mode, and none of another', (t) => {
  const lan = { ...pool, mode: 'lan' as const };
  const bridge = read('node', { ...ofNode, mode: 'bridge' });
  t.is(networkOf(readLease({ ...only, mode: 'bip' }), bridge, lan).mode, 'lan');
  t.is(networkOf(readLease({ ...only, mode: 'lan' }), bridge, pool).mode, 'bridge');
});

test("of leases of Docker's default network, one over the bridge of the LAN excludes the others, also while it ends", (t) => {
  const lan = { prefix: prefix('192.168.61.0/24'), gateway: address('192.168.61.254') };
  const named = { mode: 'lan', lan, networkName: 'xnet-lan', bridgeName: 'xnet-lan', ending: false } as const;
  const plain = { ...named, lan: { ...lan, defaultNetwork: true } } as const;
  const bip = { ...ofPool, ending: false };
  const whole = "Docker's default network";
  t.is(clashOf(plain, bip), whole);
  t.is(clashOf({ ...bip, ending: true }, plain), whole, 'docker0 keeps its address');
  t.is(clashOf(plain, { ...plain, bridgeName: 'b', networkName: 'n' }), whole);
  t.is(clashOf(named, bip), undefined);
  t.is(clashOf(plain, { ...bip, mode: 'bridge' }), undefined);
  t.is(clashOf(bip, { ...bip, ending: true }), undefined);
});
