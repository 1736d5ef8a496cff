// Which host is a node, and what a node may put into the store.
import test from 'ava';
import { EventShare } from '../../../../controller/session/statuses.js';
import { keys } from '../../../../controller/store/keys.js';
import { XnetError } from '../../../../proto/errors.js';
import { rig, status } from '../../../support/session-values.js';
import { until } from '../../../support/until.js';

test('a rebooted host is admitted at once by the controller of its dead stream, and is no second host', async (t) => {
  const { cluster, a, b, nodeId, open, heldBy } = await rig(t);
  const conflicts = () => cluster.entries().filter(({ value }) => value.includes('NodeConflict')).length;
  const first = await open(a, 'before the boot');
  await first.opening;
  await heldBy('before the boot at ctl-a');
  await until('the other controller knows', async () => b.core.feed.view.sessions.has(nodeId));
  first.stream.alive = false;
  // Another controller can't tell, and says nothing of a second host yet.
  const error = await t.throwsAsync((await open(b, 'after the boot')).opening, { instanceOf: XnetError });
  t.is(error?.code, 'AlreadyExists');
  const second = await open(a, 'after the boot');
  await second.opening;
  await heldBy('after the boot at ctl-a');
  t.regex(first.stream.ended ?? '', /does not answer/);
  t.is(conflicts(), 0);
  await t.throwsAsync((await open(a, 'a copy')).opening, { instanceOf: XnetError });
  await until('a copy is told of', async () => conflicts() === 1);
});

test('the first host remains the node until an operator decides', async (t) => {
  const { cluster, a, nodeId, open, heldBy } = await rig(t);
  const refused = async (fingerprint: string) => {
    const error = await t.throwsAsync((await open(a, fingerprint)).opening, { instanceOf: XnetError });
    t.is(error?.code, 'AlreadyExists');
  };
  const leave = async () => {
    const stream = a.sessions.fanout.streamOf(nodeId);
    if (stream !== undefined) a.sessions.close(stream);
    await heldBy('nobody');
  };
  const conflicts = () => cluster.entries().filter(({ value }) => value.includes('NodeConflict')).length;
  await (await open(a, 'first')).opening;
  await heldBy('first at ctl-a');
  for (let attempt = 0; attempt < 3; attempt += 1) await refused('copy');
  await until('it is told of', async () => conflicts() > 0);
  // Nothing says yet that the first is still there: after its reboot it may have come back before its old stream ended.
  await leave();
  await (await open(a, 'copy')).opening;
  await leave();
  await (await open(a, 'first')).opening;
  await refused('copy');
  a.sessions.report(nodeId, status, undefined);
  // Its daemon restarts.
  await leave();
  await refused('copy');
  t.is(conflicts(), 2, 'one for each time that it began');
  await (await open(a, 'first')).opening;
  await leave();
  // It boots.
  await (await open(a, 'first, booted')).opening;
  await leave();
  await refused('copy');
  // An operator has it join anew.
  await (await open(a, 'copy', 'nothing', '1b')).opening;
});

test('a flooding node writes no more than its quota; the newest report that fits is kept', async (t) => {
  const { cluster, a, nodeId, open, heldBy } = await rig(t);
  await (await open(a, 'host')).opening;
  await heldBy('host at ctl-a');
  const began = performance.now();
  const sinceMs = 1;
  let reported = 0;
  for (let n = 0; n < 300; n++) {
    const conditions = Array.from({ length: 32 }, (_, index) => ({
      type: `T${index}`,
      ok: n % 2 === 0,
      transient: false,
      reason: `R${n}`,
      sinceMs,
      message: `${n} ${'x'.repeat(1_000)}`,
    }));
    a.sessions.report(nodeId, { ...status, conditions }, undefined);
    reported += 1;
    await new Promise((resolve) => setImmediate(resolve));
  }
  const seconds = (performance.now() - began) / 1_000 + 1;
  const puts = cluster.history.flatMap(({ changes }) =>
    changes.flatMap((change) => (change.kind === 'put' ? [change.entry] : [])),
  );
  const written = puts.filter(({ key }) => key === keys.status(nodeId));
  const bytes = written.reduce((sum, { value }) => sum + value.length, 0);
  t.true(written.length > 1 && written.length < reported);
  t.true(bytes <= 256 * 1_024 + 1_024 * seconds, `${bytes} bytes`);
  // What came of the pool and the node before.
  const events = puts.filter(({ key, value }) => key.startsWith('events/') && value.includes('"R'));
  t.true(events.length <= 32 + seconds / 30, `${events.length} events`);
  t.is(a.sessions.statusOf(nodeId)?.conditions[0]?.reason, 'R299', 'what is shown is the newest');
});

test('events beyond the quota of their subject are dropped, those of others are kept', (t) => {
  const share = new EventShare();
  const event = { reason: 'Down', subject: 'node/web-1', message: 'it is down' };
  const told = share.of(
    'node/web-1',
    Array.from({ length: 40 }, () => event),
  );
  t.true(told.length >= 30 && told.length < 40);
  t.deepEqual(share.of('node/web-1', [event]), []);
  t.is(share.of('node/web-2', [event]).length, 1, 'another has its own');
  share.forget('node/web-1');
  t.is(share.of('node/web-1', [event]).length, 1);
});
