// An etcd that others can reach: detected by trying, and reported.
import test from 'ava';
import { pino } from 'pino';
import { EtcdStore } from '../../controller/store/etcd.js';
import { clientOf, readsAnonymously } from '../../controller/store/etcd-client.js';
import { EtcdExposure, exposureOf } from '../../controller/store/etcd-exposure.js';
import { EtcdHistory } from '../../controller/store/etcd-history.js';
import { Ages } from '../../controller/view/ages.js';
import { XnetError } from '../../proto/errors.js';
import { enableAuthentication, freePort, TestEtcd } from '../support/etcd.js';

function messageIn(line: string): string {
  const { msg } = JSON.parse(line) as { readonly msg: string };
  return msg;
}

test('an etcd without authentication is open, one with it is not; both are without TLS', async (t) => {
  const etcd = await TestEtcd.start();
  t.teardown(() => etcd.close());
  t.true(await readsAnonymously(etcd.endpoint, undefined));
  const stop = new AbortController();
  const warned: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => warned.push(messageIn(line)) });
  const exposure = new EtcdExposure({ endpoints: [etcd.endpoint], prefix: '/xnet/v1/' }, log);
  const running = exposure.run(stop.signal);
  while (exposure.warnings.length === 0) await new Promise((resolve) => setImmediate(resolve));
  t.deepEqual(warned, [...exposure.warnings]);
  t.regex(warned[0] ?? '', /is open: anyone who reaches it can read and change every lease/);
  t.regex(warned[1] ?? '', /without TLS/);
  stop.abort();
  await running;

  enableAuthentication(etcd.endpoint, { user: 'xnet', password: 'secret', prefix: '/xnet/v1/' });
  t.false(await readsAnonymously(etcd.endpoint, undefined));
  const store = new EtcdStore({
    endpoints: [etcd.endpoint],
    prefix: '/xnet/v1/',
    auth: { username: 'xnet', password: 'secret' },
  });
  await store.commit({ guards: [], operations: [{ kind: 'put', key: 'a', value: '1' }] });
  t.is((await store.read('a'))?.value, '1');
  await store.close();
  // The user of the prefix can write nowhere else.
  const elsewhere = new EtcdStore({
    endpoints: [etcd.endpoint],
    prefix: '/other/',
    auth: { username: 'xnet', password: 'secret' },
  });
  await t.throwsAsync(elsewhere.commit({ guards: [], operations: [{ kind: 'put', key: 'a', value: '1' }] }), {
    message: /permission denied/i,
  });
  await elsewhere.close();
});

test('an etcd with a history of a day is reported until it is compacted', async (t) => {
  const etcd = await TestEtcd.start();
  t.teardown(() => etcd.close());
  const options = { endpoints: [etcd.endpoint], prefix: '/xnet/v1/' };
  const store = new EtcdStore(options);
  t.teardown(() => store.close());
  const dayMs = 24 * 3_600_000;
  const ages = new Ages();
  const writes = async (count: number) => {
    let revision = 0;
    for (let index = 0; index < count; index++) {
      ({ revision } = await store.commit({ guards: [], operations: [{ kind: 'put', key: 'a', value: `${index}` }] }));
    }
    return revision;
  };
  const old = await writes(2);
  ages.saw(old, 0);
  let nowMs = dayMs - 1;
  const known = { olderThan: (ageMs: number) => ages.olderThan(ageMs, nowMs), newest: () => ages.newest };
  const limits = { everyMs: 20, oldMs: dayMs, manyRevisions: 10 };
  const warned: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => warned.push(messageIn(line)) });
  const history = new EtcdHistory(options, known, log, limits);
  // One look, then the signal.
  const looked = async () => {
    const stop = new AbortController();
    const running = history.run(stop.signal);
    stop.abort();
    await running;
    return history.warnings;
  };
  ages.saw(await writes(9), nowMs);
  nowMs = dayMs;
  t.deepEqual(await looked(), [], 'few revisions');
  ages.saw(await writes(1), nowMs);
  nowMs = dayMs - 1;
  t.deepEqual(await looked(), [], 'not a day');
  nowMs = dayMs;
  const [warning = ''] = await looked();
  t.regex(warning, /has not compacted its history for a day \(10 revisions\).*--auto-compaction-retention=1h/);
  await looked();
  t.deepEqual(warned, [warning], 'once');

  const client = clientOf(options, etcd.endpoint);
  await client.kv.compact({ revision: old + 1 });
  client.close();
  t.deepEqual(await looked(), []);
});

test('an endpoint that does not answer is not reported as closed', async (t) => {
  const error = await t.throwsAsync(readsAnonymously(`http://127.0.0.1:${await freePort()}`, undefined));
  t.true(error instanceof XnetError && (error.code === 'Unavailable' || error.code === 'DeadlineExceeded'));
});

test('unix sockets and protected etcds cause no warning', (t) => {
  t.deepEqual(exposureOf('unix:/run/etcd/client:0', true), []);
  t.deepEqual(exposureOf('https://etcd-1:2379', false), []);
  t.is(exposureOf('https://etcd-1:2379', true).length, 1);
  t.is(exposureOf('http://etcd-1:2379', false).length, 1);
});
