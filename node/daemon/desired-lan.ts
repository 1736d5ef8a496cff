// Derives the bridge of LAN mode, and the interfaces that may have the host's address, from a node's leases. Pure.
import type { Assignment } from '../../proto/domain/network.js';
import type { DesiredLan } from '../lan/decide.js';
import type { LanPlace } from '../lan/journal.js';

/** LanAssignment is the part of an assignment that concerns LAN mode; undefined: there is none yet. */
export type LanAssignment = Pick<Assignment, 'leases' | 'address'> | undefined;

/** desiredLan returns the bridge that a node's leases ask for; undefined: none. A lease that ends keeps it. */
export function desiredLan(assignment: LanAssignment): DesiredLan | undefined {
  const leases = assignment?.leases.filter(({ mode }) => mode === 'lan') ?? [];
  const lease = leases.find(({ state }) => state !== 'ending') ?? leases[0];
  return assignment && lease && { bridgeName: lease.bridgeName, address: assignment.address };
}

/** lanInterfaces returns the interfaces that have, had or get the host's address because of LAN mode, each once. */
export function lanInterfaces(assignment: LanAssignment, place: LanPlace | undefined): readonly string[] {
  const names = [desiredLan(assignment)?.bridgeName, place?.bridge, place?.port];
  return [...new Set(names.flatMap((name) => name ?? []))];
}
