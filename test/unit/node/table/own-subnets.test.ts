// Which of a host's own addresses its packets to peers have.
import test from 'ava';
import { gatewaysInOrder } from '../../../../node/table/own-subnets.js';
import { formatIpv4 } from '../../../../proto/domain/address.js';
import type { Lease } from '../../../../proto/domain/network.js';
import { prefix } from '../../../support/docker-values.js';

const lease = (subnet: string, mode: Lease['mode'], state: Lease['state'] = 'in force'): Lease => ({
  pool: 'default',
  subnet: prefix(subnet),
  generation: 1,
  mode,
  networkName: '',
  bridgeName: '',
  state,
});

const order = (...leases: readonly [Lease, ...Lease[]]) => gatewaysInOrder({ leases }).map(formatIpv4);

test('a further network of a host does not change the source of its packets; a lease that ends does beforehand', (t) => {
  const docker0 = lease('172.16.200.0/24', 'bip');
  const green = lease('10.76.2.0/24', 'bridge');
  t.deepEqual(order(green, docker0), ['172.16.200.1', '10.76.2.1']);
  t.deepEqual(order(green, lease('10.200.0.0/16', 'block')), ['10.200.0.1', '10.76.2.1']);
  t.deepEqual(order(lease('10.90.0.0/24', 'bridge'), green), ['10.76.2.1', '10.90.0.1']);
  t.deepEqual(order(green, lease('172.16.200.0/24', 'bip', 'ending')), ['10.76.2.1', '172.16.200.1']);
  t.deepEqual(order(lease('192.168.61.0/27', 'lan')), []);
});
