// What a check finds between the store, the nodes' reports and the controllers.
import test from 'ava';
import { agree, ipamReportOf } from '../../../../cli/output/ipam.js';
import { ipamFindings } from '../../../../controller/registry/ipam-findings.js';
import type { LeaseUse, NodeStatus } from '../../../../proto/domain/network.js';
import { prefix } from '../../../support/pools.js';
import { newNode, once, rig } from '../../../support/registry-values.js';

const hourMs = 3_600_000;

const status = (leases: readonly LeaseUse[], networks: readonly string[] = []): NodeStatus => ({
  routes: { desired: 0, installed: 0, conflicting: 0, unreachable: 0 },
  conditions: [],
  daemonVersion: '',
  kernelVersion: '',
  dockerVersion: '',
  hostNetworks: networks.map((cidr) => ({ prefix: prefix(cidr), source: 'interface br-shop' })),
  silentPeers: [],
  leases,
  containers: [],
  containerCount: 0,
});
const use = (cidr: string, generation = 1, inForce = true): LeaseUse => ({ subnet: prefix(cidr), generation, inForce });

test('what nodes report is compared with what the store leases to them', async (t) => {
  const { core, close } = await rig();
  t.teardown(close);
  const { subject } = await core.nodes.add(once, newNode('web-1', 1));
  const found = (report: NodeStatus | undefined, afterMs = 0) =>
    ipamFindings(core.feed.view, (id) => (id === subject ? report : undefined), Date.now() + afterMs).map(
      ({ reason, message }) => `${reason}: ${message}`,
    );
  t.deepEqual(found(undefined), []);
  t.deepEqual(found(status([use('10.76.0.0/24')]), 9 * hourMs), []);
  // A daemon that knows one lease says nothing of it.
  t.deepEqual(found(status([]), 9 * hourMs), []);
  t.regex(found(undefined, 9 * hourMs).join(), /^LeaseNotInForce: 10.76.0.0\/24 was leased 9h ago, and its host never/);
  t.regex(found(status([use('10.76.0.0/24', 1, false)]), 9 * hourMs).join(), /and its host does not use it$/);
  t.deepEqual(found(status([use('10.76.0.0/24', 1, false)])), []);
  t.regex(found(status([use('10.76.0.0/24', 7)])).join(), /^GenerationDiffers: .* the store has generation 1$/);
  t.regex(
    found(status([use('10.76.0.0/24'), use('10.76.5.0/24')])).join(),
    /^UnlistedLease: its host uses 10.76.5.0\/24/,
  );
  const networks = ['10.76.0.0/24', '10.76.8.0/22', '172.18.0.0/16'];
  t.regex(
    found(status([use('10.76.0.0/24')], networks)).join(),
    /^HostNetworkOverlaps: 10.76.8.0\/22 of interface br-shop overlaps pool default \(10.76.0.0\/16\): [^:]*$/,
  );
});

test('controllers that answer differently, or not at all, are findings', (t) => {
  const answer = (controller: string, tableRevision: number, tableHash: string, epoch = 1) => ({
    endpoint: controller,
    answer: { controller, clusterId: 'c', epoch, revision: 9, tableRevision, tableHash, findings: [] },
  });
  const reasons = (...checked: Parameters<typeof ipamReportOf>[0]) =>
    ipamReportOf(checked, 0).findings.map(({ reason }) => reason);
  t.deepEqual(reasons(answer('a', 5, 'x'), answer('b', 5, 'x')), []);
  t.deepEqual(reasons(answer('a', 5, 'x'), answer('b', 5, 'y')), ['TablesDiffer']);
  t.deepEqual(reasons(answer('a', 5, 'x'), answer('b', 4, 'y')), ['ControllerBehind']);
  t.deepEqual(reasons(answer('a', 5, 'x'), answer('b', 5, 'x', 2)), ['ControllerOfAnotherStore']);
  t.deepEqual(reasons(answer('a', 5, 'x'), { endpoint: 'b', problem: 'gone' }), ['ControllerSilent']);
  t.true(agree([answer('a', 5, 'x'), { endpoint: 'b', problem: 'gone' }]));
  t.false(agree([answer('a', 5, 'x'), answer('b', 6, 'x')]));
});
