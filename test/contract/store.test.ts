// The behaviour of a store, for the one in memory and a real etcd alike.
import test from 'ava';
import { CommitQueue } from '../../controller/registry/commit-queue.js';
import { EtcdStore } from '../../controller/store/etcd.js';
import type { Commit, Store } from '../../controller/store/store.js';
import { TestEtcd } from '../support/etcd.js';
import { EtcdCluster } from '../support/etcd-cluster.js';
import { MemoryCluster, MemoryStore } from '../support/memory-store.js';
import { patient } from '../support/patient-store.js';
import { type Bench, put, storeContract } from '../support/store-contract.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const absent = (key: string): Commit['guards'][number] => ({ kind: 'key', key, modRevision: 0 });

// Without a view: every commit counts as seen once it is answered.
function queued(store: Store): Store {
  return new CommitQueue({ store, reached: async () => undefined }).store;
}

function openMemory(wrap: (store: Store) => Store): () => Promise<Bench> {
  return async () => {
    const cluster = new MemoryCluster();
    const store = new MemoryStore(cluster);
    return {
      store: wrap(store),
      other: wrap(new MemoryStore(cluster)),
      connect: (connected) => store.connect(connected),
      close: async () => undefined,
    };
  };
}

storeContract(
  'memory',
  openMemory((store) => store),
);
storeContract('queue over memory', openMemory(queued));

let shared: TestEtcd | undefined;
let prefixes = 0;
test.before(async () => {
  shared = await TestEtcd.start();
});
test.after.always(() => shared?.close());

function openEtcd(wrap: (store: Store) => Store): () => Promise<Bench> {
  return async () => {
    if (shared === undefined) throw new Error('no etcd');
    const prefix = `/xnet-test-${prefixes++}/`;
    const proxy = await TcpProxy.start(shared.clientPort);
    const store = wrap(patient(new EtcdStore({ endpoints: [`http://127.0.0.1:${proxy.port}`], prefix })));
    const other = wrap(patient(new EtcdStore({ endpoints: [shared.endpoint], prefix })));
    return {
      store,
      other,
      connect: (connected) => {
        if (connected) proxy.mend();
        else proxy.cut();
      },
      close: async () => {
        proxy.close();
        await store.close();
        await other.close();
      },
    };
  };
}

storeContract(
  'etcd',
  openEtcd((store) => store),
);
storeContract('queue over etcd', openEtcd(queued));

// Serial: a commit has five seconds, and these are the largest.
test.serial('queue over etcd: concurrent large commits succeed, and one that is too large fails alone', async (t) => {
  const bench = await openEtcd(queued)();
  const large = (kilobytes: number) => 'x'.repeat(kilobytes * 1024);
  const commits = Array.from({ length: 20 }, (_, index) =>
    bench.store.commit({ guards: [absent(`large/${index}`)], operations: [put(`large/${index}`, large(100))] }),
  );
  const refused = bench.store.commit({ guards: [], operations: [put('large/all', large(2_000))] });
  await t.throwsAsync(refused, { message: /too large for the store: 1 records, 2001 KiB/ });
  t.true((await Promise.all(commits)).every(({ committed }) => committed));
  t.is((await bench.store.scan('large/')).length, 20);
  await bench.close();
});

let three: EtcdCluster | undefined;
test.before(async () => {
  three = await EtcdCluster.start(true);
});
test.after.always(() => three?.close());

storeContract(
  'etcd of three members with TLS and authentication',
  async () => {
    if (three === undefined) throw new Error('no etcd');
    const prefix = `/xnet-test-${prefixes++}/`;
    const proxies = await Promise.all(three.members.map(({ clientPort }) => TcpProxy.start(clientPort)));
    const through = proxies.map(({ port }) => `https://127.0.0.1:${port}`);
    const store = patient(new EtcdStore(three.options(prefix, through)));
    const other = patient(new EtcdStore(three.options(prefix)));
    return {
      store,
      other,
      connect: (connected) => {
        for (const proxy of proxies) {
          if (connected) proxy.mend();
          else proxy.cut();
        }
      },
      close: async () => {
        for (const proxy of proxies) proxy.close();
        await store.close();
        await other.close();
      },
    };
  },
  test.serial,
);
