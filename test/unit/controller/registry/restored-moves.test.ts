// A backup that is older than moves between subnets: which hosts are admitted when they come back, in which order.
import test, { type ExecutionContext } from 'ava';
import { adoptionOf, decideFinish } from '../../../../controller/registry/adoption.js';
import { ReturnedHosts } from '../../../../controller/service/returned-hosts.js';
import { refusedProblems } from '../../../../controller/service/status-calls.js';
import { wireFromNode } from '../../../../controller/service/to-wire/records.js';
import { RefusedHosts } from '../../../../controller/session/refused-hosts.js';
import { eventOperation } from '../../../../controller/store/events.js';
import { keys } from '../../../../controller/store/keys.js';
import { encode } from '../../../../controller/store/record-codec.js';
import { assignmentOf } from '../../../../controller/view/assignment.js';
import { formatPrefix, type Prefix } from '../../../../proto/domain/address.js';
import type { Assignment } from '../../../../proto/domain/network.js';
import { XnetError } from '../../../../proto/errors.js';
import type { WatchRequest__Output } from '../../../../proto/gen/xnet/v1/WatchRequest.js';
import { wireFromAssignment } from '../../../../proto/rpc/convert-assignment.js';
import type { Core } from '../../../support/controller.js';
import { prefix } from '../../../support/pools.js';
import { restorableStore, sampleFleet } from '../../../support/restorable-store.js';

const { once, pool, networks, node, put } = sampleFleet;
const subnets = [0, 1, 2].map((index) => prefix(`10.78.${index}.0/24`));
// The other nodes of the store, which stay away.
const away = ['web-1', 'web-2', 'web-3', 'web-4'];
const [first, second, spare] = subnets as [Prefix, Prefix, Prefix];

async function move({ leases }: Core, nodeId: string, replace: Prefix, subnet: Prefix): Promise<void> {
  await leases.add(once, nodeId, { pool: 'new', subnet, replace });
  await leases.end(once, { nodeId, subnet: replace, force: true, isConnected: false });
}

// Two nodes with the first and the second subnet at the time of the backup, which is restored after `since`. Their hosts hold
// what they had last.
async function restored(t: ExecutionContext, since: (core: Core, ids: readonly [string, string]) => Promise<void>) {
  const { core, cluster, start } = await restorableStore(t);
  await core.pools.create(once, {
    ...pool,
    ...networks,
    name: 'new',
    cidr: prefix('10.78.0.0/20'),
    quarantineSeconds: 0,
  });
  const ids = [
    (await core.nodes.add(once, { ...node(7), pool: 'new' })).subject,
    (await core.nodes.add(once, { ...node(8), pool: 'new' })).subject,
  ] as const;
  const backup = cluster.revision;
  await since(core, ids);
  const held = ids.map((id) => assignmentOf(core.feed.view, id)) as [Assignment, Assignment];
  await core.stop();
  cluster.restore(backup);
  const { core: accepting } = start({ acceptStore: true });
  await accepting.ready();
  const { feed, nodes, context } = accepting;
  const adoption = { backup: 'b', restore: 'r', madeMs: 1, sinceMs: 2, nodes: 3 };
  const { revision } = cluster.commit(put(keys.adoption, encode('adoption', adoption)));
  await feed.reached(revision, 5_000);
  const record = (event: Parameters<typeof eventOperation>[0]) => {
    cluster.commit({ guards: [], operations: [eventOperation(event, Date.now())] });
  };
  const clock = { ms: 0 };
  const now = () => clock.ms;
  const refused = new RefusedHosts(now);
  const hosts = new ReturnedHosts({ feed, nodes, sessions: { record, refused }, now });
  const back = async (index: 0 | 1) => {
    const request = { held: wireFromAssignment(held[index]) } as unknown as WatchRequest__Output;
    try {
      await hosts.admit(ids[index], request);
      return '';
    } catch (error) {
      if (!(error instanceof XnetError) || error.code !== 'Unavailable') throw error;
      return error.message;
    }
  };
  const events = () => cluster.entries().filter(({ key }) => key.startsWith('events/'));
  const state = () => adoptionOf(feed.view, { events: events(), statusOf: () => undefined });
  const finish = (force: boolean) =>
    decideFinish(feed.view, { events: events(), statusOf: () => undefined }, force).change !== undefined;
  const leases = (index: 0 | 1) =>
    (assignmentOf(feed.view, ids[index])?.leases ?? []).map(
      ({ subnet, state: now }) => `${formatPrefix(subnet)} ${now}`,
    );
  return { accepting, context, cluster, ids, back, state, finish, leases, events, refused, clock };
}

test('a host that has the former subnet of another one is admitted when that one has come back, whichever comes first', async (t) => {
  const { accepting, cluster, ids, back, state, finish, leases, events, refused, clock } = await restored(
    t,
    async (core, [one, other]) => {
      await move(core, one, first, spare);
      await move(core, other, second, first);
    },
  );
  for (let attempt = 0; attempt < 3; attempt += 1) t.regex(await back(1), /10\.78\.0\.0\/24 is held by web-7/);
  const told = () => events().filter(({ value }) => value.includes('HeldDiffers')).length;
  t.is(told(), 1, 'told once');
  // It is shown as long as it holds, and recorded again before the event expires.
  const live = {
    statusOf: () => undefined,
    isConnected: () => false,
    routes: 0,
    refusalOf: (id: string) => refused.of(id),
  };
  const shown = () => wireFromNode(accepting.feed.view, ids[1], live)?.conditions ?? [];
  t.like(shown()[0], { type: 'Adoption', ok: false, reason: 'HeldDiffers' });
  t.regex(refusedProblems(refused.list())[0]?.text ?? '', /^web-8 came back .* is held by web-7/);
  clock.ms += 16 * 60_000;
  t.deepEqual([shown(), refused.list()], [[], []], 'it has stopped trying');
  clock.ms += 12 * 3_600_000;
  await back(1);
  t.is(told(), 2);
  t.is(shown().length, 1);
  t.true(accepting.feed.view.isAwaited(ids[1]), 'nothing of it was changed');
  t.deepEqual(state()?.awaited, [...away, 'web-7'], 'it was heard of');
  t.regex(state()?.contradictions.join() ?? '', /web-8: .*is held by web-7/);

  t.is(await back(0), '');
  t.deepEqual(leases(0), ['10.78.0.0/24 ending', '10.78.2.0/24 wanted']);
  t.regex(await back(1), /is held by web-7/, 'until its host says that it does not use it');
  const use = { generation: assignmentOf(accepting.feed.view, ids[0])?.leases[0].generation ?? 0 };
  const report = {
    leases: [{ ...use, subnet: first, inForce: false, ending: true }],
    containers: [],
    containerCount: 0,
  };
  await accepting.leases.finish(ids[0], report);
  t.deepEqual(leases(0), ['10.78.2.0/24 wanted']);
  t.is(await back(1), '');
  t.deepEqual(leases(1), ['10.78.0.0/24 wanted', '10.78.1.0/24 ending']);
  t.deepEqual(state()?.contradictions, []);
  t.deepEqual([shown(), refused.list()], [[], []]);
  for (const id of accepting.feed.view.nodes.keys()) await accepting.nodes.confirm(id);
  await accepting.feed.reached(cluster.revision, 5_000);
  t.true(finish(false));
});

test('hosts that have exchanged subnets wait for each other until an operator ends the adoption', async (t) => {
  const { accepting, cluster, ids, back, state, finish, leases } = await restored(t, async (core, [one, other]) => {
    await move(core, one, first, spare);
    await move(core, other, second, first);
    await move(core, one, spare, second);
  });
  t.regex(await back(0), /10\.78\.1\.0\/24 is held by web-8/);
  t.regex(await back(1), /10\.78\.0\.0\/24 is held by web-7/);
  t.deepEqual(state()?.awaited, away);
  t.is(state()?.contradictions.length, 2);
  t.throws(() => finish(false), { message: /the adoption is not complete/ });
  t.true(finish(true));
  const { revision } = cluster.commit({ guards: [], operations: [{ kind: 'delete', key: keys.adoption }] });
  await accepting.feed.reached(revision, 5_000);
  for (const index of [0, 1] as const) t.is(await back(index), '', 'it is admitted, and keeps what it has');
  for (const id of ids) t.false(accepting.feed.view.isAwaited(id));
  t.deepEqual([leases(0), leases(1)], [['10.78.0.0/24 wanted'], ['10.78.1.0/24 wanted']]);
});
