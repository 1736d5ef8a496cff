// Which lease docker0 gets, and what needs the permit of a rollout.
import test from 'ava';
import fc from 'fast-check';
import { bipOfLease, chooseBip } from '../../../../../node/docker/bip/choose.js';
import { type Bip, bipsEqual, formatBip } from '../../../../../node/docker/engine/bip-value.js';
import type { Lease, LeaseState, Permit } from '../../../../../proto/domain/network.js';
import { bip, prefix } from '../../../../support/docker-values.js';

const lease = (cidr: string, state: LeaseState, generation = 1): Lease => ({
  ...{ pool: 'default', subnet: prefix(cidr), generation, mode: 'bip', networkName: '', bridgeName: '', state },
});
const [a, b] = [lease('10.76.1.0/24', 'ending'), lease('10.80.1.0/24', 'wanted', 3)];
const bridge: Lease = {
  ...lease('10.90.1.0/24', 'in force'),
  mode: 'bridge',
  networkName: 'xnet',
  bridgeName: 'xnet0',
};
const onA = bip('10.76.1.1/24');
const docker = bip('172.17.0.1/16');
const permit = (rollout: string, of?: Lease): Permit => ({
  ...{ rollout, subnet: of?.subnet, generation: of?.generation ?? 0 },
});

function chosen(
  leases: readonly Lease[],
  given: Permit | undefined,
  ours: Bip | undefined,
  present = ours ?? docker,
  byHand = false,
) {
  const choice = chooseBip({ nodeId: 'n', leases, permit: given }, { ours, present }, byHand);
  const what = choice.do === 'use' ? formatBip(choice.bip) : choice.do;
  return 'waiting' in choice && choice.waiting !== undefined ? `${what} waits` : what;
}

test('a move needs a permit that names it; keeping, repairing and first using a lease need none', (t) => {
  t.is(chosen([a, b], undefined, onA), '10.76.1.1/24 waits');
  t.is(chosen([a, b], permit('r-1', b), onA), '10.80.1.1/24');
  t.is(chosen([a, b], permit('', b), onA), '10.76.1.1/24 waits', 'that of a first lease is not one to leave another');
  t.is(chosen([a, b], permit('r-1', { ...b, generation: 2 }), onA), '10.76.1.1/24 waits');
  t.is(chosen([a, b], permit('r-1', a), onA), '10.76.1.1/24 waits');
  t.is(chosen([a, b], permit('r-1'), onA), '10.76.1.1/24 waits');
  // The key was taken out of daemon.json, docker0 flushed, or Docker restarted without it: repaired without an
  // operator.
  for (const present of [onA, docker, undefined])
    t.is(chosen([lease('10.76.1.0/24', 'in force')], undefined, onA, present), '10.76.1.1/24');
  t.is(chosen([b], permit('', b), undefined), '10.80.1.1/24', 'the first lease');
  t.is(chosen([b], undefined, undefined), 'hold waits');
  // A controller that knows one lease replaces it by another.
  t.is(chosen([b], permit('', b), onA), '10.80.1.1/24');
  t.is(chosen([b], undefined, onA), 'hold waits');
});

test('without a lease for it docker0 gets its former address back, with a permit for that', (t) => {
  t.is(chosen([a, bridge], undefined, onA), '10.76.1.1/24 waits');
  t.is(chosen([a, bridge], permit('r-1'), onA), 'give-back');
  t.is(chosen([a, bridge], permit('', bridge), onA), '10.76.1.1/24 waits');
  t.is(chosen([bridge], permit('', bridge), onA), 'give-back', 'as a controller that knows one lease says');
  t.is(chosen([bridge], undefined, onA), 'hold waits');
  t.is(chosen([bridge], undefined, undefined), 'give-back', 'there is nothing of ours');
  t.is(chosen([a, bridge], undefined, undefined, docker), 'give-back', 'it has ended already');
});

test('if docker0 has no lease of the node, an operator on the host may request the change', (t) => {
  const requested = (leases: readonly Lease[], ours: Bip | undefined) => chosen(leases, undefined, ours, docker, true);
  t.is(requested([a, b], onA), '10.76.1.1/24 waits', 'a request never leaves a lease');
  t.is(requested([a, bridge], onA), '10.76.1.1/24 waits');
  t.is(requested([b, bridge], undefined), '10.80.1.1/24', 'a first lease of mode bip beside one of mode bridge');
  // The former lease was ended by force while the host was down.
  t.is(requested([b], onA), '10.80.1.1/24');
  t.is(requested([bridge], onA), 'give-back');
  const choice = chooseBip({ nodeId: 'n', leases: [bridge], permit: undefined }, { ours: onA, present: onA }, false);
  t.like(choice, { do: 'hold', waiting: { reason: 'AddressNotLeased', transient: false } });
  t.regex(choice.do === 'hold' ? choice.waiting.message : '', /has 10\.76\.1\.1\/24, which is not leased to this node/);
});

const anyState = fc.constantFrom<LeaseState>('wanted', 'in force');
const anyLeases = fc
  .record({ first: fc.boolean(), staying: anyState, other: fc.boolean(), beside: fc.boolean() })
  .map(({ first, staying, other, beside }) => [
    ...(first ? [{ ...b, state: staying }] : []),
    ...(other ? [a] : []),
    ...(beside || (!first && !other) ? [bridge] : []),
  ]);
const anyPermit = fc.option(
  fc.tuple(fc.constantFrom('', 'r-1'), fc.constantFrom(a, b, bridge, undefined)).map(([id, of]) => permit(id, of)),
  { nil: undefined },
);

test('without a permit docker0 keeps its address; with one it gets only the address that the permit names', (t) => {
  const anyBip = fc.constantFrom(onA, bip('10.80.1.1/24'), bip('10.99.1.1/24'), undefined);
  fc.assert(
    fc.property(anyLeases, anyPermit, anyBip, (leases, given, ours) => {
      const choice = chooseBip({ nodeId: 'n', leases, permit: given }, { ours, present: ours ?? docker }, false);
      if (ours === undefined) return;
      const moves = choice.do === 'give-back' || (choice.do === 'use' && !bipsEqual(choice.bip, ours));
      if (given === undefined) t.false(moves);
      if (!moves) return;
      const held = leases.some((each) => each.mode === 'bip' && bipsEqual(bipOfLease(each), ours));
      t.true(given !== undefined && (given.rollout !== '' || !held));
      if (choice.do === 'use')
        t.true(given?.subnet !== undefined && bipsEqual(bipOfLease({ subnet: given.subnet, mode: 'bip' }), choice.bip));
    }),
    { numRuns: 1_000 },
  );
});
