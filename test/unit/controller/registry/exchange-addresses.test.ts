// Hosts report each other's addresses as their own: who gets which, and who keeps what it has.
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { decideExchange } from '../../../../controller/registry/exchange-addresses.js';
import { FollowedAddresses } from '../../../../controller/service/followed-addresses.js';
import { keys } from '../../../../controller/store/keys.js';
import { encode } from '../../../../controller/store/record-codec.js';
import { formatIpv4, type Ipv4 } from '../../../../proto/domain/address.js';
import type { Peer } from '../../../../proto/rpc/peer.js';
import type { Core } from '../../../support/controller.js';
import { MemoryCluster } from '../../../support/memory-store.js';
import { address, newDefaultPool } from '../../../support/pools.js';
import { newNode, rig as registries } from '../../../support/registry-values.js';
import { type Controller, once, Stream, start } from '../../../support/session-values.js';
import { until } from '../../../support/until.js';

const at = (host: number) => address(`192.168.80.${host}`);

const calling = (source: string): Peer => ({
  kind: 'certificate',
  identity: { role: 'node', id: 'n-1', clusterId: 'c' },
  serial: '01',
  address: source,
});

function addressesIn({ feed }: Core): Record<string, string> {
  return Object.fromEntries(
    [...feed.view.nodes.values()].map(({ record }) => [record.name, formatIpv4(record.address)]),
  );
}

// Two controllers and the nodes web-1, web-2, … at 192.168.80.1, .2, …: odd ones report to the first controller.
async function fleet(t: ExecutionContext, size: number) {
  const cluster = new MemoryCluster();
  const [a, b] = [await start(t, cluster, 'ctl-a'), await start(t, cluster, 'ctl-b')];
  await a.core.pools.create(once, newDefaultPool);
  await a.core.pools.set(once, 'default', { followAddress: true });
  const ids: string[] = [];
  for (let host = 1; host <= size; host += 1) {
    ids.push((await a.core.nodes.add(once, newNode(`web-${host}`, host))).subject);
  }
  await b.core.feed.reached(cluster.revision, 5_000);
  const followed = new Map(
    [a, b].map((one) => [
      one,
      new FollowedAddresses({ feed: one.core.feed, nodes: one.core.nodes, sessions: one.sessions }),
    ]),
  );
  const nodeOf = (
    host: number,
  ): { readonly nodeId: string; readonly nodeName: string; readonly controller: Controller } => {
    return { nodeId: ids[host - 1] ?? '', nodeName: `web-${host}`, controller: host % 2 === 1 ? a : b };
  };
  // The host of web-`host` connects from another address.
  const connect = async (host: number, from: number) => {
    const { nodeId, nodeName, controller } = nodeOf(host);
    const stream = new Stream();
    const arrival = { nodeId, nodeName, fingerprint: nodeName, serial: '1a', address: formatIpv4(at(from)) };
    const opened = await controller.sessions.open(
      { ...arrival, start: { kind: 'nothing' }, alive: async () => true },
      stream.raw,
    );
    return () => controller.sessions.close(opened);
  };
  const claim = async (host: number, wanted: number | undefined) => {
    const { controller, ...node } = nodeOf(host);
    const text = wanted === undefined ? '' : formatIpv4(at(wanted));
    await followed.get(controller)?.take({ ...node, peer: calling(text) }, text);
  };
  const told = () => cluster.entries().filter(({ value }) => value.includes('AddressRefused'));
  const claims = () => cluster.entries().filter(({ value }) => value.includes('claimedAddress')).length;
  return { a, b, cluster, connect, claim, told, claims };
}

test('R9 hosts that exchange addresses, connected to two controllers, get them in one transaction', async (t) => {
  const { a, b, cluster, connect, claim, told, claims } = await fleet(t, 3);
  await connect(1, 2);
  await connect(2, 3);
  await connect(3, 1);
  await claim(1, 2);
  await until('it is told of', async () => told().length === 1);
  t.regex(told()[0]?.value ?? '', /is that of node web-2; it is taken when the host of that node reports another one/);
  await claim(2, 3);
  await until('both wait', async () => claims() === 2);
  t.deepEqual(addressesIn(a.core), { 'web-1': '192.168.80.1', 'web-2': '192.168.80.2', 'web-3': '192.168.80.3' });
  await claim(3, 1);
  const exchanged = { 'web-1': '192.168.80.2', 'web-2': '192.168.80.3', 'web-3': '192.168.80.1' };
  for (const { core } of [a, b]) {
    await until('the addresses are exchanged', async () => addressesIn(core)['web-3'] === '192.168.80.1');
    t.deepEqual(addressesIn(core), exchanged);
    t.deepEqual([...core.feed.view.contradictions], []);
  }
  const moves = [...cluster.history].filter(({ changes }) =>
    changes.some((change) => change.kind === 'put' && change.entry.value.includes('AddressFollowed')),
  );
  t.is(moves.length, 1, 'one revision');
  const texts = moves[0]?.changes.map((change) => (change.kind === 'put' ? change.entry.key : `-${change.key}`));
  t.is(texts?.filter((key) => key.startsWith('nodes/') || key.startsWith('addresses/')).length, 6);
  t.is(texts?.filter((key) => key.startsWith('events/')).length, 3, 'an event of each node');
  // Reports of before the new assignments, and then without a claim.
  await claim(1, 2);
  for (const host of [1, 2, 3]) await claim(host, undefined);
  await until('no claim is left', async () => claims() === 0);
  t.deepEqual(addressesIn(a.core), exchanged);
});

test('R9 no host gets an address while the node that has it is not connected from another one', async (t) => {
  const { a, b, connect, claim, claims, told } = await fleet(t, 2);
  // The host of web-2 calls from its new address, and its stream is still the one from the former.
  const close = await connect(2, 2);
  await claim(2, 1);
  await connect(1, 2);
  await claim(1, 2);
  await until('one claim is kept', async () => claims() === 1);
  // Its stream ends; the next one is from where it was.
  close();
  await connect(2, 2);
  await claim(2, undefined);
  await claim(1, 2);
  // The first one goes back to its own address: what it claimed goes with its stream.
  const back = await connect(1, 1);
  await until('no claim is left', async () => claims() === 0);
  await connect(2, 1);
  await claim(2, 1);
  await until('another claim', async () => claims() === 1);
  t.deepEqual(addressesIn(b.core), { 'web-1': '192.168.80.1', 'web-2': '192.168.80.2' });
  t.true(told().length > 0);
  back();
  await connect(1, 2);
  await a.core.pools.set(once, 'default', { followAddress: false });
  await claim(1, 2);
  await b.core.feed.reached(a.core.feed.view.revision, 5_000);
  t.deepEqual(addressesIn(b.core), { 'web-1': '192.168.80.1', 'web-2': '192.168.80.2' }, 'the pool has to allow it');
  await a.core.pools.set(once, 'default', { followAddress: true });
  await claim(1, 2);
  await until('now it is', async () => addressesIn(b.core)['web-1'] === '192.168.80.2');
  t.is(addressesIn(b.core)['web-2'], '192.168.80.1');
});

test('R9 an exchange is decided on standing claims alone, and leaves each address with one node', async (t) => {
  const size = 5;
  const { core, cluster, close } = await registries();
  t.teardown(close);
  await core.pools.set(once, 'default', { followAddress: true });
  const ids: string[] = [];
  for (let host = 1; host <= size; host += 1) {
    ids.push((await core.nodes.add(once, newNode(`web-${host}`, host))).subject);
  }
  const write = async (id: string, claimed: Ipv4 | undefined) => {
    const claim = claimed === undefined ? {} : { claimedAddress: claimed };
    const value = encode('session', { controller: 'c', fingerprint: 'f', sinceMs: 1, ...claim });
    const { revision } = cluster.commit({
      guards: [],
      operations: [{ kind: 'put', key: keys.session(id), value }],
    });
    await core.feed.reached(revision, 5_000);
  };
  const claimsOf = fc.array(fc.option(fc.integer({ min: 1, max: size + 1 }), { nil: undefined, freq: 6 }), {
    minLength: size,
    maxLength: size,
  });
  let exchanges = 0;
  await fc.assert(
    fc.asyncProperty(claimsOf, fc.nat(size - 1), async (claims, index) => {
      for (const [host, id] of ids.entries()) {
        const claimed = claims[host];
        await write(id, claimed === undefined ? undefined : at(claimed));
      }
      const { view } = core.feed;
      const { change } = decideExchange(view, ids[index] ?? '', 1);
      if (change === undefined) return;
      exchanges += 1;
      const moved = ids.flatMap((id, host) => {
        const put = change.operations.find(
          ({ kind, ...rest }) => kind === 'put' && 'key' in rest && rest.key === keys.node(id),
        );
        return put === undefined ? [] : [{ id, host, text: put.kind === 'put' ? put.value : '' }];
      });
      t.true(moved.length >= 2);
      for (const { host, text } of moved)
        t.true(text.includes(`"${formatIpv4(at(claims[host] ?? 0))}"`), 'as it claims');
      const before = moved.map(({ host }) => host + 1).sort();
      t.deepEqual(moved.map(({ host }) => claims[host] ?? 0).sort(), before, 'the same addresses in all');
      // One that withdraws its claim meanwhile prevents it.
      const [first] = moved;
      await write(first?.id ?? '', undefined);
      t.false(cluster.commit({ guards: change.guards, operations: change.operations }).committed);
    }),
    { numRuns: 300, seed: 7 },
  );
  t.true(exchanges > 10, `${exchanges}`);
});
