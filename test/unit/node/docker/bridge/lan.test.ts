// Decisions about the Docker network of a lease of mode lan.
import test from 'ava';
import { addressesIn, allTaken, excludedNote, ownAmong } from '../../../../../node/docker/bridge/lan.js';
import {
  type BridgesSeen,
  desiredBridges,
  isAsDesired,
  planBridge,
  planStrays,
} from '../../../../../node/docker/bridge/plan.js';
import { networksFrom } from '../../../../../node/docker/engine/engine-answers.js';
import { hands } from '../../../../../node/docker/engine/own-bridge.js';
import { hostNetworks, unroutedNetworks } from '../../../../../node/docker/host-networks.js';
import type { LanMove } from '../../../../../node/lan/journal.js';
import { parseArp } from '../../../../../node/probe/arp.js';
import { formatPrefix } from '../../../../../proto/domain/address.js';
import type { Lease } from '../../../../../proto/domain/network.js';
import { bridge, container, labels, network, prefix } from '../../../../support/docker-values.js';
import { address } from '../../../../support/pools.js';

const lan = { prefix: prefix('192.168.61.0/24'), gateway: address('192.168.61.254') };
const lease: Lease = {
  ...{ pool: 'lan', subnet: prefix('192.168.61.64/27'), generation: 1, mode: 'lan', lan, state: 'wanted' },
  ...{ networkName: 'xnet-lan', bridgeName: 'xnet-lan' },
};
const host = address('192.168.61.11');
const [desired] = desiredBridges({ nodeId: 'n-1', address: host, leases: [lease], permit: undefined });
const made = network('xnet-lan', '192.168.61.0/24', {
  ...{ bridgeName: 'xnet-lan', labels, keepsAddresses: true, masquerades: false, excluded: [host] },
  subnets: [{ prefix: lan.prefix, gateway: lan.gateway, range: lease.subnet }],
});
const placed = bridge('xnet-lan', '192.168.61.11/24');

test('the network of mode lan has the LAN as its subnet and hands out the lease, beside the bridge of the host', (t) => {
  if (desired === undefined) return t.fail();
  t.like(desired, { subnet: lan.prefix, gateway: lan.gateway, range: lease.subnet, lan: { host } });
  const plan = (
    interfaces: Parameters<typeof planBridge>[2]['interfaces'],
    networks = [network('blue', '172.18.0.0/16')],
  ) => planBridge(desired, [desired], { networks, containers: [], interfaces }, 'refuse');
  t.like(plan([placed]), { create: true, addAddress: false, findings: [] });
  const reasons = (...given: Parameters<typeof plan>) => plan(...given).findings.map(({ reason }) => reason);
  // The interface is moved by the lane of its own; until then there is nothing for Docker to be beside.
  t.deepEqual(reasons([bridge('eth0', '192.168.61.11/24')]), ['WaitingForLanBridge']);
  t.deepEqual(reasons([bridge('xnet-lan')]), ['WaitingForLanBridge']);
  t.deepEqual(reasons([bridge('xnet-lan', '192.168.61.11/16')]), ['LanDiffers']);
  t.deepEqual(reasons([placed, bridge('docker0', '192.168.61.11/24')])[0], 'AddressTwice');
  t.deepEqual(reasons([placed], [network('xnet-lan', '172.18.0.0/16')]), ['NetworkNameTaken']);
  t.deepEqual(reasons([placed], [network('x', '172.18.0.0/16', { bridgeName: 'xnet-lan' })]), ['BridgeNameTaken']);
  t.deepEqual(reasons([placed], [network('x', '192.168.61.64/28')]), ['SubnetTaken']);

  t.true(isAsDesired(made, desired));
  t.like(plan([placed], [made]), { create: false, addAddress: false, findings: [] });
  // Docker has no part in the bridge: one that is gone is put back with its network still there.
  t.like(plan([], [made]), { create: false, addAddress: false, removals: [], findings: [] });
  for (const wrong of [{ keepsAddresses: false }, { masquerades: true }, { bridgeName: 'br0' }]) {
    t.false(isAsDesired({ ...made, ...wrong }, desired), JSON.stringify(wrong));
  }
  const moving = (lanMove: LanMove, seen: Partial<BridgesSeen>) =>
    planBridge(desired, [desired], { networks: [], containers: [], interfaces: [placed], ...seen, lanMove }, 'refuse');
  const waits = moving('unverified', {});
  t.false(waits.create, 'the address may go back');
  t.deepEqual(
    waits.findings.map(({ reason, transient }) => [reason, transient]),
    [['WaitingForLanBridge', true]],
  );
  t.true(moving('settled', {}).create);
  t.true(moving('undone', {}).create, 'an operator has made the bridge since');
  for (const move of ['unverified', 'settled', 'undone'] as const) {
    t.like(moving(move, { networks: [made] }), { create: false, removals: [], findings: [] }, move);
  }
  for (const interfaces of [[], [bridge('xnet-lan')]]) {
    const left = { networks: [made], interfaces };
    t.like(moving('undone', left), { create: false, removals: [{ network: made, attached: [] }], findings: [] });
    t.deepEqual(moving('undone', { ...left, networks: [{ ...made, labels: new Map() }] }).removals, [], 'not ours');
    t.deepEqual(moving('undone', { ...left, containers: [container('c', 'xnet-lan')] }).removals, [], 'in use');
    t.deepEqual(moving('unverified', left).removals, []);
    t.deepEqual(moving('settled', left).removals, [], 'it is moved again at boot');
  }
  const ending = { ...desired, ending: true };
  t.is(planStrays([ending], { networks: [made], containers: [] }).removals.length, 1);
  const attached = planStrays([ending], { networks: [made], containers: [container('c', 'xnet-lan')] });
  t.deepEqual(
    attached.findings.map(({ reason }) => reason),
    ['LeaseEnding'],
  );
});

test('an address that answers ARP is excluded from Docker’s allocation, and named', (t) => {
  if (desired === undefined) return t.fail();
  const text = [
    'IP address       HW type     Flags       HW address            Mask     Device',
    '192.168.61.66    0x1         0x2         02:58:c0:a8:53:42     *        xnet-lan',
    '192.168.61.67    0x1         0x0         00:00:00:00:00:00     *        xnet-lan',
    '192.168.61.68    0x1         0x2         02:58:c0:a8:53:44     *        eth1',
  ].join('\n');
  const seen = parseArp(text, 'xnet-lan');
  t.deepEqual(
    [...seen],
    [
      [address('192.168.61.66'), true],
      [address('192.168.61.67'), false],
    ],
  );
  t.is(excludedNote(desired, [made]), undefined);
  const note = excludedNote(desired, [{ ...made, excluded: [host, address('192.168.61.66')] }]);
  t.like(note, { reason: 'AddressesTaken', isNote: true });
  t.regex(note?.message ?? '', /answered at 192\.168\.61\.66, or this host had them, when/);
  // A second address of the host, which does not answer the host itself.
  const interfaces = [bridge('xnet-lan', '192.168.61.11/24'), bridge('xnet-lan', '192.168.61.70/24')];
  t.deepEqual(ownAmong(addressesIn(lease.subnet), interfaces), [address('192.168.61.70')]);
  t.is(allTaken(desired, [host]), undefined);
  const all = Array.from({ length: 32 }, (_, index) => address(`192.168.61.${64 + index}`));
  t.like(allTaken(desired, all), { reason: 'AddressesTaken', transient: false });
});

test('the LAN remains a network of the host, and its containers are reachable', (t) => {
  const networks = [made, network('shop', '172.18.0.0/16')];
  const report = hostNetworks(networks, [placed, bridge('br-shop', '172.18.0.1/16')], [lease]);
  t.deepEqual(
    report.map(({ prefix: of, source }) => `${formatPrefix(of)} ${source}`),
    ['172.18.0.0/16 docker network shop', '192.168.61.0/24 interface xnet-lan'],
  );
  t.deepEqual(unroutedNetworks({ networks, containers: [container('c', 'xnet-lan')] }, [lease]), []);
  t.true(hands(made, lease));
  t.false(hands(made, { ...lease, subnet: prefix('192.168.61.96/27') }), 'that of another lease');
  const answer = {
    ...{ Id: 'x', Name: 'xnet-lan', Driver: 'bridge', Labels: {} },
    Options: {
      'com.docker.network.bridge.name': 'xnet-lan',
      'com.docker.network.bridge.inhibit_ipv4': 'true',
      'com.docker.network.bridge.enable_ip_masquerade': 'false',
    },
    IPAM: {
      Config: [
        { Subnet: '192.168.61.0/24', IPRange: '192.168.61.64/27', AuxiliaryAddresses: { 'xnet-0': '192.168.61.11' } },
      ],
    },
  };
  t.like(networksFrom([answer])[0], { keepsAddresses: true, masquerades: false, excluded: [host] });
});
