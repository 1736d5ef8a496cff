// What a join token permits, how often, and where it must never appear.
import { readdirSync, readFileSync } from 'node:fs';
import { connect as connectTcp, createServer } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { EtcdStore } from '../../controller/store/etcd.js';
import { XnetError } from '../../proto/errors.js';
import { makeRequest } from '../../proto/pki/certificate.js';
import { formatToken } from '../../proto/pki/token.js';
import { pause } from '../../proto/process/backoff.js';
import { callUnary } from '../../proto/rpc/channel.js';
import { startPair } from '../support/controller-pair.js';
import { codeOf, Guesser, newToken, options, partsOf } from '../support/join-tokens.js';
import { joinHost } from '../support/joining.js';

test('P13 a token admits no more hosts than its uses, also when all join at the same moment', async (t) => {
  const { a, b } = await startPair(t, ['--log-level', 'debug']);
  const trust = await a.trust();
  // Failures count by address and controller, and there may be ten of them.
  for (let round = 0; round < 8; round++) {
    const name = `web-${round}`;
    await a.addNode(name, `192.168.83.${round + 1}`);
    const token = await newToken(a, { node: name });
    const requests = [await makeRequest(), await makeRequest()];
    const outcomes = await Promise.all(
      requests.map((request, n) => codeOf(joinHost((n === 0 ? a : b).joinEndpoint, trust, { token, request }))),
    );
    t.deepEqual([...outcomes].sort(), ['OK', 'Unauthenticated']);
    // The host that was admitted may join again, as after a lost answer; it is the same node.
    const request = requests[outcomes.indexOf('OK')];
    if (request === undefined) return t.fail();
    const again = await joinHost(b.joinEndpoint, trust, { token, request });
    t.is(again.nodeName, name);
  }
  const { certificates } = await callUnary(a.admin.listCertificates.bind(a.admin), { role: 'node' }, options);
  t.is(certificates.filter(({ revokedMs }) => revokedMs === 0).length, 8, 'one certificate for each node');
  const { events } = await callUnary(a.admin.listEvents.bind(a.admin), {}, options);
  t.true(events.some(({ reason, subject }) => reason === 'JoinRefused' && subject.startsWith('token/')));
});

test('P13 a token is good for its node, its addresses, its pool and its time alone', async (t) => {
  const { a, b } = await startPair(t, ['--log-level', 'debug']);
  const trust = await a.trust();
  await a.createPool('10.99.0.0/16', 'edge');
  await a.addNode('web-1', '192.168.83.1');
  await a.addNode('web-2', '192.168.83.2');
  const bound = await newToken(a, { node: 'web-1' });
  t.is(await codeOf(joinHost(a.joinEndpoint, trust, { token: bound, nodeName: 'web-2' })), 'PermissionDenied');
  t.is((await joinHost(a.joinEndpoint, trust, { token: bound })).nodeName, 'web-1');

  // A subnet that the host can't have is not leased to it. If it was leased before, the join is refused and the token
  // stays valid.
  const shop = (cidr: string) => [{ cidr, source: 'interface br-shop' }];
  const web3 = { nodeName: 'web-3', address: '192.168.83.3', hostNetworks: shop('10.76.0.0/20') };
  t.is((await joinHost(a.joinEndpoint, trust, { token: await newToken(a, {}), ...web3 })).nodeName, 'web-3');
  t.is((await a.nodes()).find(({ name }) => name === 'web-3')?.subnet, '10.76.16.0/24');
  const second = { token: await newToken(a, { node: 'web-2' }), hostNetworks: shop('10.76.1.128/25') };
  const refused = await t.throwsAsync<XnetError>(joinHost(a.joinEndpoint, trust, second), { instanceOf: XnetError });
  t.is(refused?.code, 'FailedPrecondition');
  t.is(refused?.message, 'subnet 10.76.1.0/24 overlaps 10.76.1.128/25 of interface br-shop, which web-2 has itself');
  t.regex(refused?.hint ?? '', /xctl nodes add NAME --address ADDRESS --subnet SUBNET/);
  const docker0 = [{ cidr: '10.76.0.0/16', source: 'interface docker0' }];
  t.is((await joinHost(a.joinEndpoint, trust, { ...second, hostNetworks: docker0 })).nodeName, 'web-2');

  const elsewhere = await newToken(a, { source: '127.0.0.2/32', pool: 'edge' });
  const host = { nodeName: 'edge-1', address: '192.168.83.11' };
  t.is(await codeOf(joinHost(a.joinEndpoint, trust, { token: elsewhere, ...host })), 'PermissionDenied');
  const { csr } = await makeRequest();
  const guesser = await Guesser.connect(a.joinPort, trust, '127.0.0.2');
  t.is(await guesser.guess(elsewhere, csr), '0');
  guesser.close();
  t.is((await a.nodes()).find(({ name }) => name === 'thief')?.pool, 'edge');

  // A host that keeps its network: refused with a list of its networks, then leased exactly its subnet, under the name
  // in its token.
  const old1 = { name: 'old-1', address: '192.168.83.31', labels: { zone: 'a' } };
  const adopting = await newToken(a, { adopt: old1 });
  const its = (cidr: string, address: string) => [{ cidr, source: 'interface docker0', address }];
  const none = joinHost(a.joinEndpoint, trust, { token: adopting, hostNetworks: its('172.17.0.0/16', '172.17.0.1') });
  t.like(await t.throwsAsync<XnetError>(none), {
    code: 'FailedPrecondition',
    problems: ['172.17.0.0/16 of docker0: it is in no pool'],
  });
  t.is(await codeOf(joinHost(a.joinEndpoint, trust, { token: adopting, nodeName: 'other' })), 'PermissionDenied');
  t.is(
    (await a.nodes()).find(({ name }) => name === 'old-1'),
    undefined,
  );
  const request = await makeRequest();
  const keeping = { token: adopting, hostNetworks: its('10.99.200.0/24', '10.99.200.1'), request };
  for (const controller of [a, b]) t.is((await joinHost(controller.joinEndpoint, trust, keeping)).nodeName, 'old-1');
  t.like(
    (await a.nodes()).find(({ name }) => name === 'old-1'),
    { ...old1, pool: 'edge', subnet: '10.99.200.0/24', mode: 'MODE_BIP' },
  );
  t.is(await codeOf(newToken(a, { adopt: old1 })), 'AlreadyExists');

  const named = await newToken(a, {});
  for (const taken of [
    { nodeName: 'web-2', address: '192.168.83.22' },
    { nodeName: 'web-22', address: '192.168.83.2' },
    { nodeName: 'web-22', address: '192.168.83.3' },
  ]) {
    t.is(await codeOf(joinHost(b.joinEndpoint, trust, { token: named, ...taken })), 'AlreadyExists');
  }

  const made = await callUnary(a.admin.createToken.bind(a.admin), { ttlSeconds: 1 }, options);
  // A controller measures the second from when it has seen the token, which may be later at the other one.
  await pause((made.joinToken?.record?.expiresMs ?? 0) - Date.now() + 1_000);
  const expired = { token: made.joinToken?.token ?? '', nodeName: 'web-4', address: '192.168.83.4' };
  for (const controller of [a, b]) {
    t.is(await codeOf(joinHost(controller.joinEndpoint, trust, expired)), 'Unauthenticated');
  }
  // A token of another cluster, whatever its secret.
  const foreign = formatToken({ ...partsOf(named), caDigest: '0'.repeat(50) });
  t.is(await codeOf(joinHost(a.joinEndpoint, trust, { token: foreign, ...host })), 'Unauthenticated');
});

test('P13 a replayed request has no effect', async (t) => {
  const { a } = await startPair(t, ['--log-level', 'debug']);
  const trust = await a.trust();
  // All bytes that a host sends to join and that xctl sends to add a node.
  const record = async (port: number, act: (port: number) => Promise<unknown>) => {
    const sent: Buffer[] = [];
    const middle = createServer((near) => {
      const far = connectTcp({ host: '127.0.0.1', port });
      near.on('data', (chunk: Buffer) => sent.push(chunk));
      for (const socket of [near, far]) socket.on('error', () => undefined);
      near.pipe(far);
      far.pipe(near);
    });
    await new Promise<void>((resolve) => middle.listen(0, '127.0.0.1', resolve));
    const address = middle.address();
    await act(typeof address === 'object' && address !== null ? address.port : 0);
    middle.close();
    return Buffer.concat(sent);
  };
  const replay = (port: number, bytes: Buffer) =>
    new Promise<void>((resolve) => {
      const socket = connectTcp({ host: '127.0.0.1', port }, () => socket.end(bytes));
      socket.resume();
      socket.on('error', () => undefined);
      socket.once('close', () => resolve());
    });
  const token = await newToken(a, { uses: 9 });
  const joining = await record(a.joinPort, (port) =>
    joinHost({ kind: 'tcp', host: '127.0.0.1', port }, trust, { token, nodeName: 'web-1', address: '192.168.83.1' }),
  );
  const { entries } = await callUnary(a.admin.listAudit.bind(a.admin), {}, options);
  t.is(entries.at(-1)?.call, 'Join');
  t.true(joining.length > 1_000);
  t.false(joining.includes(partsOf(token).secret), 'the secret is on the wire as it is');
  for (let n = 0; n < 3; n++) await replay(a.joinPort, joining);
  const after = await callUnary(a.admin.listAudit.bind(a.admin), {}, options);
  t.is(after.entries.length, entries.length, 'a replay came to be a call');
  const { tokens } = await callUnary(a.admin.listTokens.bind(a.admin), {}, options);
  t.is(tokens[0]?.usesLeft, 8);

  // A call that an authorized caller repeats on purpose is one operation.
  const once = { operationId: 'once' };
  const [first, second] = [
    await a.addNode('web-2', '192.168.83.2', once),
    await a.addNode('web-2', '192.168.83.2', once),
  ];
  t.is(first.node?.id, second.node?.id);
  t.is((await a.nodes()).length, 2);
});

test('no secret is in the store, the logs, the audit log or the process list', async (t) => {
  const { etcd, a, b } = await startPair(t, ['--log-level', 'debug']);
  const trust = await a.trust();
  const { joinToken } = await a.addNode('web-1', '192.168.83.1');
  const request = await makeRequest();
  const tokens = [joinToken?.token ?? '', await newToken(a, { uses: 5, operationId: 'op-1' }), await newToken(a, {})];
  await joinHost(a.joinEndpoint, trust, { token: tokens[0] ?? '', request });
  // Used up, cut short, and with a name that is taken: what is refused is logged, too.
  await codeOf(joinHost(b.joinEndpoint, trust, { token: tokens[0] ?? '' }));
  await codeOf(joinHost(b.joinEndpoint, trust, { token: (tokens[1] ?? '').slice(0, -1) }));
  await codeOf(joinHost(b.joinEndpoint, trust, { token: tokens[1] ?? '', nodeName: 'web-1', address: '192.168.83.9' }));
  await codeOf(callUnary(a.admin.revokeToken.bind(a.admin), { id: tokens[2] ?? '' }, options));
  await a.credentialsFor('admin', 'alice');

  const store = new EtcdStore({ endpoints: [etcd.endpoint], prefix: '/xnet/v1/' });
  const { entries } = await store.list();
  await store.close();
  const shown: [string, string][] = [
    ['etcd', entries.map(({ key, value }) => `${key} ${value}`).join('\n')],
    ...[a, b].flatMap((controller): [string, string][] => [
      ['log', controller.output],
      ['command line', readFileSync(`/proc/${controller.pid}/cmdline`, 'utf8')],
      ['environment', readFileSync(`/proc/${controller.pid}/environ`, 'utf8')],
      ...readdirSync(join(controller.dir, 'audit')).map((name): [string, string] => [
        'audit',
        readFileSync(join(controller.dir, 'audit', name), 'utf8'),
      ]),
    ]),
  ];
  for (const { admin } of [a, b]) {
    shown.push(['answers', JSON.stringify(await callUnary(admin.listAudit.bind(admin), {}, options))]);
    shown.push(['answers', JSON.stringify(await callUnary(admin.listTokens.bind(admin), {}, options))]);
    shown.push(['answers', JSON.stringify(await callUnary(admin.listEvents.bind(admin), {}, options))]);
    shown.push(['answers', JSON.stringify(await callUnary(admin.listCertificates.bind(admin), {}, options))]);
  }
  const lines = (pem: string) => pem.split('\n').filter((line) => line.length > 40 && !line.startsWith('-----'));
  const secrets = [
    ...tokens.map((token) => partsOf(token).secret),
    readFileSync(join(a.dir, 'cluster.key'), 'utf8').trim(),
    ...lines(request.key).slice(1),
  ];
  t.true(secrets.length >= 6 && secrets.every((secret) => secret.length >= 24));
  for (const [where, text] of shown) {
    for (const secret of secrets) t.false(text.includes(secret), `a secret is in ${where}`);
    t.notRegex(text, /PRIVATE KEY/, where);
  }
  // The search covers the right text: the names of the tokens are in it.
  const all = shown.map(([, text]) => text).join('\n');
  for (const token of tokens) t.true(all.includes(partsOf(token).id));
  t.regex(all, /sealedKey/);
});
