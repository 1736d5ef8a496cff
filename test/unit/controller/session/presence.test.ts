// The session records that a controller writes when many nodes connect to it at once.
import test from 'ava';
import { keys } from '../../../../controller/store/keys.js';
import { decode, encode } from '../../../../controller/store/record-codec.js';
import { address } from '../../../support/pools.js';
import { once, rig, Stream } from '../../../support/session-values.js';
import { until } from '../../../support/until.js';

// More than share a transaction.
const count = 100;

async function manyNodes(t: Parameters<typeof rig>[0]) {
  const { cluster, a } = await rig(t);
  const ids = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const mutation = { name: `many-${index}`, address: address(`192.168.90.${index + 1}`), labels: {} };
      return (await a.core.nodes.add(once, mutation)).subject;
    }),
  );
  await a.core.feed.reached(cluster.revision, 5_000);
  const open = (nodeId: string) =>
    a.sessions.open(
      {
        nodeId,
        nodeName: a.core.feed.view.nodes.get(nodeId)?.record.name ?? '',
        fingerprint: 'host',
        serial: '1a',
        address: '',
        start: { kind: 'nothing' },
        alive: async () => true,
      },
      new Stream().raw,
    );
  const holderOf = (nodeId: string) => {
    const decoded = decode('session', cluster.get(keys.session(nodeId))?.value ?? '');
    return 'record' in decoded ? decoded.record.controller : 'nobody';
  };
  // Revisions after `from` that wrote a session.
  const writes = (from: number) =>
    cluster.history.filter(
      ({ revision, changes }) =>
        revision > from &&
        changes.some((change) => change.kind === 'put' && change.entry.key.startsWith(keys.session(''))),
    ).length;
  return { cluster, a, ids, open, holderOf, writes };
}

test('nodes that connect at once share transactions', async (t) => {
  const { cluster, ids, open, holderOf, writes } = await manyNodes(t);
  const before = cluster.revision;
  await Promise.all(ids.map(open));
  await until('every session is written', async () => ids.every((id) => holderOf(id) === 'ctl-a'));
  t.true(writes(before) <= 5, `${writes(before)} transactions`);
});

test('a session that another controller has written delays no other', async (t) => {
  const { cluster, ids, open, holderOf } = await manyNodes(t);
  const taken = ids[70] ?? '';
  const opened = Promise.all(ids.map(open));
  // Before the view has it: the transaction with this node fails.
  const value = encode('session', { controller: 'ctl-x', fingerprint: 'host', sinceMs: 1 });
  cluster.commit({ guards: [], operations: [{ kind: 'put', key: keys.session(taken), value }] });
  await opened;
  await until('all are written', async () => ids.every((id) => holderOf(id) === 'ctl-a'));
  t.is(cluster.get(keys.absence(taken)), undefined);
});

test('streams that end while a backup is restored cost the controller no claim', async (t) => {
  const { cluster, a, ids, open, holderOf } = await manyNodes(t);
  await Promise.all(ids.map(open));
  await until('every session is written', async () => ids.every((id) => holderOf(id) === 'ctl-a'));
  let claims = 0;
  const claim = a.store.claim.bind(a.store);
  a.store.claim = () => {
    claims += 1;
    return claim();
  };
  const own = cluster.get(keys.cluster)?.value ?? '';
  const write = (value: string) =>
    cluster.commit({ guards: [], operations: [{ kind: 'put', key: keys.cluster, value }] });
  write(JSON.stringify({ ...JSON.parse(own), restoring: { id: 'r', backup: 'b', madeMs: 1, sinceMs: 2 } }));
  await until('it is refused', async () => !a.core.feed.ready);
  for (const id of ids) a.presence.disconnected(id);
  await new Promise((resolve) => setImmediate(resolve));
  write(own);
  await until('their sessions are gone', async () => ids.every((id) => cluster.get(keys.session(id)) === undefined));
  t.is(claims, 0);
});
