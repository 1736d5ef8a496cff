// Which withdrawals the store explains, and which an operator may approve.
import test from 'ava';
import { decideApproval, type Holder, holdersOf, holdingProblems } from '../../../../controller/registry/approval.js';
import { decode, encode } from '../../../../controller/store/record-codec.js';
import { unexplained } from '../../../../controller/table/ended-leases.js';
import { assignmentOf } from '../../../../controller/view/assignment.js';
import { formatPrefix } from '../../../../proto/domain/address.js';
import type { HeldRoutes } from '../../../../proto/domain/network.js';
import { nodeRecord, poolRecord, prefix } from '../../../support/pools.js';
import { freed, Rig } from '../../../support/written-records.js';

const withdrawn = [1, 2, 3, 4].map((index) => prefix(`10.76.${index}.0/24`));
const cluster = (epoch: number) => ({
  cluster: encode('cluster', { id: 'c', epoch, createdMs: 1, schema: 1, ...(epoch === 1 ? {} : { acceptedMs: 5 }) }),
});
const started = () =>
  new Rig().write({ ...cluster(1), 'pools/default': encode('pool', poolRecord(prefix('10.76.0.0/16'), 24)) });

test('the store explains a withdrawal by a freed subnet or a leaving node of this epoch, not by a missing record', (t) => {
  const rig = started().join(2).write({ 'subnets/default/10.76.1.0-24': freed });
  rig.write({ 'nodes/n-2': encode('node', { ...nodeRecord('web-2', '192.168.83.2'), availability: 'leaving' }) });
  t.deepEqual(unexplained(rig.view, withdrawn).map(formatPrefix), ['10.76.3.0/24', '10.76.4.0/24']);
  // The backup may be older than another lease of the subnet.
  rig.write(cluster(7));
  t.deepEqual(unexplained(rig.view, withdrawn), withdrawn);
  rig.write({ 'subnets/default/10.76.4.0-24': freed });
  t.deepEqual(unexplained(rig.view, withdrawn), withdrawn.slice(0, 3));
});

test('an approval names a past version at which a node holds a withdrawal, and only advances', (t) => {
  const rig = started().join(1).join(2).join(3);
  const held: HeldRoutes = { count: 4, subnets: withdrawn, epoch: 1, revision: 3, isUnexplained: true };
  const holders: Holder[] = [
    { nodeId: 'n-1', name: 'web-1', held, sinceMs: 1 },
    { nodeId: 'n-2', name: 'web-2', held: { ...held, revision: 5, isUnexplained: false }, sinceMs: 1 },
  ];
  const decide = (revision: number, epoch = 1, clusterId = 'c') =>
    decideApproval(rig.view, { clusterId, epoch, revision }, { holders, nowMs: 9 });
  t.throws(() => decide(3, 1, 'other'), { message: /this is cluster c, not other/ });
  t.throws(() => decide(rig.view.revision + 1), { message: /does not exist yet/ });
  t.throws(() => decide(1, 2), { message: /does not exist yet/ });
  t.throws(() => decide(2), { message: /no node holds a withdrawal of revision 2 or earlier/ });
  t.regex(decide(3).change?.event.message ?? '', /^4 routes .* by web-1$/);
  t.regex(decide(5).change?.event.message ?? '', /^8 routes .* by web-1, web-2$/);
  const [operation] = decide(3).change?.operations ?? [];
  if (operation?.kind !== 'put') return t.fail();
  t.deepEqual(decode('approval', operation.value), { record: { epoch: 1, revision: 3, approvedMs: 9 } });
  rig.write({ approval: operation.value });
  t.deepEqual(assignmentOf(rig.view, 'n-3')?.approved, { clusterId: 'c', epoch: 1, revision: 3 });
  t.is(decide(3).change, undefined, 'approved already');
  t.is(decide(2).change, undefined);
  t.truthy(decide(4).change);
  t.regex(holdingProblems(holders)[0]?.text ?? '', /^2 nodes keep 8 routes .*no record/);
  t.deepEqual(holdingProblems([]), []);
  t.deepEqual(
    holdersOf(rig.view, () => undefined),
    [],
  );
  rig.write({ adoption: encode('adoption', { backup: 'b', restore: 'r', madeMs: 1, sinceMs: 1, nodes: 3 }) });
  t.throws(() => decide(5), { message: /are being adopted/ });
});
