// Nics: which addresses they may have, that these are unique, and what their host gets.
import test, { type ExecutionContext } from 'ava';
import { ipamFindings } from '../../../../controller/registry/ipam-findings.js';
import { findNic, NicRegistry, nicRecords } from '../../../../controller/registry/nics.js';
import { nicWarnings } from '../../../../controller/rollout/nic-warnings.js';
import { planMoves } from '../../../../controller/rollout/plan.js';
import { keys } from '../../../../controller/store/keys.js';
import { encode } from '../../../../controller/store/record-codec.js';
import { assignmentOf } from '../../../../controller/view/assignment.js';
import { formatIpv4, type Ipv4 } from '../../../../proto/domain/address.js';
import { address, prefix } from '../../../support/pools.js';
import { newNode, newPool, once, rig } from '../../../support/registry-values.js';

async function scene(t: ExecutionContext, cores = 1) {
  const { core, cores: all, close } = await rig(cores);
  t.teardown(close);
  await core.pools.create(once, { ...newPool('10.84.0.0/16', 'split'), dockerLength: 29, subnetLength: 28 });
  const { subject: nodeId } = await core.nodes.add(once, { ...newNode('web-1', 1), pool: 'split' });
  const registries = all.map((each) => new NicRegistry(each.context));
  const asked = new Map<Ipv4, string>();
  const add = (container: string, more: object = {}, id = once, by = 0) => {
    const registry = registries[by];
    if (registry === undefined) throw new Error('no such controller');
    return registry.add(id, nodeId, { container, ...more }, asked);
  };
  const remove = (text: string) => registries[0]?.remove(once, address(text)) ?? Promise.reject(new Error('none'));
  const held = () =>
    nicRecords(core.feed.view, nodeId).map((nic) => `${formatIpv4(nic.address)} ${nic.container} ${nic.interfaceName}`);
  const sent = () => assignmentOf(core.feed.view, nodeId)?.nics;
  return { core, cores: all, nodeId, add, remove, held, sent, asked };
}

test('a nic has the lowest address of the lease that Docker does not hand out, and a name of its own', async (t) => {
  const { core, nodeId, add, remove, held, sent, asked } = await scene(t);
  // 10.84.0.0/28: Docker hands out the first /29, .15 is the broadcast address.
  t.deepEqual(sent()?.nics, []);
  t.is((await add('db')).subject, '10.84.0.8');
  await add('db');
  await add('db', { interfaceName: 'lan0', address: address('10.84.0.14') });
  t.deepEqual(held(), ['10.84.0.8 db nic0', '10.84.0.9 db nic1', '10.84.0.14 db lan0']);
  t.true((await add('db', { interfaceName: 'lan0' })).unchanged);
  t.true((await add('db', { address: address('10.84.0.9') })).unchanged);
  const refused = async (run: Promise<unknown>, message: RegExp) => {
    const { revision } = core.feed.view;
    await t.throwsAsync(run, { message });
    t.is(core.feed.view.revision, revision, 'nothing was written');
  };
  await refused(add('db', { interfaceName: 'lan0', address: address('10.84.0.10') }), /lan0 of container db has/);
  await refused(add('web', { address: address('10.84.0.8') }), /is the address of nic0 of container db/);
  await refused(
    add('web', { address: address('10.84.0.7') }),
    /Docker hands out 10\.84\.0\.7, as all of 10\.84\.0\.0\/29/,
  );
  await refused(add('web', { address: address('10.84.0.1') }), /Docker hands out/);
  await refused(add('web', { address: address('10.84.0.15') }), /broadcast/);
  await refused(add('web', { address: address('10.84.0.16') }), /is not in 10\.84\.0\.0\/28 of web-1/);
  await refused(add('web', { pool: 'default' }), /web-1 has no lease of pool default/);
  await refused(add('web', { pool: 'other' }), /no pool/);
  asked.set(address('10.84.0.10'), 'shop').set(address('10.84.0.9'), 'not asked: a nic');
  await refused(add('web', { address: address('10.84.0.10') }), /Docker has given 10\.84\.0\.10 to the container shop/);
  t.true((await add('db', { address: address('10.84.0.9') })).unchanged);
  const { subject: chosen } = await add('web');
  t.is(chosen, '10.84.0.11', 'not one that a container has by Docker');
  await remove(chosen);
  asked.clear();
  const before = sent()?.revision ?? 0;
  await remove('10.84.0.8');
  t.is((await add('web')).subject, '10.84.0.8', 'it is free again');
  t.true((sent()?.revision ?? 0) > before, 'hosts can tell which list is newer');
  for (const _ of [10, 11, 12, 13]) await add('web');
  await refused(add('web'), /all addresses for nics in 10\.84\.0\.0\/28 are taken/);
  await refused(remove('10.84.0.99'), /there is no nic/);
  await core.leases.add(once, nodeId, { pool: 'default', mode: 'bridge' });
  await refused(add('web', { pool: 'default' }), /Docker hands out all addresses of 10\.76\.0\.0\/24 on web-1/);
});

test('two controllers that add at once choose two addresses, and a repeated operation adds one', async (t) => {
  const { cores, add, held } = await scene(t, 2);
  await Promise.all(['a', 'b', 'c', 'd'].map((name, index) => add(name, {}, once, index % 2)));
  t.is(new Set(held().map((text) => text.split(' ')[0])).size, 4);
  const again = { operationId: 'op-1', digest: 'x', dryRun: false };
  const first = await add('e', {}, again);
  const second = await add('e', {}, again, 1);
  t.deepEqual([second.subject, second.repeated], [first.subject, true]);
  const [core] = cores;
  await core?.feed.fresh();
  t.is(held().filter((text) => text.includes(' e ')).length, 1);
});

test('a nic ends with its lease for its host, and with its node', async (t) => {
  const { core, nodeId, add, held, sent } = await scene(t);
  await add('db');
  await core.leases.add(once, nodeId, { pool: 'default', replace: prefix('10.84.0.0/28') });
  t.is(sent()?.nics.length, 1, 'the lease is ending');
  await core.leases.end(once, { nodeId, subnet: prefix('10.84.0.0/28'), force: true, isConnected: false });
  t.deepEqual(sent()?.nics, []);
  t.is(held().length, 1, 'it is listed as not leased');
  t.is(findNic(core.feed.view, address('10.84.0.8')).nodeId, nodeId);
  await core.nodes.remove(once, nodeId, () => undefined);
  t.is(core.feed.view.modRevisionOf(keys.nics(nodeId)), 0);
  t.throws(() => findNic(core.feed.view, address('10.84.0.8')), { code: 'NotFound' });
});

test('a plan says which nics stay behind when nodes move', async (t) => {
  const { core, nodeId, add } = await scene(t);
  const planned = () => nicWarnings(core.feed.view, planMoves(core.feed.view, [{ nodeId, pool: 'default' }], settings));
  const settings = { per: undefined, nowMs: Date.now() };
  t.deepEqual(planned(), []);
  await add('db');
  await add('web');
  t.deepEqual(planned(), [
    'web-1: nics do not move from 10.84.0.0/28: 10.84.0.8 (db), 10.84.0.9 (web); once it has moved: ' +
      'xctl nics add web-1 CONTAINER --pool default, and xctl nics remove 10.84.0.8',
  ]);
});

test('a record that can’t be read leaves the host what it has', async (t) => {
  const { core, nodeId, add, sent } = await scene(t);
  await add('db');
  const operations = [{ kind: 'put' as const, key: keys.nics(nodeId), value: '{"nics": 1}' }];
  const { revision } = await core.context.store.commit({ guards: [], operations });
  await core.feed.reached(revision, 1_000);
  t.is(sent(), undefined);
  await t.throwsAsync(add('web'), { message: /can't be relied on/ });
});

test('nics that an older controller left of a node that it removed are found, and can be removed', async (t) => {
  const { core, nodeId, add, remove } = await scene(t);
  await add('db');
  const record = core.feed.view.nics.get(nodeId)?.record ?? { nics: [] };
  await core.nodes.remove(once, nodeId, () => undefined);
  t.is(core.feed.view.nics.size, 0);
  const left = { kind: 'put', key: keys.nics(nodeId), value: encode('nics', record) } as const;
  const { revision } = await core.context.store.commit({ guards: [], operations: [left] });
  await core.feed.reached(revision, 5_000);
  const found = () =>
    ipamFindings(core.feed.view, () => undefined, Date.now()).filter(({ reason }) => /Nic/.test(reason));
  t.like(found(), [{ reason: 'NicsOfNobody', fix: 'xctl nics remove 10.84.0.8' }]);
  await remove('10.84.0.8');
  t.deepEqual(found(), []);
  t.is(core.feed.view.nics.size, 0);
});
