// Which version of the route table the lanes have applied to the host.
// Invariant: a table counts as applied once both the kernel's routes and the firewall have it.
import type { Version } from '../../proto/domain/network.js';
import type { Outcome } from '../reconcile/effect.js';
import { isOlder } from '../table/node-table.js';
import type { Known } from './known.js';
import type { LaneName } from './lanes.js';

/** AppliedVersion is a version of the table. Not confirmed: the lane has only added what the table has and the kernel had not. */
export type AppliedVersion = { readonly version: Version; readonly isConfirmed: boolean };

/** tookIn reports whether a turn of a lane applied its table to the kernel. */
export function tookIn(lane: LaneName, { inForce, findings }: Outcome): boolean {
  // The rules can be in the kernel while Docker is unavailable or forwarding is off.
  const about = lane === 'routes' ? 'Routes' : 'Firewall';
  return inForce !== false && !findings.some(({ type, transient }) => type === about && transient);
}

/** AppliedTable holds the versions that the lanes have applied. */
export class AppliedTable {
  readonly #by = new Map<LaneName, AppliedVersion>();

  /** noteTurn records the outcome of a lane's turn, and the state that it began with. */
  noteTurn(lane: LaneName, outcome: Outcome, { table, isConfirmed }: Known): void {
    if (table !== undefined && tookIn(lane, outcome)) this.#by.set(lane, { version: table.version, isConfirmed });
  }

  /** noteBookmark records that the table at `before` is unchanged at `at`. */
  noteBookmark(before: Version, at: Version): void {
    for (const [lane, { version, isConfirmed }] of this.#by) {
      if (version.revision === before.revision) this.#by.set(lane, { version: at, isConfirmed });
    }
  }

  /** current is the version that both the kernel's routes and the firewall have; undefined: none yet. */
  get current(): AppliedVersion | undefined {
    const routes = this.#by.get('routes');
    const firewall = this.#by.get('firewall');
    if (routes === undefined || firewall === undefined) return undefined;
    return {
      version: isOlder(firewall.version, routes.version) ? firewall.version : routes.version,
      isConfirmed: routes.isConfirmed && firewall.isConfirmed,
    };
  }

  /** isBehind reports whether the lanes are still to apply the table. */
  isBehind({ table }: Known): boolean {
    const applied = this.current?.version;
    return table !== undefined && applied !== undefined && isOlder(applied, table.version);
  }
}
