// A program that is not there is waited for at its socket, not asked again and again.
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs';
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
  const given = untilSocket(path, socketId(path), options);
  stop.abort();
  await given;
  await new Promise((resolve) => second.close(resolve));
});

test('a socket in a folder that is made, or made anew, ends the wait, as one that a link leads to does', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'xnet-socket-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  const folder = join(root, 'run', 'docker');
  const path = join(folder, 'docker.sock');
  const options = { ms: longMs, unwatchedMs: longMs, signal: new AbortController().signal };
  const made = untilSocket(path, undefined, options);
  mkdirSync(folder, { recursive: true });
  // The folder alone is none.
  t.is(await Promise.race([made.then(() => 'ended'), turnsOf(20)]), 'waits');
  const first = await listening(path);
  await made;

  const before = socketId(path);
  const anew = untilSocket(path, before, options);
  await new Promise((resolve) => first.close(resolve));
  // Its absence is a change as well: the next attempt finds no socket, and waits for one.
  await anew;
  const again = untilSocket(path, undefined, options);
  renameSync(folder, join(root, 'run', 'former'));
  mkdirSync(folder);
  t.is(await Promise.race([again.then(() => 'ended'), turnsOf(20)]), 'waits');
  const second = await listening(path);
  await again;
  t.not(socketId(path), before);

  const link = join(root, 'link.sock');
  symlinkSync(join(root, 'elsewhere', 'docker.sock'), link);
  const linked = untilSocket(link, socketId(link), options);
  mkdirSync(join(root, 'elsewhere'));
  const third = await listening(join(root, 'elsewhere', 'docker.sock'));
  await linked;
  for (const server of [second, third]) await new Promise((resolve) => server.close(resolve));
});

test('where folders can’t be watched, the wait is short', async (t) => {
  const stop = new AbortController();
  const tooLong = join('/', 'x'.repeat(300), 'docker.sock');
  await untilSocket(tooLong, undefined, { ms: longMs, unwatchedMs: 1, signal: stop.signal });
  t.pass();
});

// Lets notifications of the kernel arrive that are under way.
async function turnsOf(count: number): Promise<string> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  return 'waits';
}

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
