// Joining under load and under attack: many at once, guesses, replays, and where secrets end up.
import { readdirSync, readFileSync } from 'node:fs';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp, createServer } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import test from 'ava';
import { EtcdStore } from '../../controller/store/etcd.js';
import { XnetError } from '../../proto/errors.js';
import type { CreateTokenRequest } from '../../proto/gen/xnet/v1/CreateTokenRequest.js';
import { makeRequest } from '../../proto/pki/certificate.js';
import { controllerHost } from '../../proto/pki/identity.js';
import { checkToken, formatToken, randomNames } from '../../proto/pki/token.js';
import { pause } from '../../proto/process/backoff.js';
import { callUnary } from '../../proto/rpc/channel.js';
import { services } from '../../proto/rpc/definitions.js';
import { startPair } from '../support/controller-pair.js';
import type { ControllerProcess } from '../support/controller-process.js';
import { joinHost, type Trust } from '../support/joining.js';
import { SimulatedNode } from '../support/simulated-node.js';

const options = { timeoutMs: 60_000 };
const unauthenticated = '16';
const resourceExhausted = '8';

async function newToken({ admin }: ControllerProcess, wanted: CreateTokenRequest): Promise<string> {
  return (await callUnary(admin.createToken.bind(admin), wanted, options)).joinToken?.token ?? '';
}

function partsOf(token: string) {
  const checked = checkToken(token);
  if (!('value' in checked)) throw new Error('no token');
  return checked.value;
}

const codeOf = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call;
    return 'OK';
  } catch (error) {
    return error instanceof XnetError ? error.code : String(error);
  }
};

// As a host and an operator do who got no answer in time: the same again, which is done once (the key, the operation id).
async function untilAnswered<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      const unanswered = error instanceof XnetError && ['DeadlineExceeded', 'Unavailable'].includes(error.code);
      if (!unanswered || attempt === 5) throw error;
    }
  }
}

test.serial('five hundred hosts join at once through two controllers, each with a subnet of its own', async (t) => {
  const { a, b } = await startPair(t, ['--log-level', 'debug']);
  const trust = await a.trust();
  const count = 500;
  await a.createPool('10.64.0.0/13', 'large');
  // Half of them with a token each, half with one for all.
  const shared = await newToken(a, { uses: count / 2, pool: 'large' });
  const own = await Promise.all(
    Array.from({ length: count / 2 }, (_, n) =>
      untilAnswered(() => newToken(a, { pool: 'large', operationId: `token-${n}` })),
    ),
  );
  const requests = await Promise.all(Array.from({ length: count }, () => makeRequest()));
  const joined = await Promise.all(
    requests.map((request, n) => {
      const token = own[n] ?? shared;
      const host = { nodeName: `web-${n}`, address: `192.168.${83 + Math.floor(n / 200)}.${1 + (n % 200)}` };
      const at = (n % 2 === 0 ? a : b).joinEndpoint;
      return untilAnswered(() => joinHost(at, trust, { token, request, ...host }));
    }),
  );
  t.is(new Set(joined.map(({ nodeId }) => nodeId)).size, count);
  await a.until('all are nodes', (status) => status.nodes?.total === count);
  const subnets = (await a.nodes()).map(({ subnet }) => subnet);
  t.is(new Set(subnets).size, count);
  t.true(subnets.every((subnet) => /^10\.(6[4-9]|7[01])\.\d+\.0\/24$/.test(subnet)));
  const { tokens } = await callUnary(a.admin.listTokens.bind(a.admin), {}, options);
  t.deepEqual([...new Set(tokens.map(({ usesLeft }) => usesLeft))], [0], 'every use was used once');
  const late = { token: shared, nodeName: 'late', address: '192.168.99.1' };
  t.is(await codeOf(joinHost(a.joinEndpoint, trust, late)), 'Unauthenticated');
});

/** A connection to the port for joining from an address of its own, that guesses. */
class Guesser {
  readonly #session: ClientHttp2Session;

  private constructor(session: ClientHttp2Session) {
    this.#session = session;
  }

  static connect(port: number, { clusterId, authority }: Trust, localAddress: string): Promise<Guesser> {
    return new Promise((resolve, reject) => {
      // Node.js passes localAddress on to the socket; the type of TLS options does not have it.
      const options = {
        host: '127.0.0.1',
        port,
        localAddress,
        ca: [...authority],
        servername: controllerHost(clusterId),
        ALPNProtocols: ['h2'],
      };
      const session = connectHttp2('https://controller', { createConnection: () => connectTls(options) });
      session.once('error', reject);
      session.once('remoteSettings', () => resolve(new Guesser(session)));
    });
  }

  /** guess is the gRPC status of a join with this token. */
  guess(token: string, csr: string): Promise<string> {
    const { Join } = services.join.service;
    const message = Join.requestSerialize({ token, csr, nodeName: 'thief', address: '192.168.83.66' });
    const frame = Buffer.alloc(5);
    frame.writeUInt32BE(message.length, 1);
    return new Promise((resolve, reject) => {
      const stream = this.#session.request({
        ':method': 'POST',
        ':path': Join.path,
        'content-type': 'application/grpc',
        te: 'trailers',
        'grpc-timeout': '60S',
      });
      const read = (headers: { readonly 'grpc-status'?: unknown }) => {
        if (headers['grpc-status'] !== undefined) resolve(String(headers['grpc-status']));
      };
      stream.on('response', read);
      stream.on('trailers', read);
      stream.on('error', reject);
      stream.resume();
      stream.end(Buffer.concat([frame, message]));
    });
  }

  close(): void {
    this.#session.destroy();
  }
}

test.serial('ten thousand guesses at a token are refused, and streams get their changes meanwhile', async (t) => {
  const { a } = await startPair(t, ['--log-level', 'debug']);
  const trust = await a.trust();
  const watchers: SimulatedNode[] = [];
  for (let n = 1; n <= 10; n++) {
    await a.addNode(`web-${n}`, `192.168.83.${n}`);
    const node = new SimulatedNode(await a.joined(`web-${n}`), `web-${n}`).watch();
    await node.until('a table', () => node.table !== undefined);
    watchers.push(node);
  }
  // How long until all have heard of a node that was added.
  let added = 0;
  const addOne = async () => {
    added += 1;
    const began = performance.now();
    const { node } = await a.addNode(`new-${added}`, `192.168.84.${added}`);
    const subnet = node?.subnet ?? 'none';
    const knows = (watcher: SimulatedNode) => watcher.routes().some((route) => route.startsWith(subnet));
    await Promise.all(watchers.map((watcher) => watcher.until(`a route to ${subnet}`, () => knows(watcher))));
    return performance.now() - began;
  };
  const before: number[] = [];
  for (let n = 0; n < 20; n++) before.push(await addOne());

  const token = await newToken(a, { uses: 2 });
  const real = partsOf(token);
  const { csr } = await makeRequest();
  const guesses = 10_000;
  // As many as one address may have wrong: every guess is looked at.
  const perAddress = 10;
  const workers = 16;
  let guessed = 0;
  const statuses = new Map<string, number>();
  const worker = async (first: number) => {
    for (let n = first; n < guesses / perAddress; n += workers) {
      const guesser = await Guesser.connect(a.joinPort, trust, `127.1.${n >> 8}.${n & 255}`);
      const tokens = Array.from({ length: perAddress }, (_, index) => {
        const names = randomNames();
        return formatToken({ ...real, ...names, id: index % 2 === 0 ? real.id : names.id });
      });
      for (const status of await Promise.all(tokens.map((guess) => guesser.guess(guess, csr)))) {
        guessed += 1;
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
      guesser.close();
    }
  };
  const began = performance.now();
  const flood = Promise.all(Array.from({ length: workers }, (_, first) => worker(first)));
  const during: number[] = [];
  while (guessed < guesses) {
    if (during.length < 100) during.push(await addOne());
    else await flood;
    // Somebody who is right gets in.
    if (during.length === 10) {
      await joinHost(a.joinEndpoint, trust, { token, nodeName: 'honest', address: '192.168.83.200' });
    }
  }
  await flood;
  const seconds = (performance.now() - began) / 1000;
  t.deepEqual([...statuses], [[unauthenticated, guesses]]);

  const median = (times: readonly number[]) => [...times].sort((x, y) => x - y)[times.length >> 1] ?? 0;
  const ratio = median(during) / median(before);
  t.log(
    `${guesses} guesses in ${seconds.toFixed(1)} s; a change took ${median(before).toFixed(1)} ms to all before, ` +
      `${median(during).toFixed(1)} ms meanwhile: ${ratio.toFixed(1)} times (${during.length} changes)`,
  );
  t.true(during.length > 0);
  const { routes } = await a.routes();
  t.true(routes.some(({ nodeName }) => nodeName === 'honest'));
  t.false(routes.some(({ nodeName }) => nodeName === 'thief'));
  for (const watcher of watchers) {
    await watcher.until('every route', () => watcher.routes().length === routes.length - 1);
    t.is(watcher.heard.filter(({ kind }) => kind === 'snapshot').length, 1, 'a stream was begun anew');
    t.false(watcher.heard.some(({ kind }) => kind === 'ended'));
    watcher.leaveStream();
  }
});

test('an address that is wrong too often is not heard for a while, others are', async (t) => {
  const { a } = await startPair(t, ['--log-level', 'debug']);
  const trust = await a.trust();
  const token = await newToken(a, { uses: 2 });
  const { csr } = await makeRequest();
  const from = async (address: string) => {
    const guesser = await Guesser.connect(a.joinPort, trust, address);
    t.teardown(() => guesser.close());
    return guesser;
  };
  const wrong = await from('127.0.0.66');
  // All at once: every answer comes after a pause, and failures are forgiven with time.
  const guesses = Array.from({ length: 30 }, () => ({ ...partsOf(token), secret: randomNames().secret }));
  const answers = await Promise.all(guesses.map((guess) => wrong.guess(formatToken(guess), csr)));
  const heard = answers.filter((answer) => answer === unauthenticated).length;
  t.true(heard >= 10 && heard <= 12, `${heard} were looked at`);
  t.is(answers.filter((answer) => answer === resourceExhausted).length, 30 - heard);
  t.is(await wrong.guess(token, csr), resourceExhausted, 'nor is it told when it is right');
  const other = await from('127.0.0.67');
  t.is(await other.guess(token, csr), '0');
  const { events } = await callUnary(a.admin.listEvents.bind(a.admin), { subject: 'address/127.0.0.66' }, options);
  t.is(events[0]?.reason, 'JoinRefused');
});

test('a token lets in as many as it says, also when all come at the same moment', async (t) => {
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
    // The one that was let in may come again, as after an answer that was lost; it is the same node.
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

test('a token is good for its node, its addresses, its pool and its time alone', async (t) => {
  const { a, b } = await startPair(t, ['--log-level', 'debug']);
  const trust = await a.trust();
  await a.createPool('10.99.0.0/16', 'edge');
  await a.addNode('web-1', '192.168.83.1');
  await a.addNode('web-2', '192.168.83.2');
  const bound = await newToken(a, { node: 'web-1' });
  t.is(await codeOf(joinHost(a.joinEndpoint, trust, { token: bound, nodeName: 'web-2' })), 'PermissionDenied');
  t.is((await joinHost(a.joinEndpoint, trust, { token: bound })).nodeName, 'web-1');

  // A subnet that the host can't have is not leased to it, and what it was leased before is refused, with the token kept.
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

  const named = await newToken(a, {});
  for (const taken of [
    { nodeName: 'web-2', address: '192.168.83.22' },
    { nodeName: 'web-22', address: '192.168.83.2' },
    { nodeName: 'web-22', address: '192.168.83.3' },
  ]) {
    t.is(await codeOf(joinHost(b.joinEndpoint, trust, { token: named, ...taken })), 'AlreadyExists');
  }

  const made = await callUnary(a.admin.createToken.bind(a.admin), { ttlSeconds: 1 }, options);
  await pause((made.joinToken?.record?.expiresMs ?? 0) - Date.now() + 1);
  const expired = { token: made.joinToken?.token ?? '', nodeName: 'web-4', address: '192.168.83.4' };
  for (const controller of [a, b]) {
    t.is(await codeOf(joinHost(controller.joinEndpoint, trust, expired)), 'Unauthenticated');
  }
  // One of another cluster, whatever its secret.
  const foreign = formatToken({ ...partsOf(named), caDigest: '0'.repeat(50) });
  t.is(await codeOf(joinHost(a.joinEndpoint, trust, { token: foreign, ...host })), 'Unauthenticated');
});

test('what was said once does nothing when it is said again', async (t) => {
  const { a } = await startPair(t, ['--log-level', 'debug']);
  const trust = await a.trust();
  // All that a host sends to join, and all that a person sends to add a node, as it goes over the wire.
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

  // A call that is made again on purpose, by whoever may, is one operation.
  const once = { operationId: 'once' };
  const [first, second] = [
    await a.addNode('web-2', '192.168.83.2', once),
    await a.addNode('web-2', '192.168.83.2', once),
  ];
  t.is(first.node?.id, second.node?.id);
  t.is((await a.nodes()).length, 2);
});

test('no secret is in the store, the logs, the audit or what a process shows of itself', async (t) => {
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
  // What is looked through is what there is: the tokens' names are there.
  const all = shown.map(([, text]) => text).join('\n');
  for (const token of tokens) t.true(all.includes(partsOf(token).id));
  t.regex(all, /sealedKey/);
});
