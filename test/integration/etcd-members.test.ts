// A store on three etcd members, of which one dies, hangs, or is partitioned from the others.
import test from 'ava';
import { EtcdStore } from '../../controller/store/etcd.js';
import { abandoned, type CallOutcome, failureOf } from '../../controller/store/etcd-errors.js';
import type { Commit, WatchMessage } from '../../controller/store/store.js';
import { type ErrorCode, XnetError } from '../../proto/errors.js';
import { TestEtcd } from '../support/etcd.js';
import { EtcdCluster, type EtcdMember } from '../support/etcd-cluster.js';
import { until } from '../support/until.js';

const put = (key: string): Commit => ({ guards: [], operations: [{ kind: 'put', key, value: '{}' }] });

// A store that turns to a follower, and that follower.
async function onFollower(cluster: EtcdCluster): Promise<{ store: EtcdStore; follower: EtcdMember }> {
  for (;;) {
    const store = new EtcdStore(cluster.options('/xnet-test/'));
    const follower = cluster.followers().find((member) => cluster.endpointOf(member) === store.member);
    if (follower !== undefined) return { store, follower };
    await store.close();
  }
}

const workers = 4;

// The number of 200 commits that fail, and whether all others are in the store.
async function commitMany(store: EtcdStore, name: string) {
  const written: string[] = [];
  let failures = 0;
  let next = 0;
  const work = async () => {
    while (next < 200) {
      const key = `${name}/${next++}`;
      try {
        await store.commit(put(key));
        written.push(key);
      } catch (error) {
        if (!(error instanceof XnetError)) throw error;
        failures += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  const there = new Set((await store.scan(`${name}/`)).map(({ key }) => key));
  return { failures, missing: written.filter((key) => !there.has(key)) };
}

test.serial('one member of three is killed, then one hangs: only the calls in flight there fail', async (t) => {
  const cluster = await EtcdCluster.start();
  t.teardown(() => cluster.close());
  const first = await onFollower(cluster);
  t.teardown(() => first.store.close());
  await first.store.commit(put('before'));
  await cluster.kill(first.follower);
  const killed = await commitMany(first.store, 'killed');
  t.true(killed.failures <= workers, `${killed.failures} of 200 failed`);
  t.deepEqual(killed.missing, []);
  t.regex(first.store.problems.join('\n'), new RegExp(cluster.endpointOf(first.follower)));
  await cluster.launch(first.follower);
  await until('it is well again', async () => first.store.problems.length === 0);

  const second = await onFollower(cluster);
  t.teardown(() => second.store.close());
  await second.store.commit(put('before'));
  cluster.signal(second.follower, 'SIGSTOP');
  const stopped = await commitMany(second.store, 'stopped');
  t.true(stopped.failures <= workers, `${stopped.failures} of 200 failed`);
  t.deepEqual(stopped.missing, []);
  cluster.signal(second.follower, 'SIGCONT');
});

test.serial('a watch on a hanging member continues at another one without loss', async (t) => {
  const cluster = await EtcdCluster.start();
  t.teardown(() => cluster.close());
  const { store, follower } = await onFollower(cluster);
  const other = new EtcdStore({
    ...cluster.options('/xnet-test/'),
    endpoints: cluster.members.filter((member) => member !== follower).map((member) => cluster.endpointOf(member)),
  });
  t.teardown(() => Promise.all([store.close(), other.close()]));
  const stop = new AbortController();
  const heard: string[] = [];
  let listed = false;
  const reading = (async () => {
    for await (const message of store.watch(stop.signal)) {
      if (message.kind === 'listing') listed = true;
      heard.push(...keysOf(message));
    }
  })();
  await until('listed', async () => listed);
  await other.commit(put('nodes/1'));
  await until('the first change', async () => heard.length === 1);
  cluster.signal(follower, 'SIGSTOP');
  await other.commit(put('nodes/2'));
  await until('the second change, from another member', async () => heard.length === 2);
  await other.commit(put('nodes/3'));
  await until('the third change', async () => heard.length === 3);
  t.deepEqual(heard, ['nodes/1', 'nodes/2', 'nodes/3']);
  cluster.signal(follower, 'SIGCONT');

  // Most members gone: what is left says so, and writes nothing.
  const [left, ...gone] = cluster.members;
  if (left === undefined) return t.fail();
  for (const member of gone) cluster.signal(member, 'SIGSTOP');
  const alone = new EtcdStore(cluster.options('/xnet-test/', [cluster.endpointOf(left)]));
  t.teardown(() => alone.close());
  await until('it has lost its leader', async () => /no leader|no member answers/.test(alone.problems.join()));
  const refused = await t.throwsAsync(alone.commit(put('nodes/4')));
  t.is(refused instanceof XnetError ? refused.code : '', 'NotWritable');
  for (const member of gone) cluster.signal(member, 'SIGCONT');
  stop.abort();
  await reading;
});

function keysOf(message: WatchMessage): readonly string[] {
  if (message.kind !== 'changes') return [];
  return message.changes.map((change) => (change.kind === 'put' ? change.entry.key : change.key));
}

test.serial('a commit that never got the lease of its records was not sent', async (t) => {
  const etcd = await TestEtcd.start();
  t.teardown(() => etcd.close());
  const store = new EtcdStore({ endpoints: [etcd.endpoint], prefix: '/xnet-test/' });
  t.teardown(() => store.close());
  await store.commit(put('before'));
  const recorded: Commit = {
    guards: [],
    operations: [{ kind: 'put', key: 'operations/op-1', value: '{}', expires: 'record' }],
  };
  process.kill(etcd.pid, 'SIGSTOP');
  const error = await t.throwsAsync(store.commit(recorded), { instanceOf: XnetError });
  process.kill(etcd.pid, 'SIGCONT');
  t.is(error?.code, 'NotWritable', error?.message);
  await until('it is well again', async () => store.problems.length === 0);
  t.is(await store.read('operations/op-1'), undefined);
  t.true((await store.commit(recorded)).committed);
});

test('C14 the error of a call shows whether it may have taken effect', (t) => {
  const outcomes: readonly (readonly [string, CallOutcome, ErrorCode])[] = [
    ['14 UNAVAILABLE: No connection established. Last error: connect ECONNREFUSED', 'not done', 'NotWritable'],
    ['14 UNAVAILABLE: etcdserver: no leader', 'not done', 'NotWritable'],
    ['4 DEADLINE_EXCEEDED: Deadline exceeded after 5.001s,LB pick: 5.0s', 'not done', 'DeadlineExceeded'],
    ['4 DEADLINE_EXCEEDED: Deadline exceeded after 5.001s,remote_addr=127.0.0.1:2379', 'unknown', 'DeadlineExceeded'],
    ['4 DEADLINE_EXCEEDED: context deadline exceeded', 'unknown', 'DeadlineExceeded'],
    ['14 UNAVAILABLE: etcdserver: request timed out', 'unknown', 'DeadlineExceeded'],
    ['14 UNAVAILABLE: read ECONNRESET', 'unknown', 'Unavailable'],
    ['14 UNAVAILABLE: etcdserver: server stopped', 'unknown', 'Unavailable'],
    ['14 UNAVAILABLE: etcdserver: leader changed', 'unknown', 'Unavailable'],
    ['8 RESOURCE_EXHAUSTED: etcdserver: mvcc: database space exceeded', 'refused', 'NotWritable'],
    ['7 PERMISSION_DENIED: etcdserver: permission denied', 'refused', 'NotWritable'],
  ];
  for (const [text, outcome, code] of outcomes) {
    const failure = failureOf(new Error(text), 'write', 'write');
    t.is(failure.outcome, outcome, text);
    t.is(failure.error.code, code, text);
  }
  // A call in flight at a member is not sent again because of a later problem of the member.
  for (const reason of [
    'has no leader: it is cut off',
    'Channel closed before call started',
    'No connection established',
  ]) {
    t.is(failureOf(abandoned('http://127.0.0.1:2379', reason), 'write', 'write').outcome, 'unknown', reason);
  }
});
