// Pools and leases of mode block.
import test from 'ava';
import { dockerLengthProblems, modeProblems } from '../../../../controller/registry/pool-rules.js';
import { assignmentOf } from '../../../../controller/view/assignment.js';
import { formatPrefix } from '../../../../proto/domain/address.js';
import { prefix } from '../../../support/pools.js';
import { newNode, newPool, once, rig } from '../../../support/registry-values.js';

const blocks = { ...newPool('10.86.0.0/16', 'blocks'), subnetLength: 20, mode: 'block' } as const;

test('a block has room for docker0 and other networks, whose length is within bounds', (t) => {
  const problems = (change: Partial<Parameters<typeof modeProblems>[0]>) => modeProblems({ ...blocks, ...change });
  t.deepEqual(problems({}), []);
  t.deepEqual(problems({ subnetLength: 23, networkLength: 24 }), []);
  t.deepEqual(problems({ networkLength: 29 }), []);
  t.regex(problems({ subnetLength: 24 }).join(), /^subnet length: mode block needs subnets of \/23 or larger/);
  t.deepEqual(problems({ networkLength: 30 }), ['network length: /30 is not one of /24 to /29']);
  t.is(problems({ subnetLength: 25, networkLength: 23 }).length, 2, 'all at once');
  t.regex(problems({ mode: 'bip', networkLength: 26 }).join(), /^network length: only in mode block/);
});

test('the part that Docker hands out is smaller than the subnet of its bridge', (t) => {
  const problems = (dockerLength: number, change: Partial<Parameters<typeof dockerLengthProblems>[0]> = {}) =>
    dockerLengthProblems({ subnetLength: 24, mode: 'bip', dockerLength, ...change });
  t.deepEqual([...problems(25), ...problems(29), ...problems(25, { ...blocks })], []);
  t.deepEqual(problems(24), ['docker length: /24 is not one of /25 to /29']);
  t.deepEqual(problems(21, { ...blocks }), ['docker length: /21 is not one of /25 to /29']);
  t.deepEqual(problems(30), ['docker length: /30 is not one of /25 to /29']);
  t.regex(problems(30, { subnetLength: 29 }).join(), /too small/);
});

test('a host has one lease for docker0, of mode bip or block, and its networks have the length of the pool', async (t) => {
  const { core, close } = await rig();
  t.teardown(close);
  await core.pools.create(once, { ...blocks, networkLength: 27 });
  t.true((await core.pools.create(once, { ...blocks, networkLength: 27 })).unchanged);
  await t.throwsAsync(core.pools.create(once, blocks), { message: /already exists/ }, 'the usual length is another');
  await t.throwsAsync(core.nodes.add(once, { ...newNode('web-1', 1), mode: 'block' }), {
    message: /mode block needs subnets of \/23 or larger, and those of pool default are \/24/,
  });
  const { subject: nodeId } = await core.nodes.add(once, newNode('web-1', 1));
  await t.throwsAsync(core.leases.add(once, nodeId, { pool: 'blocks' }), {
    message: /10\.76\.0\.0\/24 with docker0: one host can't have 10\.86\.0\.0\/20 with docker0/,
  });
  await core.leases.add(once, nodeId, { pool: 'blocks', replace: prefix('10.76.0.0/24') });
  const { leases = [], permit } = assignmentOf(core.feed.view, nodeId) ?? {};
  t.deepEqual(
    leases.map(({ subnet, mode, networkLength, state }) => [formatPrefix(subnet), mode, networkLength, state]),
    [
      ['10.76.0.0/24', 'bip', undefined, 'ending'],
      ['10.86.0.0/20', 'block', 27, 'wanted'],
    ],
  );
  t.is(permit?.subnet && formatPrefix(permit.subnet), '10.86.0.0/20', 'its host uses neither yet');
});
