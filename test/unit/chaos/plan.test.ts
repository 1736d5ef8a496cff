// Plans of the random mode, and how they shrink.
import test from 'ava';
import fc from 'fast-check';
import { generatePlan, mostFaults, scopeOf } from '../../chaos/generate.js';
import { type Plan, type PlannedFault, parsePlan } from '../../chaos/plan.js';
import { shrink } from '../../chaos/shrink.js';

const anyPlan = fc
  .record({ seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }), hosts: fc.integer({ min: 2, max: 12 }) })
  .map(({ seed, hosts }) => generatePlan(seed, { hosts, seconds: 300 }));

function faultsOf(plan: Plan): readonly PlannedFault[] {
  return plan.steps.filter((step) => step.kind === 'fault');
}

test('the same seed gives the same plan, another one another plan', (t) => {
  const options = { hosts: 5, seconds: 300 };
  t.deepEqual(generatePlan(7, options), generatePlan(7, options));
  t.notDeepEqual(generatePlan(7, options).steps, generatePlan(8, options).steps);
});

test('a plan is the same after it was written and read', (t) => {
  fc.assert(
    fc.property(anyPlan, (plan) => {
      t.deepEqual(parsePlan(JSON.stringify(plan)), plan);
    }),
  );
  t.throws(() => parsePlan('{"version":2}'));
});

test('at most three faults are active at once, one in each scope, and all end before the plan', (t) => {
  fc.assert(
    fc.property(anyPlan, (plan) => {
      const faults = faultsOf(plan);
      for (const { at, until } of faults) {
        t.true(at < until && until < plan.seconds);
        const active = faults.filter((other) => other.at <= at && other.until > at);
        t.true(active.length <= mostFaults);
        t.is(new Set(active.map(({ fault }) => scopeOf(fault))).size, active.length);
      }
    }),
  );
});

test('a majority of the etcd and both controllers are lost only by faults of that name', (t) => {
  fc.assert(
    fc.property(anyPlan, (plan) => {
      for (const { at } of plan.steps) {
        const active = faultsOf(plan).filter((other) => other.at <= at && other.until > at);
        t.true(active.filter(({ fault }) => 'member' in fault).length <= 1);
        t.true(active.filter(({ fault }) => 'controller' in fault || fault.break === 'controllers lost').length <= 1);
      }
    }),
  );
});

test('hosts join before anything else happens to them, and two members remain', (t) => {
  fc.assert(
    fc.property(anyPlan, (plan) => {
      const members = new Set<number>();
      for (const step of plan.steps) {
        if (step.kind === 'fault') continue;
        const { do: what, host } = step.operation;
        t.is(members.has(host), what !== 'join', `${what} ${host}`);
        if (what === 'join') members.add(host);
        if (what === 'leave' || what === 'remove') {
          members.delete(host);
          t.true(members.size >= 2);
        }
      }
    }),
  );
});

test('five minutes of a plan have every kind of operation and fault somewhere in ten seeds', (t) => {
  const kinds = new Set<string>();
  for (let seed = 1; seed <= 10; seed++) {
    for (const step of generatePlan(seed, { hosts: 5, seconds: 300 }).steps) {
      kinds.add(step.kind === 'fault' ? step.fault.break : step.operation.do);
    }
  }
  t.is(kinds.size, 9 + 15);
});

test('a failing plan shrinks to the steps that it fails because of', async (t) => {
  const plan = generatePlan(3, { hosts: 5, seconds: 300 });
  const [first, second] = [plan.steps[4], plan.steps.at(-3)];
  if (first === undefined || second === undefined) return t.fail();
  const smaller = await shrink(plan, async ({ steps }) => steps.includes(first) && steps.includes(second));
  t.deepEqual(smaller.steps, [first, second]);
  t.deepEqual({ ...smaller, steps: [] }, { ...plan, steps: [] });
});
