// What a daemon takes of an assignment with a lease of a pool that its host refuses.
import test from 'ava';
import { Intake } from '../../../../node/daemon/intake.js';
import type { Known } from '../../../../node/daemon/known.js';
import { acceptablePart } from '../../../../node/table/lease-rules.js';
import { formatPrefix } from '../../../../proto/domain/address.js';
import type { Assignment, Lease } from '../../../../proto/domain/network.js';
import { pool, snapshotOf } from '../../../support/admission-values.js';
import { address, prefix } from '../../../support/pools.js';

const lease = (subnet: string, poolName: string, more: Partial<Lease> = {}): Lease => ({
  ...{ pool: poolName, subnet: prefix(subnet), generation: 1, mode: 'bridge', state: 'wanted' },
  ...{ networkName: `net-${poolName}`, bridgeName: `br-${poolName}` },
  ...more,
});
const own = lease('10.76.0.0/24', 'default', { mode: 'bip' });
const edge = lease('10.80.0.0/24', 'edge');
const assignment: Assignment = {
  nodeId: 'n-0123456789ab',
  nodeName: 'web-1',
  address: address('192.168.83.11'),
  availability: 'active',
  leases: [own, edge],
  permit: { rollout: 'r-1', subnet: edge.subnet, generation: 1 },
  leave: false,
};
const subnetsOf = (known: Known) => known.assignment?.leases.map(({ subnet }) => formatPrefix(subnet));
const nothing: Known = { assignment: undefined, table: undefined, isConfirmed: true };

test('leases of a pool that --allowed-pools refuses are not used and reported; the others are, and nothing is lost', (t) => {
  const intake = new Intake({
    nodeName: 'web-1',
    controllers: { endpoints: [] },
    allowedPools: [prefix('10.76.0.0/16')],
    joined: undefined,
    mirror: { addresses: [], links: new Map() },
  });
  const pools = [pool('10.76.0.0/16'), pool('10.80.0.0/16')];
  const before = intake.assignment(nothing, assignment);
  t.is(before.assignment, undefined, 'the pools are not known yet');
  const known = intake.snapshot(before, snapshotOf(pools, []));
  t.deepEqual(subnetsOf(known), ['10.76.0.0/24']);
  t.is(known.assignment?.permit, undefined, 'a permit for a lease that is not used');
  t.is(intake.offered, assignment, 'the report is of all leases');
  t.is(intake.again(known), known, 'nothing is to be done again');
  const reasons = intake.findings(known).map(({ reason }) => reason);
  t.deepEqual(reasons, ['LeaseRefused', 'PoolRefused']);
  t.regex(intake.findings(known)[0]?.message ?? '', /10\.80\.0\.0\/24 of pool edge/);
  const gone = intake.assignment(known, { ...assignment, leases: [own], permit: undefined });
  t.deepEqual([subnetsOf(gone), intake.offered], [['10.76.0.0/24'], undefined]);
  t.deepEqual(
    intake.findings(gone).map(({ reason }) => reason),
    ['PoolRefused'],
  );

  // Alone, in place of one that ends, or of a range in no pool: refused as a whole.
  const table = known.table;
  if (table === undefined) return t.fail();
  const whole = (leases: Assignment['leases'], held?: Assignment) =>
    acceptablePart({ ...assignment, leases }, table, held).refused.length === 0;
  t.true(whole([edge]));
  t.true(whole([{ ...own, state: 'ending' }, edge]));
  t.true(whole([own, lease('10.90.0.0/24', 'other')]));
  t.true(whole([own, edge], assignment), 'a lease that the host holds');
  t.false(whole([own, edge]));
});
