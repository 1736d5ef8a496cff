// What an etcd call failed with, in our words, and what is known of its effect. Pure.
// Invariant: "not done" is said only where it is certain: a connection that never came about, and refusals that etcd
// makes before it proposes anything. Whatever else breaks leaves the outcome open.
import { messageOf, XnetError } from '../../proto/errors.js';

/** CallOutcome is what a failed call did to the store. `refused`: nothing, and every member would answer the same. */
export type CallOutcome = 'unknown' | 'not done' | 'refused';

/** Failure is why a call failed. */
export type Failure = { readonly error: XnetError; readonly outcome: CallOutcome };

/** briefly is what is wrong with a member, in a few words: "connect ECONNREFUSED 10.0.0.2:2379". */
export function briefly({ error }: Failure): string {
  if (error.code === 'DeadlineExceeded') return 'does not answer in time';
  const text = messageOf(error.cause ?? error);
  if (/no leader/i.test(text)) return 'has no leader: it is cut off from the others, or most of them are away';
  // How grpc-js quotes what a connection failed with.
  return /Last error: (?:Error: )?(.*?)\.? Resolution note/.exec(text)?.[1] ?? text.replace(/^\d+ [A-Z_]+: /, '');
}

// How grpc-js words a call that never had a connection (load-balancer-pick-first.ts, picker.ts, resolver-dns.ts,
// internal-channel.ts).
const notSent = /No connection established|Name resolution failed|Channel closed before call started/i;
// grpc-js's own deadline, which names the remote address of a request that was on its way (resolving-call.ts,
// subchannel-call.ts). A server's says "context deadline exceeded".
const neverConnected = /Deadline exceeded after(?!.*remote_addr)/;
// What etcd answers before it proposes (etcdserver/api/v3rpc/interceptor.go, v3_server.go). "server stopped" is none of
// these: a member that stops says so of what it has proposed, too.
const notProposed = /no leader|too many requests|not capable/i;

/**
 * CallKind says what a call does to the store. Repeating a read is always safe, and so is repeating the grant or the end
 * of a lease: one that nobody knows of expires.
 */
export type CallKind = 'read' | 'lease' | 'write';

/**
 * abandoned is what a call fails with that was under way at a member which is given up. Whatever is wrong with the
 * member by now, the call was sent before: an XnetError, whose outcome failureOf takes for unknown.
 * @param reason "has no leader: …", "etcd has another leader"
 */
export function abandoned(endpoint: string, reason: string): XnetError {
  return new XnetError('Unavailable', `etcd was left while it was asked: ${endpoint} ${reason}`);
}

/**
 * failureOf says what an etcd call failed with.
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
      error: new XnetError(away, `etcd can't ${what}: no member has a leader, most are away`, {
        hint: 'see etcdctl endpoint status --cluster; start the members that are away',
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
