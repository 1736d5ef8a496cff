// The embedded etcd of a controller: it serves its controller, and no other user of the machine can reach it.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { startEmbeddedEtcd } from '../../controller/store/embedded-etcd.js';
import { EtcdStore } from '../../controller/store/etcd.js';
import { defragment, isFragmented } from '../../controller/store/etcd-upkeep.js';
import { errnoOf } from '../../proto/errors.js';
import { silent } from '../support/controller.js';
import { ControllerProcess } from '../support/controller-process.js';
import { until } from '../support/until.js';

const { signal } = new AbortController();

async function start(t: ExecutionContext) {
  const dir = mkdtempSync(join(tmpdir(), 'xnet-own-'));
  // Like /var/lib: every user may enter.
  chmodSync(dir, 0o755);
  const options = { dataDir: join(dir, 'etcd'), socketDir: join(dir, 'etcd.run'), log: silent };
  // A folder that was there before, and open.
  mkdirSync(options.socketDir, { mode: 0o755 });
  const etcd = await startEmbeddedEtcd(options, signal);
  t.teardown(async () => {
    await etcd.stop();
    rmSync(dir, { recursive: true });
  });
  return { etcd, options, path: etcd.endpoint.slice('unix:'.length) };
}

// Processes whose working directory this is: the etcd.
function processesIn(folder: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readlinkSync(`/proc/${pid}/cwd`) === folder;
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      return false;
    }
  });
}

function socketsOf(pid: string): ReadonlySet<string> {
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return '';
    }
  });
  return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
}

test('its file shrinks when most of it is free, and everything in it stays', async (t) => {
  const { etcd } = await start(t);
  const options = { endpoints: [etcd.endpoint], prefix: '/x/' };
  const store = new EtcdStore(options);
  t.teardown(() => store.close());
  const value = 'x'.repeat(1_000_000);
  const put = (key: string, text: string) =>
    store.commit({ guards: [], operations: [{ kind: 'put', key, value: text }] });
  const kept = await put('kept', '1');
  for (let times = 0; times < 8; times++) await put('large', value);
  const { revision } = await put('large', '');
  const megabyte = 1024 ** 2;
  t.is(await defragment(options, megabyte), undefined, 'the history is in use');
  execFileSync(
    'etcdctl',
    ['--endpoints', `unix://${etcd.endpoint.slice('unix:'.length)}`, 'compact', `${revision}`, '--physical'],
    {
      env: { ...process.env, ETCDCTL_API: '3' },
    },
  );
  // etcd updates its count of free space with later writes.
  let done: Awaited<ReturnType<typeof defragment>>;
  await until('it was defragmented', async () => {
    await put('large', '');
    done ??= await defragment(options, megabyte);
    return done !== undefined;
  });
  t.true(done !== undefined && done.after.size * 2 < done.before.size, JSON.stringify(done));
  t.like(await store.read('kept'), { value: '1', modRevision: kept.revision });
  t.false(isFragmented({ size: 150 * megabyte, inUse: 0 }));
});

test('it serves its controller, and listens on no port at all', async (t) => {
  const { etcd, options } = await start(t);
  const store = new EtcdStore({ endpoints: [etcd.endpoint], prefix: '/x/' });
  await store.commit({ guards: [], operations: [{ kind: 'put', key: 'a', value: '1' }] });
  t.is((await store.read('a'))?.value, '1');
  await store.close();
  const [pid = ''] = processesIn(options.socketDir);
  const own = socketsOf(pid);
  t.true(own.size > 0);
  // "sl local_address rem_address st … inode"; 0A is LISTEN (include/net/tcp_states.h).
  const listening = ['/proc/net/tcp', '/proc/net/tcp6']
    .flatMap((path) => readFileSync(path, 'utf8').split('\n'))
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[3] === '0A' && own.has(columns[9] ?? ''));
  t.deepEqual(listening, []);
  await t.throwsAsync(startEmbeddedEtcd(options, signal), { message: /another etcd listens/ });
});

test('a start that is told to stop before etcd answers ends, and the etcd with it', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'xnet-own-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const options = { dataDir: join(dir, 'etcd'), socketDir: join(dir, 'etcd.run'), log: silent };
  const etcd = await startEmbeddedEtcd(options, AbortSignal.abort());
  await etcd.stop();
  t.deepEqual(processesIn(options.socketDir), []);
});

const isRoot = process.getuid?.() === 0;
const asNobody = isRoot ? test : test.skip;
if (!isRoot) process.stdout.write('SKIP another user and the embedded etcd: needs root\n');

asNobody('another user of the machine can’t reach it', async (t) => {
  const { path, options } = await start(t);
  t.is(statSync(dirname(path)).mode & 0o777, 0o700);
  t.is(statSync(options.dataDir).mode & 0o777, 0o700);
  const attempt = `const socket = require('node:net').connect(process.argv[1]);
    socket.on('error', (error) => process.stdout.write(error.code));
    socket.on('connect', () => { process.stdout.write('reached'); socket.destroy(); });`;
  const tryAs = (user: readonly string[]) =>
    execFileSync('setpriv', [...user, process.execPath, '-e', attempt, path], { encoding: 'utf8', cwd: '/' });
  t.is(tryAs(['--reuid', '65534', '--regid', '65534', '--clear-groups']), 'EACCES');
  t.is(tryAs(['--reuid', '0']), 'reached');
});

test('a controller of which a part has failed ends, and its etcd with it', async (t) => {
  const controller = await ControllerProcess.prepare();
  t.teardown(() => controller.close());
  writeFileSync(join(controller.dir, 'store.json'), '{');
  await controller.launch();
  t.not(await controller.exited(), 0);
  t.regex(controller.output, /"part":"view".*store\.json|store\.json.*"part":"view"/);
  await until('its etcd has ended', async () => processesIn(join(controller.dir, 'etcd.run')).length === 0);
});
