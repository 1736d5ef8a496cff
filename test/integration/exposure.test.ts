// An etcd that others can reach: found out by trying, and told.
import test from 'ava';
import { pino } from 'pino';
import { EtcdStore } from '../../controller/store/etcd.js';
import { readsAnonymously } from '../../controller/store/etcd-client.js';
import { EtcdExposure, exposureOf } from '../../controller/store/etcd-exposure.js';
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
  t.regex(warned[0] ?? '', /is open: whoever reaches it can read and change every lease/);
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

test('what does not answer is not said to be closed', async (t) => {
  const error = await t.throwsAsync(readsAnonymously(`http://127.0.0.1:${await freePort()}`, undefined));
  t.true(error instanceof XnetError && (error.code === 'Unavailable' || error.code === 'DeadlineExceeded'));
});

test('sockets of this machine and closed etcds are no reason to warn', (t) => {
  t.deepEqual(exposureOf('unix:/run/etcd/client:0', true), []);
  t.deepEqual(exposureOf('https://etcd-1:2379', false), []);
  t.is(exposureOf('https://etcd-1:2379', true).length, 1);
  t.is(exposureOf('http://etcd-1:2379', false).length, 1);
});
