// Revocation of a node, a token, a person, and replacement of an authority, on two controllers over one etcd.
import test from 'ava';
import { XnetError } from '../../proto/errors.js';
import type { RotationProgress__Output } from '../../proto/gen/xnet/v1/RotationProgress.js';
import { isIssuedBy } from '../../proto/pki/chain.js';
import { callUnary, readStream } from '../../proto/rpc/channel.js';
import { startPair } from '../support/controller-pair.js';
import { ControllerProcess } from '../support/controller-process.js';
import { TestEtcd } from '../support/etcd.js';
import { Caller, everyCall } from '../support/every-call.js';
import { joinHost, tokenFor } from '../support/joining.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';
import { members, Watcher } from '../support/watcher.js';

const options = { timeoutMs: 60_000 };
// Long enough for a busy machine: a stream that lasts longer does not end.
const streamsEndWithinMs = 60_000;

function withinMs(ms: number, what: string, happens: Promise<unknown>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${ms} ms: ${what}`)), ms);
  });
  return Promise.race([happens, late]).finally(() => clearTimeout(timer));
}

const codeOf = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call;
    return 'OK';
  } catch (error) {
    return error instanceof XnetError ? error.code : String(error);
  }
};

test('P15 the streams of a node that is revoked end on every controller, and it gets no other', async (t) => {
  const { a, b } = await startPair(t);
  const [first, second, third, fourth] = await members(a, 4);
  if (!first || !second || !third || !fourth) return t.fail();
  const [onA, onB] = [await new Watcher(a, first).watch(), await new Watcher(b, second).watch()];
  const others = [await new Watcher(a, third).watch(), await new Watcher(b, fourth).watch()];
  const revoked = [onA, onB];
  const ends = Promise.all(revoked.map((watcher) => watcher.until(() => watcher.problem !== undefined)));
  const both = ['web-1', 'web-2'].map((node) => callUnary(a.admin.revokeNode.bind(a.admin), { node }, options));
  await withinMs(streamsEndWithinMs, 'the streams end', Promise.all([ends, ...both]));
  for (const { problem } of revoked) {
    t.is(problem?.code, 'PermissionDenied');
    t.regex(problem?.message ?? '', /was revoked/);
  }

  // Neither over new connections, nor with another certificate, nor with another token.
  for (const { nodeId, nodeName, credentials } of [first, second]) {
    for (const controller of [a, b]) {
      const caller = new Caller(controller.endpoint, credentials);
      for (const call of everyCall.filter(({ name }) => name.startsWith('NodeService/'))) {
        t.is((await caller.attempt(call)).outcome, 'PermissionDenied', call.name);
      }
      caller.close();
    }
    const token = await tokenFor(a.admin, nodeName);
    const refused = await t.throwsAsync(joinHost(b.joinEndpoint, await a.trust(), { token }));
    t.true(refused instanceof XnetError && refused.code === 'PermissionDenied', refused?.message);
    t.truthy((await a.nodes()).find(({ id }) => id === nodeId)?.subnet, 'its lease stays');
  }

  // The other nodes are not affected, and still receive changes on their existing streams.
  await a.addNode('web-9', '192.168.83.9');
  for (const other of others) {
    await other.until(() => other.deltas.includes('web-9') || other.problem !== undefined);
    t.is(other.problem, undefined);
    t.is(other.snapshots, 1);
    other.stop();
  }
  const again = await callUnary(b.admin.revokeNode.bind(b.admin), { node: 'web-1' }, options);
  t.true(again.unchanged);
});

test('a controller that was cut off from etcd refuses revoked identities as soon as it reaches it again', async (t) => {
  const etcd = await TestEtcd.start();
  t.teardown(() => etcd.close());
  const near = await ControllerProcess.startWithAuthority(['--etcd-endpoints', etcd.endpoint]);
  t.teardown(() => near.close());
  const proxy = await TcpProxy.start(etcd.clientPort);
  t.teardown(() => proxy.close());
  const far = await ControllerProcess.startBeside(near, ['--etcd-endpoints', `http://127.0.0.1:${proxy.port}`]);
  t.teardown(() => far.close());
  await near.createPool();
  const [member] = await members(near, 1);
  if (!member) return t.fail();
  await far.until('it knows the node', (status) => status.nodes?.total === 1);
  const watcher = await new Watcher(far, member).watch();
  proxy.cut();
  await far.until('it is cut off', (status) => status.store?.connected === false);
  await callUnary(near.admin.revokeNode.bind(near.admin), { node: 'web-1' }, options);
  const report = () => {
    const client = far.nodeClient(member);
    return callUnary(client.report.bind(client), { generation: 99 }, options);
  };
  // Nobody has told it.
  t.is((await t.throwsAsync(report(), { instanceOf: XnetError }))?.code, 'Fenced');
  t.is(watcher.problem, undefined);
  proxy.mend();
  await watcher.until(() => watcher.problem !== undefined);
  t.is(watcher.problem?.code, 'PermissionDenied');
  t.is((await t.throwsAsync(report(), { instanceOf: XnetError }))?.code, 'PermissionDenied');
});

test('a revoked token admits no host, on any controller', async (t) => {
  const { a, b } = await startPair(t);
  const trust = await a.trust();
  const made = await callUnary(a.admin.createToken.bind(a.admin), { uses: 2 }, options);
  const { token = '', record } = made.joinToken ?? {};
  await joinHost(a.joinEndpoint, trust, { token, nodeName: 'web-1', address: '192.168.83.1' });
  await callUnary(a.admin.revokeToken.bind(a.admin), { id: record?.id ?? '' }, options);
  for (const controller of [a, b]) {
    await until('it is refused', async () => {
      const joining = joinHost(controller.joinEndpoint, trust, { token, nodeName: 'web-2', address: '192.168.83.2' });
      return (await codeOf(joining)) === 'Unauthenticated';
    });
  }
  t.deepEqual(
    (await a.nodes()).map(({ name }) => name),
    ['web-1'],
  );
});

test('revoking a person’s certificate ends its open calls and refuses new ones', async (t) => {
  const { a, b } = await startPair(t);
  const [alice, bob] = [await a.credentialsFor('admin', 'alice'), await a.credentialsFor('admin', 'bob')];
  const clients = [a.adminClient(alice), b.adminClient(alice)];
  const ended = clients.map(async (client) => {
    try {
      for await (const _ of readStream(client.watchEvents({})));
      return 'end';
    } catch (error) {
      return error instanceof XnetError ? error.code : String(error);
    }
  });
  for (const client of clients) await callUnary(client.listNodes.bind(client), {}, options);
  const list = (await callUnary(a.admin.listCertificates.bind(a.admin), { role: 'admin' }, options)).certificates;
  const { serial } = list.find(({ id }) => id === 'alice') ?? {};
  const bobs = a.adminClient(bob);
  await callUnary(bobs.revokeCertificate.bind(bobs), { serial: serial ?? '' }, options);
  t.deepEqual(await Promise.all(ended), ['PermissionDenied', 'PermissionDenied']);
  for (const client of [...clients, a.adminClient(alice), b.adminClient(alice)]) {
    t.is(await codeOf(callUnary(client.getStatus.bind(client), {}, options)), 'PermissionDenied');
  }
  t.is(await codeOf(callUnary(bobs.getStatus.bind(bobs), {}, options)), 'OK');
});

/** The output of a rotation, until it ends or is interrupted. */
async function rotate(controller: ControllerProcess, onProgress: (progress: RotationProgress__Output) => void) {
  let last: RotationProgress__Output | undefined;
  for await (const progress of readStream(controller.admin.rotateAuthority({}))) {
    last = progress;
    onProgress(progress);
  }
  return last;
}

test('C21 an authority is replaced under fifty nodes: none loses its stream, and the old one is dropped', async (t) => {
  const { a, b } = await startPair(t);
  const joined = await members(a, 50);
  const before = await a.trust();
  const [old = ''] = before.authority;
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  // The last one takes its time.
  const fleet = await Promise.all(
    joined.map((member, n) => new Watcher(n % 2 === 0 ? a : b, member, n === 49 ? () => held : undefined).watch()),
  );
  const alice = await a.credentialsFor('admin', 'alice');
  const token = await tokenFor(a.admin, (await a.addNode('late', '192.168.83.99')).node?.id ?? '');

  const told: RotationProgress__Output[] = [];
  let half: () => void = () => undefined;
  const waiting = new Promise<void>((resolve) => {
    half = resolve;
  });
  const rotation = rotate(a, (progress) => {
    told.push(progress);
    if (progress.renewed === progress.nodes - 1) half();
  });
  await waiting;
  t.deepEqual(told.at(-1)?.pending, ['web-50']);
  t.deepEqual(told.at(-1)?.people, ['admin/alice']);
  // Meanwhile both authorities are trusted, by nodes that have not renewed and by those that have.
  const [issuer = '', previous] = fleet[0]?.trusted ?? [];
  t.is(previous, old);
  for (const controller of [a, b]) {
    for (const credentials of [alice, { ...alice, authority: [old] }]) {
      const client = controller.adminClient(credentials);
      t.is(await codeOf(callUnary(client.getStatus.bind(client), {}, options)), 'OK');
    }
    const renewed = controller.nodeClient({ credentials: fleet[0]?.credentials ?? alice });
    t.is(await codeOf(callUnary(renewed.report.bind(renewed), { generation: 1 }, options)), 'OK');
  }
  // The token pins the authority that there was when it was made.
  const late = await joinHost(b.joinEndpoint, before, { token });
  t.true(isIssuedBy(late.credentials.own?.certificate ?? '', issuer));
  release();
  const last = await rotation;
  t.deepEqual([last?.done, last?.renewed, last?.nodes], [true, 51, 51]);

  for (const watcher of fleet) {
    await watcher.until(() => watcher.trusted.length === 1 || watcher.problem !== undefined);
    t.is(watcher.problem, undefined, watcher.nodeName);
    t.is(watcher.snapshots, 1);
    t.deepEqual(watcher.trusted, [issuer]);
    t.true(isIssuedBy(watcher.credentials.own?.certificate ?? '', issuer), watcher.nodeName);
  }
  const { authority } = await callUnary(b.admin.getAuthority.bind(b.admin), {}, options);
  t.deepEqual(authority?.certificates, [issuer]);
  for (const controller of [a, b]) {
    // Certificates of the old authority are refused; a client that trusts only the old one finds no controller.
    for (const credentials of [alice, joined[0]?.credentials ?? alice]) {
      const client = controller.adminClient({ ...credentials, authority: [old, issuer] });
      await until('what is of the old authority is refused', async () => {
        return (await codeOf(callUnary(client.getStatus.bind(client), {}, options))) === 'Unavailable';
      });
    }
    const own = fleet[0]?.credentials.own;
    const lost = controller.nodeClient({ credentials: { ...before, ...(own === undefined ? {} : { own }) } });
    t.is(await codeOf(callUnary(lost.report.bind(lost), { generation: 1 }, options)), 'Unavailable');
    const renewed = controller.nodeClient({ credentials: fleet[0]?.credentials ?? alice });
    t.is(await codeOf(callUnary(renewed.report.bind(renewed), { generation: 1 }, options)), 'OK');
  }
  const spent = await tokenFor(a.admin, 'late');
  t.not(spent.split('-')[1], token.split('-')[1], 'new tokens pin the new authority');
  for (const watcher of fleet) watcher.stop();
});

test('a rotation outlives the controller that began it', async (t) => {
  const { a, b } = await startPair(t);
  const joined = await members(a, 6);
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const fleet = await Promise.all(
    joined.map((member, n) => new Watcher(b, member, n < 3 ? undefined : () => held).watch()),
  );
  const broken = await t.throwsAsync(
    rotate(a, (progress) => {
      if (progress.renewed === 3) a.signal('SIGKILL');
    }),
  );
  t.true(broken instanceof XnetError && broken.code === 'Unavailable', broken?.message);
  const half = await callUnary(b.admin.getAuthority.bind(b.admin), {}, options);
  t.is(half.authority?.certificates.length, 2);
  t.deepEqual([half.rotation?.renewed, half.rotation?.pending], [3, ['web-4', 'web-5', 'web-6']]);
  release();
  const last = await rotate(b, () => undefined);
  t.deepEqual([last?.done, last?.renewed, last?.nodes], [true, 6, 6]);
  // The same certificate: no node had to renew twice.
  const after = await callUnary(b.admin.getAuthority.bind(b.admin), {}, options);
  t.deepEqual(after.authority?.certificates, half.authority?.certificates.slice(0, 1));
  for (const watcher of fleet) {
    await watcher.until(() => watcher.trusted.length === 1 || watcher.problem !== undefined);
    t.is(watcher.problem, undefined, watcher.nodeName);
    watcher.stop();
  }
  // The killed controller returns with a certificate of the new authority.
  await a.launch();
  await a.untilOpen();
  const [first] = fleet;
  if (first === undefined) return t.fail();
  const client = a.nodeClient(first);
  t.is(await codeOf(callUnary(client.report.bind(client), { generation: 1 }, options)), 'OK');
});
