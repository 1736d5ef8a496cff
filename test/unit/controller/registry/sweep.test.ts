// Ended records are deleted from the store, by any controller, and only after they have ended for all controllers.
import test from 'ava';
import { tokenRecord } from '../../../../controller/authority/tokens.js';
import { longestSkewMs, sweepOnce } from '../../../../controller/registry/sweep.js';
import { encode } from '../../../../controller/store/record-codec.js';
import { Core } from '../../../support/controller.js';
import { MemoryCluster, MemoryStore } from '../../../support/memory-store.js';

const hourMs = 3_600_000;

test('expired tokens are deleted, denials and certificates only once every clock agrees', async (t) => {
  const cluster = new MemoryCluster();
  const clock = { nowMs: 1_000 * hourMs };
  const skewed = () => clock.nowMs + 2 * hourMs;
  const cores = await Promise.all(
    [() => clock.nowMs, skewed].map((now) => Core.start(new MemoryStore(cluster), { now }).ready()),
  );
  const clusterKey = { name: 'k', tokens: Buffer.alloc(32), seal: Buffer.alloc(32) };
  const token = (ttlMs: number) =>
    encode(
      'token',
      tokenRecord(clusterKey, { id: 'abcdef', secret: 's' }, { uses: 1, ttlMs, createdBy: 't' }, clock.nowMs),
    );
  const endMs = clock.nowMs + hourMs;
  const certificate = (role: 'admin' | 'node') =>
    encode('certificate', { role, id: 'x', notBeforeMs: 0, notAfterMs: endMs, keyDigest: '', issuer: '' });
  const denial = encode('revoked', { role: 'admin', id: 'x', atMs: clock.nowMs, untilMs: endMs });
  const values: Record<string, string> = {
    'tokens/garble': '{',
    'revoked/garble': '{',
    'revoked/n-1': encode('revoked', { role: 'node', id: 'n-1', atMs: clock.nowMs }),
    'certificates/0a': certificate('admin'),
    'certificates/0b': certificate('node'),
  };
  for (let index = 0; index < 200; index++) {
    values[`tokens/long${index}`] = token(10 * hourMs);
    values[`tokens/short${index}`] = token(hourMs);
    values[`revoked/0${index}`] = denial;
  }
  for (const [key, value] of Object.entries(values))
    cluster.commit({ guards: [], operations: [{ kind: 'put', key, value }] });
  const swept = async () => {
    for (const core of cores) await core.feed.reached(cluster.revision, 5_000);
    await Promise.all(cores.map(({ context }) => sweepOnce(context)));
    for (const core of cores) await core.feed.reached(cluster.revision, 5_000);
    for (const { context } of cores) await sweepOnce(context);
    return cluster.entries().map(({ key }) => key.replace(/\d+$/, ''));
  };
  const count = (keys: readonly string[], key: string) => keys.filter((each) => each === key).length;
  t.is((await swept()).length, Object.keys(values).length + 1, 'nothing has ended');
  clock.nowMs += hourMs + 1;
  let left = await swept();
  t.deepEqual([count(left, 'tokens/short'), count(left, 'tokens/long'), count(left, 'revoked/')], [0, 200, 200]);
  clock.nowMs += longestSkewMs - 3 * hourMs;
  left = await swept();
  t.deepEqual([count(left, 'tokens/long'), count(left, 'revoked/')], [0, 200]);
  t.true(left.includes('certificates/0a'));
  clock.nowMs += 3 * hourMs;
  left = (await swept()).sort();
  t.deepEqual(left, ['certificates/0b', 'cluster', 'revoked/garble', 'revoked/n-', 'tokens/garble']);
  for (const core of cores) await core.stop();
});
