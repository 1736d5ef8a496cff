// Rollouts over hosts whose leases, daemons or records are not what the plan was made for.
import test, { type ExecutionContext } from 'ava';
import { LeaseRegistry } from '../../../../controller/registry/leases.js';
import { nextOf } from '../../../../controller/rollout/next.js';
import { keys } from '../../../../controller/store/keys.js';
import { encode } from '../../../../controller/store/record-codec.js';
import { overlapsIn } from '../../../support/controller.js';
import { newNode, newPool, once } from '../../../support/registry-values.js';
import { RolloutFleet, report, type Temper } from '../../../support/rollout-fleet.js';

const settings = { maxUnavailable: '1', healthSeconds: 60, createdBy: 'admin/alice' };

async function fleetOf(t: ExecutionContext, hosts: number, temper: Temper = 'good') {
  const fleet = await RolloutFleet.start(Array.from({ length: hosts }, () => temper));
  t.teardown(() => fleet.close());
  const { core } = fleet;
  const idOf = (name: string) => core.feed.view.nodeOfName.get(name) ?? '';
  const move = (pool: string, ...names: string[]) =>
    fleet.rollouts.create(once, () => ({ ...settings, moves: names.map((name) => ({ nodeId: idOf(name), pool })) }));
  const put = async (key: string, value: string) => {
    const { revision } = await core.context.store.commit({ guards: [], operations: [{ kind: 'put', key, value }] });
    await core.feed.reached(revision, 5_000);
  };
  const record = (id: string) => core.feed.view.rollouts.get(id)?.record;
  return { fleet, core, leases: new LeaseRegistry(core.context), idOf, move, put, record };
}

function subnetsOf({ core }: RolloutFleet, nodeId: string) {
  return (core.feed.view.leasesOfNode.get(nodeId) ?? []).flatMap((id) => core.feed.view.subnets.get(id)?.subnet ?? []);
}

test('a step fails if its host got another lease meanwhile, and leaves no contradicting records', async (t) => {
  const { fleet, core, leases, idOf, move, record } = await fleetOf(t, 1);
  await core.pools.create(once, newPool('10.78.0.0/16', 'c'));
  const { subject: id } = await move('b', 'h-0');
  const [first] = subnetsOf(fleet, idOf('h-0'));
  if (first === undefined) return t.fail();
  await leases.add(once, idOf('h-0'), { pool: 'c', replace: first });
  fleet.execute(core, 'c-1');
  await fleet.until(() => record(id)?.state === 'failed');
  t.regex(record(id)?.message ?? '', /^h-0: h-0 has 10\.78\.0\.0\/24 with mode bip: one host can't have /);
  t.deepEqual([...core.feed.view.contradictions], []);
  t.is(subnetsOf(fleet, idOf('h-0')).length, 2);
});

test('a host whose daemon knows one lease is not in a rollout: it would move without a permit', async (t) => {
  const { fleet, core, idOf, move, put, record } = await fleetOf(t, 2);
  const { subject: id } = await move('b', 'h-0');
  // The daemon is replaced by a former version after the plan was made.
  await put(keys.status(idOf('h-0')), report([]));
  fleet.execute(core, 'c-1');
  await fleet.until(() => record(id)?.state === 'failed');
  t.regex(record(id)?.message ?? '', /^h-0: its xnetd is too old: it supports only one lease/);
  t.is(subnetsOf(fleet, idOf('h-0')).length, 1, 'nothing was granted');
  await fleet.rollouts.control(once, id, 'cancel');
  await t.throwsAsync(move('b', 'h-0', 'h-1'), { message: /^h-0: its xnetd is too old: it supports only one lease/ });
});

test('a host that waits for a permit gets it by a move to the pool that it is in', async (t) => {
  const { fleet, core, leases, idOf, move, record } = await fleetOf(t, 1);
  fleet.execute(core, 'c-1');
  const [first] = subnetsOf(fleet, idOf('h-0'));
  if (first === undefined) return t.fail();
  await leases.add(once, idOf('h-0'), { pool: 'b', replace: first });
  const { subject: id } = await move('b', 'h-0');
  await fleet.until(() => record(id)?.state === 'done');
  t.deepEqual(
    core.feed.view.statuses.get(idOf('h-0'))?.record.leases.map(({ subnet }) => subnet),
    [subnetsOf(fleet, idOf('h-0'))[1]],
  );
  t.is(fleet.mostAtOnce().permits, 1);
  t.true((await move('b', 'h-0')).unchanged, 'it is there');
});

test('a host whose former subnet was leased to another node gets another one of the pool, and the event reports it', async (t) => {
  const { fleet, core, leases, idOf, move, record } = await fleetOf(t, 1);
  fleet.execute(core, 'c-1');
  const host = idOf('h-0');
  const [first] = subnetsOf(fleet, host);
  if (first === undefined) return t.fail();
  const { subject: id } = await move('b', 'h-0');
  await fleet.until(() => record(id)?.state === 'done');
  const use = { subnet: first, generation: 1, inForce: false, ending: true };
  await leases.finish(host, { leases: [use], containers: [], containerCount: 0 });
  await core.pools.release(once, first);
  await core.nodes.add(once, { ...newNode('new', 99), pool: 'default', subnet: first });
  await fleet.rollouts.control(once, id, 'undo');
  await fleet.until(() => record(id)?.state === 'undone');
  t.is(fleet.places()['h-0'], 'default');
  t.deepEqual(overlapsIn(fleet.cluster.history), []);
  const events = (await core.context.store.scan('events/')).map(({ value }) => value).join();
  t.regex(events, /all other nodes have the leases that they had; h-0: another subnet/);
});

test('cancelling a rollout that has failed takes the grant of the failed step back', async (t) => {
  const { fleet, core, move, record } = await fleetOf(t, 1, 'rolls back');
  fleet.execute(core, 'c-1');
  const { subject: id } = await move('b', 'h-0');
  await fleet.until(() => record(id)?.state === 'failed');
  await fleet.rollouts.control(once, id, 'cancel');
  await fleet.until(() => core.feed.view.rolloutSteps.of(id)[0]?.step.state === 'skipped');
  t.deepEqual(fleet.places(), { 'h-0': 'default' });
});

test('steps that a newer version wrote are not replaced', async (t) => {
  const { fleet, core, move, put } = await fleetOf(t, 1);
  const { subject: id } = await move('b', 'h-0');
  const key = keys.steps(id, 0);
  const steps = core.feed.view.rolloutSteps.part(id, 0)?.record;
  if (steps === undefined) return t.fail();
  await put(key, encode('steps', steps).replace('"pending"', '"deferred"'));
  const { view } = core.feed;
  const facts = {
    stateOf: () => 'NODE_STATE_READY' as const,
    statusOf: () => undefined,
    isRouted: () => true,
    permittedMs: () => 0,
  };
  t.deepEqual(nextOf(view, id, facts), { kind: 'wait', text: `the record ${key} can't be read: see xctl status` });
  // Another one is none of its business; its own steps stay as they are.
  await fleet.rollouts.control(once, id, 'pause');
  const entry = await core.context.store.read(key);
  t.regex(entry?.value ?? '', /deferred/);
});
