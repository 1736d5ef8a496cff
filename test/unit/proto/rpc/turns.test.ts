// The order in which the sockets of a port begin their handshakes.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import test from 'ava';
import fc from 'fast-check';
import { Turns } from '../../../../proto/rpc/turns.js';
import { until } from '../../../support/until.js';

// A socket that says that it comes from an address.
const from = (address: string): Socket => Object.defineProperty(new Socket(), 'remoteAddress', { value: address });

const closed = (socket: Socket) => new Promise<void>((resolve) => socket.destroy().once('close', () => resolve()));

test('a few begin at once, the others in turn: one address after the other', async (t) => {
  const turns = new Turns({ most: 2, idleMs: 3_600_000, longestMs: 3_600_000, mostBytes: 8 });
  const begun: string[] = [];
  const sockets = new Map<string, Socket>();
  for (const name of ['a1', 'a2', 'a3', 'a4', 'a5', 'b1', 'b2', 'c1']) {
    const socket = from(name.slice(0, 1));
    sockets.set(name, socket);
    turns.take(socket, () => begun.push(name));
  }
  t.deepEqual(begun, ['a1', 'a2']);
  // One that has not begun is gone: nothing begins for it.
  const gone = sockets.get('b1');
  if (gone !== undefined) await closed(gone);
  for (const name of ['a2', 'a1', 'a3', 'b2', 'c1', 'a4', 'a5']) {
    const socket = sockets.get(name);
    // One way or the other, its turn ends; a second time changes nothing.
    if (socket === undefined) return t.fail();
    if (name === 'b2') await closed(socket);
    turns.done(socket);
    turns.done(socket);
  }
  t.deepEqual(begun, ['a1', 'a2', 'a3', 'b2', 'c1', 'a4', 'a5']);
});

test('sockets that do not continue lose their turns', async (t) => {
  const turns = new Turns({ most: 2, idleMs: 1, longestMs: 3_600_000, mostBytes: 8 });
  for (let index = 0; index < 20; index += 1) turns.take(from('10.0.0.1'), () => undefined);
  await new Promise<void>((resolve) => turns.take(from('10.0.0.2'), resolve));
  t.pass();
});

test('a socket that sends more than a first message before its turn is destroyed, and data of others stays unread', async (t) => {
  const turns = new Turns({ most: 1, idleMs: 3_600_000, longestMs: 3_600_000, mostBytes: 8 });
  const first = from('a');
  turns.take(first, () => undefined);
  const greedy = from('b');
  turns.take(greedy, () => t.fail());
  const modest = from('c');
  const begun = new Promise<void>((resolve) => turns.take(modest, resolve));
  const gone = once(greedy, 'close');
  for (const socket of [greedy, modest]) socket.push(Buffer.alloc(8));
  greedy.push(Buffer.alloc(1));
  await gone;
  turns.done(first);
  await begun;
  t.deepEqual([modest.destroyed, modest.readableLength, modest.listenerCount('readable')], [false, 8, 0]);
});

test('in any order of events, each socket that stays begins once, within the limit of concurrent handshakes', async (t) => {
  const actions = fc.array(fc.record({ address: fc.constantFrom('a', 'b', 'c'), end: fc.nat(5) }), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(actions, async (all) => {
      const turns = new Turns({ most: 3, idleMs: 3_600_000, longestMs: 3_600_000, mostBytes: 8 });
      const begun: Socket[] = [];
      const ended = new Set<Socket>();
      const made: Socket[] = [];
      for (const { address, end } of all) {
        const socket = from(address);
        made.push(socket);
        turns.take(socket, () => begun.push(socket));
        const one = begun[end];
        if (one !== undefined && !ended.has(one)) {
          ended.add(one);
          turns.done(one);
        }
        t.true(begun.length - ended.size <= 3);
      }
      for (let at = 0; at < begun.length; at += 1) {
        const one = begun[at];
        if (one !== undefined) turns.done(one);
      }
      t.is(begun.length, made.length);
      t.is(new Set(begun).size, made.length);
    }),
    { numRuns: 50 },
  );
});

// A socket that has sent more whenever it is asked; `asked` resolves when that was done 20 times.
function continuing(address: string): { readonly socket: Socket; readonly asked: Promise<void> } {
  const socket = from(address);
  const asked = new Promise<void>((resolve) => {
    let bytes = 0;
    const get = () => {
      bytes += 1;
      if (bytes === 20) resolve();
      return bytes;
    };
    Object.defineProperty(socket, 'bytesRead', { get });
  });
  return { socket, asked };
}

test('a socket that continues keeps its turn until it is done', async (t) => {
  const turns = new Turns({ most: 1, idleMs: 1, longestMs: 3_600_000, mostBytes: 8 });
  const { socket, asked } = continuing('a');
  turns.take(socket, () => undefined);
  let isNext = false;
  turns.take(from('b'), () => {
    isNext = true;
  });
  await asked;
  t.false(isNext);
  turns.done(socket);
  t.true(isNext);
});

test('a socket that continues loses its turn after the longest time', async (t) => {
  const turns = new Turns({ most: 1, idleMs: 1, longestMs: 1, mostBytes: 8 });
  turns.take(continuing('a').socket, () => undefined);
  await new Promise<void>((resolve) => turns.take(from('b'), resolve));
  t.pass();
});

test('what TLS reads from the handle of a socket counts as sent', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  t.teardown(() => {
    client.destroy();
    server.close();
  });
  const [socket] = (await once(server, 'connection')) as [Socket];
  new TLSSocket(socket, { isServer: true }).on('error', () => undefined);
  // The beginning of a message of 16 KiB, in two parts.
  for (const part of [Buffer.from([22, 3, 1, 64, 0]), Buffer.alloc(100, 1)]) {
    const had = socket.bytesRead;
    client.write(part);
    await until('it is read', async () => socket.bytesRead === had + part.length);
  }
  t.is(socket.bytesRead, 105);
});

test('sockets of one address that all continue make way for another address before their longest time', async (t) => {
  const most = 4;
  const turns = new Turns({ most, idleMs: 1, longestMs: 3_600_000, mostBytes: 8 });
  const sockets = Array.from({ length: 2 * most }, () => continuing('10.0.0.1').socket);
  let begun = 0;
  for (const socket of sockets) {
    turns.take(socket, () => {
      begun += 1;
    });
  }
  await new Promise<void>((resolve) => turns.take(from('10.0.0.2'), resolve));
  t.true(begun >= most && begun < sockets.length, 'no more than make room');
});
