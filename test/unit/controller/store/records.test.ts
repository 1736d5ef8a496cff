// Records of the store, also those that a newer version wrote.
import test from 'ava';
import { keys } from '../../../../controller/store/keys.js';
import { decode, encode, unknownFields } from '../../../../controller/store/record-codec.js';
import type { RecordKind } from '../../../../controller/store/records.js';
import { prefixFromKey } from '../../../../proto/domain/address.js';
import { Core } from '../../../support/controller.js';
import { MemoryCluster, MemoryStore } from '../../../support/memory-store.js';
import { address, prefix } from '../../../support/pools.js';
import { newPool } from '../../../support/registry-values.js';

// Keys that look like ours but are not.
const unknown = {
  later: { network: 1, length: 8, address: 5 },
  address2: 7,
  tags: ['a', { cidr: { network: 2, length: 3 } }],
};

const samples: Partial<Record<RecordKind, object>> = {
  cluster: { id: 'c', epoch: 2, createdMs: 1, schema: 1 },
  pool: {
    cidr: '10.76.0.0/16',
    subnetLength: 24,
    mode: 'bip',
    networkName: 'xnet',
    bridgeName: 'xnet0',
    quarantineSeconds: 60,
    createdMs: 1,
    reservations: [{ cidr: '10.76.4.0/22', nodeName: 'web-1', reason: 'x', ...unknown }],
  },
  node: { name: 'web-1', address: '192.168.83.1', labels: { a: 'b' }, availability: 'active', createdMs: 1 },
  name: { node: 'n-1' },
  subnet: {
    state: 'quarantined',
    node: 'n-1',
    nodeName: 'web-1',
    address: '192.168.83.1',
    generation: 2,
    sinceMs: 1,
    untilMs: 2,
  },
  status: {
    routes: { desired: 1, installed: 1, conflicting: 0, unreachable: 0, ...unknown },
    conditions: [
      { type: 'Routes', ok: true, transient: false, reason: 'a', message: '', sinceMs: 1, fix: 'b', ...unknown },
    ],
    daemonVersion: '1',
    kernelVersion: '2',
    dockerVersion: '3',
    hostNetworks: [{ prefix: '172.17.0.0/16', source: 'docker0', ...unknown }],
    silentPeers: [{ nodeName: 'web-2', gateway: '10.76.1.1', hostAnswers: true, sinceMs: 1 }],
    leases: [{ subnet: '10.76.3.0/24', generation: 1, inForce: true, ...unknown }],
    containers: [{ id: '0123456789ab', name: 'web', subnet: '10.76.3.0/24', ...unknown }],
    containerCount: 1,
    reportedMs: 1,
  },
  token: {
    hash: 'h',
    node: 'n-1',
    source: '10.0.0.0/8',
    uses: 2,
    usesLeft: 1,
    createdMs: 1,
    expiresMs: 2,
    createdBy: 'local',
  },
  authority: {
    certificate: 'pem',
    sealedKey: 'k',
    sealedBy: 'b',
    createdMs: 1,
    previous: { certificate: 'pem', cross: 'c', ...unknown },
  },
};

test('C19 a record keeps the fields of a newer version at every level when it is written back', (t) => {
  for (const [name, sample] of Object.entries(samples)) {
    const kind = name as RecordKind;
    const text = JSON.stringify({ ...sample, ...unknown });
    const decoded = decode(kind, text);
    if ('problem' in decoded) {
      t.fail(`${kind}: ${decoded.problem}`);
      continue;
    }
    t.deepEqual(JSON.parse(encode(kind, decoded.record)), JSON.parse(text), kind);
    t.deepEqual(unknownFields(kind, decoded.record), unknown, kind);
    t.deepEqual(JSON.parse(encode(kind, { ...decoded.record })), JSON.parse(text), `${kind}, copied`);
  }
  t.true('problem' in decode('pool', '{"__proto__": {"cidr": "10.0.0.0/8"}}'));
});

test('every mutation of a record keeps the fields of a newer version', async (t) => {
  const cluster = new MemoryCluster();
  const core = await Core.start(new MemoryStore(cluster)).ready();
  const once = { operationId: '', dryRun: false };
  await core.pools.create(once, {
    name: 'default',
    cidr: prefix('10.76.0.0/30'),
    subnetLength: 30,
    mode: 'bip',
    networkName: 'xnet',
    bridgeName: 'xnet0',
    quarantineSeconds: 60,
  });
  const node = { name: 'web-1', address: address('192.168.83.1'), labels: {} };
  const { subject } = await core.nodes.add(once, node);
  const subnet = prefixFromKey(core.feed.view.leasesOfNode.get(subject)?.[0] ?? 0);
  const [poolKey, nodeKey] = [keys.pool('default'), keys.node(subject)];
  const subnetKey = keys.subnet('default', subnet);
  const read = (key: string) => JSON.parse(cluster.get(key)?.value ?? '{}') as Record<string, unknown>;
  // The newer version.
  const { revision } = await core.context.store.commit({
    guards: [],
    operations: [poolKey, nodeKey, subnetKey].map((key) => ({
      kind: 'put' as const,
      key,
      value: JSON.stringify({ ...read(key), ...unknown }),
    })),
  });
  await core.feed.reached(revision, 1_000);
  const kept = (key: string, what: string) => {
    const { later, address2, tags } = read(key);
    t.deepEqual({ later, address2, tags }, unknown, `${what}: ${key}`);
  };
  await core.nodes.set(once, subject, { setLabels: { a: 'b' }, removeLabels: [] });
  kept(nodeKey, 'set');
  await core.pools.create(once, newPool('10.80.0.0/22', 'other'));
  await core.leases.add(once, subject, { pool: 'other', replace: subnet });
  kept(nodeKey, 'add a lease');
  kept(subnetKey, 'end a lease');
  t.is(typeof read(subnetKey)['endingMs'], 'number');
  const second = prefix('10.80.0.0/24');
  await core.leases.add(once, subject, { pool: 'default', replace: second });
  kept(subnetKey, 'keep a lease');
  t.is(read(subnetKey)['endingMs'], undefined);
  await core.leases.end(once, { nodeId: subject, subnet: second, force: false, isConnected: false });
  t.is(read(keys.subnet('other', second))['state'], 'quarantined');
  await core.pools.reserve(once, { pool: 'default', cidr: subnet, nodeName: 'web-1', reason: 'x' });
  kept(poolKey, 'reserve');
  await core.pools.unreserve(once, 'default', subnet);
  kept(poolKey, 'unreserve');
  await core.nodes.remove(once, subject, () => undefined);
  kept(subnetKey, 'remove');
  t.is(read(subnetKey)['state'], 'quarantined');
  await core.pools.release(once, subnet);
  kept(subnetKey, 'release');
  await core.nodes.add(once, node);
  kept(subnetKey, 'add');
  t.deepEqual(
    [read(subnetKey)['state'], read(subnetKey)['untilMs'], read(subnetKey)['generation']],
    ['leased', undefined, 2],
  );
  await core.stop();
});
