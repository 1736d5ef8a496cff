// Decisions of mode bridge, and the networks of a host.
import test from 'ava';
import fc from 'fast-check';
import { attachedTo, isAsDesired, planBridge, planBridgeRemoval } from '../../../../../node/docker/bridge/plan.js';
import { formatBip } from '../../../../../node/docker/engine/bip-value.js';
import type { DesiredDocker, OnRunning } from '../../../../../node/docker/engine/settings.js';
import { hostNetworks, unroutedNetworks } from '../../../../../node/docker/host-networks.js';
import { formatPrefix, gatewayOf } from '../../../../../proto/domain/address.js';
import type { Mode } from '../../../../../proto/domain/network.js';
import { bridge, container, defaultNetwork, labels, network, prefix } from '../../../../support/docker-values.js';

const desired: DesiredDocker & { readonly mode: 'bridge' } = {
  mode: 'bridge',
  nodeId: 'node-1',
  subnet: prefix('10.76.3.0/24'),
  gateway: gatewayOf(prefix('10.76.3.0/24')),
  networkName: 'xnet',
  bridgeName: 'xnet0',
};

test('only networks with our label are changed', (t) => {
  const cidrs = fc.constantFrom('10.76.3.0/24', '10.76.4.0/24', '10.76.0.0/16', '172.18.0.0/16');
  const networks = fc.uniqueArray(
    fc.record({
      name: fc.constantFrom('xnet', 'shop', 'fleet'),
      cidr: cidrs,
      bridgeName: fc.constantFrom('xnet0', 'b1'),
      ours: fc.boolean(),
    }),
    { selector: ({ name }) => name, maxLength: 3 },
  );
  const policy = fc.constantFrom<OnRunning>('refuse', 'wait', 'restart');
  fc.assert(
    fc.property(networks, fc.boolean(), policy, fc.boolean(), (made, attached, onRunning, present) => {
      const all = made.map(({ name, cidr, bridgeName, ours }) =>
        network(name, cidr, { bridgeName, labels: ours ? labels : new Map() }),
      );
      const containers = attached ? all.map(({ name }) => container(`c-${name}`, name)) : [];
      const interfaces = present
        ? all.map((n) =>
            bridge(
              n.bridgeName ?? '',
              `${formatBip({ address: gatewayOf(n.subnets[0]?.prefix ?? desired.subnet), length: 24 })}`,
            ),
          )
        : [];
      const plan = planBridge(
        desired,
        { networks: [defaultNetwork('172.17.0.0/16'), ...all], containers, interfaces },
        onRunning,
      );
      const touched = plan.removals.map((removal) => removal.network);
      t.true(touched.every((n) => n.labels.has('io.xnet.node')));
      // Containers are taken off only with consent.
      t.true(onRunning === 'restart' || plan.removals.every((removal) => removal.attached.length === 0));
      const staying = all.filter((n) => !touched.includes(n));
      if (plan.create) t.false(staying.some((n) => n.name === 'xnet' || n.bridgeName === 'xnet0'));
      const removal = planBridgeRemoval({ networks: all, containers }, false);
      t.true(removal.removals.every((r) => r.attached.length === 0 && r.network.labels.has('io.xnet.node')));
      const forced = planBridgeRemoval({ networks: all, containers }, true);
      t.is(forced.removals.length, all.filter((n) => n.labels.has('io.xnet.node')).length);
      // Either it is as desired, or it will be, or it is said why not.
      return plan.create || plan.findings.length > 0 || all.some((n) => isAsDesired(n, desired));
    }),
    { numRuns: 500 },
  );
});

test('a container that never ran is matched to its network by name', (t) => {
  const created = { ...container('c'), networks: [{ name: 'xnet', id: '', address: undefined }] };
  const namesake = { ...container('d'), networks: [{ name: 'xnet', id: 'another', address: undefined }] };
  t.deepEqual(attachedTo(network('xnet', '10.76.3.0/24'), [created, namesake]), [created]);
});

test('the host’s networks exclude our own', (t) => {
  const networks = [
    defaultNetwork('172.17.0.0/16'),
    network('xnet', '10.76.3.0/24', { labels, bridgeName: 'xnet0' }),
    network('shop', '172.18.0.0/16'),
    network('odd\nname', '172.19.0.0/16'),
  ];
  const interfaces = [
    bridge('lo', '127.0.0.1/8'),
    bridge('eth0', '192.168.83.11/24', '169.254.3.3/16'),
    bridge('docker0', '172.17.0.1/16'),
    bridge('xnet0', '10.76.3.1/24'),
    bridge('br-shop', '172.18.0.1/16'),
  ];
  const listed = (...modes: readonly Mode[]) =>
    hostNetworks(
      networks,
      interfaces,
      modes.map((mode) => ({ mode })),
    ).map(({ prefix: p, source }) => `${formatPrefix(p)} ${source}`);
  const others = [
    '172.18.0.0/16 docker network shop',
    '172.19.0.0/16 docker network "odd\\nname"',
    '192.168.83.0/24 interface eth0',
  ];
  t.deepEqual(listed('bip'), others);
  t.deepEqual(listed('bridge', 'bip'), others);
  t.deepEqual(listed('bridge'), ['172.17.0.0/16 docker network bridge', ...others]);
});

test('unrouted networks are named once, if containers run on them only', (t) => {
  const ours = network('xnet', '10.76.3.0/24', { labels });
  const networks = [
    defaultNetwork('172.17.0.0/16'),
    ours,
    network('shop', '172.18.0.0/16'),
    network('idle', '172.19.0.0/16'),
  ];
  const lan = network('lan', '172.20.0.0/16', { driver: 'macvlan' });
  const containers = [
    container('a', 'shop'),
    container('b', 'shop'),
    container('c', 'xnet', 'idle'),
    container('d', 'bridge'),
    container('e', 'lan'),
    { ...container('f', 'idle'), running: false },
  ];
  const seenNow = { networks: [...networks, lan], containers };
  t.deepEqual(unroutedNetworks(seenNow, [{ mode: 'bridge' }]), ['bridge', 'shop']);
  t.deepEqual(unroutedNetworks(seenNow, [{ mode: 'bip' }]), ['idle', 'shop', 'xnet']);
  t.deepEqual(unroutedNetworks(seenNow, [{ mode: 'bip' }, { mode: 'bridge' }]), ['shop']);
  t.deepEqual(unroutedNetworks({ networks, containers: [] }, [{ mode: 'bip' }]), []);
});
