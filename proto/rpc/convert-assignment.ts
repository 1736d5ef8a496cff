// Converts a node's assignment, its leases and what its host does with them between the wire and the domain.
// Invariant: wire values are validated here; an invalid one throws Corrupt.
import { formatIpv4, formatPrefix, gatewayOf, parseIpv4, parsePrefix } from '../domain/address.js';
import {
  type Assignment,
  type ContainerUse,
  type Lan,
  type Lease,
  type LeaseState,
  type LeaseUse,
  type Permit,
  primaryLease,
} from '../domain/network.js';
import type { NicList } from '../domain/nic.js';
import { isNonEmpty } from '../domain/non-empty.js';
import type { Assignment__Output, Assignment as AssignmentWire } from '../gen/xnet/v1/Assignment.js';
import type { ContainerUse__Output } from '../gen/xnet/v1/ContainerUse.js';
import type { Lan__Output } from '../gen/xnet/v1/Lan.js';
import type { Lease__Output } from '../gen/xnet/v1/Lease.js';
import type { LeaseState__Output } from '../gen/xnet/v1/LeaseState.js';
import type { LeaseUse__Output } from '../gen/xnet/v1/LeaseUse.js';
import type { NicList__Output } from '../gen/xnet/v1/NicList.js';
import type { Permit__Output } from '../gen/xnet/v1/Permit.js';
import {
  availabilityFromWire,
  corrupt,
  keyOf,
  modeFromWire,
  versionFromWire,
  wireFromAvailability,
  wireFromMode,
} from './convert.js';
import { wireFromNic } from './convert-nic.js';

const leaseStateToWire = {
  wanted: 'LEASE_STATE_WANTED',
  'in force': 'LEASE_STATE_IN_FORCE',
  ending: 'LEASE_STATE_ENDING',
} as const satisfies Record<LeaseState, LeaseState__Output>;

/** wireFromLeaseState returns the enum value of a lease's state. */
export function wireFromLeaseState(state: LeaseState): LeaseState__Output {
  return leaseStateToWire[state];
}

/** wireFromLan returns the message of a LAN. */
export function wireFromLan({ prefix, gateway, defaultNetwork }: Lan): Lan__Output {
  return { prefix: formatPrefix(prefix), gateway: formatIpv4(gateway), defaultNetwork: defaultNetwork === true };
}

// Undefined: it is not valid.
function lanFromWire(wire: Lan__Output | null): Lan | undefined {
  const [prefix, gateway] = [parsePrefix(wire?.prefix ?? ''), parseIpv4(wire?.gateway ?? '')];
  if (prefix === undefined || gateway === undefined) return undefined;
  return { prefix, gateway, ...(wire?.defaultNetwork === true ? { defaultNetwork: true } : {}) };
}

/** wireFromLease returns the message of a lease. `sinceMs`: when it was granted, milliseconds since 1970; 0: unknown. */
export function wireFromLease(lease: Lease, sinceMs = 0): Lease__Output {
  const { pool, subnet, generation, mode, networkName, bridgeName, state } = lease;
  return {
    pool,
    subnet: formatPrefix(subnet),
    gateway: formatIpv4(lease.lan?.gateway ?? gatewayOf(subnet)),
    generation,
    mode: wireFromMode(mode),
    networkName,
    bridgeName,
    state: leaseStateToWire[state],
    sinceMs,
    networkLength: lease.networkLength ?? 0,
    dockerLength: lease.dockerLength ?? 0,
    lan: lease.lan === undefined ? null : wireFromLan(lease.lan),
    network: lease.network ?? '',
    detach: lease.detach ?? false,
  };
}

/** assignedLeaseFromWire returns a lease; throws Corrupt. A state of a newer version counts as wanted. */
export function assignedLeaseFromWire(wire: Omit<Lease__Output, 'gateway' | 'sinceMs'>): Lease {
  const { pool, generation, networkName, bridgeName } = wire;
  const subnet = parsePrefix(wire.subnet);
  const mode = modeFromWire(wire.mode);
  if (subnet === undefined || mode === undefined) throw corrupt(`lease of ${wire.subnet}, ${wire.mode}`);
  const state = keyOf<LeaseState, LeaseState__Output>(leaseStateToWire, wire.state) ?? 'wanted';
  const networkLength = mode === 'block' ? { networkLength: wire.networkLength } : {};
  const dockerLength = wire.dockerLength === 0 ? {} : { dockerLength: wire.dockerLength };
  const lan = mode === 'lan' ? lanFromWire(wire.lan) : undefined;
  if (mode === 'lan' && lan === undefined) throw corrupt(`lease of ${wire.subnet} without its LAN`);
  const parts = { ...networkLength, ...dockerLength, ...(lan === undefined ? {} : { lan }) };
  const named = wire.network === '' ? {} : { network: wire.network };
  const detach = wire.detach ? { detach: true as const } : {};
  return { pool, subnet, generation, mode, ...parts, networkName, bridgeName, state, ...named, ...detach };
}

function permitFromWire(wire: Permit__Output | null): Permit | undefined {
  if (wire === null) return undefined;
  const subnet = wire.subnet === '' ? undefined : parsePrefix(wire.subnet);
  if (wire.subnet !== '' && subnet === undefined) throw corrupt(`permit for ${wire.subnet}`);
  return { rollout: wire.rollout, subnet, generation: wire.generation };
}

/** wireFromLeaseUse returns the message of what a host does with a lease. */
export function wireFromLeaseUse(use: LeaseUse): LeaseUse__Output {
  const { subnet, generation, inForce, ending = false, inUse = false, attached = [] } = use;
  return { subnet: formatPrefix(subnet), generation, inForce, ending, inUse, attached: [...attached] };
}

/** wireFromContainerUse returns the message of a container with an address in a lease's subnet. */
export function wireFromContainerUse({ id, name, subnet, askedAddress }: ContainerUse): ContainerUse__Output {
  const asked = askedAddress === undefined ? '' : formatIpv4(askedAddress);
  return { id, name, subnet: formatPrefix(subnet), askedAddress: asked };
}

// Throws Corrupt.
function nicListFromWire({ epoch, revision, nics }: NicList__Output): NicList {
  return {
    epoch,
    revision,
    nics: nics.map(({ address: text, container, interfaceName }) => {
      const address = parseIpv4(text);
      if (address === undefined) throw corrupt(`nic ${text}`);
      return { address, container, interfaceName };
    }),
  };
}

/** wireFromAssignment returns the message of an assignment. Peers that know one lease per node read the primary one. */
export function wireFromAssignment(assignment: Assignment): AssignmentWire {
  const { pool, subnet, generation, mode, networkName, bridgeName } = primaryLease(assignment);
  return {
    nodeId: assignment.nodeId,
    nodeName: assignment.nodeName,
    address: formatIpv4(assignment.address),
    availability: wireFromAvailability(assignment.availability),
    pool,
    subnet: formatPrefix(subnet),
    generation,
    mode: wireFromMode(mode),
    networkName,
    bridgeName,
    leases: assignment.leases.map((lease) => wireFromLease(lease)),
    permit:
      assignment.permit === undefined
        ? null
        : {
            rollout: assignment.permit.rollout,
            subnet: assignment.permit.subnet === undefined ? '' : formatPrefix(assignment.permit.subnet),
            generation: assignment.permit.generation,
          },
    leave: assignment.leave,
    ...(assignment.approved === undefined ? {} : { approved: assignment.approved }),
    ...(assignment.nics === undefined
      ? {}
      : { nics: { ...assignment.nics, nics: assignment.nics.nics.map(wireFromNic) } }),
  };
}

/** assignmentFromWire returns an assignment; throws Corrupt. */
export function assignmentFromWire(wire: Assignment__Output): Assignment {
  const { nodeId, nodeName, leave } = wire;
  const address = parseIpv4(wire.address);
  const availability = availabilityFromWire(wire.availability);
  if (address === undefined || availability === undefined) {
    throw corrupt(`assignment at ${wire.address}, ${wire.availability}`);
  }
  const approved = versionFromWire(wire.approved);
  const common = {
    nodeId,
    nodeName,
    address,
    availability,
    leave,
    ...(approved === undefined ? {} : { approved }),
    ...(wire.nics ? { nics: nicListFromWire(wire.nics) } : {}),
  };
  const leases = wire.leases.map(assignedLeaseFromWire);
  if (isNonEmpty(leases)) return { ...common, leases, permit: permitFromWire(wire.permit) };
  // A controller that knows one lease per node lets its nodes restart Docker for it at any time.
  const none = { networkLength: 0, dockerLength: 0, lan: null, network: '', detach: false };
  const only = assignedLeaseFromWire({ ...wire, state: 'LEASE_STATE_WANTED', ...none });
  return { ...common, leases: [only], permit: { rollout: '', subnet: only.subnet, generation: only.generation } };
}
