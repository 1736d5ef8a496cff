// The entries of changes and of refused calls.
import { readFileSync } from 'node:fs';
import test from 'ava';
import { Audit } from '../../../../controller/audit/audit.js';
import { parseLine } from '../../../../controller/audit/chain.js';
import type { Peer } from '../../../../proto/rpc/peer.js';
import { all, call, folder, newNode, only, open } from '../../../support/audit-values.js';
import { Core, silent } from '../../../support/controller.js';
import { FaultyDisk } from '../../../support/faulty-disk.js';
import { MemoryCluster, MemoryStore } from '../../../support/memory-store.js';
import { address, newDefaultPool } from '../../../support/pools.js';

test('a change has an entry with the records before and after it, without secrets', async (t) => {
  const entries = await open(folder(t));
  const audit = new Audit({ entries, controllerId: 'c-1', now: Date.now, log: silent });
  const core = await Core.start(new MemoryStore(new MemoryCluster()), { audit }).ready();
  type Id = { readonly operationId: string; readonly dryRun: boolean; readonly request: object };
  const run = async (name: string, asked: object, work: (id: Id) => Promise<unknown>) => {
    const request = { operationId: '', dryRun: false, ...asked };
    const { operationId, dryRun } = request;
    const observed = call(name, request);
    const done = await new Promise<unknown>((resolve) =>
      audit.around(observed, () => resolve(work({ operationId, dryRun, request }).catch((error: unknown) => error))),
    );
    const failed = done instanceof Error;
    await audit.ended(observed, { outcome: failed ? 'InvalidArgument' : 'OK', message: failed ? done.message : '' });
  };
  await run('CreatePool', { operationId: 'op-1', name: 'default' }, (id) => core.pools.create(id, newDefaultPool));
  await run('AddNode', { operationId: 'op-2', name: 'web-1', token: 'XJT1-secret' }, (id) =>
    core.nodes.add(id, newNode),
  );
  await run('AddNode', { name: 'web-1' }, (id) =>
    core.nodes.add(id, { ...newNode, address: address('192.168.83.12') }),
  );
  await run('ListNodes', {}, async () => undefined);
  await run('AddNode', { name: 'web-9', dryRun: true }, (id) =>
    core.nodes.add(id, { ...newNode, name: 'web-9', address: address('192.168.83.19') }),
  );
  const listed = await entries.list(all);
  t.deepEqual(
    listed.map(({ call: name, subject, outcome, operationId }) => [name, subject, outcome, operationId]),
    [
      ['CreatePool', 'pool/default', 'OK', 'op-1'],
      ['AddNode', 'node/web-1', 'OK', 'op-2'],
      ['AddNode', 'web-1', 'InvalidArgument', ''],
    ],
  );
  const [, added] = listed;
  const before = JSON.parse(added?.before ?? '{}') as Record<string, unknown>;
  const after = JSON.parse(added?.after ?? '{}') as Record<string, Record<string, unknown> | null>;
  t.deepEqual(Object.values(before), [null, null]);
  t.is(after['subnets/default/10.76.0.0-24']?.['state'], 'leased');
  t.false(added?.request.includes('XJT1'));
  t.deepEqual([added?.actor, added?.source, added?.serial], ['local', '', '']);
  await core.stop();
  await entries.close();
});

test('refused calls of strangers are logged, and a flood of them is counted', async (t) => {
  const entries = await open(folder(t));
  let now = 0;
  const audit = new Audit({ entries, controllerId: 'c-1', now: () => now, log: silent });
  const refuse = (name: string) =>
    audit.ended(call(name, undefined, 'node'), { outcome: 'PermissionDenied', message: 'no' });
  await refuse('ListNodes');
  t.is((await entries.list(all))[0]?.source, '192.168.83.66');
  for (let n = 0; n < 1_000; n++) await refuse('Join');
  t.is((await entries.list(all)).length, 100);
  now = 10_000;
  await refuse('Join');
  t.is((await entries.list({ ...all, limit: 1 }))[0]?.message, '901 refused calls before this one were not logged; no');
  // Changes are logged however many calls are refused.
  for (let n = 0; n < 500; n++) await audit.ended(call('SetNode', {}), { outcome: 'OK', message: '' });
  t.is((await entries.list({ ...all, call: 'SetNode' })).length, 500);
  await entries.close();
});

test('a flood of refusals does not consume the quota of other callers’ refusals', async (t) => {
  const entries = await open(folder(t));
  const audit = new Audit({ entries, controllerId: 'c-1', now: () => 1_000, log: silent });
  const refused = async (peer: Peer, times: number) => {
    const observed = { name: 'SetNode', request: undefined, peer };
    for (let n = 0; n < times; n++) await audit.ended(observed, { outcome: 'PermissionDenied', message: 'no' });
  };
  const person = (id: string): Peer => ({
    kind: 'certificate',
    identity: { clusterId: 'c', role: 'viewer', id },
    serial: '0a',
    address: '192.168.83.7',
  });
  const told = async (actor: string) => (await entries.list({ ...all, actor })).length;
  for (let host = 0; host < 250; host++) await refused({ kind: 'stranger', address: `10.0.1.${host}` }, 20);
  t.is((await entries.list(all)).length, 200, 'all strangers together');
  await refused(person('mallory'), 5_000);
  await refused(person('bob'), 3);
  await refused({ kind: 'local' }, 3);
  t.deepEqual([await told('viewer/mallory'), await told('viewer/bob'), await told('local')], [100, 3, 3]);
  await entries.close();
});

test('a change has its entries although the call was cancelled', async (t) => {
  const dir = folder(t);
  const entries = await open(dir);
  const audit = new Audit({ entries, controllerId: 'c-1', now: Date.now, log: silent });
  const core = await Core.start(new MemoryStore(new MemoryCluster()), { audit }).ready();
  // The handler runs, and gRPC reports no end of the call.
  const change = (name: string, request: object, work: () => Promise<unknown>) =>
    new Promise<unknown>((resolve) =>
      audit.around(call(name, request), () => resolve(work().catch((error: unknown) => error))),
    );
  const [one, two] = [{}, {}];
  await change('CreatePool', one, () =>
    core.pools.create({ operationId: 'op-1', dryRun: false, request: one }, newDefaultPool),
  );
  await change('AddNode', two, () => core.nodes.add({ operationId: 'op-2', dryRun: false, request: two }, newNode));
  t.deepEqual(
    (await entries.list(all)).map(({ call: name, subject, outcome }) => [name, subject, outcome]),
    [
      ['CreatePool', 'pool/default', 'OK'],
      ['AddNode', 'node/web-1', 'OK'],
    ],
  );
  const written = readFileSync(only(dir), 'utf8').trimEnd().split('\n').map(parseLine);
  t.deepEqual(
    written.map((entry) => [entry?.outcome, entry?.settles]),
    [
      ['Begun', undefined],
      ['OK', 1],
      ['Begun', undefined],
      ['OK', 3],
    ],
  );
  await core.stop();
  await entries.close();
});

test('side effects of a call, and its refusal, are logged under their own names', async (t) => {
  const entries = await open(folder(t));
  const audit = new Audit({ entries, controllerId: 'c-1', now: Date.now, log: silent });
  const request = { nodeId: 'n-1' };
  const watching = call('WatchNodes', request);
  await new Promise<void>((resolve) =>
    audit.around(watching, () => {
      const recording = audit.record({ call: 'AdoptNode', operationId: '', request });
      const about = { subject: 'node/web-1', message: 'taken back' };
      void recording
        .begin(about)
        .then(() => recording.settle({ outcome: 'OK', ...about }))
        .then(resolve);
    }),
  );
  await audit.ended(watching, { outcome: 'PermissionDenied', message: 'revoked' });
  await audit.record({ call: 'Sweep', operationId: '' }).begin({ subject: 'x', message: '' });
  t.deepEqual(
    (await entries.list(all)).map(({ actor, call: name, outcome }) => [actor, name, outcome]),
    [
      ['local', 'AdoptNode', 'OK'],
      ['local', 'WatchNodes', 'PermissionDenied'],
    ],
    'what goes on is not told yet',
  );
  await entries.close();
});

test('after a crash between the commit and its entry, the change is listed as begun', async (t) => {
  const dir = folder(t);
  const entries = await open(dir);
  const audit = new Audit({ entries, controllerId: 'c-1', now: Date.now, log: silent });
  const store = new MemoryStore(new MemoryCluster());
  const core = await Core.start(store, { audit }).ready();
  await core.pools.create({ operationId: '', dryRun: false }, newDefaultPool);
  const dead = new Promise<void>((resolve) => {
    const commit = store.commit.bind(store);
    store.commit = async (what) => {
      await commit(what);
      resolve();
      return new Promise(() => undefined);
    };
  });
  void core.nodes.add({ operationId: 'op-1', dryRun: false }, newNode);
  await dead;
  t.is((await entries.list(all)).length, 1, 'what goes on at this moment is not told');
  const after = await open(dir);
  const [, left] = await after.list(all);
  t.deepEqual([left?.call, left?.operationId, left?.outcome], ['AddNode', 'op-1', 'Begun']);
  t.regex(left?.message ?? '', /leased 10\.76\.0\.0\/24/);
  await after.close();
  await core.stop();
});

test('nothing is committed before its announcement is on disk', async (t) => {
  const disk = new FaultyDisk();
  const entries = await open(folder(t), { open: disk.open });
  const audit = new Audit({ entries, controllerId: 'c-1', now: Date.now, log: silent });
  const cluster = new MemoryCluster();
  const core = await Core.start(new MemoryStore(cluster), { audit }).ready();
  const once = { operationId: '', dryRun: false };
  await core.pools.create(once, newDefaultPool);
  const { revision } = cluster;
  for (const fail of ['sync', 'write'] as const) {
    if (fail === 'sync') disk.failingSyncs = 2;
    else disk.roomLeft = 0;
    await t.throwsAsync(core.nodes.add(once, newNode), { message: /refusing changes because the audit log/ });
    t.is(cluster.revision, revision);
    disk.roomLeft = undefined;
    disk.failingSyncs = 0;
  }
  await core.nodes.add(once, newNode);
  t.deepEqual((await entries.list(all)).map(({ outcome }) => outcome).at(-1), 'OK');
  t.true((await entries.verify()).ok);
  await core.stop();
  await entries.close();
});
