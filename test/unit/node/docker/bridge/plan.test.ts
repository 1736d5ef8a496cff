// Decisions of mode bridge, and the networks of a host.
import test from 'ava';
import fc from 'fast-check';
import type { DesiredBridge } from '../../../../../node/docker/bridge/desired.js';
import { halfDeadEndpoints } from '../../../../../node/docker/bridge/half-dead.js';
import {
  attachedTo,
  dualHomed,
  isAsDesired,
  planBridge,
  planBridgeRemoval,
  planStrays,
} from '../../../../../node/docker/bridge/plan.js';
import { formatBip } from '../../../../../node/docker/engine/bip-value.js';
import type { OnRunning } from '../../../../../node/docker/engine/settings.js';
import { hostNetworks, unroutedNetworks } from '../../../../../node/docker/host-networks.js';
import { formatPrefix, gatewayOf } from '../../../../../proto/domain/address.js';
import type { Mode } from '../../../../../proto/domain/network.js';
import { bridge, container, defaultNetwork, labels, network, prefix } from '../../../../support/docker-values.js';

const desired: DesiredBridge = {
  nodeId: 'node-1',
  subnet: prefix('10.76.3.0/24'),
  gateway: gatewayOf(prefix('10.76.3.0/24')),
  range: undefined,
  networkName: 'xnet',
  bridgeName: 'xnet0',
  ending: false,
};

const leaseAs = (mode: Mode) => ({ mode, subnet: desired.subnet });

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
        [desired],
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

// Bridges as a host that moves has them: each by its own name, some of them ending.
const several = fc.uniqueArray(
  fc.record({ index: fc.integer({ min: 1, max: 3 }), ending: fc.boolean() }).map(
    ({ index, ending }): DesiredBridge => ({
      nodeId: 'node-1',
      subnet: prefix(`10.76.${index}.0/24`),
      gateway: gatewayOf(prefix(`10.76.${index}.0/24`)),
      range: undefined,
      networkName: `xnet-${index}`,
      bridgeName: `x${index}`,
      ending,
    }),
  ),
  { selector: ({ networkName }) => networkName },
);

test('a network that the host already had, exactly as desired, is used and never changed', (t) => {
  const kept = network('blue', '10.76.3.0/24', { bridgeName: 'br01' });
  const blue = { ...desired, networkName: 'blue', bridgeName: 'br01' };
  const containers = [container('c-1', 'blue')];
  const scene = (interfaces: readonly ReturnType<typeof bridge>[], each = kept) => ({
    networks: [defaultNetwork('172.17.0.0/16'), each],
    containers,
    interfaces,
  });
  const there = [bridge('br01', '10.76.3.1/24')];
  const nothing = { removals: [], create: false, addAddress: false, findings: [] };
  t.deepEqual(planBridge(blue, [blue], scene(there), 'restart'), nothing);
  const ending = { ...blue, ending: true };
  t.deepEqual(planStrays([ending], scene(there)), nothing);
  t.deepEqual(planBridgeRemoval(scene(there), true), nothing);
  t.deepEqual(
    planBridge(blue, [blue], scene([]), 'restart').findings.map(({ reason }) => reason),
    ['BridgeGone'],
  );
  const other = network('blue', '10.76.4.0/24', { bridgeName: 'br01' });
  const refused = planBridge(blue, [blue], scene([bridge('br01', '10.76.4.1/24')], other), 'restart').findings;
  t.deepEqual(
    refused.map(({ reason }) => reason),
    ['NetworkNameTaken'],
  );
  const lease = { mode: 'bridge', bridgeName: 'br01', subnet: desired.subnet } as const;
  t.deepEqual(
    hostNetworks(scene(there).networks, there, [lease]).map(({ prefix: each }) => formatPrefix(each)),
    ['172.17.0.0/16'],
  );
  t.deepEqual(unroutedNetworks(scene(there), [lease]), []);
  t.deepEqual(unroutedNetworks(scene(there), [{ mode: 'bridge' }]), ['blue']);
});

test('several networks exist side by side: none is changed for another, and an ending one is removed when no container is attached', (t) => {
  fc.assert(
    fc.property(several, fc.subarray([1, 2, 3, 4]), fc.subarray([1, 2, 3, 4]), (all, made, used) => {
      const networks = made.map((index) =>
        network(`xnet-${index}`, `10.76.${index}.0/24`, { bridgeName: `x${index}`, labels }),
      );
      const interfaces = made.map((index) => bridge(`x${index}`, `10.76.${index}.1/24`));
      const containers = used.map((index) => container(`c-${index}`, `xnet-${index}`));
      const seen = { networks, containers, interfaces };
      const staying = all.filter(({ ending }) => !ending);
      const plans = staying.map((each) => planBridge(each, all, seen, 'refuse'));
      const strays = planStrays(all, seen);
      const removed = [strays, ...plans].flatMap(({ removals }) => removals.map((removal) => removal.network));
      // The network of a lease that stays is never removed, nor one that a container holds.
      t.false(removed.some((each) => staying.some((lease) => isAsDesired(each, lease))));
      t.false(removed.some((each) => attachedTo(each, containers).length > 0));
      t.is(new Set(removed).size, removed.length, 'each once');
      for (const [index, { create }] of plans.entries()) {
        const has = networks.some((each) => staying[index] !== undefined && isAsDesired(each, staying[index]));
        t.false(create && has);
      }
      // Whatever else of ours is there goes, or it is said which containers hold it. What one lease takes the place of
      // goes as a whole or not at all.
      const blocked = plans.some(({ findings }) => findings.length > 0);
      for (const each of blocked ? [] : networks) {
        if (staying.some((lease) => isAsDesired(each, lease)) || removed.includes(each)) continue;
        const told = [strays, ...plans].flatMap(({ findings }) => findings);
        t.true(
          told.some(({ message }) => message.includes(each.name) && message.includes(`c-`)),
          each.name,
        );
      }
      const isEnding = (name: string) => all.some((each) => each.networkName === name && each.ending);
      for (const { isNote, reason, message } of strays.findings) {
        const name = /network (\S+)/.exec(message)?.[1] ?? '';
        t.is(isNote === true, isEnding(name), 'a fault only if nobody leases it');
        t.is(reason, isEnding(name) ? 'LeaseEnding' : 'ContainersAttached');
      }
    }),
    { numRuns: 500 },
  );
});

test('a network whose lease ends with --disconnect is removed after its containers are detached', (t) => {
  const [one, two] = [1, 2].map((index) =>
    network(`xnet-${index}`, `10.76.${index}.0/24`, { bridgeName: `x${index}`, labels }),
  );
  if (one === undefined || two === undefined) throw new Error('two networks');
  const wanted = (index: number, more: Partial<DesiredBridge>): DesiredBridge => ({
    ...desired,
    ...{ subnet: prefix(`10.76.${index}.0/24`), gateway: gatewayOf(prefix(`10.76.${index}.0/24`)) },
    ...{ networkName: `xnet-${index}`, bridgeName: `x${index}` },
    ...more,
  });
  const containers = [container('web', 'xnet-1', 'xnet-2'), { ...container('db', 'xnet-1'), running: false }];
  const all = [wanted(1, { ending: true, detach: true }), wanted(2, {})];
  const plan = planStrays(all, { networks: [one, two], containers });
  t.deepEqual(plan.findings, []);
  t.deepEqual(plan.removals, [{ network: one, attached: containers }]);
  t.deepEqual(
    planStrays([wanted(1, { ending: true }), wanted(2, {})], { networks: [one, two], containers }).removals,
    [],
  );
});

test('a container is noted if one of its networks has no lease', (t) => {
  const networks = [
    defaultNetwork('10.76.1.0/24'),
    network('xnet', '10.90.1.0/24', { labels }),
    network('shop', '10.99.0.0/24'),
  ];
  const containers = [
    container('both', 'bridge', 'xnet'),
    container('mixed', 'xnet', 'shop'),
    { ...container('stopped', 'xnet', 'shop'), running: false },
    container('shop', 'shop'),
  ];
  const noted = (leases: Parameters<typeof dualHomed>[1]) =>
    dualHomed({ networks, containers }, leases).map(({ container: name }) => name);
  t.deepEqual(noted([{ subnet: prefix('10.76.1.0/24') }, { subnet: prefix('10.90.1.0/24') }]), ['mixed']);
  t.deepEqual(noted([{ subnet: prefix('10.90.1.0/24') }]), ['both', 'mixed']);
});

test('an endpoint is half dead if no container has its id or its name', (t) => {
  const [web, db] = [container('web'), container('db')];
  const endpoints = [
    { containerId: web.id, name: 'former-name' },
    { containerId: 'ep-1', name: 'db' },
    { containerId: 'ep-2', name: 'gone' },
    { containerId: 'another', name: 'removed' },
    { containerId: 'ep-3', name: '' },
  ];
  t.deepEqual(
    halfDeadEndpoints(endpoints, [web, db]).map(({ name }) => name),
    ['gone', 'removed'],
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
    hostNetworks(networks, interfaces, modes.map(leaseAs)).map(
      ({ prefix: p, source }) => `${formatPrefix(p)} ${source}`,
    );
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
  t.deepEqual(unroutedNetworks(seenNow, [leaseAs('bridge')]), ['bridge', 'shop']);
  t.deepEqual(unroutedNetworks(seenNow, [leaseAs('bip')]), ['idle', 'shop', 'xnet']);
  t.deepEqual(unroutedNetworks(seenNow, [leaseAs('bip'), leaseAs('bridge')]), ['shop']);
  t.deepEqual(unroutedNetworks({ networks, containers: [] }, [leaseAs('bip')]), []);
});
