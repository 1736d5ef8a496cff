// A client of one etcd member: the only file that imports etcd3.
// Invariant: a client talks to one member and never retries. The caller knows whether a retry is safe and which member
// to use.
import { InterceptingCall as Intercepting, type InterceptingCall, type Interceptor } from '@grpc/grpc-js';
import { Etcd3, type IOptions } from 'etcd3';
import { failureOf } from './etcd-errors.js';

export type { ICompare, IRequestOp } from 'etcd3';

/** EtcdOptions are the address of an etcd and our credentials for it. */
export type EtcdOptions = {
  /** "http://127.0.0.1:2379", "https://etcd-1:2379" */
  readonly endpoints: readonly string[];
  /** Prefix of every key: "/xnet/v1/". */
  readonly prefix: string;
  readonly tls?: { readonly ca: Buffer; readonly cert?: Buffer; readonly key?: Buffer };
  readonly auth?: { readonly username: string; readonly password: string };
};

/** EtcdClient is a connection to one member. */
export type EtcdClient = Etcd3;

// A healthy etcd answers within about 10 ms; an election takes about 1 s. A longer wait is better reported as an error.
const callTimeoutMs = 5_000;

// No retries and no circuit breaker: etcd3 would repeat transactions whose answer was lost, and would refuse calls for
// 5 s after three failures.
const passThrough = {
  onFailure: () => ({ dispose: () => undefined }),
  onSuccess: () => ({ dispose: () => undefined }),
  execute: async <T>(fn: (context: { signal: AbortSignal }) => T | PromiseLike<T>): Promise<T> =>
    fn({ signal: new AbortController().signal }),
};

// Makes a member that is partitioned from the others refuse calls and end streams instead of letting them hang (etcd,
// rpctypes.MetadataRequireLeaderKey).
const requireLeader: Interceptor = (options, nextCall): InterceptingCall =>
  new Intercepting(nextCall(options), {
    start: (metadata, listener, next) => {
      metadata.set('hasleader', 'true');
      next(metadata, listener);
    },
  });

function clientOptions(options: EtcdOptions, endpoint: string): IOptions {
  const policy = passThrough as unknown as NonNullable<NonNullable<IOptions['faultHandling']>['global']>;
  return {
    hosts: [endpoint],
    faultHandling: { global: policy, host: () => policy },
    defaultCallOptions: (context) => ({
      interceptors: [requireLeader],
      ...(context.isStream ? {} : { deadline: Date.now() + callTimeoutMs }),
    }),
    grpcOptions: {
      // Finds a hung server within 15 s by unanswered pings. etcd refuses pings more often than every 5 s.
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

/** clientOf returns a client of one member. It connects on first use. */
export function clientOf(options: EtcdOptions, endpoint: string): EtcdClient {
  return new Etcd3(clientOptions(options, endpoint));
}

/**
 * readsAnonymously reports whether an etcd permits reads without a certificate or a password.
 * @param ca authority of an etcd with TLS
 * @throws XnetError Unavailable or DeadlineExceeded when it does not answer
 */
export async function readsAnonymously(endpoint: string, ca: Buffer | undefined): Promise<boolean> {
  const tls = ca === undefined ? {} : { tls: { ca } };
  const client = clientOf({ endpoints: [endpoint], prefix: '', ...tls }, endpoint);
  try {
    await client.kv.range({ key: Buffer.from([0]), range_end: Buffer.from([0]), limit: 1, keys_only: true });
    return true;
  } catch (error) {
    const known = failureOf(error, 'read anything', 'read').error;
    // A server that requires a client certificate fails the TLS handshake: "bad certificate", "certificate required".
    if (known.code === 'FailedPrecondition' || /certificate|handshake|alert/i.test(known.message)) return false;
    throw known;
  } finally {
    client.close();
  }
}
