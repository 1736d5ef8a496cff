// The audit log of real controllers: callers and requests on each controller, and after a crash.
import { execFileSync, spawn } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statfsSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Metadata } from '@grpc/grpc-js';
import test, { type ExecutionContext } from 'ava';
import { XnetError } from '../../proto/errors.js';
import { callUnary } from '../../proto/rpc/channel.js';
import { ControllerProcess } from '../support/controller-process.js';
import { TestEtcd } from '../support/etcd.js';
import { until } from '../support/until.js';

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

test('each of two controllers logs the requests that it received', async (t) => {
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
  // One line of one of the files.
  const lines = readFileSync(logOf(a), 'utf8').split('\n');
  const edited = lines.map((line, at) => (at === 3 ? line.replace('web-1', 'web-9') : line));
  writeFileSync(logOf(a), edited.join('\n'));
  const { ok, problems } = await verify(a);
  t.false(ok);
  t.regex(problems[0] ?? '', /line 4: entry 4 was changed/);
  t.true((await verify(b)).ok);
});

test('a controller that is killed during changes continues its chain', async (t) => {
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
  // A change has two entries, one before and one after it; one of them is shown.
  const shown = entries.filter(({ outcome }) => outcome !== 'Begun').length;
  t.true(2 * shown + (entries.length - shown) >= lastSequence, `${entries.length} of ${lastSequence}`);
  // Every answered call has its entry.
  t.true(entries.filter(({ call, outcome }) => call === 'AddNode' && outcome === 'OK').length >= answered + 1);
});

test('calls that are cancelled right after they were sent leave no change without its entry', async (t) => {
  const controller = await start(t);
  await controller.createPool();
  const { admin } = controller;
  // At times from before the call arrives until after it was answered.
  for (let n = 0; n < 40; n++) {
    const request = { name: `web-${n}`, address: `192.168.83.${n + 1}`, operationId: `op-${n}` };
    const deadline = { deadline: Date.now() + 60_000 };
    await new Promise<void>((resolve) => {
      const call = admin.addNode(request, new Metadata(), deadline, () => resolve());
      setTimeout(() => call.cancel(), (n % 10) / 2);
    });
  }
  // Behind all of them.
  await controller.addNode('last', '192.168.84.1');
  const nodes = (await controller.nodes()).map(({ name }) => `node/${name}`);
  t.true(nodes.length > 1, 'some were done');
  const told = async () =>
    (await listOf(controller)).filter(({ call, outcome }) => call === 'AddNode' && outcome === 'OK');
  await until('every node has its entry', async () => (await told()).length >= nodes.length);
  t.deepEqual((await told()).map(({ subject }) => subject).sort(), nodes.sort());
  t.true((await verify(controller)).ok);
});

test('C20 a full disk blocks changes until there is room', async (t) => {
  const etcd = await TestEtcd.start();
  t.teardown(() => etcd.close());
  const disk = mkdtempSync(join(tmpdir(), 'xnet-small-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=0700', 'tmpfs', disk]);
  t.teardown(() => {
    execFileSync('umount', ['--lazy', disk]);
    rmdirSync(disk);
  });
  const controller = await start(t, ['--etcd-endpoints', etcd.endpoint, '--data-dir', disk]);
  await controller.createPool();
  await controller.addNode('web-1', '192.168.83.1');
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(join(disk, 'ballast'), Buffer.alloc(bavail * bsize));
  // What is left of the log's last page takes some entries.
  let added = 1;
  let refusal: unknown;
  while (refusal === undefined && added < 100) {
    const call = controller.addNode(`web-${added + 1}`, `192.168.83.${added + 1}`);
    refusal = await call.then(
      () => undefined,
      (error: unknown) => error,
    );
    if (refusal === undefined) added += 1;
  }
  t.regex(String(refusal), /refusing changes because the audit log can't be written: ENOSPC/);
  t.true(refusal instanceof XnetError && refusal.code === 'NotWritable');
  t.is((await controller.nodes()).length, added);
  unlinkSync(join(disk, 'ballast'));
  await controller.addNode('after', '192.168.84.1');
  const { ok, problems } = await verify(controller);
  t.true(ok, problems.join());
  const done = (await listOf(controller)).filter(({ call, outcome }) => call === 'AddNode' && outcome === 'OK');
  t.is(done.length, added + 1);
});

// A filesystem that can be frozen (FIFREEZE): a process that writes to it then hangs in the kernel, as on a disk that
// has gone away. It thaws when the test ends, also after a crash: the process that froze it waits for its input to end.
function freezable(t: ExecutionContext): { readonly dir: string; freeze(): Promise<() => Promise<void>> } {
  const folder = mkdtempSync(join(tmpdir(), 'xnet-frozen-disk-'));
  const [image, dir] = [join(folder, 'image'), join(folder, 'disk')];
  writeFileSync(image, '');
  truncateSync(image, 8 * 1024 * 1024);
  execFileSync('mkfs.ext4', ['-q', image]);
  mkdirSync(dir);
  execFileSync('mount', ['-o', 'loop', image, dir]);
  t.teardown(() => {
    execFileSync('umount', ['--lazy', dir]);
    rmSync(folder, { recursive: true, force: true });
  });
  const freeze = async () => {
    const script = 'fsfreeze --freeze "$1" && echo frozen; read -r _; fsfreeze --unfreeze "$1"';
    const holder = spawn('sh', ['-c', script, 'sh', dir], { stdio: ['pipe', 'pipe', 'inherit'] });
    const ended = new Promise<void>((resolve) => holder.once('exit', () => resolve()));
    const thaw = async () => {
      holder.stdin.end();
      await ended;
    };
    t.teardown(thaw);
    await new Promise<void>((resolve, reject) => {
      holder.stdout.once('data', () => resolve());
      holder.once('exit', () => reject(new Error('the disk does not freeze')));
    });
    return thaw;
  };
  return { dir, freeze };
}

test('a hanging disk blocks changes, not the controller, and its late writes continue the chain', async (t) => {
  const etcd = await TestEtcd.start();
  t.teardown(() => etcd.close());
  const disk = freezable(t);
  const controller = await start(t, ['--etcd-endpoints', etcd.endpoint, '--data-dir', disk.dir]);
  await controller.createPool();
  await controller.addNode('web-1', '192.168.83.1');
  const thaw = await disk.freeze();
  for (let n = 2; n <= 4; n++) {
    const refusal = await t.throwsAsync(controller.addNode(`web-${n}`, `192.168.83.${n}`));
    t.true(refusal instanceof XnetError && refusal.code === 'NotWritable', refusal?.message);
    t.regex(
      refusal?.message ?? '',
      /refusing changes because the audit log can't be written: the disk has not answered/,
    );
  }
  const told =
    /nothing can be changed through this controller: the audit log can't be written: the disk has not answered/;
  await controller.until('its status tells', ({ problems }) => problems.some(({ text }) => told.test(text)));
  t.deepEqual(
    (await controller.nodes()).map(({ name }) => name),
    ['web-1'],
  );
  // It follows its store: changes by the other controller are seen.
  const other = await start(t, ['--etcd-endpoints', etcd.endpoint]);
  await other.addNode('elsewhere', '192.168.84.1');
  await controller.until('a change of another controller is seen', ({ nodes }) => nodes?.total === 2);
  await thaw();
  await until('changes are made again', async () => {
    await controller.addNode('after', '192.168.84.2');
    return true;
  });
  const { ok, problems } = await verify(controller);
  t.true(ok, problems.join());
  const outcomes = (await listOf(controller)).filter(({ call }) => call === 'AddNode').map(({ outcome }) => outcome);
  t.deepEqual(
    outcomes.filter((outcome) => outcome !== 'NotWritable'),
    ['OK', 'OK'],
  );
  t.is((await controller.nodes()).length, 3);
});
