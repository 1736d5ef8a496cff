// The next step of LAN mode, for each state that a host can be found in, and what refuses before anything is touched.
import test from 'ava';
import { decideLan, type LanSeen } from '../../../../node/lan/decide.js';
import { emptyLanJournal } from '../../../../node/lan/journal.js';
import { type PortFacts, portObstacles } from '../../../../node/lan/obstacles.js';
import type { LanSnapshot } from '../../../../node/lan/snapshot.js';
import { lanAddress, lanBridgeLink, lanJournal, lanLink, lanRoute, lanSnapshot } from '../../../support/lan-values.js';
import { ip } from '../../../support/route-fixtures.js';

const desired = { bridgeName: 'xnet-lan', address: ip('192.168.61.11') };
const facts: PortFacts = { isWireless: false, managedBy: undefined, rules: [] };
const moved = lanSnapshot({
  links: [lanLink({ master: 9 }), lanBridgeLink()],
  addresses: [lanAddress(9, '192.168.61.11/24', 'xnet-lan')],
  routes: [lanRoute(9, '0.0.0.0/0', '192.168.61.254')],
});

function step(seen: Partial<LanSeen>, wanted: typeof desired | undefined = desired) {
  const whole = { snapshot: lanSnapshot(), journal: emptyLanJournal, boot: 'first', factsOf: () => facts, ...seen };
  return decideLan(wanted, whole);
}

function reasons(snapshot: Partial<LanSnapshot>, journal = emptyLanJournal) {
  const found = step({ snapshot: lanSnapshot(snapshot), journal });
  return found.do === 'nothing' ? found.findings.map(({ reason }) => reason) : found.do;
}

test('an interface is moved, verified, left alone, and returned', (t) => {
  t.like(step({}), { do: 'move', port: { name: 'eth0' }, bridge: undefined });
  t.is(step({ snapshot: moved, journal: lanJournal({ phase: 'moving', proven: false }) }).do, 'verify');
  t.like(step({ snapshot: moved, journal: lanJournal() }), { do: 'nothing', ours: true, findings: [] });
  t.like(decideLan(undefined, { snapshot: moved, journal: lanJournal(), boot: 'first', factsOf: () => facts }), {
    do: 'return',
    port: { name: 'eth0' },
    bridge: { name: 'xnet-lan' },
  });
  // The lease names another bridge now.
  t.is(step({ snapshot: moved, journal: lanJournal() }, { ...desired, bridgeName: 'blue' }).do, 'return');
  // After a boot nothing of it is left.
  t.like(step({ journal: lanJournal({ boot: 'earlier' }) }), { do: 'move', bridge: undefined });
  t.is(
    decideLan(undefined, { snapshot: lanSnapshot(), journal: lanJournal(), boot: 'b', factsOf: () => facts }).do,
    'forget',
  );
  // The journal is lost: what is on the bridge is verified anew, and written down.
  t.is(step({ snapshot: moved }).do, 'verify');
  // Killed before the batch: the bridge has everything already, behind what counts.
  const begun = { ...moved, ...{ links: [lanLink(), lanBridgeLink()] } };
  const both = { ...begun, addresses: [...lanSnapshot().addresses, ...moved.addresses] };
  t.like(step({ snapshot: both, journal: lanJournal({ phase: 'moving' }) }), {
    do: 'move',
    bridge: { name: 'xnet-lan' },
  });
});

test('foreign changes are repaired, unless another program has already done so', (t) => {
  const repair = (more: Partial<LanSnapshot>) => {
    const found = step({ snapshot: { ...moved, ...more }, journal: lanJournal() });
    return found.do === 'repair' ? found.requests.map(({ what }) => what) : found.do;
  };
  t.deepEqual(repair({ routes: [] }), ['default by xnet-lan']);
  t.is(repair({ routes: [lanRoute(4, '0.0.0.0/0', '192.168.7.1')] }), 'nothing', 'another default route');
  t.deepEqual(repair({ addresses: [] }), ['192.168.61.11/24 on xnet-lan', 'default by xnet-lan']);
  const changed = { addresses: [lanAddress(9, '192.168.61.99/24')] };
  t.is(repair(changed), 'nothing', 'an operator gave the host another address');
  t.deepEqual(repair({ links: [lanLink(), lanBridgeLink()] }), ['eth0: a port of xnet-lan']);
  t.deepEqual(repair({ links: [lanLink({ master: 9, mtu: 1400 }), lanBridgeLink()] }), ['xnet-lan: MTU 1400']);
  const renewed = [...moved.addresses, lanAddress(2, '192.168.61.12/24')];
  t.like(step({ snapshot: { ...moved, addresses: renewed }, journal: lanJournal() }), { do: 'repair', sweep: true });
  const gone = { links: [lanLink()], addresses: [], routes: [] };
  t.is(step({ snapshot: { ...moved, ...gone }, journal: lanJournal() }).do, 'restore', 'the bridge was deleted');
  t.is(repair({ links: [lanBridgeLink()] }), 'nothing', 'the interface is gone');
  const used = { ...moved, links: [...moved.links, lanLink({ ifindex: 12, name: 'veth1', kind: 'veth', master: 9 })] };
  t.like(decideLan(undefined, { snapshot: used, journal: lanJournal(), boot: 'first', factsOf: () => facts }), {
    do: 'nothing',
    findings: [{ reason: 'LanBridgeInUse', transient: true }],
  });
});

test('a bridge that xnet did not make is used if it has the address, and otherwise left alone', (t) => {
  const foreign = lanBridgeLink({ alias: '' });
  const used = { links: [lanLink({ master: 9 }), foreign], addresses: moved.addresses };
  t.like(step({ snapshot: lanSnapshot(used) }), { do: 'nothing', ours: false, findings: [] });
  t.deepEqual(reasons({ links: [lanLink(), foreign] }), ['LanBridgeTaken']);
  t.deepEqual(reasons({ links: [lanLink(), lanLink({ ifindex: 9, name: 'xnet-lan', kind: 'vlan' })] }), [
    'LanBridgeName',
  ]);
  const other = {
    links: [lanLink({ ifindex: 5, name: 'br0', kind: 'bridge' })],
    addresses: [lanAddress(5, '192.168.61.11/24')],
  };
  t.deepEqual(reasons(other), ['LanOnOtherBridge']);
  t.deepEqual(reasons({ addresses: [] }), ['LanNoAddress']);
});

test('an operator’s later changes of the interface are never undone', (t) => {
  const back = (snapshot: Partial<LanSnapshot>, journal = lanJournal()) =>
    decideLan(undefined, { snapshot: { ...moved, ...snapshot }, journal, boot: 'first', factsOf: () => facts });
  const other = lanLink({ ifindex: 5, name: 'br0', kind: 'bridge' });
  const there = { addresses: [lanAddress(5, '192.168.61.11/24')], routes: [] };
  // The interface is the port of another bridge, which has the address.
  t.like(back({ ...there, links: [lanLink({ master: 5 }), other, lanBridgeLink()] }), {
    do: 'nothing',
    findings: [{ reason: 'LanPortTaken' }],
  });
  t.is(back({ ...there, links: [lanLink({ master: 5 }), other] }).do, 'forget');
  const lost = { addresses: [], routes: [], links: [lanLink({ master: 5 }), other] };
  t.is(step({ snapshot: { ...moved, ...lost }, journal: lanJournal() }).do, 'nothing', 'nothing goes to a port');
  // A bridge of the same name that the operator's own configuration makes at boot.
  const own = { links: [lanLink({ master: 9 }), lanBridgeLink({ alias: '' })] };
  const earlier = lanJournal({ boot: 'earlier' });
  t.is(back(own, earlier).do, 'forget');
  t.like(step({ snapshot: { ...moved, ...own }, journal: earlier }), { do: 'nothing', ours: false });
  t.is(back(own).do, 'return', 'but one of ours that lost its mark is');
  const empty = { ...own, addresses: [lanAddress(2, '192.168.61.11/24')], routes: [] };
  t.is(back(empty, earlier).do, 'return', 'as is one that Docker made before the address came');
});

test('all obstacles to a bridge are reported at once, each with its fix', (t) => {
  const found = (more: Partial<LanSnapshot>, of: Partial<PortFacts> = {}) => {
    const snapshot = lanSnapshot(more);
    const [port] = snapshot.links;
    if (port === undefined) throw new TypeError('no interface');
    return portObstacles(snapshot, port, { bridge: 'xnet-lan', facts: { ...facts, ...of } });
  };
  const names = (...given: Parameters<typeof found>) => found(...given).map(({ reason }) => reason);
  t.deepEqual(names({}), []);
  // Tagged packets reach a VLAN before the bridge, and a VLAN or a bond can be a port itself.
  t.deepEqual(names({ links: [lanLink(), lanLink({ ifindex: 3, name: 'eth0.7', kind: 'vlan', lower: 2 })] }), []);
  t.deepEqual(names({ links: [lanLink({ kind: 'bond' })] }), []);
  t.deepEqual(names({}, { isWireless: true }), ['LanWireless']);
  t.deepEqual(names({ links: [lanLink({ hardware: 65534 })] }), ['LanNotEthernet']);
  t.deepEqual(names({ links: [lanLink({ kind: 'macvlan' })] }), ['LanNotEthernet']);
  t.deepEqual(names({ links: [lanLink(), lanLink({ ifindex: 3, name: 'mv', kind: 'macvlan', lower: 2 })] }), [
    'LanPortShared',
  ]);
  t.deepEqual(names({ links: [lanLink({ master: 7 })] }), ['LanPortTaken']);
  const rule = { priority: 100, incoming: 'eth0', outgoing: '' };
  t.deepEqual(names({ rules: [rule, { ...rule, incoming: 'xnet-lan' }] }), [], 'beside the same for the bridge');
  t.deepEqual(names({ rules: [rule, { ...rule, incoming: '', outgoing: 'xnet-lan' }] }), ['LanRuleNamesPort']);
  const everything = found(
    {
      links: [lanLink({ isUp: false })],
      rules: [
        { priority: 100, incoming: 'eth0', outgoing: '' },
        { priority: 200, incoming: '', outgoing: 'eth1' },
      ],
      inet6: [{ ifindex: 2, text: '2001:db8:0:0:0:0:0:1/64' }],
    },
    { managedBy: 'NetworkManager', rules: ['iifname "eth0" accept'] },
  );
  t.deepEqual(
    everything.map(({ reason }) => reason),
    ['LanPortDown', 'LanPortManaged', 'LanRulesNamePort', 'LanRuleNamesPort', 'LanInet6'],
  );
  t.true(everything.every(({ fix = '' }) => fix.length > 0));
  t.regex(found({}, { managedBy: 'dhcpcd' })[0]?.fix ?? '', /^give eth0 a fixed address/);
  t.deepEqual(reasons({ links: [lanLink({ master: 7 })] }), ['LanPortTaken'], 'and nothing is moved');
  t.deepEqual(names({ links: [lanLink({ master: 7 }), lanLink({ ifindex: 7, name: 'bond0', kind: 'bond' })] }), [
    'LanPortTaken',
  ]);
  t.deepEqual(names({}, { isAuthenticated: true }), ['LanPortAuthenticated']);
  t.deepEqual(names({}, { isAuthenticated: true, isWireless: true }), ['LanWireless']);
  t.like(found({}, { dhcpClient: 'dhclient' }), [{ reason: 'LanDhcpClient', isNote: true }]);
  t.is(step({ factsOf: () => ({ ...facts, dhcpClient: 'dhclient' }) }).do, 'move', 'a note keeps nothing from moving');
});
