// Tokens and certificates in the store, through two controllers of which one hears nothing of what the other does.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Authority } from '../../../../controller/authority/authority.js';
import { CertificateRegistry } from '../../../../controller/authority/certificates.js';
import { rotationOf } from '../../../../controller/authority/rotation.js';
import { namesFor, TokenRegistry } from '../../../../controller/authority/tokens.js';
import { assignmentOf } from '../../../../controller/view/assignment.js';
import { XnetError } from '../../../../proto/errors.js';
import { makeRequest } from '../../../../proto/pki/certificate.js';
import { Core } from '../../../support/controller.js';
import { MemoryCluster, MemoryStore } from '../../../support/memory-store.js';
import { address, prefix } from '../../../support/pools.js';
import { until } from '../../../support/until.js';

const once = { operationId: '', dryRun: false };

class Controller {
  readonly core: Core;
  readonly store: MemoryStore;
  readonly authority: Authority;
  readonly tokens: TokenRegistry;
  readonly certificates: CertificateRegistry;

  constructor(cluster: MemoryCluster, keyPath: string) {
    this.store = new MemoryStore(cluster);
    this.core = Core.start(this.store);
    const { context } = this.core;
    this.authority = new Authority(context, keyPath);
    this.tokens = new TokenRegistry(context);
    this.certificates = new CertificateRegistry(context, this.authority);
  }

  get view() {
    return this.core.feed.view;
  }

  async token(node?: string, uses = 1): Promise<string> {
    const { clusterKey } = this.authority.require();
    const names = namesFor(clusterKey, '');
    const wanted = { ...(node === undefined ? {} : { node }), uses, ttlMs: 60_000, createdBy: 'test' };
    await this.tokens.create(once, clusterKey, names, wanted);
    return names.id;
  }

  /** A host joins whose token was looked at by this controller, or by the store, a moment ago. */
  join(tokenId: string, csr: string, seenBy: Controller = this) {
    const record = seenBy.view.tokens.get(tokenId)?.record;
    if (record === undefined) throw new Error('no such token');
    const joining = record.node === undefined ? { name: 'web-9', address: address('192.168.83.9') } : {};
    return this.certificates.join({ tokenId, ...joining }, record, csr);
  }
}

/** Two controllers, and a node. */
async function rig(t: ExecutionContext) {
  const dir = mkdtempSync(join(tmpdir(), 'xnet-certs-'));
  const cluster = new MemoryCluster();
  const [a, b] = [new Controller(cluster, join(dir, 'key')), new Controller(cluster, join(dir, 'key'))];
  t.teardown(async () => {
    for (const { authority, core } of [a, b]) {
      authority.close();
      await core.stop();
    }
    rmSync(dir, { recursive: true });
  });
  await a.core.ready();
  await a.authority.init(once);
  await b.core.ready();
  const cidr = prefix('10.76.0.0/16');
  const names = { networkName: 'xnet', bridgeName: 'xnet0' };
  await a.core.pools.create(once, {
    name: 'default',
    cidr,
    subnetLength: 24,
    mode: 'bip',
    quarantineSeconds: 60,
    ...names,
  });
  const node = { name: 'web-1', address: address('192.168.83.1'), labels: {} };
  const { subject: nodeId } = await a.core.nodes.add(once, node);
  const even = async () => {
    await b.core.feed.reached(cluster.revision, 5_000);
    await until(
      'the same authority',
      async () => b.authority.opened?.record.certificate === a.authority.opened?.record.certificate,
    );
  };
  await even();
  return { a, b, cluster, nodeId, even };
}

const revokedToken = { code: 'Unauthenticated', message: /was revoked/ };

test('a revoked token is gone, also for a controller with a stale view', async (t) => {
  const { a, b, cluster, nodeId, even } = await rig(t);
  const known = [await a.token(nodeId), await a.token()];
  await even();
  b.store.deaf = true;
  const unknown = [await a.token(nodeId), await a.token()];
  const seen = new Map([...known, ...unknown].map((id) => [id, a.view.tokens.get(id)?.record]));
  for (const id of [...known, ...unknown]) await a.tokens.revoke(once, id);
  for (const [tokenId, record] of seen) {
    if (record === undefined) return t.fail();
    const joining = record.node === undefined ? { name: 'web-9', address: address('192.168.83.9') } : {};
    const { csr } = await makeRequest();
    await t.throwsAsync(b.certificates.join({ tokenId, ...joining }, record, csr), revokedToken);
  }
  t.deepEqual(
    cluster.entries().filter(({ key }) => /^tokens\/|^certificates\//.test(key)),
    [],
  );
});

test('a preview is what the join comes to, for a node and for a new one, and changes nothing', async (t) => {
  const { a, b, cluster, nodeId, even } = await rig(t);
  const peer = { name: 'web-2', address: address('192.168.83.2'), labels: {} };
  await a.core.nodes.add(once, peer);
  const ids = [await a.token(nodeId), await a.token()];
  await even();
  for (const tokenId of ids) {
    const record = b.view.tokens.get(tokenId)?.record;
    if (record === undefined) return t.fail();
    const joining = {
      tokenId,
      ...(record.node === undefined ? { name: 'web-9', address: address('192.168.83.9') } : {}),
    };
    const { csr } = await makeRequest();
    const { revision } = cluster;
    const preview = await b.certificates.preview(joining, record, csr);
    t.is(cluster.revision, revision);
    const joined = await b.certificates.join(joining, record, csr);
    const assignment = assignmentOf(b.view, joined.record.id);
    t.deepEqual(preview.leases, assignment?.leases);
    t.deepEqual([preview.name, preview.address], [assignment?.nodeName, assignment?.address]);
    t.deepEqual(preview.pools, [prefix('10.76.0.0/16')]);
    t.is(preview.nodes, b.view.nodes.size - 1);
    t.deepEqual(preview.peers, [], 'none is connected');
    // The same key again, as after a lost answer; another one is refused as by the join.
    const again = await b.certificates.preview(joining, record, csr);
    t.deepEqual(
      again.leases.map(({ subnet }) => subnet),
      preview.leases.map(({ subnet }) => subnet),
    );
    const other = b.certificates.preview(joining, record, (await makeRequest()).csr);
    await t.throwsAsync(other, { instanceOf: XnetError });
  }
});

test('a token is revoked at once, however often it is used meanwhile, and when it can’t be read', async (t) => {
  const { a, b, cluster, even } = await rig(t);
  const id = await a.token(undefined, 50);
  await even();
  b.store.deaf = true;
  const { revision } = cluster;
  await a.join(id, (await makeRequest()).csr);
  t.true(cluster.revision > revision);
  const before = cluster.history.length;
  const revoking = b.tokens.revoke(once, id);
  await until('one commit', async () => cluster.history.length > before);
  t.is(cluster.get(`tokens/${id}`), undefined);
  b.store.deaf = false;
  b.store.connect(true);
  await revoking;
  cluster.commit({ guards: [], operations: [{ kind: 'put', key: 'tokens/garble', value: '{' }] });
  await a.core.feed.reached(cluster.revision, 5_000);
  await a.tokens.revoke(once, 'garble');
  t.is(cluster.get('tokens/garble'), undefined);
});

test('P4 a superseded host can renew none of its certificates', async (t) => {
  const { a, b, nodeId, even } = await rig(t);
  const first = await a.join(await a.token(nodeId), (await makeRequest()).csr);
  const renewed = await a.certificates.renew({ nodeId, shown: first.serial }, (await makeRequest()).csr);
  // Its answer was lost: the host shows what it has.
  const again = await a.certificates.renew({ nodeId, shown: first.serial }, (await makeRequest()).csr);
  await even();
  b.store.deaf = true;
  const other = await a.join(await a.token(nodeId), (await makeRequest()).csr);
  t.is(other.record.id, nodeId);
  for (const { serial } of [first, renewed, again]) {
    t.true(a.view.revoked.has(serial), 'all that the former host holds is ended');
    const renewal = b.certificates.renew({ nodeId, shown: serial }, (await makeRequest()).csr);
    await t.throwsAsync(renewal, { code: 'PermissionDenied' });
  }
  t.deepEqual([...(a.view.certificatesOfNode.get(nodeId) ?? [])], [other.serial]);
});

test('renewals at the same moment leave one certificate on record, which names the others', async (t) => {
  const { a, b, cluster, nodeId, even } = await rig(t);
  const { serial: shown } = await a.join(await a.token(nodeId), (await makeRequest()).csr);
  await even();
  const requests = await Promise.all([1, 2, 3, 4].map(() => makeRequest()));
  const done = await Promise.all(
    requests.map(({ csr }, index) => (index % 2 === 0 ? a : b).certificates.renew({ nodeId, shown }, csr)),
  );
  await a.core.feed.reached(cluster.revision, 5_000);
  const [only, ...more] = a.view.certificatesOfNode.get(nodeId) ?? [];
  t.deepEqual(more, []);
  const replaced = a.view.certificates.get(only ?? '')?.record.replaced?.map(({ serial }) => serial) ?? [];
  t.deepEqual([...replaced, only].sort(), [shown, ...done.map(({ serial }) => serial)].sort());
});

test('certificates issued by an authority during its replacement are issued again: the rotation does not wait for them', async (t) => {
  const { a, b, cluster, nodeId, even } = await rig(t);
  const { serial: shown } = await a.join(await a.token(nodeId), (await makeRequest()).csr);
  const token = await a.token();
  await even();
  b.store.deaf = true;
  await a.authority.rotate(once);
  await until('the rotation', async () => a.authority.opened?.record.previous !== undefined);
  const issued = Promise.all([
    b.certificates.renew({ nodeId, shown }, (await makeRequest()).csr),
    b.join(token, (await makeRequest()).csr),
    b.certificates.issuePerson(once, {
      role: 'admin',
      id: 'alice',
      csr: (await makeRequest()).csr,
      ttlMs: 60_000,
    }),
  ]);
  // Until it hears of the new authority it can only try again.
  await new Promise((resolve) => setImmediate(resolve));
  b.store.deaf = false;
  b.store.connect(true);
  const issuer = a.authority.require().issuer;
  for (const { record } of await issued) t.is(record.issuer, issuer);
  await a.core.feed.reached(cluster.revision, 5_000);
  t.like(rotationOf(a.view, issuer, Date.now()), { nodes: 2, renewed: 2, pending: [], people: [] });
});

test('no rotation waits for a stale certificate of an older version; the next certificate deletes it', async (t) => {
  const { a, cluster, nodeId } = await rig(t);
  const first = await a.join(await a.token(nodeId), (await makeRequest()).csr);
  const value = cluster.get(`certificates/${first.serial}`)?.value ?? '';
  const { issuer } = a.authority.require();
  const orphan = value.replace(issuer, 'an-old-one');
  cluster.commit({ guards: [], operations: [{ kind: 'put', key: 'certificates/0f', value: orphan }] });
  cluster.commit({ guards: [], operations: [{ kind: 'put', key: `certificates/${first.serial}`, value }] });
  await a.core.feed.reached(cluster.revision, 5_000);
  t.is(a.view.certificateOfNode.get(nodeId), first.serial);
  t.like(rotationOf(a.view, issuer, Date.now()), { nodes: 1, renewed: 1 });
  const { serial } = await a.certificates.renew({ nodeId, shown: first.serial }, (await makeRequest()).csr);
  await a.core.feed.reached(cluster.revision, 5_000);
  t.deepEqual([...(a.view.certificatesOfNode.get(nodeId) ?? [])], [serial]);
});

test('no authority is made beside one that can’t be read', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'xnet-certs-'));
  const cluster = new MemoryCluster();
  cluster.commit({
    guards: [],
    operations: [
      { kind: 'put', key: 'cluster', value: JSON.stringify({ id: 'c', epoch: 1, createdMs: 0, schema: 1 }) },
      { kind: 'put', key: 'authority', value: '{"version":2}' },
    ],
  });
  const controller = new Controller(cluster, join(dir, 'key'));
  t.teardown(async () => {
    controller.authority.close();
    await controller.core.stop();
    rmSync(dir, { recursive: true });
  });
  await controller.core.ready();
  await t.throwsAsync(controller.authority.init(once), { message: /the record authority can't be relied on/ });
  t.false(existsSync(join(dir, 'key')));
});
