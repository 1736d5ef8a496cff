// Mutations on a store that refuses writes, or does not answer: what is said of a change that may have been made, and of
// one that was not.
import test from 'ava';
import { CommitQueue } from '../../../../controller/registry/commit-queue.js';
import { mutate } from '../../../../controller/registry/mutation.js';
import { NodeRegistry } from '../../../../controller/registry/nodes.js';
import { NodeFinder } from '../../../../controller/service/find-node.js';
import { Gate } from '../../../../controller/store/gate.js';
import type { ViewFeed } from '../../../../controller/view/view-feed.js';
import { XnetError } from '../../../../proto/errors.js';
import { silent } from '../../../support/controller.js';
import { newNode, once, rig } from '../../../support/registry-values.js';

test('a store that refuses the second attempt leaves the outcome of the first open', async (t) => {
  const { stores, core, cluster, close } = await rig();
  t.teardown(close);
  const [store] = stores;
  if (store === undefined) throw new Error('no store');
  const answers: XnetError[] = [];
  const own = store.commit.bind(store);
  store.commit = async (commit) => {
    const error = answers.shift();
    if (error !== undefined) throw error;
    return own(commit);
  };
  const operation = { operationId: 'op-1', dryRun: false };
  const full = new XnetError('NotWritable', 'its disk quota is used up');
  answers.push(new XnetError('DeadlineExceeded', 'etcd did not answer in time'), full);
  await t.throwsAsync(core.nodes.add(operation, newNode('web-1', 1)), { message: /did not answer in time/ });
  t.is(answers.length, 0, 'it was tried again');
  answers.push(full);
  const error = await t.throwsAsync(core.nodes.add(operation, newNode('web-1', 1)), { instanceOf: XnetError });
  t.is(error?.code, 'NotWritable', 'nothing was sent before');
  t.is(
    cluster.history.some(({ changes }) => changes.some((each) => 'entry' in each && each.entry.key.includes('nodes/'))),
    false,
  );
  t.false((await core.nodes.add(operation, newNode('web-1', 1))).repeated);
});

test('what is refused because of a stale view, or unchanged, is not writable while the store can’t be read either', async (t) => {
  const { stores, core, close } = await rig();
  t.teardown(close);
  const [store] = stores;
  if (store === undefined) throw new Error('no store');
  const away = new XnetError('Unavailable', 'no member is healthy');
  store.position = () => Promise.reject(away);
  let problem: XnetError | undefined;
  const context = { ...core.context, writeProblem: () => problem };
  const remove = () =>
    mutate(context, {
      ...{ operationId: 'op-1', dryRun: false, call: 'RemoveNode', request: {} },
      decide: () => {
        throw new XnetError('NotFound', 'there is no node web-1');
      },
    });
  await t.throwsAsync(remove(), { message: away.message }, 'not known to take no writes');
  problem = new XnetError('NotWritable', 'nothing can be written to the store');
  await t.throwsAsync(remove(), { message: problem.message });
});

test('a change of a node that can’t be looked up is not writable while the store can’t be read either', async (t) => {
  const { stores, core, close } = await rig();
  t.teardown(close);
  const [store] = stores;
  if (store === undefined) throw new Error('no store');
  const removal = { operationId: 'op-1', dryRun: false, call: 'RemoveNode' };
  const { subject } = await core.nodes.add(once, newNode('web-1', 1));
  await core.nodes.remove(removal, subject, () => undefined);
  const full = new XnetError('NotWritable', 'its disk quota is used up');
  const finder = new NodeFinder({ ...core.context, writeProblem: () => full });
  t.is(await finder.find('web-1', removal), subject, 'it is found while the store can be read');
  await t.throwsAsync(finder.find('web-1'), { message: /there is no node "web-1"/ });
  const away = new XnetError('DeadlineExceeded', 'etcd did not answer in time');
  store.position = () => Promise.reject(away);
  await t.throwsAsync(finder.find('web-1'), { message: full.message });
  store.read = () => Promise.reject(away);
  await t.throwsAsync(finder.find('web-1', removal), { message: full.message });
  await t.throwsAsync(new NodeFinder(core.context).find('web-1', removal), { message: away.message });
  const refused = new XnetError('Unavailable', 'the controller refuses to act: it was restored');
  const feed = {
    get view() {
      throw refused;
    },
  } as unknown as ViewFeed;
  await t.throwsAsync(new NodeFinder({ ...core.context, feed }).find('web-1', removal), { message: refused.message });
});

test('a store that can’t be read any more after a lost answer leaves the outcome open', async (t) => {
  const denied = new XnetError('FailedPrecondition', 'etcd refuses to list: permission denied');
  const late = new XnetError('DeadlineExceeded', 'etcd did not answer in time');
  for (const what of ['list', 'position'] as const) {
    const { stores, core, close } = await rig();
    t.teardown(close);
    const [store] = stores;
    if (store === undefined) throw new Error('no store');
    let tried = false;
    store.commit = () => {
      tried = true;
      Object.assign(store, { [what]: () => Promise.reject(denied) });
      return Promise.reject(late);
    };
    const decide = () => {
      // The second time, it would be refused.
      if (tried) throw new XnetError('NotFound', 'there is no pool x');
      const operations = [{ kind: 'put' as const, key: 'pools/x', value: '{}' }];
      const event = { reason: 'PoolCreated' as const, subject: 'pool/x', message: '' };
      return { subject: 'pool/x', change: { guards: [], operations, event } };
    };
    const mutation = { operationId: 'op-1', dryRun: false, call: 'CreatePool', request: {}, decide };
    await t.throwsAsync(mutate(core.context, mutation), { message: late.message }, what);
  }
});

test('a change that the controller refuses to send, once it is announced, has no unknown outcome', async (t) => {
  const { stores, core, close } = await rig();
  t.teardown(close);
  const [store] = stores;
  if (store === undefined) throw new Error('no store');
  const keeping = {
    get clusterRevision(): number {
      throw new XnetError('Unavailable', 'the controller refuses to act: it was restored');
    },
    untilReady: async () => undefined,
  };
  const gate = new Gate(store, keeping, silent);
  const commits = new CommitQueue({ store: gate, reached: (revision, ms) => core.feed.reached(revision, ms) });
  const outcomes: string[] = [];
  const recording = {
    begin: async () => undefined,
    settle: async ({ outcome, message }: { readonly outcome: string; readonly message: string }) => {
      outcomes.push(`${outcome} ${message}`);
    },
  };
  const nodes = new NodeRegistry({ ...core.context, commits, audit: { record: () => recording } });
  const operation = { operationId: 'op-1', dryRun: false };
  await t.throwsAsync(nodes.add(operation, newNode('web-1', 1)), { message: /refuses to act/ });
  t.deepEqual(outcomes, ['NotWritable the controller refuses to act: it was restored']);
});

test('a store that is refused after a lost answer leaves the outcome open', async (t) => {
  const { stores, core, close } = await rig();
  t.teardown(close);
  const [store] = stores;
  if (store === undefined) throw new Error('no store');
  let isRefused = false;
  const feed = {
    get view() {
      if (isRefused) throw new XnetError('Unavailable', 'the controller refuses to act: it was restored');
      return core.feed.view;
    },
    fresh: () => {
      isRefused = true;
      return core.feed.fresh();
    },
  } as unknown as ViewFeed;
  const late = new XnetError('DeadlineExceeded', 'etcd did not answer in time');
  store.commit = () => Promise.reject(late);
  const decide = () => ({
    subject: 'pool/x',
    change: {
      ...{ guards: [], operations: [{ kind: 'put' as const, key: 'pools/x', value: '{}' }] },
      event: { reason: 'PoolCreated' as const, subject: 'pool/x', message: '' },
    },
  });
  const context = { ...core.context, feed };
  const mutation = { operationId: 'op-1', dryRun: false, call: 'CreatePool', request: {}, decide };
  await t.throwsAsync(mutate(context, mutation), { message: late.message });
  t.true(isRefused);
});

test('a record that can’t be read after a lost answer leaves the outcome open', async (t) => {
  const { stores, core, close } = await rig();
  t.teardown(close);
  const [store] = stores;
  if (store === undefined) throw new Error('no store');
  const late = new XnetError('DeadlineExceeded', 'etcd did not answer in time');
  store.commit = () => Promise.reject(late);
  store.read = () => Promise.reject(new XnetError('Unavailable', 'no member is healthy', { hint: 'start them' }));
  const operation = { operationId: 'op-1', dryRun: false };
  await t.throwsAsync(core.nodes.add(operation, newNode('web-1', 1)), { message: late.message });
});
