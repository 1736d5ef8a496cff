// The history of an etcd, read with etcdctl.
import { execFileSync, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import * as v from 'valibot';
import type { Change } from '../../controller/store/store.js';

const prefix = '/xnet/v1/';
const environment = { ...process.env, ETCDCTL_API: '3' };

// etcdctl -w json: keys and values in base64, type 1 for a deletion, no type for a put.
const response = v.object({
  Events: v.optional(
    v.nullable(
      v.array(
        v.object({
          type: v.optional(v.number()),
          kv: v.object({
            key: v.string(),
            value: v.optional(v.string(), ''),
            mod_revision: v.number(),
            create_revision: v.optional(v.number(), 0),
          }),
        }),
      ),
    ),
  ),
});

/** StoredVersion holds all changes of one revision. */
export type StoredVersion = { readonly revision: number; readonly changes: readonly Change[] };

function etcdctl(endpoint: string, ...args: readonly string[]): string {
  return execFileSync('etcdctl', ['--endpoints', endpoint, ...args], { encoding: 'utf8', env: environment });
}

/** putKey puts a key as an operator with etcdctl would. */
export function putKey(endpoint: string, key: string, value: string): void {
  etcdctl(endpoint, 'put', prefix + key, value);
}

/** deleteKey deletes a key as an operator with etcdctl would. */
export function deleteKey(endpoint: string, key: string): void {
  etcdctl(endpoint, 'del', prefix + key);
}

/** keysOf returns the keys with a prefix, relative to xnet's own prefix. */
export function keysOf(endpoint: string, begin: string): readonly string[] {
  return etcdctl(endpoint, 'get', '--prefix', '--keys-only', prefix + begin)
    .split('\n')
    .filter((line) => line.startsWith(prefix))
    .map((line) => line.slice(prefix.length));
}

// Returns the lease of a key in etcdctl's notation. JSON has it as a number, for which it is too large.
function leaseOf(endpoint: string, key: string): string {
  const [, lease = '0'] = /^"Lease" : (\d+)$/m.exec(etcdctl(endpoint, 'get', prefix + key, '-w', 'fields')) ?? [];
  return BigInt(lease).toString(16);
}

/** grantedSecondsOf returns the granted time to live of a key's lease; 0 if it does not expire. */
export function grantedSecondsOf(endpoint: string, key: string): number {
  const lease = leaseOf(endpoint, key);
  if (lease === '0') return 0;
  const [, seconds = '0'] = /granted with TTL\((\d+)s\)/.exec(etcdctl(endpoint, 'lease', 'timetolive', lease)) ?? [];
  return Number(seconds);
}

/** expire ends the lease of a key, as if it had expired. */
export function expire(endpoint: string, key: string): void {
  etcdctl(endpoint, 'lease', 'revoke', leaseOf(endpoint, key));
}

/** compact forgets the history up to a revision. */
export function compact(endpoint: string, revision: number): void {
  etcdctl(endpoint, 'compact', String(revision));
}

/** changesIn returns the changes in one line of `etcdctl watch -w json`, each with its revision. */
export function changesIn(line: string): readonly (readonly [Change, number])[] {
  return (v.parse(response, JSON.parse(line)).Events ?? []).map(({ type, kv }) => {
    const key = Buffer.from(kv.key, 'base64').toString('utf8').slice(prefix.length);
    const modRevision = kv.mod_revision;
    const value = Buffer.from(kv.value, 'base64').toString('utf8');
    return [
      type === 1
        ? { kind: 'delete', key, modRevision }
        : { kind: 'put', entry: { key, value, modRevision, createRevision: kv.create_revision } },
      modRevision,
    ];
  });
}

/**
 * changesFrom calls `visit` with each change from the first revision on, until it returns true.
 * @param flags of etcdctl: ["--cacert", "/tmp/ca.pem"]
 */
export async function changesFrom(
  endpoint: string,
  visit: (change: Change, revision: number) => boolean,
  flags: readonly string[] = [],
): Promise<void> {
  const watch = ['watch', '--prefix', prefix, '--rev', '1', '-w', 'json'] as const;
  const child = spawn('etcdctl', ['--endpoints', endpoint, ...flags, ...watch], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: environment,
  });
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      for (const [change, revision] of changesIn(line)) if (visit(change, revision)) return;
    }
  } finally {
    child.kill('SIGKILL');
  }
}

/**
 * historyOf returns everything that was ever written, by revision.
 * @param flags of etcdctl: ["--cacert", "/tmp/ca.pem"]
 */
export async function historyOf(endpoint: string, flags: readonly string[] = []): Promise<readonly StoredVersion[]> {
  const listed = v.parse(
    v.object({ header: v.object({ revision: v.number() }) }),
    JSON.parse(etcdctl(endpoint, ...flags, 'get', '--prefix', prefix, '--keys-only', '-w', 'json')),
  );
  const versions = new Map<number, Change[]>();
  // The last revision may belong to a foreign key. A key of xnet's prefix makes sure that there is a revision to end at.
  etcdctl(endpoint, ...flags, 'put', `${prefix}events/999999999999999-end`, '{}');
  const visit = (change: Change, revision: number) => {
    versions.set(revision, [...(versions.get(revision) ?? []), change]);
    return revision > listed.header.revision;
  };
  await changesFrom(endpoint, visit, flags);
  return [...versions].sort(([a], [b]) => a - b).map(([revision, changes]) => ({ revision, changes }));
}
