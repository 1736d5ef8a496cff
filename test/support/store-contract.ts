// The contract of every store, as tests that are the same for each.
import test, { type ExecutionContext } from 'ava';
import type { Change, Commit, Store, WatchMessage } from '../../controller/store/store.js';

export type Bench = {
  readonly store: Store;
  readonly other: Store;
  /** connect ends a disconnection of `store` (true) or begins one (false). */
  connect(connected: boolean): void;
  close(): Promise<void>;
};

/** put returns the operation that writes a value. */
export const put = (key: string, value = '{}'): Commit['operations'][number] => ({ kind: 'put', key, value });
const absent = (key: string): Commit['guards'][number] => ({ kind: 'key', key, modRevision: 0 });

async function changesUntil(
  messages: AsyncIterator<WatchMessage>,
  until: (change: Change) => boolean,
): Promise<readonly Extract<WatchMessage, { kind: 'changes' }>[]> {
  const taken: Extract<WatchMessage, { kind: 'changes' }>[] = [];
  for (;;) {
    const { value, done } = await messages.next();
    if (done === true) return taken;
    if (value.kind !== 'changes') continue;
    taken.push(value);
    if (value.changes.some(until)) return taken;
  }
}

// @param declare test, or test.serial for a store that takes many connections
export function storeContract(
  name: string,
  open: () => Promise<Bench>,
  declare: typeof test | typeof test.serial = test,
): void {
  const contract = (title: string, run: (t: ExecutionContext, bench: Bench) => Promise<void>) =>
    declare(`${name}: ${title}`, async (t) => {
      const bench = await open();
      try {
        await run(t, bench);
      } finally {
        await bench.close();
      }
    });

  contract('a commit writes all of it at one revision', async (t, { store }) => {
    const { revision: before } = await store.list();
    const result = await store.commit({ guards: [], operations: [put('nodes/a', '{"x":1}'), put('names/a')] });
    t.true(result.committed);
    t.true(result.revision > before);
    const { revision } = result;
    const { entries } = await store.list();
    t.deepEqual(
      entries.map(({ key, value, modRevision }) => [key, value, modRevision]),
      [
        ['names/a', '{}', revision],
        ['nodes/a', '{"x":1}', revision],
      ],
    );
  });

  contract('a guard that fails leaves everything as it was, and is no error', async (t, { store }) => {
    const first = await store.commit({ guards: [absent('names/a')], operations: [put('names/a')] });
    const second = await store.commit({
      guards: [absent('names/a')],
      operations: [put('names/a', '2'), put('nodes/b')],
    });
    t.false(second.committed);
    t.true(second.revision >= first.revision);
    t.is((await store.read('names/a'))?.value, '{}');
    t.is(await store.read('nodes/b'), undefined);
  });

  contract('a key guard takes the revision it was last changed at, and no other', async (t, { store }) => {
    const { revision } = await store.commit({ guards: [], operations: [put('pools/p', '1')] });
    const guard = { kind: 'key' as const, key: 'pools/p', modRevision: revision };
    t.true((await store.commit({ guards: [guard], operations: [put('pools/p', '2')] })).committed);
    t.false((await store.commit({ guards: [guard], operations: [put('pools/p', '3')] })).committed);
  });

  contract('an unchanged guard sees new and changed keys under its prefix, and nothing else', async (t, { store }) => {
    const { revision: since } = await store.commit({ guards: [], operations: [put('pools/a')] });
    const attempt = () =>
      store.commit({ guards: [{ kind: 'unchanged', prefix: 'pools/', since }], operations: [put('other', '1')] });
    t.true((await attempt()).committed);
    await store.commit({ guards: [], operations: [put('poolsx')] });
    t.true((await attempt()).committed, 'a key beside the prefix');
    await store.commit({ guards: [], operations: [put('pools/b')] });
    t.false((await attempt()).committed, 'a new key');
  });

  contract('an unchanged guard over nothing holds', async (t, { store }) => {
    const guard = { kind: 'unchanged' as const, prefix: 'addresses/', since: 1 };
    t.true((await store.commit({ guards: [guard], operations: [put('x')] })).committed);
  });

  contract('a watch tells that the store is lost, and that it is back before anything changes', async (t, bench) => {
    const stop = new AbortController();
    const watch = bench.store.watch(stop.signal)[Symbol.asyncIterator]();
    const next = async () => {
      for (;;) {
        const message = (await watch.next()).value ?? undefined;
        if (message?.kind !== 'current') return message;
      }
    };
    const nextOtherThanLost = async () => {
      for (;;) {
        const message = await next();
        if (message?.kind !== 'lost') return message;
      }
    };
    t.is((await next())?.kind, 'listing');
    await bench.other.commit({ guards: [], operations: [put('nodes/1')] });
    t.is((await next())?.kind, 'changes');
    for (const round of [2, 3]) {
      const lost = next();
      bench.connect(false);
      t.is((await lost)?.kind, 'lost');
      const back = nextOtherThanLost();
      bench.connect(true);
      t.is((await back)?.kind, 'resumed');
      await bench.other.commit({ guards: [], operations: [put(`nodes/${round}`)] });
      const after = await next();
      t.deepEqual(after?.kind === 'changes' ? after.changes.length : after, 1);
    }
    stop.abort();
  });

  contract('the position is that of the last commit of anybody, and names the store', async (t, { store, other }) => {
    for (const key of ['nodes/a', 'nodes/b']) {
      const { revision } = await other.commit({ guards: [], operations: [put(key)] });
      const position = await store.position();
      t.true(position.revision >= revision);
      const { storeId, revision: listed } = await store.list();
      t.is(position.storeId, storeId);
      t.true(position.revision <= listed);
    }
  });

  contract('deleteAll deletes what begins so', async (t, { store }) => {
    await store.commit({ guards: [], operations: [put('subnets/a/1'), put('subnets/a/2'), put('subnets/ab/1')] });
    await store.commit({ guards: [], operations: [{ kind: 'deleteAll', prefix: 'subnets/a/' }] });
    t.deepEqual(
      (await store.scan('subnets/')).map(({ key }) => key),
      ['subnets/ab/1'],
    );
  });

  contract('scan reads a prefix in order', async (t, { store }) => {
    await store.commit({ guards: [], operations: [put('events/3'), put('events/1'), put('eventsx'), put('events/2')] });
    t.deepEqual(
      (await store.scan('events/')).map(({ key }) => key),
      ['events/1', 'events/2', 'events/3'],
    );
    const within = async (range: Parameters<Store['scan']>[1]) =>
      (await store.scan('events/', range)).map(({ key }) => key.slice(-1)).join('');
    t.is(await within({ from: 'events/2' }), '23');
    t.is(await within({ to: 'events/2' }), '1');
    t.is(await within({ from: 'events/11', to: 'events/21' }), '2');
  });

  contract('a watch begins with a listing and brings every change after it, in order', async (t, { store, other }) => {
    await store.commit({ guards: [], operations: [put('nodes/0')] });
    const stop = new AbortController();
    const watch = store.watch(stop.signal)[Symbol.asyncIterator]();
    const first = await watch.next();
    t.is(first.value?.kind, 'listing');
    const listed = first.value?.kind === 'listing' ? first.value.listing.revision : Number.POSITIVE_INFINITY;
    for (let index = 1; index <= 20; index++) {
      await other.commit({ guards: [], operations: [put(`nodes/${index}`), put(`names/${index}`)] });
    }
    await other.commit({ guards: [], operations: [{ kind: 'delete', key: 'nodes/0' }] });
    const messages = await changesUntil(watch, (change) => change.kind === 'delete');
    stop.abort();
    t.is(messages.length, 21);
    const revisions = messages.map((message) => message.revision);
    t.deepEqual(
      revisions,
      [...new Set(revisions)].sort((a, b) => a - b),
    );
    t.true(revisions.every((revision) => revision > listed));
    for (const { revision, changes } of messages) {
      t.true(
        changes.every((change) => (change.kind === 'put' ? change.entry.modRevision : change.modRevision) === revision),
      );
    }
    t.deepEqual(messages.at(-1)?.changes, [{ kind: 'delete', key: 'nodes/0', modRevision: revisions.at(-1) ?? 0 }]);
  });

  contract('keys of a claim go when it ends, others stay', async (t, { store }) => {
    const claim = await store.claim(5);
    await store.commit({
      guards: [],
      operations: [{ kind: 'put', key: 'sessions/a', value: '1', expires: claim }, put('nodes/a')],
    });
    t.not(await store.read('sessions/a'), undefined);
    await claim.end();
    t.true(claim.lost.aborted);
    t.is(await store.read('sessions/a'), undefined);
    t.not(await store.read('nodes/a'), undefined);
  });

  contract('a key written again without a claim outlives it', async (t, { store }) => {
    const claim = await store.claim(5);
    await store.commit({ guards: [], operations: [{ kind: 'put', key: 'k', value: '1', expires: claim }] });
    await store.commit({ guards: [], operations: [put('k', '2')] });
    await claim.end();
    t.is((await store.read('k'))?.value, '2');
  });

  contract('records expire later than the test', async (t, { store }) => {
    await store.commit({
      guards: [],
      operations: [{ kind: 'put', key: 'operations/1', value: '{}', expires: 'record' }],
    });
    t.not(await store.read('operations/1'), undefined);
  });

  contract('of many that want one key, one gets it', async (t, { store, other }) => {
    const tries = Array.from({ length: 40 }, (_, index) =>
      (index % 2 === 0 ? store : other).commit({
        guards: [absent('names/web')],
        operations: [put('names/web', String(index)), put(`nodes/${index}`)],
      }),
    );
    const results = await Promise.all(tries);
    t.is(results.filter((result) => result.committed).length, 1);
    t.is((await store.scan('nodes/')).length, 1);
  });

  contract('many that want different things all get them', async (t, { store }) => {
    const tries = Array.from({ length: 200 }, (_, index) =>
      store.commit({ guards: [absent(`names/${index}`)], operations: [put(`names/${index}`), put(`nodes/${index}`)] }),
    );
    t.true((await Promise.all(tries)).every((result) => result.committed));
    t.is((await store.scan('names/')).length, 200);
  });
}
