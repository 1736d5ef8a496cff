// Durations in records: measured by each controller for itself, whatever the clocks of others say.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { checkUse, tokenRecord } from '../../../../controller/authority/tokens.js';
import { drainStepOf } from '../../../../controller/registry/drain-node.js';
import { encode } from '../../../../controller/store/record-codec.js';
import { Ages } from '../../../../controller/view/ages.js';
import { formatPrefix, prefixFromKey } from '../../../../proto/domain/address.js';
import { Core, silent } from '../../../support/controller.js';
import { MemoryCluster, MemoryStore } from '../../../support/memory-store.js';
import { address, prefix } from '../../../support/pools.js';

const once = { operationId: '', dryRun: false };
const hourMs = 3_600_000;

test('an age never exceeds the elapsed time, and falls short of it by a gap at most', (t) => {
  const steps = fc.array(fc.record({ revisions: fc.integer({ min: 1, max: 5 }), ms: fc.nat(60_000) }), {
    minLength: 1,
  });
  fc.assert(
    fc.property(steps, (changes) => {
      const ages = new Ages();
      const seen: { readonly revision: number; readonly atMs: number }[] = [];
      let [revision, nowMs] = [0, 1_000];
      for (const change of changes) {
        revision += change.revisions;
        nowMs += change.ms;
        ages.saw(revision, nowMs);
        seen.push({ revision, atMs: nowMs });
      }
      nowMs += hourMs;
      for (const { revision: at, atMs } of seen) {
        const passed = nowMs - atMs;
        t.true(ages.of(at, nowMs) <= passed);
        t.true(ages.of(at, nowMs) >= passed - 10_000);
      }
      t.is(ages.of(revision + 1, nowMs), 0);
    }),
  );
});

test('seen revisions survive a restart, for the same store only', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'xnet-ages-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const path = join(dir, 'ages.json');
  const ages = new Ages();
  ages.begin('c', 1);
  for (let index = 1; index <= 5_000; index++) ages.saw(index, index * 60_000);
  await ages.save(path);
  const nowMs = 5_000 * 60_000 + hourMs;
  const again = await new Ages().load(path, silent, nowMs);
  again.begin('c', 1);
  t.is(again.of(5_000, nowMs), hourMs);
  for (const index of [10, 1_000, 4_900]) {
    const passed = nowMs - index * 60_000;
    t.true(again.of(index, nowMs) <= passed && again.of(index, nowMs) > passed * 0.97);
  }
  t.is((await new Ages().load(path, silent, 1_000)).of(5_000, nowMs), 0, 'a clock that was set back tells nothing');
  again.begin('c', 2);
  t.is(again.of(10, nowMs), 0);
  writeFileSync(path, '{');
  t.is((await new Ages().load(path, silent, nowMs)).of(10, nowMs), 0);
  t.is((await new Ages().load(join(dir, 'none'), silent, nowMs)).of(10, nowMs), 0);
});

/** Two controllers over one store; the clock of the second is two hours ahead. */
async function skewed() {
  const cluster = new MemoryCluster();
  const clock = { nowMs: 1_000 * hourMs };
  const now = () => clock.nowMs;
  const ahead = () => clock.nowMs + 2 * hourMs;
  const ages = new Ages();
  const start = (at: () => number, known = new Ages()) =>
    Core.start(new MemoryStore(cluster), { now: at, ages: known }).ready();
  const right = await start(now);
  const wrong = await start(ahead, ages);
  await right.pools.create(once, {
    name: 'default',
    cidr: prefix('10.76.0.0/24'),
    subnetLength: 24,
    mode: 'bip',
    quarantineSeconds: 3600,
    networkName: 'xnet',
    bridgeName: 'xnet0',
  });
  const even = async (...cores: Core[]) => {
    for (const core of cores) await core.feed.reached(cluster.revision, 5_000);
  };
  return { cluster, clock, right, wrong, ages, ahead, start, even };
}

const host = (index: number) => ({ name: `web-${index}`, address: address(`192.168.83.${index}`), labels: {} });

test('C13 a controller whose clock is two hours ahead grants nothing out of quarantine', async (t) => {
  const { clock, right, wrong, ages, ahead, start, even } = await skewed();
  const { subject } = await right.nodes.add(once, host(1));
  await right.nodes.remove(once, subject, () => undefined);
  await even(wrong);
  await t.throwsAsync(wrong.nodes.add(once, host(2)), { message: /1 in quarantine/ });
  clock.nowMs += hourMs / 2;
  // One that starts now has seen nothing of it, or half of it.
  const fresh = await start(ahead);
  const restarted = await start(ahead, ages);
  clock.nowMs += hourMs / 2 + 1;
  await t.throwsAsync(fresh.nodes.add(once, host(2)), { message: /1 in quarantine/ });
  const { subject: second } = await restarted.nodes.add(once, host(2));
  const id = restarted.feed.view.leasesOfNode.get(second)?.[0] ?? 0;
  t.is(formatPrefix(prefixFromKey(id)), '10.76.0.0/24');
  for (const core of [right, wrong, fresh, restarted]) await core.stop();
});

test('C13 the deadline of a drain is not over early by the clock of another controller, nor put off by other changes', async (t) => {
  const { clock, right, wrong, ahead, even } = await skewed();
  const { subject } = await right.nodes.add(once, host(1));
  await even(wrong);
  await right.nodes.drain(once, subject, { deadlineMs: hourMs, remove: false });
  await even(wrong);
  const due = () => {
    const record = wrong.feed.view.nodes.get(subject)?.record;
    return record === undefined ? 'gone' : drainStepOf(record, undefined, ahead());
  };
  t.is(due(), undefined);
  clock.nowMs += hourMs / 2;
  await right.nodes.set(once, subject, { setLabels: { zone: 'a' }, removeLabels: [] });
  await even(wrong);
  t.is(due(), undefined);
  clock.nowMs += hourMs / 2 + 10_000;
  t.is(due(), 'deadline');
  for (const core of [right, wrong]) await core.stop();
});

test('a token is valid until its expiry on every controller, also after its use', async (t) => {
  const { cluster, clock, right, wrong, ahead, even } = await skewed();
  const clusterKey = { name: 'k', tokens: Buffer.alloc(32), seal: Buffer.alloc(32) };
  const wanted = { uses: 5, ttlMs: hourMs, createdBy: 'test' };
  const record = tokenRecord(clusterKey, { id: 'abcdef', secret: 's' }, wanted, clock.nowMs);
  const write = (uses: number) =>
    cluster.commit({
      guards: [],
      operations: [{ kind: 'put', key: 'tokens/abcdef', value: encode('token', { ...record, usesLeft: uses }) }],
    });
  write(5);
  await even(right, wrong);
  clock.nowMs += hourMs / 2;
  write(4);
  await even(right, wrong);
  const held = (core: Core) => {
    const token = core.feed.view.tokens.get('abcdef')?.record;
    if (token === undefined) throw new Error('no token');
    return token;
  };
  const good = () => [checkUse(held(right), undefined, clock.nowMs), checkUse(held(wrong), undefined, ahead())];
  t.deepEqual(good(), [undefined, undefined]);
  clock.nowMs += hourMs / 2 + 1;
  t.deepEqual(
    good().map((problem) => problem?.code),
    ['Unauthenticated', 'Unauthenticated'],
  );
  for (const core of [right, wrong]) await core.stop();
});
