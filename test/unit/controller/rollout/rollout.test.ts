// Rollouts with simulated hosts: limits, failures, undoing, several controllers.
import test from 'ava';
import fc from 'fast-check';
import type { NewRollout } from '../../../../controller/rollout/control.js';
import { checkMaxUnavailable, mostUnavailable } from '../../../../controller/rollout/limits.js';
import { nextOf } from '../../../../controller/rollout/next.js';
import { XnetError } from '../../../../proto/errors.js';
import { overlapsIn } from '../../../support/controller.js';
import { once } from '../../../support/registry-values.js';
import { RolloutFleet, type Temper } from '../../../support/rollout-fleet.js';

const settings = { maxUnavailable: '1', healthSeconds: 60, createdBy: 'admin/alice' };

const toB = (fleet: RolloutFleet, more: Partial<NewRollout> = {}): NewRollout => ({
  ...settings,
  moves: [...fleet.core.feed.view.nodeOfName.values()].map((nodeId) => ({ nodeId, pool: 'b' })),
  ...more,
});

const stateOf = (fleet: RolloutFleet, id: string) => fleet.core.feed.view.rollouts.get(id)?.record.state;

test('limits of unavailable nodes', (t) => {
  for (const text of ['0', '0%', '101%', '-1', '1.5', 'all', '', '1 %'])
    t.true('problem' in checkMaxUnavailable(text), text);
  t.deepEqual(checkMaxUnavailable('010%'), { value: '10%' });
  t.deepEqual(
    [mostUnavailable('3', 2), mostUnavailable('10%', 5), mostUnavailable('10%', 29), mostUnavailable('100%', 7)],
    [3, 1, 2, 7],
  );
});

test('nodes move to another pool one after the other, and back to their former subnets', async (t) => {
  const fleet = await RolloutFleet.start(['good', 'good', 'good', 'good']);
  t.teardown(() => fleet.close());
  const { view } = fleet.core.feed;
  const subnets = () => [...view.nodes.keys()].map((id) => view.leasesOfNode.get(id)?.[0]);
  const before = subnets();
  fleet.execute(fleet.core, 'c-1');
  const { subject: id } = await fleet.rollouts.create(once, () => toB(fleet));
  await fleet.until(() => stateOf(fleet, id) === 'done');
  t.deepEqual(fleet.places(), { 'h-0': 'b', 'h-1': 'b', 'h-2': 'b', 'h-3': 'b' });
  t.deepEqual(fleet.mostAtOnce(), { most: 1, permits: 4 });
  await fleet.rollouts.control(once, id, 'undo');
  await fleet.until(() => stateOf(fleet, id) === 'undone');
  t.deepEqual(new Set(Object.values(fleet.places())), new Set(['default']));
  t.deepEqual(subnets(), before);
  t.is(fleet.mostAtOnce().most, 1);
  t.deepEqual(overlapsIn(fleet.cluster.history), []);
});

test('a failure stops the rollout; no other node is changed; it can be resumed when the host is repaired', async (t) => {
  const fleet = await RolloutFleet.start(['good', 'rolls back once', 'good']);
  t.teardown(() => fleet.close());
  fleet.execute(fleet.core, 'c-1');
  const { subject: id } = await fleet.rollouts.create(once, () => toB(fleet));
  await fleet.until(() => stateOf(fleet, id) === 'failed');
  const { record } = fleet.core.feed.view.rollouts.get(id) ?? {};
  t.is(record?.message, 'h-1: RolledBack: no');
  const states = () => fleet.core.feed.view.rolloutSteps.of(id).map(({ step }) => step.state);
  t.deepEqual(states().slice(0, 2), ['done', 'failed']);
  t.not(states()[2], 'permitted');
  const other = await t.throwsAsync(
    fleet.rollouts.create(once, () => ({
      ...toB(fleet),
      moves: [{ nodeId: fleet.core.feed.view.nodeOfName.get('h-0') ?? '', pool: 'default' }],
    })),
    { instanceOf: XnetError },
  );
  t.is(other?.code, 'FailedPrecondition');
  const same = await fleet.rollouts.create(once, () => toB(fleet));
  t.deepEqual([same.subject, same.unchanged], [id, true], 'the open rollout does it already');
  await fleet.rollouts.control(once, id, 'resume');
  await fleet.until(() => stateOf(fleet, id) === 'done');
  t.deepEqual(new Set(Object.values(fleet.places())), new Set(['b']));
});

test('a host that dies counts as unavailable until it is back; cancelling takes unused grants back', async (t) => {
  const fleet = await RolloutFleet.start(['dies', 'good', 'good']);
  t.teardown(() => fleet.close());
  fleet.execute(fleet.core, 'c-1');
  const { subject: id } = await fleet.rollouts.create(once, () => toB(fleet));
  await fleet.until(() => stateOf(fleet, id) === 'failed');
  await fleet.rollouts.control(once, id, 'resume');
  await fleet.until(() => stateOf(fleet, id) === 'running');
  t.is(fleet.mostAtOnce().permits, 1);
  await fleet.rollouts.control(once, id, 'cancel');
  await fleet.until(() => fleet.core.feed.view.rolloutSteps.of(id).every(({ step }) => step.granted === undefined));
  t.deepEqual(new Set(Object.values(fleet.places())), new Set(['default']));
  await fleet.heal('h-0');
  const { subject: again } = await fleet.rollouts.create(once, () => toB(fleet));
  await fleet.until(() => stateOf(fleet, again) === 'done');
  t.deepEqual(new Set(Object.values(fleet.places())), new Set(['b']));
});

test('a connected host whose Docker does not run counts as unavailable, for the others and not for itself', async (t) => {
  const fleet = await RolloutFleet.start(['good', 'good', 'good']);
  t.teardown(() => fleet.close());
  fleet.dockerDown.add('h-2');
  const { subject: id } = await fleet.rollouts.create(once, () => toB(fleet));
  fleet.execute(fleet.core, 'c-1');
  const next = () => {
    const { feed } = fleet.core;
    return nextOf(feed.view, id, { ...fleet.factsOf(fleet.core), permittedMs: () => 0 });
  };
  await fleet.until(() => next()?.kind === 'wait');
  t.deepEqual(next(), { kind: 'wait', text: 'Docker does not run on h-2: at most 1 may be unavailable at once' });
  t.is(fleet.mostAtOnce().permits, 0);
  fleet.dockerDown.clear();
  fleet.dockerDown.add('h-0');
  const given = next();
  t.true(given?.kind === 'enter' && given.state === 'permitted' && given.at.step.nodeName === 'h-0');
  fleet.dockerDown.clear();
  await fleet.rollouts.control(once, id, 'pause');
  await fleet.rollouts.control(once, id, 'resume');
  await fleet.until(() => stateOf(fleet, id) === 'done');
  t.deepEqual(fleet.mostAtOnce(), { most: 1, permits: 3 });
});

test('a pool changes its mode after its nodes; a node that joins meanwhile is among them', async (t) => {
  const fleet = await RolloutFleet.start(['good', 'good']);
  t.teardown(() => fleet.close());
  const wanted = { ...settings, moves: [], pool: { name: 'default', mode: 'bridge' as const } };
  const { subject: id } = await fleet.rollouts.create(once, () => wanted);
  fleet.execute(fleet.core, 'c-1');
  await fleet.until(() => stateOf(fleet, id) === 'done');
  t.is(fleet.core.feed.view.pools.get('default')?.record.mode, 'bridge');
  t.deepEqual(fleet.used(), { 'h-0': 'default bridge', 'h-1': 'default bridge' }, 'docker0 was given back');
  t.is(fleet.mostAtOnce().most, 1);
  await fleet.rollouts.control(once, id, 'undo');
  await fleet.until(() => stateOf(fleet, id) === 'undone');
  t.is(fleet.core.feed.view.pools.get('default')?.record.mode, 'bip');
});

const temper = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Temper>('good') },
  { weight: 1, arbitrary: fc.constantFrom<Temper>('rolls back once', 'rolls back', 'dies') },
);

test('whatever hosts and controllers do, no group has more unavailable than permitted, and every attempt has one permit', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(temper, { minLength: 1, maxLength: 8 }),
      fc.constantFrom('1', '2', '50%'),
      fc.boolean(),
      fc.nat(20),
      fc.boolean(),
      async (tempers, maxUnavailable, perZone, killAfter, undo) => {
        const fleet = await RolloutFleet.start(tempers, 2);
        try {
          const [a, b] = fleet.cores;
          if (a === undefined || b === undefined) throw new Error('two cores');
          fleet.execute(a, 'c-1');
          fleet.execute(b, 'c-2');
          const wanted = toB(fleet, { maxUnavailable, ...(perZone ? { per: 'zone' } : {}) });
          const { subject: id, revision } = await fleet.rollouts.create(once, () => wanted);
          await fleet.until(
            () => fleet.core.feed.view.revision >= revision + killAfter || stateOf(fleet, id) !== 'running',
          );
          await fleet.halt(killAfter % 2 === 0 ? a : b);
          await fleet.until(() => stateOf(fleet, id) !== 'running');
          if (stateOf(fleet, id) === 'failed') {
            for (const name of fleet.core.feed.view.nodeOfName.keys()) await fleet.heal(name);
            if (!undo) await fleet.rollouts.control(once, id, 'resume');
          }
          if (undo) await fleet.rollouts.control(once, id, 'undo');
          await fleet.until(() => stateOf(fleet, id) === (undo ? 'undone' : 'done'));
          t.deepEqual(new Set(Object.values(fleet.places())), new Set([undo ? 'default' : 'b']));
          const sizes = perZone ? [Math.ceil(tempers.length / 2)] : [tempers.length];
          const { most } = fleet.mostAtOnce(({ group }) => group);
          t.true(most <= Math.max(...sizes.map((size) => mostUnavailable(maxUnavailable, size))), `${most} at once`);
          t.deepEqual(overlapsIn(fleet.cluster.history), []);
        } finally {
          await fleet.close();
        }
      },
    ),
    { numRuns: 10 },
  );
});
