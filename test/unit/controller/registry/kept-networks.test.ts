// Hosts that keep the subnet of a Docker network that they had before they were nodes.
import test from 'ava';
import { requireAdoption } from '../../../../controller/authority/tokens.js';
import { decideAdd } from '../../../../controller/registry/add-node.js';
import { keptNetwork } from '../../../../controller/registry/kept-networks.js';
import { featureProblem } from '../../../../controller/registry/node-leases.js';
import { keys, parseKey } from '../../../../controller/store/keys.js';
import { decode, encode } from '../../../../controller/store/record-codec.js';
import { describeNetworks } from '../../../../node/join/host-networks.js';
import { formatPrefix } from '../../../../proto/domain/address.js';
import type { HostNetwork } from '../../../../proto/domain/network.js';
import { hostNetworksFromWire, wireFromHostNetwork } from '../../../../proto/rpc/convert.js';
import { address, prefix, statusRecord } from '../../../support/pools.js';
import { newNode, newPool, once, rig } from '../../../support/registry-values.js';

const docker0 = (cidr: string, own: string): HostNetwork => ({
  prefix: prefix(cidr),
  source: 'interface docker0',
  address: address(own),
});
const named = (cidr: string, own: string, name: string, bridge: string): HostNetwork => ({
  prefix: prefix(cidr),
  source: `interface ${bridge}`,
  address: address(own),
  dockerNetwork: name,
});
const lan: HostNetwork = {
  prefix: prefix('192.168.80.0/24'),
  source: 'interface eth0',
  address: address('192.168.80.1'),
};

async function viewOf(cidr: string) {
  const { core, close } = await rig(1, cidr);
  await close();
  return core.feed.view;
}

test('a host reports which networks are Docker’s, and its address in each', (t) => {
  const seen = describeNetworks(
    [
      { prefix: prefix('10.76.3.0/24'), source: 'interface docker0' },
      { prefix: prefix('10.76.4.0/24'), source: 'interface br01' },
      { prefix: prefix('10.77.0.0/16'), source: 'interface eth1' },
    ],
    new Map([
      ['docker0', [address('10.76.3.1')]],
      ['br01', [address('192.168.80.9'), address('10.76.4.1')]],
    ]),
    new Map([['br01', 'blue']]),
  );
  t.deepEqual(seen, [
    docker0('10.76.3.0/24', '10.76.3.1'),
    named('10.76.4.0/24', '10.76.4.1', 'blue', 'br01'),
    { prefix: prefix('10.77.0.0/16'), source: 'interface eth1' },
  ]);
  const over = hostNetworksFromWire(seen.map(wireFromHostNetwork));
  t.deepEqual(over, seen);
  const former = [{ cidr: '10.77.0.0/16', source: 'interface eth1', address: '', dockerNetwork: '' }];
  t.deepEqual(hostNetworksFromWire(former), seen.slice(2), 'as from an older daemon');
});

test('a host that is to keep its network gets no token while an older controller runs', async (t) => {
  const { core, close } = await rig(1);
  t.teardown(close);
  const runs = async (id: string, more: object) => {
    const record = { version: '0.1.0', startedMs: 1, addresses: [], joinAddresses: [], registration: id };
    const value = JSON.stringify({ ...record, ...more });
    const operations = [{ kind: 'put' as const, key: keys.controller(id), value }];
    await core.feed.reached((await core.context.store.commit({ guards: [], operations })).revision, 5_000);
  };
  await runs('b', { knowsAdoption: true });
  t.notThrows(() => requireAdoption(core.feed.view));
  await runs('a', {});
  t.throws(() => requireAdoption(core.feed.view), { code: 'FailedPrecondition', message: /keep its network: a$/ });
});

test('a feature that no report names: the older controller of the connection is named, else xnetd', async (t) => {
  const { core, close } = await rig(1);
  t.teardown(close);
  const { subject: id } = await core.nodes.add(once, newNode('web-1', 7));
  const has = async (key: string, value: string) => {
    const operations = [{ kind: 'put' as const, key, value }];
    await core.feed.reached((await core.context.store.commit({ guards: [], operations })).revision, 5_000);
    return featureProblem(core.feed.view, id, 'nics');
  };
  t.is(featureProblem(core.feed.view, id, 'nics'), undefined, 'it has never reported');
  const { features: _, ...older } = { ...statusRecord([]), daemonVersion: '0.9.0' };
  const unnamed = await has(keys.status(id), encode('status', older));
  t.regex(unnamed?.message ?? '', /^xnetd 0\.9\.0 on web-1 has not reported that it supports nics$/);
  t.is(unnamed?.fix, 'upgrade xnetd on the host');
  const controller = { version: '0.8.0', startedMs: 1, addresses: [], joinAddresses: [], registration: 'c-1' };
  await has(keys.controller('c-1'), encode('controller', controller));
  const session = encode('session', { controller: 'c-1', fingerprint: id, sinceMs: 0 });
  const through = await has(keys.session(id), session);
  t.regex(through?.message ?? '', /^web-1 is connected to controller c-1 \(0\.8\.0\), which does not record /);
  t.is(through?.fix, 'upgrade controller c-1');
  const newer = await has(keys.controller('c-1'), encode('controller', { ...controller, knowsAdoption: true }));
  t.deepEqual(newer, unnamed);
  const named = await has(keys.status(id), encode('status', { ...older, features: ['lan'] }));
  t.regex(named?.message ?? '', /^xnetd 0\.9\.0 on web-1 does not support nics$/);
  t.is(await has(keys.status(id), encode('status', { ...older, features: ['nics'] })), undefined);
});

test('docker0 or a network inside a pool is kept as it is', async (t) => {
  const view = await viewOf('10.76.0.0/16');
  const both = [lan, docker0('172.17.0.0/16', '172.17.0.1'), named('10.76.4.0/24', '10.76.4.1', 'blue', 'br01')];
  t.deepEqual(keptNetwork(view, 'web-1', both, {}), {
    pool: 'default',
    subnet: prefix('10.76.4.0/24'),
    mode: 'bridge',
    networkName: 'blue',
    bridgeName: 'br01',
  });
  const bip = [lan, docker0('10.76.3.0/24', '10.76.3.1')];
  t.deepEqual(keptNetwork(view, 'web-1', bip, {}), { pool: 'default', subnet: prefix('10.76.3.0/24'), mode: 'bip' });
  // The lease is made of exactly that, and names what differs from the pool.
  const kept = keptNetwork(view, 'web-1', both, {});
  const wanted = { ...newNode('web-1', 1), networks: both, kept, pool: kept.pool, subnet: kept.subnet };
  const { change } = decideAdd({ view, nodeId: 'n-1', wanted, nowMs: 0, taken: new Set(), spread: 0 });
  const leases = (change?.operations ?? []).flatMap((operation) => {
    const key = operation.kind === 'put' ? parseKey(operation.key) : undefined;
    if (operation.kind !== 'put' || key?.kind !== 'subnet') return [];
    const decoded = decode('subnet', operation.value);
    return 'record' in decoded ? [[formatPrefix(key.subnet), decoded.record]] : [];
  });
  const names = { mode: 'bridge', networkName: 'blue', bridgeName: 'br01' };
  t.deepEqual(leases, [['10.76.4.0/24', { state: 'leased', node: 'n-1', generation: 1, sinceMs: 0, ...names }]]);
});

test('a network that can’t be kept without a restart is refused, with the networks found', async (t) => {
  const view = await viewOf('10.76.0.0/16');
  const refusal = (networks: readonly HostNetwork[], more = {}) => {
    const error = t.throws<Error & { problems: readonly string[] }>(() => keptNetwork(view, 'web-1', networks, more));
    return [error?.message ?? '', ...(error?.problems ?? [])].join('\n');
  };
  t.regex(refusal([lan]), /web-1 has no Docker network that it could keep$/);
  t.regex(refusal([docker0('172.17.0.0/16', '172.17.0.1')]), /172\.17\.0\.0\/16 of docker0: it is in no pool/);
  t.regex(refusal([docker0('10.76.0.0/20', '10.76.0.1')]), /pool default \(10\.76\.0\.0\/16\) has subnets of \/24/);
  t.regex(refusal([docker0('10.76.3.0/24', '10.76.3.254')]), /the host has 10\.76\.3\.254 there; .* 10\.76\.3\.1/);
  t.regex(refusal([docker0('10.76.3.0/24', '10.76.3.1')], { mode: 'bridge' }), /it would be of mode bip/);
  t.regex(refusal([docker0('10.76.3.0/24', '10.76.3.1')], { pool: 'edge' }), /it is in pool default/);
  t.regex(refusal([{ prefix: prefix('10.76.3.0/24'), source: 'interface docker0' }]), /upgrade xnetd/);
  const called = (name: string, on: string) => refusal([named('10.76.4.0/24', '10.76.4.1', name, on)]);
  t.regex(called('docker_gwbridge', 'docker_gwbridge'), /docker_gwbridge: it is Docker's own/);
  t.regex(called('a'.repeat(64), 'br01'), /is not a Docker network name/);
  const two = [docker0('10.76.3.0/24', '10.76.3.1'), named('10.76.4.0/24', '10.76.4.1', 'blue', 'br01')];
  t.regex(
    refusal(two),
    /several networks that it could keep[\s\S]*10\.76\.3\.0\/24 of docker0[\s\S]*10\.76\.4\.0\/24 of blue/,
  );
  t.is(keptNetwork(view, 'web-1', two, { subnet: prefix('10.76.4.0/24') }).networkName, 'blue');
});

test('a subnet that another node has is not kept', async (t) => {
  const { core, close } = await rig();
  t.teardown(close);
  await core.pools.create(once, newPool('10.80.0.0/16', 'edge'));
  await core.nodes.add(once, { ...newNode('web-1', 1), subnet: prefix('10.76.3.0/24') });
  const networks = [docker0('10.76.3.0/24', '10.76.3.1')];
  const kept = keptNetwork(core.feed.view, 'web-2', networks, {});
  const wanted = { ...newNode('web-2', 2), networks, kept, pool: kept.pool, subnet: kept.subnet };
  await t.throwsAsync(core.nodes.add(once, wanted), { message: /10\.76\.3\.0\/24 is already leased/ });
});
