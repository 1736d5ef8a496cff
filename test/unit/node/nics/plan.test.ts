// Nics: which container one is for, what of the host's interfaces is xnet's, and which list of them counts.
import test from 'ava';
import { withNicUsers } from '../../../../node/docker/bridge/nic-users.js';
import { desiredBridges, planBridgeRemoval, planStrays } from '../../../../node/docker/bridge/plan.js';
import type { VethLink } from '../../../../node/kernel/veth-messages.js';
import { aliasOf, attachedBy, containerOf, endName, leadsToPools, planNics } from '../../../../node/nics/plan.js';
import { withNewestNics } from '../../../../node/table/lease-rules.js';
import { formatIpv4 } from '../../../../proto/domain/address.js';
import type { Assignment, Lease } from '../../../../proto/domain/network.js';
import type { Nic } from '../../../../proto/domain/nic.js';
import { container, labels, network } from '../../../support/docker-values.js';
import { address, prefix } from '../../../support/pools.js';

const lease: Lease = {
  ...{ pool: 'default', subnet: prefix('10.76.3.0/24'), generation: 1, mode: 'bip', dockerLength: 25 },
  ...{ networkName: 'xnet', bridgeName: 'xnet0', state: 'in force' },
};
const nic: Nic = { address: address('10.76.3.128'), container: 'db', interfaceName: 'nic0' };
const link = (name: string, more: Partial<VethLink> = {}): VethLink => ({
  ...{ ifindex: 7, name, isUp: true, kind: 'veth', master: 3, mtu: 1500, mac: '', alias: '' },
  ...more,
});
const bridge = link('docker0', { kind: 'bridge', ifindex: 3 });
const desired = { nics: [nic], leases: [lease], pools: [] };

test('a nic follows the name of its container, and an id means that container alone', (t) => {
  const id = `${'0c5e'.repeat(3)}${'a'.repeat(52)}`;
  const [db, other] = [container('db'), { ...container('web'), id }];
  t.is(containerOf({ container: 'db' }, [db, other]), db);
  t.is(containerOf({ container: id.slice(0, 12) }, [db, other]), other);
  t.is(containerOf({ container: id.slice(0, 11) }, [db, other]), undefined, 'too short for an id');
  const named = { ...db, name: id.slice(0, 12) };
  t.is(containerOf({ container: id.slice(0, 12) }, [other, named]), named, 'a name precedes');
  t.is(containerOf({ container: id.slice(0, 12) }, [other, { ...db, id: `${id.slice(0, 12)}b` }]), undefined);
});

test('only ends of nics that are not declared are removed, and nothing while the list is not known', (t) => {
  const stray = link(endName(address('10.76.3.200')));
  const links = [
    bridge,
    stray,
    link(endName(nic.address), { alias: aliasOf(nic, 'id-db') }),
    link('xn0a4c03ff', { alias: "the operator's" }),
    link('xn0a4c03fe', { kind: 'dummy' }),
    link('xnet0', { kind: 'bridge' }),
    link('veth12'),
  ];
  t.deepEqual(planNics(desired, { containers: [container('db')], links }).remove, [stray]);
  t.deepEqual(planNics({ ...desired, nics: undefined }, { containers: [container('db')], links }), {
    ...{ remove: [], make: [], states: [] },
  });
  const silent = planNics(desired, { containers: undefined, links });
  t.deepEqual([silent.remove, silent.states[0]?.reason], [[stray], 'DockerNotAnswering']);
});

test('a nic of a lease that the host no longer uses is removed, and a nic delays the end of its network', (t) => {
  const end = link(endName(nic.address), { alias: aliasOf(nic, 'id-db') });
  const seen = { containers: [container('db')], links: [bridge, end] };
  t.deepEqual(planNics(desired, seen).remove, []);
  const gone = planNics({ ...desired, leases: [] }, seen);
  t.deepEqual([gone.remove, gone.states[0]?.reason], [[end], 'NotLeased']);
  const ending: Lease = { ...lease, mode: 'bridge', state: 'ending' };
  const bridges = desiredBridges({ nodeId: 'node-1', leases: [ending], permit: undefined });
  const networks = [network('xnet', '10.76.3.0/24', { bridgeName: 'xnet0', labels })];
  const strays = (users: Parameters<typeof withNicUsers>[1]) =>
    planStrays(bridges, withNicUsers({ networks, containers: [container('db', 'shop')] }, users));
  t.is(strays([]).removals.length, 1);
  const users = [{ containerId: 'id-db', address: nic.address }];
  t.like(strays(users), { removals: [], findings: [{ fix: 'remove them, or: xctl nics remove 10.76.3.128' }] });
  const left = planBridgeRemoval(withNicUsers({ networks, containers: [container('db', 'shop')] }, users), false);
  t.like(left, { removals: [], findings: [{ reason: 'ContainersAttached' }] }, 'also when the host leaves');
  const both = planStrays(bridges, withNicUsers({ networks, containers: [container('db', 'xnet')] }, users)).findings;
  t.regex(both[0]?.fix ?? '', /docker network disconnect xnet CONTAINER; xctl nics remove/);
});

test('an end in a container that its nic is not for any more is removed first, and another is made', (t) => {
  const end = link(endName(nic.address), { alias: aliasOf(nic, 'id-db') });
  const plan = (one: Partial<Nic>, containers = [container('db'), container('web')], ends = [end]) =>
    planNics({ ...desired, nics: [{ ...nic, ...one }] }, { containers, links: [bridge, ...ends] });
  t.like(plan({}), { remove: [], make: [{ end }] });
  const moved = plan({ container: 'web' });
  t.like(moved, { remove: [end], make: [{ container: { name: 'web' } }] });
  t.is(moved.make[0]?.end, undefined);
  t.like(plan({ interfaceName: 'lan0' }), { remove: [end], make: [{ end: undefined }] });
  t.like(plan({}, [container('web')]), { remove: [end], make: [] }, 'renamed: the name is not its any more');
  t.like(plan({}, [{ ...container('db'), id: 'id-2' }]), { remove: [end], make: [{ end: undefined }] }, 'made anew');
  t.like(plan({}, [{ ...container('db'), running: false }]), { remove: [] });
  const half = link(endName(nic.address));
  t.like(plan({ container: 'web' }, undefined, [half]), { remove: [], make: [{ end: half }] }, 'half made');
  const silent = { containers: undefined, links: [bridge, end] };
  t.deepEqual(planNics({ ...desired, nics: [{ ...nic, container: 'web' }] }, silent).remove, []);
});

test('the nics that containers have are known by the kernel, as after a restart of the daemon', (t) => {
  const end = link(endName(nic.address), { alias: aliasOf(nic, 'id-db') });
  const others = [bridge, link('xn0a4c03fe', { alias: "the operator's" }), link('xn0a4c03fd'), link('veth12')];
  t.deepEqual(attachedBy([...others, end]), [{ containerId: 'id-db', address: nic.address }]);
});

test('nics that can’t be made are reported, with the fix', (t) => {
  const said = (one: Partial<Nic>, containers = [container('db')], links = [bridge]) =>
    planNics({ ...desired, nics: [{ ...nic, ...one }] }, { containers, links }).states.map(({ reason }) => reason);
  t.deepEqual(said({}), []);
  t.deepEqual(said({ address: address('10.76.3.7') }), ['NotLeased'], 'Docker hands it out');
  t.deepEqual(said({ address: address('10.99.3.200') }), ['NotLeased']);
  t.deepEqual(said({ interfaceName: 'eth0' }), ['NameRefused']);
  t.deepEqual(said({ interfaceName: 'a/b' }), ['NameRefused']);
  t.deepEqual(said({ container: 'web' }), ['ContainerNotFound']);
  t.deepEqual(said({}, [{ ...container('db'), running: false }]), ['ContainerNotRunning']);
  t.deepEqual(said({}, undefined, []), ['BridgeGone']);
  // Docker was given no part, as by a version that knew none.
  const handing = (range?: string, ends: VethLink[] = []) => {
    const subnets = [{ prefix: lease.subnet, gateway: undefined, ...(range ? { range: prefix(range) } : {}) }];
    const networks = [{ name: 'bridge', subnets }];
    const seen = { containers: [container('db')], networks, links: [bridge, ...ends] };
    return planNics(desired, seen).states.map(({ reason }) => reason);
  };
  t.deepEqual(handing(), ['DockerHandsOut']);
  t.deepEqual(handing('10.76.3.0/25'), []);
  t.deepEqual(handing(undefined, [link(endName(nic.address), { alias: aliasOf(nic, 'id-db') })]), [], 'it stays');
  // By docker run --ip, before the nic was made, and after it.
  const taker = { ...container('shop'), networks: [{ name: 'x', id: 'x', address: nic.address }] };
  const taken = (ends: VethLink[]) =>
    planNics(desired, { containers: [container('db'), taker], links: [bridge, ...ends] });
  t.like(taken([]), { make: [], remove: [], states: [{ reason: 'AddressInUse', waits: false }] });
  const twice = taken([link(endName(nic.address), { alias: aliasOf(nic, 'id-db') })]);
  t.like(twice, { make: [], remove: [], states: [{ reason: 'AddressInUse' }] }, 'what is there stays');
  t.regex(twice.states[0]?.message ?? '', /to the container shop, and nic0 of db has it already: one of them/);
  // docker0 has another lease yet, which it gives up with a permit.
  const early = planNics({ ...desired, unplaced: [lease] }, { containers: [container('db')], links: [bridge] });
  t.like(early, { make: [], states: [{ reason: 'LeaseNotInForce', waits: true }] });
});

test('a container sends to the pools by its first nic, unless Docker gave it an address of one', (t) => {
  const pools = [prefix('10.76.0.0/16')];
  const second = { ...nic, address: address('10.76.3.129') };
  const on = (text: string) => ({
    ...container('db'),
    networks: [{ name: 'bridge', id: 'b', address: address(text) }],
  });
  const both = (where: string) => [nic, second].map((each) => ({ nic: each, container: on(where) }));
  const leads = (where: string) => both(where).map((each) => leadsToPools(each, both(where), pools));
  t.deepEqual(leads('172.17.0.2'), [true, false]);
  t.deepEqual(leads('10.76.3.2'), [false, false]);
});

test('a host keeps the newer list of nics, and its own if a controller sends none', (t) => {
  const assignment = (nodeId: string, epoch?: number, revision = 0): Assignment => ({
    ...{ nodeId, nodeName: 'web-1', address: address('192.168.83.11'), availability: 'active', leases: [lease] },
    ...{ permit: undefined, leave: false },
    ...(epoch === undefined ? {} : { nics: { epoch, revision, nics: [] } }),
  });
  const kept = (received: Assignment, held: Assignment | undefined) => withNewestNics(received, held).nics;
  t.like(kept(assignment('n-1', 1, 5), assignment('n-1', 1, 9)), { revision: 9 });
  t.like(kept(assignment('n-1', 1, 9), assignment('n-1', 1, 5)), { revision: 9 });
  t.like(kept(assignment('n-1', 2, 5), assignment('n-1', 1, 9)), { epoch: 2 }, 'a restored store');
  t.like(kept(assignment('n-1'), assignment('n-1', 1, 9)), { revision: 9 });
  t.is(kept(assignment('n-2'), assignment('n-1', 1, 9)), undefined, 'of the node that it was');
});

test('a container with a nic uses the subnet', (t) => {
  const [db, other] = [container('db', 'shop'), container('web', 'shop')];
  const attached = [{ containerId: db.id, address: nic.address }];
  const addresses = withNicUsers({ networks: [], containers: [db, other] }, attached).containers.map(({ networks }) =>
    networks.flatMap((network) => (network.address === undefined ? [] : [formatIpv4(network.address)])),
  );
  t.deepEqual(addresses, [['10.76.3.128'], []]);
});
