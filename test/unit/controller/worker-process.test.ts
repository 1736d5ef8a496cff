// A worker as its supervisor sees it, on a real process that never gets to run.
import { connect } from 'node:net';
import test from 'ava';
import { pino } from 'pino';
import { type Receiver, WorkerPorts } from '../../../controller/worker-ports.js';
import { WorkerProcess } from '../../../controller/worker-process.js';
import { freePort } from '../../support/etcd.js';
import { until } from '../../support/until.js';

const log = pino({ level: 'silent' });
const listener = { onStarted: () => undefined, onReady: () => undefined, onStatus: () => undefined };
const settings = { dataDir: '/nowhere', listen: [], logLevel: 'error', workers: 2 } as never;

test('connections that were passed to a worker that hangs close when it is killed', async (t) => {
  const ports = new WorkerPorts(log);
  const worker = new WorkerProcess(
    { settings, worker: 1, of: 2, keyDir: '/nowhere', silentMs: 30_000 },
    ports,
    log,
    listener,
  );
  t.teardown(() => worker.kill());
  // Never 0, which would stop the test's own process group.
  if (!worker.pid) return t.fail('no process');
  process.kill(worker.pid, 'SIGSTOP');
  const port = { host: '127.0.0.1', port: await freePort() };
  let taken = 0;
  const counting: Receiver = {
    take: (...connection) => {
      worker.take(...connection);
      taken += 1;
    },
  };
  await ports.open(port, 100, counting);
  t.teardown(() => ports.forget(counting));
  const clients = Array.from({ length: 4 }, () => connect(port).on('error', () => undefined));
  t.teardown(() => {
    for (const client of clients) client.destroy();
  });
  const closed = clients.map((client) => new Promise((resolve) => client.resume().once('close', resolve)));
  await until('all are passed on', async () => taken === clients.length);
  worker.kill();
  t.is(await worker.ended, 'signal SIGKILL');
  await Promise.all(closed);
  t.pass();
});
