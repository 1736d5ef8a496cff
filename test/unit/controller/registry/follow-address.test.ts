// A host reports a new address: who may have it, and what is told.
import test from 'ava';
import { FollowedAddresses } from '../../../../controller/service/followed-addresses.js';
import type { Event } from '../../../../controller/store/events.js';
import { keys } from '../../../../controller/store/keys.js';
import type { Peer } from '../../../../proto/rpc/peer.js';
import { address } from '../../../support/pools.js';
import { newNode, once, rig } from '../../../support/registry-values.js';

const calling = (source: string): Peer => ({
  kind: 'certificate',
  identity: { role: 'node', id: 'n-1', clusterId: 'c' },
  serial: '01',
  address: source,
});

// Nodes without a stream here: their claims to addresses of others are not kept.
const unconnected = (record: (event: Event) => void) => ({ record, claim: () => false, isHere: () => false });

test('R9 a new address is taken in one transaction with the end of the old one, where a pool allows it', async (t) => {
  const { core, cluster, close } = await rig();
  t.teardown(close);
  const { subject: nodeId } = await core.nodes.add(once, newNode('web-1', 1));
  await core.nodes.add(once, newNode('web-2', 2));
  const told: Event[] = [];
  const followed = new FollowedAddresses({
    feed: core.feed,
    nodes: core.nodes,
    sessions: unconnected((event) => told.push(event)),
  });
  const claim = async (text: string, source = text) => {
    await followed.take({ nodeId, nodeName: 'web-1', peer: calling(source) }, text);
    const { message = '' } = told.at(-1) ?? {};
    return message;
  };
  const subnets = [...(core.feed.view.leasesOfNode.get(nodeId) ?? [])];
  t.regex(
    await claim('192.168.80.9'),
    /pool default does not let hosts .*; xctl nodes set web-1 --address 192.168.80.9/,
  );
  // The same refusal is told once.
  await claim('192.168.80.9');
  t.is(told.length, 1);
  await core.pools.set(once, 'default', { followAddress: true });
  t.regex(await claim('192.168.80.9', '192.168.80.1'), /its host calls from 192.168.80.1/);
  t.regex(await claim('192.168.80.2'), /is that of node web-2/);
  t.regex(await claim('10.76.3.4'), /lies inside pool default/);
  t.regex(await claim('192.168.80.9\u001b[31m', 'x'), /reports the address/);
  t.deepEqual([...new Set(told.map(({ reason }) => reason))], ['AddressRefused']);
  const before = told.length;

  await claim('192.168.80.9');
  t.is(told.length, before);
  const { view } = core.feed;
  t.is(view.nodes.get(nodeId)?.record.address, address('192.168.80.9'));
  t.deepEqual([...(view.leasesOfNode.get(nodeId) ?? [])], subnets);
  const [last] = [...cluster.history].slice(-1);
  const changed = last?.changes.map(
    (change) => `${change.kind} ${change.kind === 'put' ? change.entry.key : change.key}`,
  );
  const texts = (changed ?? []).filter((text) => !text.includes('events/')).sort();
  t.deepEqual(texts, [
    `delete ${keys.address(address('192.168.80.1'))}`,
    `put ${keys.address(address('192.168.80.9'))}`,
    `put ${keys.node(nodeId)}`,
  ]);
  const event = last?.changes.flatMap((change) => (change.kind === 'put' ? [change.entry.value] : [])).join();
  t.regex(event ?? '', /AddressFollowed.*192.168.80.1 → 192.168.80.9/);
});

test('a host that keeps changing its address is slowed down', async (t) => {
  const { core, close } = await rig();
  t.teardown(close);
  const { subject: nodeId } = await core.nodes.add(once, newNode('web-1', 1));
  await core.pools.set(once, 'default', { followAddress: true });
  const told: Event[] = [];
  const followed = new FollowedAddresses({
    feed: core.feed,
    nodes: core.nodes,
    sessions: unconnected((event) => told.push(event)),
  });
  for (const host of [11, 12, 13, 14, 15]) {
    const text = `192.168.80.${host}`;
    await followed.take({ nodeId, nodeName: 'web-1', peer: calling(text) }, text);
  }
  t.is(core.feed.view.nodes.get(nodeId)?.record.address, address('192.168.80.13'));
  t.regex(told.at(-1)?.message ?? '', /changes too often/);
});
