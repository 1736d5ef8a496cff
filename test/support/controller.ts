// The core of a controller on any store, without its server: the feed and the registries.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Recorder } from '../../controller/audit/audit.js';
import { CommitQueue } from '../../controller/registry/commit-queue.js';
import { LeaseRegistry } from '../../controller/registry/leases.js';
import type { Context } from '../../controller/registry/mutation.js';
import { NodeRegistry } from '../../controller/registry/nodes.js';
import { PoolRegistry } from '../../controller/registry/pools.js';
import { type Key, parseKey } from '../../controller/store/keys.js';
import { decode } from '../../controller/store/record-codec.js';
import type { LeaseRecord } from '../../controller/store/records.js';
import type { Change, Store } from '../../controller/store/store.js';
import { Ages } from '../../controller/view/ages.js';
import { ViewFeed } from '../../controller/view/view-feed.js';
import { type Prefix, prefixesOverlap } from '../../proto/domain/address.js';
import type { Logger } from '../../proto/process/log.js';

/** silent is a log without output. */
export const silent: Logger = pino({ level: 'silent' });

/** CoreOptions configure a core besides its store. */
export type CoreOptions = {
  readonly seenPath?: string;
  readonly acceptStore?: boolean;
  readonly epochAfter?: number;
  /** A key that only this controller writes. */
  readonly ownKey?: string;
  readonly now?: () => number;
  readonly ages?: Ages;
  readonly audit?: Recorder;
};

/** Core is a controller without a server. */
export class Core {
  readonly feed: ViewFeed;
  readonly nodes: NodeRegistry;
  readonly leases: LeaseRegistry;
  readonly pools: PoolRegistry;
  readonly context: Context;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  readonly #dir: string | undefined;

  private constructor(store: Store, options: CoreOptions) {
    this.#dir = options.seenPath === undefined ? mkdtempSync(join(tmpdir(), 'xnet-core-')) : undefined;
    this.feed = new ViewFeed({
      store,
      log: silent,
      seenPath: options.seenPath ?? join(this.#dir ?? '', 'store.json'),
      acceptStore: options.acceptStore ?? false,
      epochAfter: options.epochAfter ?? 0,
      newClusterId: () => 'cluster-1',
      times: { ages: options.ages ?? new Ages(), now: options.now ?? Date.now },
      ...(options.ownKey === undefined ? {} : { ownKey: options.ownKey }),
    });
    const { now = Date.now, audit } = options;
    const { feed } = this;
    const commits = new CommitQueue({ store, reached: (revision, ms) => feed.reached(revision, ms) });
    this.context = {
      store: commits.store,
      commits,
      feed,
      log: silent,
      now,
      ...(audit === undefined ? {} : { audit }),
    };
    this.nodes = new NodeRegistry(this.context);
    this.leases = new LeaseRegistry(this.context);
    this.pools = new PoolRegistry(this.context);
    this.#running = this.feed.run(this.#stop.signal);
  }

  /** start makes a core. It does not wait for the view. */
  static start(store: Store, options: CoreOptions = {}): Core {
    return new Core(store, options);
  }

  /** ready waits until the view is available. */
  async ready(): Promise<this> {
    if (this.feed.ready) return this;
    await new Promise<void>((resolve) => {
      const off = this.feed.onChange(() => {
        off();
        resolve();
      });
    });
    return this;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    if (this.#dir !== undefined) rmSync(this.#dir, { recursive: true, force: true });
  }
}

type Version = { readonly revision: number; readonly changes: readonly Change[] };

/**
 * overlapsIn replays a history and reports where two leased subnets overlap, or where a subnet is granted although it is
 * leased to another node: "at revision 12: 10.76.0.0/24 and 10.76.0.0/23".
 */
export function overlapsIn(history: Iterable<Version>): string[] {
  const found: string[] = [];
  const live = new Map<string, { readonly subnet: Prefix; readonly record: LeaseRecord }>();
  for (const { revision, changes } of history) {
    for (const change of changes) {
      const name = change.kind === 'put' ? change.entry.key : change.key;
      const key: Key | undefined = parseKey(name);
      if (key?.kind !== 'subnet') continue;
      const decoded = change.kind === 'put' ? decode('subnet', change.entry.value) : undefined;
      const record = decoded !== undefined && 'record' in decoded ? decoded.record : undefined;
      const before = live.get(name)?.record;
      if (record?.state === 'leased' && before?.state === 'leased' && before.node !== record.node) {
        found.push(`at revision ${revision}: ${name} taken from ${before.node}`);
      }
      if (record?.state === 'leased') live.set(name, { subnet: key.subnet, record });
      else live.delete(name);
    }
    const leases = [...live.values()].sort((a, b) => a.subnet.network - b.subnet.network);
    for (const [index, lease] of leases.entries()) {
      const next = leases[index + 1];
      if (next !== undefined && prefixesOverlap(lease.subnet, next.subnet)) {
        found.push(`at revision ${revision}: ${lease.record.node} and ${next.record.node}`);
      }
    }
  }
  return found;
}
