// What a daemon takes of an assignment with a lease of a pool that its host refuses.
import test from 'ava';
import { Intake } from '../../../../node/daemon/intake.js';
import type { Known } from '../../../../node/daemon/known.js';
import type { KernelRoute } from '../../../../node/kernel/route-kernel.js';
import { KernelRouteTable } from '../../../../node/kernel/route-table.js';
import { acceptablePart } from '../../../../node/table/lease-rules.js';
import { formatPrefix } from '../../../../proto/domain/address.js';
import type { Assignment, Lease } from '../../../../proto/domain/network.js';
import { SyscallError } from '../../../../proto/process/syscall.js';
import { kernelRoute, pool, snapshotOf } from '../../../support/admission-values.js';
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
const emptyMirror = { addresses: [], links: new Map(), nextHops: undefined, routes: new KernelRouteTable() };
const nothing: Known = { assignment: undefined, table: undefined, isConfirmed: true };

test('leases of a pool that --allowed-pools refuses are not used and reported; the others are, and nothing is lost', (t) => {
  const intake = new Intake({
    nodeName: 'web-1',
    controllers: { endpoints: [] },
    allowedPools: [prefix('10.76.0.0/16')],
    joined: undefined,
    mirror: { ...emptyMirror, allRoutes: () => [] },
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

test('the routes of the host are read once for all pools of a message; when they can’t be, those that are mirrored count', (t) => {
  const [tunnel, lan] = [kernelRoute('10.80.0.0/16', 'tun0', '192.168.83.1'), kernelRoute('10.81.0.0/16', 'eth1')];
  const routes = new KernelRouteTable();
  routes.insert(lan, 'after');
  const refusedBy = (allRoutes: () => readonly KernelRoute[]) => {
    const intake = new Intake({
      ...{ nodeName: 'web-1', controllers: { endpoints: [] }, allowedPools: undefined, joined: undefined },
      mirror: { ...emptyMirror, allRoutes, routes },
    });
    const first = intake.snapshot(nothing, snapshotOf([pool('10.76.0.0/16')], []));
    const later = ['10.76.0.0/16', '10.80.0.0/16', '10.81.0.0/16', '10.82.0.0/16'].map((cidr) => pool(cidr));
    reads = 0;
    const refused = intake.snapshot(first, snapshotOf(later, [])).table?.refused.pools ?? [];
    return refused.map(({ pool: { network, length } }) => formatPrefix({ network, length }));
  };
  let reads = 0;
  const read = () => {
    reads += 1;
    return [tunnel, lan];
  };
  t.deepEqual(refusedBy(read), ['10.80.0.0/16', '10.81.0.0/16']);
  t.is(reads, 1);
  const unread = () => {
    throw new SyscallError('socket', 'EMFILE', 'too many open files');
  };
  t.deepEqual(refusedBy(unread), ['10.81.0.0/16']);
});
