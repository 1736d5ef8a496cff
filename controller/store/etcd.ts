// The store on etcd: keys and transactions. Watch and liveness have their own files and share the members.
// Invariant: a commit with an unknown outcome is never repeated here. Only the caller knows whether that is safe.
import { XnetError } from '../../proto/errors.js';
import type { EtcdOptions, ICompare, IRequestOp } from './etcd-client.js';
import { grantLease, type LeaseCalls, leaseIdOf } from './etcd-lease.js';
import { Members } from './etcd-members.js';
import { type WatchStream, watchEtcd } from './etcd-watch.js';
import { keys } from './keys.js';
import {
  type Commit,
  type CommitResult,
  type Entry,
  type Guard,
  type KeyRange,
  type Listing,
  type Liveness,
  type Operation,
  recordSeconds,
  type Store,
  type StorePosition,
  type WatchMessage,
} from './store.js';

const pageSize = 2_000;

/**
 * rangeEndOf returns the end of the range of keys that begin with `prefix`: its last byte plus one (etcd API guide).
 */
export function rangeEndOf(prefix: Buffer): Buffer {
  for (let index = prefix.length - 1; index >= 0; index--) {
    const byte = prefix[index];
    if (byte !== undefined && byte < 0xff) {
      const end = Buffer.from(prefix.subarray(0, index + 1));
      end[index] = byte + 1;
      return end;
    }
  }
  return Buffer.from([0]);
}

function positionOf(header: { readonly revision: string; readonly cluster_id: string }): StorePosition {
  return { revision: Number(header.revision), storeId: BigInt(header.cluster_id).toString(16) };
}

// Reports whether etcd itself refused, as opposed to no member being reachable.
function isAnswered({ cause }: XnetError): boolean {
  return cause instanceof Error && /space exceeded|NOSPACE/i.test(cause.message);
}

/** EtcdStore is the store on etcd. */
export class EtcdStore implements Store {
  readonly #members: Members;
  readonly #prefix: string;
  readonly #closed = new AbortController();
  #recordLease: { readonly id: string; readonly untilMs: number } | undefined;

  constructor(options: EtcdOptions) {
    this.#members = new Members(options);
    this.#prefix = options.prefix;
  }

  #key(key: string): Buffer {
    return Buffer.from(this.#prefix + key, 'utf8');
  }

  #entry(kv: {
    readonly key: Buffer;
    readonly value: Buffer;
    readonly mod_revision: string;
    readonly create_revision: string;
  }): Entry {
    return {
      key: kv.key.toString('utf8').slice(this.#prefix.length),
      value: kv.value.toString('utf8'),
      modRevision: Number(kv.mod_revision),
      createRevision: Number(kv.create_revision),
    };
  }

  /** member is the endpoint that calls use as long as it is healthy. */
  get member(): string {
    return this.#members.current.endpoint;
  }

  /** problems returns the faults of etcd members, one line each. */
  get problems(): readonly string[] {
    return this.#members.problems;
  }

  list(signal?: AbortSignal): Promise<Listing> {
    return this.#range(this.#key(''), rangeEndOf(this.#key('')), signal);
  }

  async scan(prefix: string, { from, to }: KeyRange = {}): Promise<readonly Entry[]> {
    const end = to === undefined ? rangeEndOf(this.#key(prefix)) : this.#key(to);
    return (await this.#range(this.#key(from ?? prefix), end)).entries;
  }

  // Reads in pages, all at the revision of the first.
  async #range(begin: Buffer, end: Buffer, signal?: AbortSignal): Promise<Listing> {
    const entries: Entry[] = [];
    let from = begin;
    let revision: string | undefined;
    for (;;) {
      signal?.throwIfAborted();
      const request = {
        key: from,
        range_end: end,
        limit: pageSize,
        ...(revision === undefined ? {} : { revision }),
      };
      const page = await this.#members.call('list the records', 'read', ({ kv }) => kv.range(request));
      revision ??= page.header.revision;
      for (const kv of page.kvs) entries.push(this.#entry(kv));
      const last = page.kvs.at(-1);
      if (!page.more || last === undefined) {
        return { ...positionOf({ ...page.header, revision }), entries };
      }
      from = Buffer.concat([last.key, Buffer.from([0])]);
    }
  }

  async position(): Promise<StorePosition> {
    const request = { key: this.#key(keys.cluster), count_only: true };
    const { header } = await this.#members.call('return its revision', 'read', ({ kv }) => kv.range(request));
    return positionOf(header);
  }

  async read(key: string): Promise<Entry | undefined> {
    const { kvs } = await this.#members.call('read a record', 'read', ({ kv }) => kv.range({ key: this.#key(key) }));
    const [found] = kvs;
    return found === undefined ? undefined : this.#entry(found);
  }

  async commit(commit: Commit): Promise<CommitResult> {
    try {
      return await this.#transact(commit);
    } catch (error) {
      if (!(error instanceof XnetError)) throw error;
      // etcd that runs out of space may return an error for a write that it applied (quotaApplierV3, apply.go).
      const done = error.code === 'NotWritable' && isAnswered(error) ? await this.#findDone(commit) : undefined;
      if (done !== undefined) return done;
      // The lease of the records can be gone with a restored or wiped etcd. Then nothing was written: retry with a new
      // lease.
      if (this.#recordLease === undefined || !/lease not found/i.test(error.message)) throw error;
      this.#recordLease = undefined;
      return await this.#transact(commit);
    }
  }

  async #transact(commit: Commit): Promise<CommitResult> {
    const lease = commit.operations.some((operation) => operation.kind === 'put' && operation.expires === 'record')
      ? await this.#leaseOfRecords()
      : undefined;
    const request = {
      compare: commit.guards.map((guard) => this.#compare(guard)),
      success: commit.operations.map((operation) => this.#request(operation, lease)),
      failure: [],
    };
    const response = await this.#members.call('write', 'write', ({ kv }) => kv.txn(request));
    return { committed: response.succeeded, revision: Number(response.header.revision) };
  }

  // Finds out whether a commit happened: all its puts are present, at one revision.
  async #findDone({ operations }: Commit): Promise<CommitResult | undefined> {
    const puts = operations.filter((operation) => operation.kind === 'put');
    const found = await Promise.all(puts.map(({ key }) => this.read(key)));
    const [first] = found;
    const whole = found.every((entry, index) => {
      return entry?.value === puts[index]?.value && entry?.modRevision === first?.modRevision;
    });
    return first !== undefined && whole ? { committed: true, revision: first.modRevision } : undefined;
  }

  #compare(guard: Guard): ICompare {
    if (guard.kind === 'key') {
      return { key: this.#key(guard.key), target: 'Mod', result: 'Equal', mod_revision: String(guard.modRevision) };
    }
    const from = this.#key(guard.prefix);
    return {
      key: from,
      range_end: rangeEndOf(from),
      target: 'Mod',
      result: 'Less',
      mod_revision: String(guard.since + 1),
    };
  }

  #request(operation: Operation, recordLease: string | undefined): IRequestOp {
    if (operation.kind === 'deleteAll') {
      const from = this.#key(operation.prefix);
      return { request_delete_range: { key: from, range_end: rangeEndOf(from) } };
    }
    if (operation.kind === 'delete') return { request_delete_range: { key: this.#key(operation.key) } };
    const lease = operation.expires === 'record' ? recordLease : leaseIdOf(operation.expires);
    return {
      request_put: {
        key: this.#key(operation.key),
        value: Buffer.from(operation.value, 'utf8'),
        ...(lease === undefined ? {} : { lease }),
      },
    };
  }

  // One etcd lease serves the records of an hour, so they live a day, plus or minus that hour.
  async #leaseOfRecords(): Promise<string> {
    const held = this.#recordLease;
    if (held !== undefined && held.untilMs > performance.now()) return held.id;
    const { ID } = await this.#members
      .call('grant a lease', 'lease', ({ leaseClient }) => leaseClient.leaseGrant({ TTL: recordSeconds }))
      .catch((error: unknown) => {
        // The transaction was not sent, so its outcome is known.
        if (!(error instanceof XnetError)) throw error;
        const { message, problems, hint = 'see xctl status, and OPERATIONS.md' } = error;
        throw new XnetError('NotWritable', message, { problems, hint, cause: error.cause });
      });
    this.#recordLease = { id: ID, untilMs: performance.now() + 3_600_000 };
    return ID;
  }

  claim(ttlSeconds: number): Promise<Liveness> {
    const members = this.#members;
    const calls: LeaseCalls = {
      leaseGrant: (request) =>
        members.call('grant a lease', 'lease', (client) => client.leaseClient.leaseGrant(request)),
      leaseRevoke: (request) =>
        members.call('end a lease', 'lease', (client) => client.leaseClient.leaseRevoke(request)),
      leaseKeepAlive: () => members.current.client.leaseClient.leaseKeepAlive(),
    };
    return grantLease(calls, ttlSeconds, this.#closed.signal);
  }

  watch(signal: AbortSignal): AsyncIterable<WatchMessage> {
    return watchEtcd({
      open: async () => {
        const member = this.#members.current;
        const stream = (await member.client.watchClient.watch()) as unknown as WatchStream;
        return { stream, leave: (reason) => this.#members.suspect(member, reason) };
      },
      from: this.#key(''),
      end: rangeEndOf(this.#key('')),
      list: () => this.list(signal),
      entry: (kv) => this.#entry(kv),
      signal: AbortSignal.any([signal, this.#closed.signal]),
    });
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#members.close();
  }
}
