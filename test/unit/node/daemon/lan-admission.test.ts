// What the firewall names while the interface of a host becomes the port of a bridge and back, and how long a move waits for
// that.
import test from 'ava';
import { LanAdmission } from '../../../../node/daemon/lan-admission.js';
import type { Lease } from '../../../../proto/domain/network.js';
import { prefix } from '../../../support/firewall-values.js';
import { ip } from '../../../support/route-fixtures.js';

const lease = { pool: 'default', generation: 1, networkName: '', state: 'wanted' } as const;
const bip: Lease = { ...lease, subnet: prefix('10.76.1.0/24'), mode: 'bip', bridgeName: '' };
const lan: Lease = { ...lease, subnet: prefix('192.168.61.64/27'), mode: 'lan', bridgeName: 'xnet-lan' };
const assigned = (...leases: readonly [Lease, ...Lease[]]) => ({ leases, address: ip('192.168.61.11') });
const place = { bridge: 'xnet-lan', port: 'eth0' };
const never = new AbortController().signal;

test('the firewall names the interface that the address goes to, and the one that it left', (t) => {
  const admission = new LanAdmission();
  const both = assigned(bip, lan);
  t.deepEqual(admission.besides(assigned(bip), 'eth0'), []);
  t.deepEqual(admission.besides(both, 'eth0'), ['xnet-lan'], 'wanted');
  admission.place.set(place);
  t.deepEqual(admission.besides(both, 'eth0'), ['xnet-lan'], 'under way');
  t.deepEqual(admission.besides(both, 'xnet-lan'), ['eth0'], 'in place: it may go back at any time');
  t.deepEqual(admission.besides(assigned(bip), 'xnet-lan'), ['eth0'], 'the lease has ended');
  admission.place.set(undefined);
  t.deepEqual(
    admission.besides(assigned(bip), 'xnet-lan'),
    ['eth0'],
    'it went back, which the routes lane has not seen',
  );
  t.deepEqual(admission.besides(assigned(bip), 'eth0'), [], 'it has seen it');
  t.deepEqual(admission.besides(assigned(bip), 'xnet-lan'), []);
});

test('a move waits until peers are admitted by the bridge, where they are admitted to anything', async (t) => {
  const admission = new LanAdmission();
  await admission.untilAdmitted('xnet-lan', assigned(lan), never);
  let isOver = false;
  const wait = admission.untilAdmitted('xnet-lan', assigned(bip, lan), never).then(() => {
    isOver = true;
  });
  admission.admitted(['eth0']);
  await new Promise(setImmediate);
  t.false(isOver);
  admission.admitted(['eth0', 'xnet-lan']);
  await wait;
  await admission.untilAdmitted('xnet-lan', assigned(bip, lan), never);
  const stop = new AbortController();
  const stopped = admission.untilAdmitted('br0', assigned(bip), stop.signal);
  stop.abort();
  await stopped;
  t.true(isOver);
});
