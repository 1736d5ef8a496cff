// Translates failures of etcd calls into XnetErrors and classifies their effect on the store. Pure.
// Invariant: the outcome is "not done" only where that is certain: the connection was never established, or etcd
// refused before proposing. Every other failure leaves the outcome unknown.
import { messageOf, XnetError } from '../../proto/errors.js';

/** CallOutcome is the effect of a failed call on the store. `refused`: no effect, and every member would refuse it. */
export type CallOutcome = 'unknown' | 'not done' | 'refused';

/** Failure is the error of a call and its outcome. */
export type Failure = { readonly error: XnetError; readonly outcome: CallOutcome };

/** briefly returns the cause in a few words: "connect ECONNREFUSED 10.0.0.2:2379". */
export function briefly({ error }: Failure): string {
  if (error.code === 'DeadlineExceeded') return 'does not answer in time';
  const text = messageOf(error.cause ?? error);
  if (/no leader/i.test(text)) return 'has no leader: it is cut off from the others, or most of them are down';
  // grpc-js's wording of a connection error.
  return /Last error: (?:Error: )?(.*?)\.? Resolution note/.exec(text)?.[1] ?? text.replace(/^\d+ [A-Z_]+: /, '');
}

// grpc-js's messages for calls that never had a connection (load-balancer-pick-first.ts, picker.ts, resolver-dns.ts,
// internal-channel.ts).
const notSent = /No connection established|Name resolution failed|Channel closed before call started/i;
// grpc-js's own deadline; it names the remote address if the request was sent (resolving-call.ts, subchannel-call.ts).
// A server's message is "context deadline exceeded".
const neverConnected = /Deadline exceeded after(?!.*remote_addr)/;
// etcd's refusals before it proposes (etcdserver/api/v3rpc/interceptor.go, v3_server.go). "server stopped" is not one
// of them: a stopping member also returns it for what it has proposed.
const notProposed = /no leader|too many requests|not capable/i;

/**
 * CallKind is the effect of a call on the store. Repeating a read is always safe. So is repeating the grant or the
 * revocation of a lease: a lease without keep-alives expires.
 */
export type CallKind = 'read' | 'lease' | 'write';

/**
 * abandoned returns the error of a call that was in flight when its member was given up. The call was sent before that,
 * so failureOf classifies the outcome as unknown.
 * @param reason "has no leader: …", "etcd has another leader"
 */
export function abandoned(endpoint: string, reason: string): XnetError {
  return new XnetError('Unavailable', `the call to etcd was abandoned: ${endpoint} ${reason}`);
}

/**
 * failureOf returns the error and the outcome of a failed etcd call.
 * @param what completes "etcd can't …": "write"
 */
export function failureOf(thrown: unknown, what: string, kind: CallKind): Failure {
  if (thrown instanceof XnetError) return { error: thrown, outcome: 'unknown' };
  const text = messageOf(thrown);
  const away = kind === 'read' ? 'Unavailable' : 'NotWritable';
  const refused = (message: string, hint: string): Failure => ({
    outcome: 'refused',
    error: new XnetError(kind === 'read' ? 'FailedPrecondition' : 'NotWritable', message, { hint, cause: thrown }),
  });
  if (/NOSPACE|space exceeded/i.test(text)) {
    return refused(
      `etcd refuses to ${what}: its disk quota is used up`,
      'compact and defragment it, then clear the alarm (etcdctl alarm disarm): see OPERATIONS.md',
    );
  }
  if (/permission denied|authentication failed|invalid auth|user name is empty/i.test(text)) {
    return refused(
      `etcd refuses to ${what}: ${text}`,
      'check --etcd-user and --etcd-password-file, and that the user has the role of our prefix',
    );
  }
  if (/corrupt/i.test(text) && /etcdserver/i.test(text)) {
    return refused(`etcd refuses to ${what}: ${text}`, 'a member differs from the others: see etcdctl alarm list');
  }
  if (notProposed.test(text)) {
    return {
      outcome: 'not done',
      error: new XnetError(away, `etcd can't ${what}: no member has a leader, because most are down`, {
        hint: 'see etcdctl endpoint status --cluster; start the members that are down',
        cause: thrown,
      }),
    };
  }
  if (notSent.test(text)) {
    return {
      outcome: 'not done',
      error: new XnetError(away, `etcd can't ${what}: no member answers: ${text}`, {
        hint: 'is etcd running, and is --etcd-endpoints right?',
        cause: thrown,
      }),
    };
  }
  if (/DEADLINE_EXCEEDED|deadline exceeded|timed out/i.test(text)) {
    return {
      outcome: neverConnected.test(text) ? 'not done' : 'unknown',
      error: new XnetError('DeadlineExceeded', `etcd did not answer in time (${what})`, { cause: thrown }),
    };
  }
  return { outcome: 'unknown', error: new XnetError('Unavailable', `etcd can't ${what}: ${text}`, { cause: thrown }) };
}
