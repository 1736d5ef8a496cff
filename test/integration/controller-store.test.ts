// Real controllers over real etcds that fail, return to an older state, or lose connections and answers.
import { execFileSync } from 'node:child_process';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { recordSeconds } from '../../controller/store/store.js';
import { withdrawalFindings } from '../../node/daemon/withdrawals.js';
import { XnetError } from '../../proto/errors.js';
import { callUnary } from '../../proto/rpc/channel.js';
import { overlapsIn } from '../support/controller.js';
import { ControllerProcess } from '../support/controller-process.js';
import { TestEtcd } from '../support/etcd.js';
import { changesFrom, compact, expire, grantedSecondsOf, historyOf, keysOf } from '../support/etcd-history.js';
import { endpointOf, retry, scope } from '../support/opened.js';
import { SimulatedNode } from '../support/simulated-node.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';
import { Xctl } from '../support/xctl.js';

test('its embedded etcd is restarted when it dies, and ends with the controller', async (t) => {
  const opened = scope(t);
  const controller = opened(await ControllerProcess.start());
  await controller.createPool();
  const etcdPids = () =>
    execFileSync('pgrep', ['-f', '--', `--data-dir ${controller.dir}/etcd`], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map(Number)
      .filter((pid) => pid !== 0);
  // pgrep fails if there is none.
  const hasEnded = () => {
    try {
      return etcdPids().length === 0;
    } catch {
      return true;
    }
  };
  const [pid] = etcdPids();
  if (pid === undefined) return t.fail();
  process.kill(pid, 'SIGKILL');
  const node = await controller.addNode('web-1', '192.168.83.1', { operationId: 'op-1' }).catch(() => undefined);
  // The call may have met the interruption; repeated with its operation id it takes effect once.
  const again = node ?? (await retry(() => controller.addNode('web-1', '192.168.83.1', { operationId: 'op-1' })));
  t.is(again.node?.subnet, '10.76.0.0/24');
  await controller.kill();
  await until('etcd has ended with its controller', async () => hasEnded());
  await controller.launch();
  await controller.ready();
  t.is((await controller.nodes()).length, 1);
});

test('C9 nothing is lost by a cut connection and a compaction', async (t) => {
  const opened = scope(t);
  const etcd = opened(await TestEtcd.start());
  const proxy = opened(await TcpProxy.start(etcd.clientPort));
  const far = opened(await ControllerProcess.start(['--etcd-endpoints', `http://127.0.0.1:${proxy.port}`]));
  const near = opened(await ControllerProcess.start(endpointOf(etcd)));
  await far.createPool();
  await far.addNode('web-1', '192.168.83.1');
  const node = new SimulatedNode(await far.joined('web-1'), 'web-1').watch();
  await node.until('snapshot', () => node.table !== undefined);
  for (const [index, compacted] of [false, true, false, true].entries()) {
    proxy.cut();
    await far.until('the cut is noticed', (status) => status.store?.connected === false);
    const name = `web-${index + 2}`;
    const { revision } = await near.addNode(name, `192.168.83.${index + 2}`);
    if (index === 3) await near.removeNode('web-2');
    if (compacted) {
      compact(etcd.endpoint, revision);
    }
    const refused = await t.throwsAsync(far.addNode('never', '192.168.83.99'));
    const codes: readonly string[] = ['NotWritable', 'Unavailable', 'DeadlineExceeded'];
    t.true(refused instanceof XnetError && codes.includes(refused.code));
    proxy.mend();
    await node.until(`${name} arrived`, () =>
      node.routes().includes(`10.76.${index + 1}.0/24 via 192.168.83.${index + 2}`),
    );
  }
  // Changes during the interruption may arrive in several deltas.
  await node.until('what was removed during a cut is gone', () =>
    node.routes().every((route) => !route.startsWith('10.76.1.0/24')),
  );
  // The state of the nodes changes meanwhile, and reaches the two controllers at different moments.
  const table = async (controller: ControllerProcess) =>
    (await controller.routes()).routes.map(({ nodeState: _, ...route }) => route);
  t.deepEqual(await table(far), await table(near));
});

test('C14 a commit whose answer is lost is done once', async (t) => {
  const opened = scope(t);
  const etcd = opened(await TestEtcd.start());
  const proxy = opened(await TcpProxy.start(etcd.clientPort));
  const controller = opened(await ControllerProcess.start(['--etcd-endpoints', `http://127.0.0.1:${proxy.port}`]));
  await controller.createPool();
  proxy.loseAnswers();
  const adding = controller.addNode('web-1', '192.168.83.1', { operationId: 'once' });
  await changesFrom(etcd.endpoint, (change) => change.kind === 'put' && change.entry.key === 'operations/once');
  proxy.reset();
  const { node } = await adding;
  t.is(node?.subnet, '10.76.0.0/24');
  const again = await controller.addNode('web-1', '192.168.83.1', { operationId: 'once' });
  await t.throwsAsync(controller.addNode('web-2', '192.168.83.2', { operationId: 'once' }), {
    message: /"once" was used with other arguments/,
  });
  t.is(again.node?.id, node?.id);
  t.is((await controller.nodes()).length, 1);
  t.deepEqual(overlapsIn(await historyOf(etcd.endpoint)), []);
  // What is remembered of it goes by itself, a day later.
  const [event = ''] = keysOf(etcd.endpoint, 'events/').filter((key) => !key.endsWith('-end'));
  for (const key of ['operations/once', event]) t.is(grantedSecondsOf(etcd.endpoint, key), recordSeconds, key);
  expire(etcd.endpoint, 'operations/once');
  t.deepEqual(keysOf(etcd.endpoint, 'operations/once'), []);
});

test('C8 an older or another store is refused until an operator accepts it', async (t) => {
  const opened = scope(t);
  const controller = opened(await ControllerProcess.startWithAuthority());
  await controller.createPool();
  await controller.addNode('web-1', '192.168.83.1');
  await controller.kill('SIGTERM');
  const backup = join(controller.dir, 'backup');
  cpSync(join(controller.dir, 'etcd'), backup, { recursive: true });
  await controller.launch();
  await controller.ready();
  for (const index of [2, 3, 4, 5, 6, 7, 8, 9]) await controller.addNode(`web-${index}`, `192.168.83.${index}`);
  const member = await controller.joinNode('web-1');
  const node = new SimulatedNode(controller.nodeClient(member), 'web-1').watch();
  await node.until('snapshot', () => node.routes().length === 8);
  const ask = async (fresh: boolean) => {
    node.leaveStream();
    await node.until('ended', () => node.heard.at(-1)?.kind === 'ended');
    const before = node.heard.length;
    node.watch({ fresh });
    await node.until('asked', () =>
      node.heard.slice(before).some(({ kind }) => kind === 'snapshot' || kind === 'delta'),
    );
  };
  const passing = [12, 13, 14, 15].map((index) => `web-${index}`);
  for (const name of passing) await controller.addNode(name, `192.168.83.${name.slice(4)}`);
  await node.until('four more', () => node.routes().length === 12);
  node.leaveStream();
  for (const name of passing) await controller.removeNode(name);
  await ask(false);
  t.is(node.table?.held.size, 4, 'four routes gone at once wait for the store to confirm it');
  await ask(true);
  t.is(node.routes().length, 8, 'the store says that these leases ended');
  await controller.kill('SIGTERM');

  rmSync(join(controller.dir, 'etcd'), { recursive: true });
  cpSync(backup, join(controller.dir, 'etcd'), { recursive: true });
  await controller.launch();
  await controller.until('refused', (status) => /restored from an older backup/.test(status.store?.refusal ?? ''));
  const refused = await t.throwsAsync(controller.addNode('web-2', '192.168.83.2'));
  t.regex(refused?.message ?? '', /refuses to act/);
  node.heard.length = 0;
  node.watch();
  await node.until('refused', () => node.heard.at(-1)?.kind === 'ended');
  t.is(node.routes().length, 8, 'it keeps what it has');
  await controller.kill('SIGTERM');

  await controller.launch(['--accept-store']);
  await controller.ready();
  const epoch = (await controller.status())?.epoch ?? 0;
  t.true(epoch > 1);
  node.over(controller.nodeClient(member)).watch();
  await node.until('a snapshot of the new epoch', () => node.table?.version.epoch === epoch);
  t.is(node.table?.held.size, 8, 'eight routes gone at once wait for the store to confirm it');
  await ask(true);
  t.is(node.routes().length, 8, 'the backup does not say that these leases ended');
  t.true([...(node.table?.held.values() ?? [])].every(({ isUnexplained }) => isUnexplained));
  const [of, finding] = [node.table?.version.revision ?? 0, withdrawalFindings(node.table)];
  await node.report(finding.map((each) => ({ ...each, ok: false, fix: each.fix ?? '', sinceMs: 1_000 })));

  const xctl = opened(new Xctl({ controller: `unix:${controller.socket}` }));
  const listed = await xctl.run('routes', 'held');
  t.regex(listed.stdout, new RegExp(`web-1 +8 +10\\.76\\.1\\.0/24, .*, 5 more +${of} +approval`), listed.stderr);
  t.regex((await xctl.run('status')).stdout, /1 node keeps 8 routes .*xctl routes held/s);
  const approved = await xctl.run('routes', 'approve', '--yes');
  t.is(approved.code, 0, approved.stderr);
  await node.until('approved', () => node.routes().length === 0);
  t.is(node.table?.held.size, 0);
  await node.report();
  t.regex((await xctl.run('routes', 'held')).stdout, /^no node holds/);
  const { events } = await callUnary(controller.admin.listEvents.bind(controller.admin), {}, { timeoutMs: 60_000 });
  const reasons = events?.map(({ reason }) => reason) ?? [];
  t.true(reasons.includes('WithdrawalUnexplained') && reasons.includes('WithdrawalsApproved'), reasons.join(' '));

  await controller.kill('SIGTERM');

  rmSync(join(controller.dir, 'etcd'), { recursive: true });
  await controller.launch();
  await controller.until('refused', (status) => /the store is empty/.test(status.store?.refusal ?? ''));
});

test('a controller whose memory file can’t be read ends with an error', async (t) => {
  const opened = scope(t);
  const controller = opened(await ControllerProcess.start());
  await controller.kill('SIGTERM');
  writeFileSync(join(controller.dir, 'store.json'), '{"epoch":');
  await controller.launch();
  t.is(await controller.exited(), 1);
  t.regex(controller.output, /store\.json does not hold what this controller wrote/);
});

test('a killed controller leaves no session behind; its nodes continue at another one', async (t) => {
  const opened = scope(t);
  const etcd = opened(await TestEtcd.start());
  const a = opened(await ControllerProcess.startWithAuthority(endpointOf(etcd)));
  await a.createPool();
  await a.addNode('web-1', '192.168.83.1');
  const member = await a.joinNode('web-1');
  const node = new SimulatedNode(a.nodeClient(member), 'web-1').watch();
  await node.until('snapshot', () => node.table !== undefined);
  const b = opened(await ControllerProcess.startBeside(a, endpointOf(etcd)));
  const addresses = [a, b].map(({ port }) => `127.0.0.1:${port}`).sort();
  await node.until('told of the other one', () => node.trust?.controllers.join() === addresses.join());
  await b.until('session', (status) => status.controllers.some(({ sessions }) => sessions === 1));
  await a.kill();
  await node.until('ended', () => node.heard.at(-1)?.kind === 'ended');
  const moved = new SimulatedNode(b.nodeClient(member), 'web-1', node.fingerprint).watch();
  await moved.until('at the other one at once', () => moved.table !== undefined);
  await b.until('one controller', (status) => status.controllers.length === 1);
  t.is((await b.nodes())[0]?.controller, (await b.status())?.controller);
});
