// The store on etcd: the only file that imports etcd3. Keys and transactions go through its clients for single calls;
// the watch and the liveness are in files of their own, on the same connection.
// Invariant: nothing is retried here. Whoever commits knows whether repeating is safe.
import { Etcd3, type ICompare, type IOptions, type IRequestOp } from 'etcd3';
import { messageOf, XnetError } from '../../proto/errors.js';
import { grantLease, leaseIdOf } from './etcd-lease.js';
import { watchEtcd } from './etcd-watch.js';
import {
  type Commit,
  type CommitResult,
  type Entry,
  type Guard,
  type Listing,
  type Liveness,
  type Operation,
  recordSeconds,
  type Store,
  type WatchMessage,
} from './store.js';

/** EtcdOptions say which etcd, and who we are to it. */
export type EtcdOptions = {
  /** "http://127.0.0.1:2379", "https://etcd-1:2379" */
  readonly endpoints: readonly string[];
  /** Begins every key: "/xnet/v1/". */
  readonly prefix: string;
  readonly tls?: { readonly ca: Buffer; readonly cert?: Buffer; readonly key?: Buffer };
  readonly auth?: { readonly username: string; readonly password: string };
};

// A healthy etcd answers within some 10 ms; an election takes about 1 s. Longer than this, a caller is better told.
const callTimeoutMs = 5_000;
const pageSize = 2_000;

// No retries and no circuit breaker: etcd3 repeats transactions whose answer was lost, and stops asking for 5 s after
// three failures.
const passThrough = {
  onFailure: () => ({ dispose: () => undefined }),
  onSuccess: () => ({ dispose: () => undefined }),
  execute: async <T>(fn: (context: { signal: AbortSignal }) => T | PromiseLike<T>): Promise<T> =>
    fn({ signal: new AbortController().signal }),
};

function clientOptions(options: EtcdOptions): IOptions {
  const policy = passThrough as unknown as NonNullable<NonNullable<IOptions['faultHandling']>['global']>;
  return {
    hosts: [...options.endpoints],
    faultHandling: { global: policy, host: () => policy },
    defaultCallOptions: (context) => (context.isStream ? {} : { deadline: Date.now() + callTimeoutMs }),
    grpcOptions: {
      // A server that hangs answers no ping: found within 15 s. etcd refuses pings more often than every 5 s.
      'grpc.keepalive_time_ms': 10_000,
      'grpc.keepalive_timeout_ms': 5_000,
      'grpc.keepalive_permit_without_calls': 1,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 1_000,
      'grpc.max_receive_message_length': -1,
    },
    ...(options.tls === undefined
      ? {}
      : {
          credentials: {
            rootCertificate: options.tls.ca,
            ...(options.tls.cert === undefined ? {} : { certChain: options.tls.cert }),
            ...(options.tls.key === undefined ? {} : { privateKey: options.tls.key }),
          },
        }),
    ...(options.auth === undefined ? {} : { auth: { ...options.auth } }),
  };
}

/** errorFromEtcd is the XnetError behind what an etcd call failed with. */
function errorFromEtcd(error: unknown, what: string): XnetError {
  if (error instanceof XnetError) return error;
  const text = messageOf(error);
  if (/DEADLINE_EXCEEDED|deadline exceeded|timed out/i.test(text)) {
    return new XnetError('DeadlineExceeded', `etcd did not answer in time (${what})`, { cause: error });
  }
  if (/NOSPACE|space exceeded/i.test(text)) {
    return new XnetError('FailedPrecondition', `etcd refuses to ${what}: its disk quota is used up`, {
      hint: 'compact and defragment it, then clear the alarm: etcdctl alarm disarm',
      cause: error,
    });
  }
  if (/permission denied|authentication failed|invalid auth|user name is empty/i.test(text)) {
    return new XnetError('FailedPrecondition', `etcd refuses to ${what}: ${text}`, {
      hint: 'check --etcd-user and --etcd-password-file, and that the user has the role of our prefix',
      cause: error,
    });
  }
  return new XnetError('Unavailable', `etcd can't ${what}: ${text}`, { cause: error });
}

/** rangeEndOf ends the range of all keys that begin with `prefix`: its last byte plus one (etcd api guide). */
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

/** EtcdStore is the store on etcd. */
export class EtcdStore implements Store {
  readonly #client: Etcd3;
  readonly #prefix: string;
  readonly #closed = new AbortController();
  #recordLease: { readonly id: string; readonly untilMs: number } | undefined;

  constructor(options: EtcdOptions) {
    this.#client = new Etcd3(clientOptions(options));
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

  list(signal?: AbortSignal): Promise<Listing> {
    return this.#range('', signal);
  }

  async scan(prefix: string): Promise<readonly Entry[]> {
    return (await this.#range(prefix)).entries;
  }

  // In pages, all of them at the revision of the first.
  async #range(prefix: string, signal?: AbortSignal): Promise<Listing> {
    const end = rangeEndOf(this.#key(prefix));
    const entries: Entry[] = [];
    let from = this.#key(prefix);
    let revision: string | undefined;
    try {
      for (;;) {
        signal?.throwIfAborted();
        const page = await this.#client.kv.range({
          key: from,
          range_end: end,
          limit: pageSize,
          ...(revision === undefined ? {} : { revision }),
        });
        revision ??= page.header.revision;
        for (const kv of page.kvs) entries.push(this.#entry(kv));
        const last = page.kvs.at(-1);
        if (!page.more || last === undefined) {
          return { revision: Number(revision), entries, storeId: BigInt(page.header.cluster_id).toString(16) };
        }
        from = Buffer.concat([last.key, Buffer.from([0])]);
      }
    } catch (error) {
      throw errorFromEtcd(error, 'list the records');
    }
  }

  async read(key: string): Promise<Entry | undefined> {
    try {
      const [kv] = (await this.#client.kv.range({ key: this.#key(key) })).kvs;
      return kv === undefined ? undefined : this.#entry(kv);
    } catch (error) {
      throw errorFromEtcd(error, 'read a record');
    }
  }

  async commit(commit: Commit): Promise<CommitResult> {
    try {
      const lease = commit.operations.some((operation) => operation.kind === 'put' && operation.expires === 'record')
        ? await this.#leaseOfRecords()
        : undefined;
      const response = await this.#client.kv.txn({
        compare: commit.guards.map((guard) => this.#compare(guard)),
        success: commit.operations.map((operation) => this.#request(operation, lease)),
        failure: [],
      });
      return { committed: response.succeeded, revision: Number(response.header.revision) };
    } catch (error) {
      const known = errorFromEtcd(error, 'write');
      // The lease of records can be gone with a restored or wiped etcd: take a new one next time.
      if (/lease not found/i.test(known.message)) this.#recordLease = undefined;
      throw known;
    }
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

  // One etcd lease serves the records of an hour: they live a day, give or take that hour.
  async #leaseOfRecords(): Promise<string> {
    const held = this.#recordLease;
    if (held !== undefined && held.untilMs > Date.now()) return held.id;
    const { ID } = await this.#client.leaseClient.leaseGrant({ TTL: recordSeconds });
    this.#recordLease = { id: ID, untilMs: Date.now() + 3_600_000 };
    return ID;
  }

  async claim(ttlSeconds: number): Promise<Liveness> {
    try {
      return await grantLease(this.#client.leaseClient, ttlSeconds, this.#closed.signal);
    } catch (error) {
      throw errorFromEtcd(error, 'grant a lease');
    }
  }

  watch(signal: AbortSignal): AsyncIterable<WatchMessage> {
    return watchEtcd({
      client: this.#client.watchClient,
      from: this.#key(''),
      end: rangeEndOf(this.#key('')),
      list: () => this.list(signal),
      entry: (kv) => this.#entry(kv),
      signal: AbortSignal.any([signal, this.#closed.signal]),
    });
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#client.close();
  }
}

/**
 * readsAnonymously says whether an etcd lets somebody read who shows neither a certificate nor a password.
 * @param ca of an etcd with TLS
 * @throws XnetError Unavailable or DeadlineExceeded when it does not answer
 */
export async function readsAnonymously(endpoint: string, ca: Buffer | undefined): Promise<boolean> {
  const tls = ca === undefined ? {} : { tls: { ca } };
  const client = new Etcd3(clientOptions({ endpoints: [endpoint], prefix: '', ...tls }));
  try {
    await client.kv.range({ key: Buffer.from([0]), range_end: Buffer.from([0]), limit: 1, keys_only: true });
    return true;
  } catch (error) {
    const known = errorFromEtcd(error, 'read anything');
    // Without a certificate, a TLS handshake that wants one fails: "bad certificate", "certificate required".
    if (known.code === 'FailedPrecondition' || /certificate|handshake|alert/i.test(known.message)) return false;
    throw known;
  }
}
