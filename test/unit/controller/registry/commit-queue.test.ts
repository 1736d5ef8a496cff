// The queue of everything that a controller writes: order, company, sizes, and whom a failure hits.
import test from 'ava';
import fc from 'fast-check';
import { CommitQueue } from '../../../../controller/registry/commit-queue.js';
import { conflict, footprintOf, largestCommit } from '../../../../controller/registry/footprint.js';
import {
  type Commit,
  type CommitResult,
  type Guard,
  longestCommit,
  type Operation,
} from '../../../../controller/store/store.js';
import { XnetError } from '../../../../proto/errors.js';
import { Core } from '../../../support/controller.js';
import { MemoryCluster, MemoryStore } from '../../../support/memory-store.js';
import { address, newDefaultPool } from '../../../support/pools.js';

const put = (key: string, value = '{}'): Operation => ({ kind: 'put', key, value });
const absent = (key: string): Guard => ({ kind: 'key', key, modRevision: 0 });

/** A store whose commits arrive when they are let go, so that a test says in which order they do. */
class HeldStore extends MemoryStore {
  readonly held: { readonly commit: Commit; go(): Promise<void> }[] = [];

  override commit(commit: Commit): Promise<CommitResult> {
    return new Promise((resolve, reject) => {
      this.held.push({ commit, go: () => super.commit(commit).then(resolve, reject) });
    });
  }

  /** settle lets go whatever is under way, the last of it first, until nothing comes any more. */
  async settle(): Promise<void> {
    for (;;) {
      await turn();
      const last = this.held.pop();
      if (last === undefined) return;
      await last.go();
    }
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

function rig() {
  const cluster = new MemoryCluster();
  const store = new HeldStore(cluster);
  const queue = new CommitQueue({ store, reached: async () => undefined });
  const submit = (...operations: Operation[]) => queue.store.commit({ guards: [], operations });
  return { cluster, store, queue, submit };
}

test('commits that touch the same key are committed in order', async (t) => {
  const { cluster, store, submit } = rig();
  const answers = [
    submit(put('status/a', 'old')),
    submit(put('status/b', 'b1')),
    submit(put('status/a', 'newer')),
    submit(put('status/b', 'b2'), put('status/c', 'c1')),
    submit(put('status/a', 'newest')),
    submit(put('status/c', 'c2')),
  ];
  await turn();
  t.is(store.held.length, 2, 'what does not conflict is under way at once');
  await store.settle();
  await Promise.all(answers);
  t.deepEqual(
    ['a', 'b', 'c'].map((id) => cluster.get(`status/${id}`)?.value),
    ['newest', 'b2', 'c2'],
  );
});

const operation = fc.record({ key: fc.nat(5), kind: fc.constantFrom('put', 'put', 'put', 'delete', 'deleteAll') });
const commits = fc.array(fc.uniqueArray(operation, { selector: ({ key }) => key, minLength: 1, maxLength: 3 }), {
  maxLength: 40,
});

test('simultaneous commits have the same result as serial ones', async (t) => {
  await fc.assert(
    fc.asyncProperty(commits, async (all) => {
      const { cluster, store, submit } = rig();
      const model = new Map<string, string>();
      const answers = all.map((operations, index) => {
        const isClearing = operations.some(({ kind }) => kind === 'deleteAll');
        if (isClearing) {
          model.clear();
          return submit({ kind: 'deleteAll', prefix: 'x/' });
        }
        for (const { key, kind } of operations) {
          if (kind === 'put') model.set(`x/${key}`, String(index));
          else model.delete(`x/${key}`);
        }
        return submit(
          ...operations.map(
            ({ key, kind }): Operation =>
              kind === 'put' ? put(`x/${key}`, String(index)) : { kind: 'delete', key: `x/${key}` },
          ),
        );
      });
      await store.settle();
      t.true((await Promise.all(answers)).every(({ committed }) => committed));
      t.deepEqual(
        Object.fromEntries(cluster.entries().map(({ key, value }) => [key, value])),
        Object.fromEntries(model),
      );
    }),
    { numRuns: 100 },
  );
});

test('transactions stay below etcd’s limits; a commit that is too large alone is refused alone', async (t) => {
  const { cluster, store, submit } = rig();
  const value = 'x'.repeat(largestCommit / 3);
  const answers = Array.from({ length: 12 }, (_, index) => submit(put(`large/${index}`, value)));
  for (let n = 0; n < 300; n++) answers.push(submit(put(`small/${n}`), put(`other/${n}`)));
  const refused = [submit(put('too/large', 'x'.repeat(largestCommit))), submit(...many(longestCommit + 1))];
  const sizes: (readonly [number, number])[] = [];
  for (;;) {
    await turn();
    const next = store.held.shift();
    if (next === undefined) break;
    const { operations, bytes } = footprintOf(next.commit);
    sizes.push([operations, bytes]);
    await next.go();
  }
  t.true(sizes.every(([operations, bytes]) => operations <= longestCommit && bytes <= largestCommit));
  t.true(sizes.length < 30, `${sizes.length} transactions`);
  t.true((await Promise.all(answers)).every(({ committed }) => committed));
  t.is(cluster.entries().length, 12 + 600);
  for (const result of await Promise.allSettled(refused)) {
    const reason: unknown = result.status === 'rejected' ? result.reason : undefined;
    t.true(reason instanceof XnetError && reason.code === 'InvalidArgument', String(reason));
    t.regex(String(reason), /too large for the store: \d+ records, \d+ KiB; at most 127 records, 1024 KiB/);
  }
});

function many(count: number): Operation[] {
  return Array.from({ length: count }, (_, index) => put(`many/${index}`));
}

test('a failed guard, proposal or preparation affects no other commit', async (t) => {
  const { cluster, store, queue, submit } = rig();
  const first = submit(put('names/taken'));
  await store.settle();
  await first;
  const guarded = (name: string) =>
    queue.store.commit({ guards: [absent(`names/${name}`)], operations: [put(`names/${name}`)] });
  const results = [submit(put('a')), submit(put('b')), submit(put('c')), submit(put('d'))];
  const among = ['x', 'y', 'taken', 'z'].map(guarded);
  const throwing = queue.submit({
    propose: () => {
      throw new XnetError('NotFound', 'no');
    },
  });
  const unprepared = queue.submit({
    propose: () => ({ guards: [], operations: [put('unprepared')] }),
    prepare: async () => {
      throw new XnetError('Unavailable', 'the disk is full');
    },
  });
  const nothing = queue.submit({ propose: () => undefined });
  const settled = Promise.allSettled([throwing, unprepared, nothing]);
  await store.settle();
  t.true((await Promise.all(results)).every(({ committed }) => committed));
  t.deepEqual(
    (await Promise.all(among)).map(({ committed }) => committed),
    [true, true, false, true],
  );
  t.deepEqual(
    (await settled).map((result) => (result.status === 'rejected' ? String(result.reason) : result.value)),
    ['XnetError: no', 'XnetError: the disk is full', undefined],
  );
  t.is(cluster.get('unprepared'), undefined);
});

test('the queue is bounded in bytes: changes beyond are refused undecided, and accepted when there is room', async (t) => {
  const cluster = new MemoryCluster();
  const store = new HeldStore(cluster);
  const queue = new CommitQueue({ store, reached: async () => undefined, mostBytes: 100 * 1024 });
  const value = 'x'.repeat(10 * 1024);
  const submit = (n: number) => queue.store.commit({ guards: [], operations: [put(`status/${n}`, value)] });
  const results = Promise.allSettled(Array.from({ length: 50 }, (_, n) => submit(n)));
  let asked = false;
  const small = queue.submit({
    bytes: 20 * 1024,
    propose: () => {
      asked = true;
      return undefined;
    },
  });
  await t.throwsAsync(small, { instanceOf: XnetError, message: /too many changes wait/ });
  t.false(asked);
  await store.settle();
  const settled = await results;
  const refused = settled.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  t.true(refused.every((error) => error instanceof XnetError && error.code === 'ResourceExhausted'));
  t.is(refused.length, 41, 'each weighs a little more than its value');
  t.is(cluster.entries().length, 9);
  // A single one is never too much: what is too large for the store is told so.
  const large = queue.submit({ bytes: 200 * 1024, propose: () => undefined });
  t.is(await large, undefined);
  const again = submit(50);
  await store.settle();
  t.true((await again).committed);
});

test('a dependent commit is decided once the view has the previous one', async (t) => {
  const cluster = new MemoryCluster();
  const store = new MemoryStore(cluster);
  const seen: (() => void)[] = [];
  const queue = new CommitQueue({
    store,
    reached: () =>
      new Promise((resolve) => {
        seen.push(resolve);
      }),
  });
  await queue.store.commit({ guards: [], operations: [put('nodes/a')] });
  let asked = 0;
  const second = queue.submit({
    propose: () => {
      asked += 1;
      const modRevision = cluster.get('nodes/a')?.modRevision ?? 0;
      return { guards: [{ kind: 'key', key: 'nodes/a', modRevision }], operations: [put('nodes/a', '2')] };
    },
  });
  const other = queue.submit({ propose: () => ({ guards: [], operations: [put('nodes/b')] }) });
  t.true((await other)?.committed, 'others do not wait for it');
  t.is(cluster.get('nodes/a')?.value, '{}');
  const before = asked;
  seen[0]?.();
  t.true((await second)?.committed);
  t.true(asked > before);
});

test('commits conflict if one writes a key that the other one reads', (t) => {
  const of = (guards: readonly Guard[], ...operations: Operation[]) => footprintOf({ guards, operations });
  const watching: Guard = { kind: 'unchanged', prefix: 'pools/', since: 1 };
  const clearing: Operation = { kind: 'deleteAll', prefix: 'subnets/a/' };
  for (const [a, b, expected] of [
    [of([], put('a')), of([], put('a')), true],
    [of([], put('a')), of([], put('ab')), false],
    [of([absent('a')], put('x')), of([absent('a')], put('y')), false],
    [of([absent('a')], put('x')), of([], put('a')), true],
    [of([watching], put('x')), of([], put('pools/p')), true],
    [of([watching], put('x')), of([watching], put('y')), false],
    [of([], clearing), of([], put('subnets/a/1')), true],
    [of([], clearing), of([absent('subnets/a/1')], put('x')), true],
    [of([], clearing), of([], put('subnets/ab/1')), false],
    [of([], clearing), of([{ kind: 'unchanged', prefix: 'subnets/', since: 1 }], put('x')), true],
  ] as const) {
    t.is(conflict(a, b), expected);
    t.is(conflict(b, a), expected);
  }
});

test('a controller never loses a race against itself', async (t) => {
  const store = new MemoryStore(new MemoryCluster());
  let lost = 0;
  let transactions = 0;
  const commit = store.commit.bind(store);
  store.commit = async (what) => {
    const result = await commit(what);
    transactions += 1;
    if (!result.committed) lost += 1;
    return result;
  };
  const core = await Core.start(store).ready();
  const once = { operationId: '', dryRun: false };
  await core.pools.create(once, newDefaultPool);
  const added = await Promise.all(
    Array.from({ length: 200 }, (_, n) =>
      core.nodes.add(once, { name: `web-${n}`, address: address(`192.168.83.${n + 1}`), labels: {} }),
    ),
  );
  // And all of them change one record.
  await Promise.all(
    added
      .slice(0, 100)
      .map((_, n) =>
        core.nodes.set(once, added[0]?.subject ?? '', { setLabels: { [`l${n}`]: '1' }, removeLabels: [] }),
      ),
  );
  t.is(lost, 0);
  t.is(new Set([...core.feed.view.leasesOfNode.values()].flat()).size, 200);
  t.is(Object.keys(core.feed.view.nodes.get(added[0]?.subject ?? '')?.record.labels ?? {}).length, 100);
  t.true(transactions < 100 + 100, `${transactions} transactions`);
  await core.stop();
});
