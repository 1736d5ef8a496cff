import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { promisify } from 'node:util';
import test from 'ava';
import { openPort } from '../../../../proto/rpc/port-source.js';

const loopback = (port = 0) => ({ kind: 'tcp', host: '127.0.0.1', port }) as const;

test('a port holds as many new connections as the kernel allows', async (t) => {
  const port = await openPort(loopback(), 10_000, (socket) => socket.destroy());
  t.teardown(() => port.close());
  const allowed = Number(await readFile('/proc/sys/net/core/somaxconn', 'utf8'));
  const { stdout } = await promisify(execFile)('ss', ['-Hltn', `sport = :${port.endpoint.port}`]);
  // "LISTEN 0 4096 127.0.0.1:40123 0.0.0.0:*"
  t.is(stdout.trim().split(/\s+/)[2], String(Math.min(4_096, allowed)));
});

test('a port takes connections until it closes, and refuses those beyond its number', async (t) => {
  const taken: Socket[] = [];
  const { endpoint, close } = await openPort(loopback(), 2, (socket) => taken.push(socket));
  const open = () =>
    new Promise<string>((resolve) => {
      const socket = connect(endpoint.port, endpoint.host);
      t.teardown(() => socket.destroy());
      socket.once('error', (error) => resolve(error.message));
      socket.once('close', () => resolve('closed'));
      // What takes connections writes nothing: a connection that stays open is one that was taken.
      socket.once('data', () => resolve('taken'));
    });
  const outcomes = [open(), open(), open()];
  t.is(await Promise.race(outcomes), 'closed', 'the third');
  t.is(taken.length, 2);
  close();
  for (const socket of taken) socket.write('x');
  t.deepEqual((await Promise.all(outcomes)).sort(), ['closed', 'taken', 'taken'], 'open connections stay');
  t.regex(await open(), /ECONNREFUSED/);
});

test('a name stands for all of its addresses; a port that cannot be opened is an error', async (t) => {
  const named = await openPort({ kind: 'tcp', host: 'localhost', port: 0 }, 10, (socket) => socket.destroy());
  t.teardown(() => named.close());
  t.is(named.endpoint.host, 'localhost');
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  t.teardown(() => other.close());
  const address = other.address();
  if (address === null || typeof address === 'string') return t.fail();
  await t.throwsAsync(
    openPort(loopback(address.port), 10, () => t.fail()),
    { message: /^can't listen on 127\.0\.0\.1:\d+: .*EADDRINUSE/ },
  );
  await t.throwsAsync(
    openPort({ kind: 'tcp', host: 'no-such-host.invalid', port: 0 }, 10, () => t.fail()),
    { message: /^can't listen on no-such-host\.invalid:0: / },
  );
});
