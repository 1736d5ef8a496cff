// A node with several leases: adding, replacing, ending.
import test, { type ExecutionContext } from 'ava';
import type { LeaseEnd } from '../../../../controller/registry/lease-ends.js';
import { keys } from '../../../../controller/store/keys.js';
import { encode } from '../../../../controller/store/record-codec.js';
import { assignmentOf } from '../../../../controller/view/assignment.js';
import { formatPrefix } from '../../../../proto/domain/address.js';
import { type HostNetwork, type LeaseUse, mostLeases } from '../../../../proto/domain/network.js';
import type { XnetError } from '../../../../proto/errors.js';
import type { Core } from '../../../support/controller.js';
import { prefix, statusRecord } from '../../../support/pools.js';
import { newNode, newPool, once, rig } from '../../../support/registry-values.js';

const [first, second] = ['10.76.0.0/24', '10.80.0.0/24'];

// web-1 with a lease of pool default; pools edge (bip) and side (bridge).
async function scene(t: ExecutionContext) {
  const { core, close } = await rig();
  t.teardown(close);
  await core.pools.create(once, newPool('10.80.0.0/16', 'edge'));
  await core.pools.create(once, { ...newPool('10.84.0.0/16', 'side'), mode: 'bridge' });
  const { subject: nodeId } = await core.nodes.add(once, newNode('web-1', 1));
  const leases = () =>
    (assignmentOf(core.feed.view, nodeId)?.leases ?? []).map(({ subnet, state }) => `${formatPrefix(subnet)} ${state}`);
  const end = (subnet: string, more: Partial<LeaseEnd> = {}) =>
    core.leases.end(once, { nodeId, subnet: prefix(subnet), force: false, isConnected: false, ...more });
  return { core, nodeId, leases, end };
}

async function report(
  core: Core,
  nodeId: string,
  uses: readonly LeaseUse[],
  hostNetworks: readonly HostNetwork[] = [],
): Promise<void> {
  const { store, feed } = core.context;
  const value = encode('status', { ...statusRecord(uses), hostNetworks: [...hostNetworks] });
  const { revision } = await store.commit({
    guards: [],
    operations: [{ kind: 'put', key: keys.status(nodeId), value }],
  });
  await feed.reached(revision, 5_000);
}

const use = (subnet: string, inForce: boolean, generation = 1): LeaseUse => ({
  subnet: prefix(subnet),
  generation,
  inForce,
});

test('a second lease of mode bip replaces the first in one commit, or is refused', async (t) => {
  const { core, nodeId, leases } = await scene(t);
  const refused = await t.throwsAsync(core.leases.add(once, nodeId, { pool: 'edge' }));
  t.regex(refused?.message ?? '', /web-1 has 10\.76\.0\.0\/24 with mode bip/);
  t.deepEqual(leases(), [`${first} wanted`], 'nothing was changed');
  const done = await core.leases.add(once, nodeId, { pool: 'edge', replace: prefix(first) });
  t.deepEqual(leases(), [`${first} ending`, `${second} wanted`]);
  t.is(done.message, 'leased 10.80.0.0/24 of pool edge to web-1 as well; 10.76.0.0/24 of pool default is ending');
  t.true((await core.leases.add(once, nodeId, { pool: 'edge', replace: prefix(first) })).unchanged);
  // Back to the first one: the subnet that it still has.
  await core.leases.add(once, nodeId, { pool: 'default', replace: prefix(second) });
  t.deepEqual(leases(), [`${first} wanted`, `${second} ending`]);
  t.is(core.feed.view.leasesOfNode.get(nodeId)?.length, 2);
});

test('bridge leases of one node differ in network and bridge, also while one is ending', async (t) => {
  const { core, nodeId, leases, end } = await scene(t);
  await core.leases.add(once, nodeId, { pool: 'side' });
  t.deepEqual(leases(), [`${first} wanted`, '10.84.0.0/24 wanted']);
  t.true((await core.leases.add(once, nodeId, { pool: 'side' })).unchanged);
  const blue = { pool: 'side', networkName: 'blue' };
  await t.throwsAsync(core.leases.add(once, nodeId, blue), { message: /with bridge xnet0/ });
  await core.leases.add(once, nodeId, { ...blue, bridgeName: 'br-blue' });
  await report(core, nodeId, [use(first, true)]);
  await end('10.84.0.0/24');
  const other = { pool: 'edge', mode: 'bridge' } as const;
  await t.throwsAsync(core.leases.add(once, nodeId, other), { message: /with network xnet, which is ending/ });
  await t.throwsAsync(core.nodes.set(once, nodeId, { mode: 'bip', setLabels: {}, removeLabels: [] }), {
    message: /10\.84\.1\.0\/24 with mode bip|with mode bip/,
  });
});

test('a Docker network that a host already has is leased unchanged, and blocks every other lease', async (t) => {
  const { core, nodeId, leases } = await scene(t);
  await report(
    core,
    nodeId,
    [use(first, true)],
    [
      { prefix: prefix('10.84.3.0/24'), source: 'docker network green' },
      { prefix: prefix('10.84.3.0/24'), source: 'interface br-green' },
    ],
  );
  const wanted = { pool: 'side', subnet: prefix('10.84.3.0/24'), bridgeName: 'br-green' };
  const refused = await t.throwsAsync(core.leases.add(once, nodeId, { ...wanted, networkName: 'blue' }));
  t.regex(refused?.message ?? '', /overlaps 10\.84\.3\.0\/24 of docker network green, which web-1 has itself/);
  await core.leases.add(once, nodeId, { ...wanted, networkName: 'green' });
  t.deepEqual(leases(), [`${first} in force`, '10.84.3.0/24 wanted']);
});

test('a lease that is ending ends when its host reports that it does not use it, and not before', async (t) => {
  const { core, nodeId, leases, end } = await scene(t);
  await core.leases.add(once, nodeId, { pool: 'side' });
  const status = (inForce: boolean, generation = 1, ending = true) => ({
    leases: [use(first, true), { ...use('10.84.0.0/24', inForce, generation), ending }],
    containers: [],
    containerCount: 0,
  });
  await report(core, nodeId, status(true).leases);
  t.deepEqual(leases(), [`${first} in force`, '10.84.0.0/24 in force']);
  await core.leases.finish(nodeId, status(false));
  t.is(leases().length, 2, 'it is not ending');
  t.false((await end('10.84.0.0/24')).unchanged);
  t.true((await end('10.84.0.0/24')).unchanged);
  await core.leases.finish(nodeId, status(true));
  await core.leases.finish(nodeId, status(false, 2));
  // Its host has not heard of the end yet, and may begin to use it.
  await core.leases.finish(nodeId, status(false, 1, false));
  await core.leases.finish(nodeId, { leases: [use(first, true)], containers: [], containerCount: 0 });
  // Docker has not answered its daemon yet.
  await core.leases.finish(nodeId, { leases: status(false).leases, containers: [] });
  const container = { id: '1', name: 'c', subnet: prefix('10.84.0.0/24') };
  await core.leases.finish(nodeId, { ...status(false), containers: [container], containerCount: 1 });
  t.deepEqual(leases(), [`${first} in force`, '10.84.0.0/24 ending']);
  await Promise.all([core.leases.finish(nodeId, status(false)), core.leases.finish(nodeId, status(false))]);
  t.deepEqual(leases(), [`${first} in force`]);
  const { revision } = core.feed.view;
  await core.leases.finish(nodeId, status(false));
  t.is(core.feed.view.revision, revision, 'once');
  t.true((await end('10.84.0.0/24')).unchanged);
});

test('the last lease of a node does not end, that of a host that never connected does at once', async (t) => {
  const { core, nodeId, leases, end } = await scene(t);
  await t.throwsAsync(end(first, { force: true }), { message: /is the last lease of web-1/ });
  await t.throwsAsync(end('10.99.0.0/24'), { message: /has no lease of 10\.99/ });
  await core.leases.add(once, nodeId, { pool: 'side' });
  await end('10.84.0.0/24');
  t.deepEqual(leases(), [`${first} wanted`]);
  await core.leases.add(once, nodeId, { pool: 'side', subnet: prefix('10.84.7.0/24') });
  await report(core, nodeId, [use(first, true), use('10.84.7.0/24', true)]);
  await t.throwsAsync(end('10.84.7.0/24', { force: true, isConnected: true }), { message: /is connected/ });
  await end('10.84.7.0/24');
  await t.throwsAsync(end(first), { message: /is the last lease/ });
  await end('10.84.7.0/24', { force: true });
  t.deepEqual(leases(), [`${first} in force`]);
  const removed = await core.nodes.remove(once, nodeId, () => undefined);
  t.regex(removed.message, /10\.76\.0\.0\/24 is in quarantine/);
});

test('a host that uses none of its leases needs no permit; one that uses another lease waits for one', async (t) => {
  const { core, nodeId } = await scene(t);
  const permit = () => assignmentOf(core.feed.view, nodeId)?.permit;
  t.deepEqual(permit(), { rollout: '', subnet: prefix(first), generation: 1 });
  await core.leases.add(once, nodeId, { pool: 'edge', replace: prefix(first) });
  t.deepEqual(permit()?.subnet, prefix(second), 'it never connected');
  await report(core, nodeId, [use(first, true), use(second, false)]);
  t.is(permit(), undefined);
  await report(core, nodeId, [use(first, false), use(second, false)]);
  t.deepEqual(permit()?.subnet, prefix(second));
  await report(core, nodeId, []);
  t.is(permit(), undefined, 'an older daemon may use either');
  await t.throwsAsync(core.leases.add(once, nodeId, { pool: 'side' }), { message: /supports only one lease/ });
});

test('a host whose only lease goes to mode bridge gives docker0 back, and to mode bip takes it: unused, without a rollout', async (t) => {
  const { core, nodeId } = await scene(t);
  const permit = () => assignmentOf(core.feed.view, nodeId)?.permit;
  await report(core, nodeId, [use(first, true)]);
  t.is(permit(), undefined);
  const set = (mode: 'bip' | 'bridge') => core.nodes.set(once, nodeId, { mode, setLabels: {}, removeLabels: [] });
  const refused = await t.throwsAsync<XnetError>(set('bridge'));
  t.is(refused?.code, 'FailedPrecondition');
  t.regex(refused?.hint ?? '', /xctl nodes move web-1 --pool default --mode bridge/);
  // A daemon that does not say what it uses.
  await report(core, nodeId, []);
  await t.throwsAsync(set('bridge'), { message: /another mode restarts Docker on its host/ });
  await set('bip');
  await report(core, nodeId, [use(first, false)]);
  await set('bridge');
  await report(core, nodeId, [use(first, false)]);
  t.deepEqual(permit(), { rollout: '', subnet: undefined, generation: 0 });
  await report(core, nodeId, [use(first, true)]);
  t.is(permit(), undefined);
  await report(core, nodeId, [use(first, false)]);
  await set('bip');
  t.deepEqual(permit(), { rollout: '', subnet: prefix(first), generation: 1 });
});

test('a node has at most as many leases as its host accepts', async (t) => {
  const { core, nodeId, leases } = await scene(t);
  for (let number = 1; number < mostLeases; number += 1) {
    const names = { networkName: `net-${number}`, bridgeName: `br-${number}` };
    await core.leases.add(once, nodeId, { pool: 'side', ...names });
  }
  const more = core.leases.add(once, nodeId, { pool: 'side', networkName: 'more', bridgeName: 'br-more' });
  await t.throwsAsync(more, { message: 'web-1 has 64 leases, the most that a node can have' });
  t.is(leases().length, mostLeases);
});
