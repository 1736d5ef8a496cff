// The message of an assignment, between versions that know several leases per node and versions that know one.
import test from 'ava';
import { type Assignment, type Lease, primaryLease } from '../../../../proto/domain/network.js';
import type { Assignment__Output } from '../../../../proto/gen/xnet/v1/Assignment.js';
import { assignmentFromWire, wireFromAssignment } from '../../../../proto/rpc/convert-assignment.js';
import { address, prefix } from '../../../support/pools.js';

const ending: Lease = {
  pool: 'default',
  subnet: prefix('10.76.1.0/24'),
  generation: 3,
  mode: 'bip',
  networkName: '',
  bridgeName: '',
  state: 'ending',
};
const bridged: Lease = {
  pool: 'side',
  subnet: prefix('10.84.0.0/26'),
  generation: 2,
  mode: 'bridge',
  networkName: 'xnet',
  bridgeName: 'xnet0',
  state: 'wanted',
};
const assignment: Assignment = {
  nodeId: 'n-1',
  nodeName: 'web-1',
  address: address('192.168.83.11'),
  availability: 'cordoned',
  leases: [ending, bridged],
  permit: { rollout: 'r-1', subnet: undefined, generation: 0 },
  leave: true,
};
const sent = wireFromAssignment(assignment) as Assignment__Output;
const flat = {
  pool: 'side',
  subnet: '10.84.0.0/26',
  generation: 2,
  mode: 'MODE_BRIDGE',
  networkName: 'xnet',
  bridgeName: 'xnet0',
} as const;

test('an assignment is the same after a round trip, and a peer that knows one lease reads the primary one', (t) => {
  t.deepEqual(assignmentFromWire(sent), assignment);
  t.like(sent, flat);
  const block: Lease = { ...ending, mode: 'block', networkLength: 27, dockerLength: 26 };
  const asBlock = wireFromAssignment({ ...assignment, leases: [block] }) as Assignment__Output;
  t.deepEqual(assignmentFromWire(asBlock).leases, [block]);
  const lan = { prefix: prefix('192.168.61.0/24'), gateway: address('192.168.61.254') };
  const ofLan: Lease = { ...ending, subnet: prefix('192.168.61.64/27'), mode: 'lan', lan };
  const asLan = wireFromAssignment({ ...assignment, leases: [ofLan] }) as Assignment__Output;
  t.deepEqual(assignmentFromWire(asLan).leases, [ofLan]);
  t.is(asLan.leases[0]?.gateway, '192.168.61.254');
  const without = asLan.leases.map((lease) => ({ ...lease, lan: null }));
  t.throws(() => assignmentFromWire({ ...asLan, leases: without }), { code: 'Corrupt' });
  const nics = {
    epoch: 3,
    revision: 9,
    nics: [{ address: address('10.84.0.9'), container: 'db', interfaceName: 'nic0' }],
  };
  const withNics = { ...assignment, nics };
  t.deepEqual(assignmentFromWire({ ...sent, ...(wireFromAssignment(withNics) as Assignment__Output) }), withNics);
  // A mode that this version does not know: its host keeps what it has.
  const later = asBlock.leases.map((lease) => ({ ...lease, mode: 99 as never }));
  t.throws(() => assignmentFromWire({ ...asBlock, leases: later }), { code: 'Corrupt' });
  const inForce: Lease = { ...ending, state: 'in force' };
  t.is(primaryLease({ leases: [bridged, inForce] }), inForce);
  t.like(wireFromAssignment({ ...assignment, leases: [ending] }), { subnet: '10.76.1.0/24', mode: 'MODE_BIP' });
});

test('the assignment of a controller that knows one lease has this lease and its permit', (t) => {
  t.deepEqual(assignmentFromWire({ ...sent, leases: [], permit: null, leave: false }), {
    ...assignment,
    leases: [bridged],
    permit: { rollout: '', subnet: bridged.subnet, generation: 2 },
    leave: false,
  });
  for (const wrong of [{ subnet: '' }, { mode: 'MODE_UNSPECIFIED' as const }]) {
    t.throws(() => assignmentFromWire({ ...sent, ...wrong, leases: [] }), { message: /lease of/ });
    t.notThrows(() => assignmentFromWire({ ...sent, ...wrong }), 'the list of leases precedes');
  }
  t.throws(() => assignmentFromWire({ ...sent, address: 'x' }), { message: /assignment at x/ });
});
