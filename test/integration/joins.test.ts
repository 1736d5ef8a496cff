// Many concurrent joins, and many guesses at tokens.
import test from 'ava';
import { XnetError } from '../../proto/errors.js';
import { makeRequest } from '../../proto/pki/certificate.js';
import { formatToken, randomNames } from '../../proto/pki/token.js';
import { callUnary } from '../../proto/rpc/channel.js';
import { startPair } from '../support/controller-pair.js';
import { codeOf, Guesser, newToken, options, partsOf } from '../support/join-tokens.js';
import { joinHost } from '../support/joining.js';
import { SimulatedNode } from '../support/simulated-node.js';

const unauthenticated = '16';
const resourceExhausted = '8';

// Repeats a call without an answer in time, as hosts and operators do; it takes effect once (by its key or operation
// id).
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

test.serial('five hundred hosts join at once through two controllers, each with its own subnet', async (t) => {
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

test.serial('thousands of guesses at a token are refused, and streams get their changes meanwhile', async (t) => {
  const { a } = await startPair(t, ['--log-level', 'debug']);
  const trust = await a.trust();
  const watchers: SimulatedNode[] = [];
  for (let n = 1; n <= 10; n++) {
    await a.addNode(`web-${n}`, `192.168.83.${n}`);
    const node = new SimulatedNode(await a.joined(`web-${n}`), `web-${n}`).watch();
    await node.until('a table', () => node.table !== undefined);
    watchers.push(node);
  }
  // The time until all nodes have received an added node.
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
  const guesses = 2_000;
  // As many failures as one address may have: every guess is checked.
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
    // A host with a valid token is admitted.
    if (during.length === 1) {
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

test('an address with too many wrong guesses is ignored for a while, others are not', async (t) => {
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
  const began = performance.now();
  const calls = ['Join', 'PreviewJoin'] as const;
  const answers = await Promise.all(
    guesses.map((guess, index) => wrong.guess(formatToken(guess), csr, calls[index % 2])),
  );
  const heard = answers.filter((answer) => answer === unauthenticated).length;
  // Ten, and one more for every six seconds.
  const most = 12 + (performance.now() - began) / 6_000;
  t.true(heard >= 10 && heard <= most, `${heard} were looked at`);
  t.is(answers.filter((answer) => answer === resourceExhausted).length, 30 - heard);
  for (const call of calls) {
    t.is(await wrong.guess(token, csr, call), resourceExhausted, 'nor is it told when it is right');
  }
  const other = await from('127.0.0.67');
  for (const call of ['PreviewJoin', 'Join'] as const) t.is(await other.guess(token, csr, call), '0');
  const { events } = await callUnary(a.admin.listEvents.bind(a.admin), { subject: 'address/127.0.0.66' }, options);
  t.is(events[0]?.reason, 'JoinRefused');
});
