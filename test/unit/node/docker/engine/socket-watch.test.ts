// A program that is not there is waited for at its socket, not asked again and again.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { connectEngine } from '../../../../../node/docker/engine/dockerode.js';
import { socketId, untilSocket } from '../../../../../node/docker/engine/socket-watch.js';

const longMs = 600_000;

async function listening(path: string): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'));
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return server;
}

test('the wait ends when the socket is made, made anew, or was made before it began', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'xnet-socket-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'docker.sock');
  const stop = new AbortController();
  const options = { ms: longMs, unwatchedMs: longMs, signal: stop.signal };
  const made = untilSocket(path, socketId(path), options);
  const first = await listening(path);
  await made;
  const before = socketId(path);
  t.not(before, undefined);
  const anew = untilSocket(path, before, options);
  await new Promise((resolve) => first.close(resolve));
  const second = await listening(path);
  await anew;
  await untilSocket(path, before, options);
  await untilSocket(join(folder, 'none', 'docker.sock'), undefined, { ...options, unwatchedMs: 1 });
  const given = untilSocket(path, socketId(path), options);
  stop.abort();
  await given;
  await new Promise((resolve) => second.close(resolve));
});

test('the events of an engine begin when its socket appears', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'xnet-socket-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'docker.sock');
  const stop = new AbortController();
  const events = connectEngine(path).events(stop.signal)[Symbol.asyncIterator]();
  const first = events.next();
  const server = await listening(path);
  t.deepEqual(await first, { done: false, value: { kind: 'connected' } });
  const last = events.next();
  stop.abort();
  t.true((await last).done);
  await new Promise((resolve) => server.close(resolve));
});
