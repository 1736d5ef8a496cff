// Decodes the messages of one watch stream, and assembles snapshots from their chunks.
// Invariant: a snapshot is delivered when its last chunk has arrived, or not at all.
import type { Prefix } from '../../proto/domain/address.js';
import type { Assignment, PoolRange, Route, TableDelta, Version } from '../../proto/domain/network.js';
import { XnetError } from '../../proto/errors.js';
import type { Look__Output } from '../../proto/gen/xnet/v1/Look.js';
import type { SnapshotChunk__Output } from '../../proto/gen/xnet/v1/SnapshotChunk.js';
import type { WatchResponse__Output } from '../../proto/gen/xnet/v1/WatchResponse.js';
import {
  deltaFromWire,
  poolRangeFromWire,
  prefixFromWire,
  requireVersion,
  routeFromWire,
} from '../../proto/rpc/convert.js';
import { assignmentFromWire } from '../../proto/rpc/convert-assignment.js';
import type { TableSnapshot } from '../table/node-table.js';

/** Trust has the certificate authorities to trust, and the addresses of the controllers. */
export type Trust = {
  /** PEM. */
  readonly authority: readonly string[];
  /** The longest time to wait before renewing because of it, in milliseconds. */
  readonly spreadMs: number;
  /** Where the controllers are reached: "192.168.83.2:7400". */
  readonly controllers: readonly string[];
};

/** WatchListener receives what a controller sends. */
export type WatchListener = {
  onAssignment(assignment: Assignment): void;
  onSnapshot(snapshot: TableSnapshot): void;
  onDelta(delta: TableDelta): void;
  onBookmark(version: Version): void;
  /** onTrust takes the authorities to trust from now on, and the addresses of the controllers. */
  onTrust?(trust: Trust): void;
  /** onLook takes a question about a path. */
  onLook?(look: Look__Output): void;
};

// A pool has at most 65,536 subnets (controller/registry/pool-rules.ts). Entries beyond several full pools would only
// fill this host's memory.
const mostEntries = 262_144;

type Partial = {
  readonly routes: Route[];
  readonly unresolved: Prefix[];
  readonly pools: PoolRange[];
  readonly unexplained: Prefix[];
};

/** MessageReader reads the messages of one stream. */
export class MessageReader {
  readonly #listener: WatchListener;
  #partial: Partial | undefined;

  constructor(listener: WatchListener) {
    this.#listener = listener;
  }

  /**
   * read decodes one message and reports whether it completed a part of the table. It ignores kinds of messages that this
   * version does not know.
   * @throws XnetError Corrupt for an invalid message, and the listener's errors
   */
  read(message: WatchResponse__Output): boolean {
    if (message.snapshot) return this.#readChunk(message.snapshot);
    if (message.delta) this.#listener.onDelta(deltaFromWire(message.delta));
    else if (message.bookmark) this.#listener.onBookmark(requireVersion(message.bookmark.version));
    else {
      if (message.assignment) this.#listener.onAssignment(assignmentFromWire(message.assignment));
      else if (message.trust) this.#listener.onTrust?.(message.trust);
      else if (message.look) this.#listener.onLook?.(message.look);
      return false;
    }
    return true;
  }

  #readChunk(chunk: SnapshotChunk__Output): boolean {
    const partial: Partial | undefined = chunk.first
      ? { routes: [], unresolved: [], pools: [], unexplained: [] }
      : this.#partial;
    // Discarded if this chunk can't be read: without it, the snapshot would withdraw its routes.
    this.#partial = undefined;
    if (partial === undefined) return false;
    for (const route of chunk.routes) partial.routes.push(routeFromWire(route));
    for (const subnet of chunk.unresolved) partial.unresolved.push(prefixFromWire(subnet));
    for (const pool of chunk.pools) partial.pools.push(poolRangeFromWire(pool));
    for (const subnet of chunk.unexplained) partial.unexplained.push(prefixFromWire(subnet));
    if (Object.values(partial).reduce((sum, { length }) => sum + length, 0) > mostEntries) {
      throw new XnetError('Corrupt', `the controller's table has more than ${mostEntries} entries`);
    }
    if (!chunk.last) {
      this.#partial = partial;
      return false;
    }
    this.#listener.onSnapshot({ ...partial, version: requireVersion(chunk.version), fresh: chunk.fresh });
    return true;
  }
}
