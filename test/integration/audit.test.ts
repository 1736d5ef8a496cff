// The audit log of real controllers: who asked for what, on each of several, and after a death.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { XnetError } from '../../proto/errors.js';
import { callUnary } from '../../proto/rpc/channel.js';
import { ControllerProcess } from '../support/controller-process.js';
import { TestEtcd } from '../support/etcd.js';

const options = { timeoutMs: 60_000 };

async function start(t: ExecutionContext, args: readonly string[] = []): Promise<ControllerProcess> {
  const controller = await ControllerProcess.start(args);
  t.teardown(() => controller.close());
  return controller;
}

const listOf = async ({ admin }: ControllerProcess) =>
  (await callUnary(admin.listAudit.bind(admin), { limit: 10_000 }, options)).entries;
const verify = ({ admin }: ControllerProcess) => callUnary(admin.verifyAudit.bind(admin), {}, options);
const logOf = ({ dir }: ControllerProcess) => join(dir, 'audit', readdirSync(join(dir, 'audit'))[0] ?? '');

test('each of two controllers has a log of its own of what it was asked for', async (t) => {
  const etcd = await TestEtcd.start();
  t.teardown(() => etcd.close());
  const args = ['--etcd-endpoints', etcd.endpoint];
  const [a, b] = [await start(t, args), await start(t, args)];
  await a.createPool();
  await b.until('the pool is seen', (status) => status.pools.length === 1);
  const { node } = await a.addNode('web-1', '192.168.83.1');
  await b.addNode('web-2', '192.168.83.2');
  await t.throwsAsync(b.addNode('web-3', '192.168.83.2'));
  const refused = await t.throwsAsync(
    callUnary(a.node.report.bind(a.node), { nodeId: node?.id ?? '', generation: 1 }, options),
  );
  t.true(refused instanceof XnetError && refused.code === 'PermissionDenied', refused?.message);
  const told = async (controller: ControllerProcess) =>
    (await listOf(controller)).map(({ actor, call, subject, outcome }) => `${actor} ${call} ${subject} ${outcome}`);
  t.deepEqual(await told(a), [
    'local CreatePool pool/default OK',
    'local AddNode node/web-1 OK',
    'local Report  PermissionDenied',
  ]);
  t.deepEqual(await told(b), ['local AddNode node/web-2 OK', 'local AddNode web-3 AlreadyExists']);
  const [added] = await listOf(b);
  t.regex(added?.after ?? '', /"state":"leased"/);
  t.not((await listOf(a))[0]?.controller, added?.controller);
  for (const controller of [a, b]) {
    const { ok, problems } = await verify(controller);
    t.true(ok, problems.join());
  }
  // One line of one of them.
  const lines = readFileSync(logOf(a), 'utf8').split('\n');
  writeFileSync(logOf(a), [lines[0], lines[1]?.replace('web-1', 'web-9'), ...lines.slice(2)].join('\n'));
  const { ok, problems } = await verify(a);
  t.false(ok);
  t.regex(problems[0] ?? '', /line 2: entry 2 was changed/);
  t.true((await verify(b)).ok);
});

test('a controller that is killed in the middle of changes goes on with its chain', async (t) => {
  const controller = await start(t);
  await controller.createPool();
  let answered = 0;
  const asked = Array.from({ length: 60 }, (_, n) =>
    controller.addNode(`web-${n}`, `192.168.83.${n + 1}`).then(
      () => {
        answered += 1;
        if (answered === 20) controller.signal('SIGKILL');
      },
      () => undefined,
    ),
  );
  await Promise.all(asked);
  await controller.kill();
  await controller.launch();
  await controller.ready();
  await controller.addNode('after', '192.168.84.1');
  const { ok, problems, lastSequence } = await verify(controller);
  t.true(ok, problems.join());
  const entries = await listOf(controller);
  t.is(entries.at(-1)?.subject, 'node/after');
  t.is(entries.length, lastSequence);
  // Whoever got an answer finds its entry.
  t.true(entries.filter(({ call, outcome }) => call === 'AddNode' && outcome === 'OK').length >= answered + 1);
});
