// Encodes messages to nodes once, and shares them between all streams that get them.
// Invariant: a buffer is cached only while the table that it was made from is the newest one.

import { type Prefix, prefixFromKey } from '../../proto/domain/address.js';
import type { Assignment, Version } from '../../proto/domain/network.js';
import type { Look } from '../../proto/gen/xnet/v1/Look.js';
import type { WatchResponse } from '../../proto/gen/xnet/v1/WatchResponse.js';
import { wireFromDelta, wireFromPoolRange, wireFromPrefix, wireFromRoute } from '../../proto/rpc/convert.js';
import { wireFromAssignment } from '../../proto/rpc/convert-assignment.js';
import { services } from '../../proto/rpc/definitions.js';
import type { FleetTable } from '../table/fleet-table.js';

// About 60 bytes per route, at most 90: far below the 256 KiB limit of a message.
const routesPerChunk = 2_000;

function encode(message: WatchResponse): Buffer {
  return services.node.service.Watch.responseSerialize(message);
}

/** Snapshot is the whole table at a revision, as messages. */
export type Snapshot = { readonly revision: number; readonly chunks: readonly Buffer[] };

/** Delta is the change up to a revision, as a message. */
export type Delta = { readonly revision: number; readonly buffer: Buffer };

/**
 * encodeSnapshot encodes the messages of a whole table.
 * @param fresh of a table that was read from the store: the node's held routes that the store does not explain
 */
export function encodeSnapshot(table: FleetTable, version: Version, fresh?: readonly Prefix[]): Snapshot {
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
          fresh: fresh !== undefined,
          unexplained: first ? (fresh ?? []).map(wireFromPrefix) : [],
          routes: routes.slice(index * routesPerChunk, (index + 1) * routesPerChunk),
          unresolved: first ? unresolved : [],
          pools: first ? table.pools.map(wireFromPoolRange) : [],
        },
      }),
    );
  }
  return { revision: version.revision, chunks };
}

/** encodeAssignment encodes the message for one node alone. */
export function encodeAssignment(assignment: Assignment): Buffer {
  return encode({ assignment: wireFromAssignment(assignment) });
}

/** encodeTrust encodes the trusted authorities (PEM) and the controllers' addresses. */
export function encodeTrust(authority: readonly string[], spreadMs: number, controllers: readonly string[]): Buffer {
  return encode({ trust: { authority: [...authority], spreadMs, controllers: [...controllers] } });
}

/** encodeLook encodes a question to one node. */
export function encodeLook(look: Look): Buffer {
  return encode({ look });
}

/** Encoder encodes the messages of one table. */
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

  /**
   * delta returns the changes since `revision`, which the table's history must still contain. It may end before the
   * table's newest revision.
   */
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

  /** snapshot returns the whole table, possibly of an earlier revision: a delta from there completes it. */
  snapshot(): Snapshot {
    const held = this.#snapshot;
    const enough = Math.max(64, this.#table.entries.size / 4);
    if (held !== undefined && this.#table.hasSince(held.revision)) {
      if (this.#table.changesSince(held.revision) <= enough) return held;
    }
    this.#snapshot = encodeSnapshot(this.#table, this.#version());
    return this.#snapshot;
  }

  /** bookmark returns the message that the table did not change up to the newest revision. */
  bookmark(): Buffer {
    const version = this.#version();
    if (this.#bookmark?.revision !== version.revision) {
      this.#bookmark = { revision: version.revision, buffer: encode({ bookmark: { version } }) };
    }
    return this.#bookmark.buffer;
  }

  /** forget drops the cached messages when the table is rebuilt. */
  forget(): void {
    this.#snapshot = undefined;
    this.#deltas.clear();
    this.#deltasAt = -1;
    this.#bookmark = undefined;
  }
}
