// Decisions of preflight about networks that no test machine has, and about given ranges and routes.
import test from 'ava';
import { linkFlags } from '../../../../node/kernel/route-kernel.js';
import { type AddressesSeen, addressFindings } from '../../../../node/preflight/address-findings.js';
import type { PreflightFinding } from '../../../../node/preflight/finding.js';
import { type NetworkSeen, networkFindings, sharedBridges } from '../../../../node/preflight/network-findings.js';
import { requestFrom } from '../../../../node/preflight/request.js';
import { bridge, container, network } from '../../../support/docker-values.js';
import { ip, prefix, route, via } from '../../../support/route-fixtures.js';

const link = (ifindex: number, name: string) => ({ ifindex, name, flags: linkFlags.up, master: 0, mtu: 1500 });
const lan: NetworkSeen = {
  underlay: { underlay: { ifname: 'eth0', ifindex: 2, address: ip('192.168.83.11') }, findings: [] },
  links: new Map([[2, link(2, 'eth0')]]),
  addresses: [],
  enslaved: [],
  rules: 0,
  strict: [],
  shared: new Map(),
  dockerMtu: 1500,
  path: '/etc/docker/daemon.json',
  mode: 'bip',
  peers: [],
  pinged: [],
};
const ratings = (findings: readonly PreflightFinding[]) =>
  findings.map(({ severity, reason }) => `${severity} ${reason}`);

test('an underlay in a VRF stops xnet; the fix takes it out', (t) => {
  const [found] = networkFindings({ ...lan, enslaved: [{ name: 'eth0', vrf: 'red' }] });
  t.like(found, { severity: 'stops', reason: 'InVrf', fix: 'ip link set eth0 nomaster' });
  t.deepEqual(networkFindings(lan), []);
});

test('a strict rp_filter matters where answers may leave by another interface, or a container is on docker0 too', (t) => {
  const strict = { ...lan, strict: ['eth0', 'docker0'] };
  t.deepEqual(ratings(networkFindings(strict)), ['info ReversePathStrict']);
  t.deepEqual(ratings(networkFindings({ ...strict, mode: 'bridge' })), [
    'info ReversePathStrict',
    'warns ReversePathStrict',
  ]);
  const two = new Map([...lan.links, [3, link(3, 'eth1')], [4, link(4, 'br-shop')]] as const);
  t.deepEqual(ratings(networkFindings({ ...strict, links: two })), ['warns ReversePathStrict']);
  // Containers on several of Docker's networks.
  const on = (name: string, ...networks: string[]) => ({
    ...container(name),
    networks: networks.map((each) => ({ name: each, id: `id-${each}`, address: undefined })),
  });
  const networks = ['a', 'b', 'c'].map((name) => ({
    ...network(name, '172.18.0.0/16'),
    id: `id-${name}`,
    bridgeName: `br-${name}`,
  }));
  const off = { ...on('off', 'a', 'c'), running: false };
  const shared = sharedBridges({ networks, containers: [on('web', 'a', 'b'), on('db', 'b'), off] });
  t.deepEqual(
    [...shared],
    [
      ['br-a', ['web']],
      ['br-b', ['web']],
    ],
  );
  const [found, more] = networkFindings({ ...lan, strict: ['br-b', 'br-c'], shared });
  t.like(found, { severity: 'warns', fix: 'sysctl -w net/ipv4/conf/br-b/rp_filter=2' });
  t.is(more, undefined);
  t.deepEqual(networkFindings({ ...lan, shared }), []);
});

const addresses: AddressesSeen = {
  networks: [],
  interfaces: [],
  routes: [],
  names: { links: lan.links, nextHops: undefined },
  protocol: 88,
  isDocker0InUse: true,
  defaultPools: undefined,
  path: '/etc/docker/daemon.json',
};
const given = { mode: 'bip', controllers: [], subnet: prefix('10.76.3.0/24'), pool: [prefix('10.76.0.0/16')] } as const;
const request = requestFrom(given, undefined);

test('the ranges of networks that Docker makes: of daemon.json, of a flag, its own', (t) => {
  const of = (defaultPools: string | undefined, pool = '10.76.0.0/16') =>
    ratings(addressFindings({ ...addresses, defaultPools }, { ...request, pools: [prefix(pool)] }));
  t.deepEqual(of(undefined), []);
  t.deepEqual(of(undefined, '172.20.0.0/16'), ['warns DefaultPoolsOverlap']);
  t.deepEqual(of('[{"base": "10.0.0.0/8", "size": 24}]'), ['warns DefaultPoolsOverlap']);
  t.deepEqual(of('[{"base": "10.0.0.0/16", "size": 24}]', '172.20.0.0/16'), []);
  t.deepEqual(of('base=10.76.0.0/16,size=24'), ['warns DefaultPoolsOverlap']);
  t.deepEqual(of('base=10.77.0.0/16,size=24'), []);
  // Within the lease they take nothing of a peer's.
  t.deepEqual(of('[{"base": "10.76.3.0/24", "size": 26}]'), []);
});

test('a network with exactly the subnet of a lease of mode bridge is no conflict', (t) => {
  const seen = { ...addresses, networks: [network('shop', '10.76.3.0/24')] };
  const as = (mode: 'bip' | 'bridge') => ratings(addressFindings(seen, requestFrom({ ...given, mode }, undefined)));
  t.deepEqual(as('bridge'), []);
  t.deepEqual(as('bip'), ['stops SubnetTaken']);
});

test('in mode block, a network may have any part of the lease but that of docker0', (t) => {
  const block = { ...given, mode: 'block', subnet: prefix('10.76.0.0/20') } as const;
  const as = (cidr: string) => {
    const seen = { ...addresses, networks: [network('shop', cidr)] };
    return ratings(addressFindings(seen, requestFrom(block, undefined)));
  };
  t.deepEqual(as('10.76.1.0/26'), []);
  for (const cidr of ['10.76.0.64/26', '10.76.0.0/23']) t.deepEqual(as(cidr), ['stops SubnetTaken'], cidr);
});

test('in mode lan, the lease lies in the network of the host, and in no other', (t) => {
  const lan = { ...given, mode: 'lan', subnet: prefix('192.168.83.32/27'), pool: [] } as const;
  const as = (networks: (typeof addresses)['networks'], ...interfaces: (typeof addresses)['interfaces']) =>
    ratings(addressFindings({ ...addresses, networks, interfaces }, requestFrom(lan, undefined)));
  t.deepEqual(as([], bridge('eth0', '192.168.83.11/24')), []);
  t.deepEqual(as([], bridge('eth0', '192.168.83.11/24'), bridge('br0', '192.168.83.40/29')), ['stops SubnetTaken']);
  t.deepEqual(as([network('shop', '192.168.83.32/28')], bridge('eth0', '192.168.83.11/24')), ['stops SubnetTaken']);
});

test('a hand-made route is named unless it leads to the peer that has the subnet', (t) => {
  const seen = { ...addresses, routes: [route('10.76.5.0/24', { ...via('192.168.83.15', 2), protocol: 4 })] };
  const known = (nextHop: string) => ({
    ...request,
    routes: [{ subnet: prefix('10.76.5.0/24'), nextHop: ip(nextHop), nodeName: 'h5' }],
  });
  t.deepEqual(ratings(addressFindings(seen, request)), ['warns ForeignRoute']);
  t.deepEqual(ratings(addressFindings(seen, known('192.168.83.16'))), ['warns ForeignRoute']);
  t.deepEqual(ratings(addressFindings(seen, known('192.168.83.15'))), []);
});
