// What a daemon tells systemd, as a socket like systemd's own hears it.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test, { type ExecutionContext } from 'ava';
import { makeLog } from '../../../../proto/process/log.js';
import { Systemd, socketAddress } from '../../../../proto/process/systemd.js';

// Node.js has no such sockets. Each datagram is a line of JSON; the first line says that it listens.
const listener = `
import json, socket, sys
name = sys.argv[1]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind('\\0' + name[1:] if name.startswith('@') else name)
print('"listens"', flush=True)
while True:
    print(json.dumps(s.recv(65536).decode()), flush=True)
`;

async function listen(t: ExecutionContext, name: string): Promise<() => Promise<string>> {
  const child = spawn('python3', ['-c', listener, name], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => JSON.parse((await lines.next()).value ?? 'null');
  t.is(await next(), 'listens');
  return next;
}

const log = makeLog('test', 'error');

for (const kind of ['a path', 'an abstract name'] as const) {
  test(`notifications to systemd at ${kind} arrive in order, and no child inherits the name of the socket`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'xnet-notify-'));
    t.teardown(() => rmSync(folder, { recursive: true }));
    const name = kind === 'a path' ? join(folder, 'notify') : `@xnet-test-${process.pid}`;
    const next = await listen(t, name);
    const environment = {
      NOTIFY_SOCKET: name,
      WATCHDOG_USEC: '30000000',
      WATCHDOG_PID: String(process.pid),
      HOME: '/',
    };
    const systemd = new Systemd(log, environment);
    t.deepEqual(environment as Record<string, string>, { HOME: '/' });
    t.is(systemd.watchdogMs, 30_000);
    systemd.ready();
    t.is(await next(), 'READY=1\n');
    systemd.ready();
    systemd.beat();
    t.is(await next(), 'WATCHDOG=1\n');
    systemd.beat();
    systemd.status('49/49 routes\nSTATUS=forged');
    t.is(await next(), 'STATUS=49/49 routes STATUS=forged\n');
    systemd.stopping();
    t.is(await next(), 'STOPPING=1\n');
    await systemd.close();
  });
}

test('notifications are repeated once systemd listens', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'xnet-notify-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const name = join(folder, 'notify');
  const systemd = new Systemd(log, { NOTIFY_SOCKET: name });
  systemd.ready();
  const next = await listen(t, name);
  t.is(await next(), 'READY=1\n');
  await systemd.close();
});

test('without systemd there is no notification, and socket addresses follow unix(7)', async (t) => {
  const systemd = new Systemd(log, {});
  t.false(systemd.present);
  systemd.ready();
  systemd.stopping();
  await systemd.close();
  t.deepEqual(socketAddress('/a'), Buffer.from([1, 0, 0x2f, 0x61, 0]));
  t.deepEqual(socketAddress('@a'), Buffer.from([1, 0, 0, 0x61]));
});
