// Messages to nodes, encoded once and shared: however many streams get a delta or a snapshot, it is made once.
// Invariant: a buffer is cached only as long as the table it was made of is the newest one.

import { prefixFromKey } from '../../proto/domain/address.js';
import type { Assignment, Version } from '../../proto/domain/network.js';
import type { WatchResponse } from '../../proto/gen/xnet/v1/WatchResponse.js';
import {
  wireFromAssignment,
  wireFromDelta,
  wireFromPoolRange,
  wireFromPrefix,
  wireFromRoute,
} from '../../proto/rpc/convert.js';
import { services } from '../../proto/rpc/definitions.js';
import type { FleetTable } from '../table/fleet-table.js';

// About 60 bytes a route, at most 90: far below the 256 KiB that a message may have.
const routesPerChunk = 2_000;

function encode(message: WatchResponse): Buffer {
  return services.node.service.Watch.responseSerialize(message);
}

/** Snapshot is the whole table at a revision, as messages. */
export type Snapshot = { readonly revision: number; readonly chunks: readonly Buffer[] };

/** Delta is what changed up to a revision, as a message. */
export type Delta = { readonly revision: number; readonly buffer: Buffer };

/** encodeSnapshot makes the messages of a whole table. */
export function encodeSnapshot(table: FleetTable, version: Version, fresh: boolean): Snapshot {
  const routes: ReturnType<typeof wireFromRoute>[] = [];
  const unresolved: ReturnType<typeof wireFromPrefix>[] = [];
  for (const [id, entry] of table.entries) {
    if (entry.kind === 'route') routes.push(wireFromRoute(entry.route));
    else unresolved.push(wireFromPrefix(prefixFromKey(id)));
  }
  const chunks: Buffer[] = [];
  const count = Math.max(1, Math.ceil(routes.length / routesPerChunk));
  for (let index = 0; index < count; index++) {
    const first = index === 0;
    chunks.push(
      encode({
        snapshot: {
          version,
          first,
          last: index === count - 1,
          fresh,
          routes: routes.slice(index * routesPerChunk, (index + 1) * routesPerChunk),
          unresolved: first ? unresolved : [],
          pools: first ? table.pools.map(wireFromPoolRange) : [],
        },
      }),
    );
  }
  return { revision: version.revision, chunks };
}

/** encodeAssignment makes the message that concerns one node alone. */
export function encodeAssignment(assignment: Assignment): Buffer {
  return encode({ assignment: wireFromAssignment(assignment) });
}

/** encodeTrust makes the message that says whom to trust (PEM), and where the controllers are. */
export function encodeTrust(authority: readonly string[], spreadMs: number, controllers: readonly string[]): Buffer {
  return encode({ trust: { authority: [...authority], spreadMs, controllers: [...controllers] } });
}

/** Encoder makes the messages of one table. */
export class Encoder {
  readonly #table: FleetTable;
  readonly #version: () => Version;
  #snapshot: Snapshot | undefined;
  readonly #deltas = new Map<number, Delta>();
  #deltasAt = -1;
  #bookmark: { readonly revision: number; readonly buffer: Buffer } | undefined;

  constructor(table: FleetTable, version: () => Version) {
    this.#table = table;
    this.#version = version;
  }

  /** delta is what changed since `revision`, for a table whose history still has it. It may end before where the table is. */
  delta(revision: number): Delta {
    if (this.#deltasAt !== this.#table.changedAt) {
      this.#deltas.clear();
      this.#deltasAt = this.#table.changedAt;
    }
    let delta = this.#deltas.get(revision);
    if (delta === undefined) {
      const version = this.#version();
      const buffer = encode({ delta: wireFromDelta(this.#table.since(revision, version)) });
      delta = { revision: version.revision, buffer };
      this.#deltas.set(revision, delta);
    }
    return delta;
  }

  /** snapshot is the whole table, possibly of some revisions ago: a delta from its revision on completes it. */
  snapshot(): Snapshot {
    const held = this.#snapshot;
    const enough = Math.max(64, this.#table.entries.size / 4);
    if (held !== undefined && this.#table.hasSince(held.revision)) {
      if (this.#table.changesSince(held.revision) <= enough) return held;
    }
    this.#snapshot = encodeSnapshot(this.#table, this.#version(), false);
    return this.#snapshot;
  }

  /** bookmark says that the table did not change up to the newest revision. */
  bookmark(): Buffer {
    const version = this.#version();
    if (this.#bookmark?.revision !== version.revision) {
      this.#bookmark = { revision: version.revision, buffer: encode({ bookmark: { version } }) };
    }
    return this.#bookmark.buffer;
  }

  /** forget drops what was made of a table that began anew. */
  forget(): void {
    this.#snapshot = undefined;
    this.#deltas.clear();
    this.#deltasAt = -1;
    this.#bookmark = undefined;
  }
}
