// etcd alone, without xnet: the time of one transaction, and the number of transactions a second.
import { Etcd3 } from 'etcd3';
import { TestEtcd } from '../support/etcd.js';
import { median } from './statistics.js';

// The transaction that adds a node: five records, three keys that must be absent, two that must be unchanged.
const value = Buffer.from(
  JSON.stringify({ node: 'n-0123456789abcdef', state: 'leased', generation: 1, sinceMs: 1e12 }),
);
const written = ['nodes', 'names', 'addresses', 'subnets', 'events'];
const absent = ['names', 'addresses', 'subnets'];

async function transact(client: Etcd3, id: string): Promise<void> {
  const key = (kind: string) => Buffer.from(`/raw/${kind}/${id}`);
  const { succeeded } = await client.kv.txn({
    compare: absent.map((kind) => ({ key: key(kind), target: 'Mod', result: 'Equal', mod_revision: '0' })),
    success: written.map((kind) => ({ request_put: { key: key(kind), value } })),
    failure: [],
  });
  if (!succeeded) throw new Error(`etcd refused ${id}`);
}

/** transactionMs returns how long one transaction takes when there is no other: the median of `count`. */
export async function transactionMs(count: number): Promise<number> {
  const etcd = await TestEtcd.start();
  const client = new Etcd3({ hosts: etcd.endpoint });
  try {
    const times: number[] = [];
    for (let index = 0; index < count; index += 1) {
      const began = performance.now();
      await transact(client, String(index));
      times.push(performance.now() - began);
    }
    return median(times);
  } finally {
    client.close();
    await etcd.close();
  }
}

/** rateOf runs `work` `count` times, `clients` of them concurrently, and returns the rate per second. */
export async function rateOf(count: number, clients: number, work: (index: number) => Promise<void>): Promise<number> {
  let next = 0;
  const client = async () => {
    while (next < count) {
      const index = next;
      next += 1;
      await work(index);
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: clients }, client));
  return (count * 1000) / (performance.now() - began);
}

/** transactionRate returns how many transactions a second `clients` concurrent clients make. */
export async function transactionRate(count: number, clients: number): Promise<number> {
  const etcd = await TestEtcd.start();
  const client = new Etcd3({ hosts: etcd.endpoint });
  try {
    await rateOf(200, clients, (index) => transact(client, `warm-${index}`));
    return await rateOf(count, clients, (index) => transact(client, String(index)));
  } finally {
    client.close();
    await etcd.close();
  }
}
