// Which worker gets a connection, on real sockets of loopback addresses.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { pino } from 'pino';
import { WorkerPorts } from '../../../controller/worker-ports.js';
import { freePort } from '../../support/etcd.js';
import { until } from '../../support/until.js';

const log = pino({ level: 'silent' });

class Taken {
  readonly connections: { readonly port: string; readonly address: string; readonly socket: Socket }[] = [];

  take(port: string, address: string, socket: Socket): void {
    this.connections.push({ port, address, socket });
  }

  get addresses(): readonly string[] {
    return this.connections.map(({ address }) => address);
  }
}

// Connects from a loopback address, and resolves when the connection was passed on, or destroyed.
async function dial(
  t: ExecutionContext,
  port: number,
  from: string,
  ...receivers: readonly Taken[]
): Promise<'taken' | 'ended'> {
  const count = () => receivers.reduce((sum, { connections }) => sum + connections.length, 0);
  const before = count();
  const socket = connect({ host: '127.0.0.1', port, localAddress: from });
  t.teardown(() => socket.destroy());
  let ended = false;
  socket.on('error', () => undefined);
  socket.once('close', () => {
    ended = true;
  });
  await once(socket, 'connect');
  socket.resume();
  await until('the connection has an outcome', async () => ended || count() > before);
  return count() > before ? 'taken' : 'ended';
}

test('connections of one address go to one worker, on all ports, as long as one of them is open', async (t) => {
  const ports = new WorkerPorts(log);
  const [one, two] = [new Taken(), new Taken()];
  const [api, join] = [await freePort(), await freePort()];
  for (const port of [api, join]) {
    for (const receiver of [one, two]) await ports.open({ host: '127.0.0.1', port }, 100, receiver);
  }
  t.teardown(() => [one, two].map((receiver) => ports.forget(receiver)));
  for (const from of ['127.0.1.1', '127.0.1.2', '127.0.1.1', '127.0.1.3', '127.0.1.4'])
    await dial(t, api, from, one, two);
  t.deepEqual(one.addresses, ['127.0.1.1', '127.0.1.1', '127.0.1.3']);
  t.deepEqual(two.addresses, ['127.0.1.2', '127.0.1.4']);
  await dial(t, join, '127.0.1.4', one, two);
  t.deepEqual(two.connections.at(-1)?.port, `127.0.0.1:${join}`);

  // The first worker has no address any more, so the next one is its own, wherever it was before.
  const api1 = `127.0.0.1:${api}`;
  for (const address of ['127.0.1.1', '127.0.1.1', '127.0.1.3']) ports.closed(api1, address, one);
  ports.closed(api1, '127.0.1.4', two);
  await dial(t, api, '127.0.1.4', one, two);
  t.is(two.addresses.at(-1), '127.0.1.4', 'its connection to the other port is open');
  ports.closed(`127.0.0.1:${join}`, '127.0.1.4', two);
  ports.closed(api1, '127.0.1.4', two);
  await dial(t, api, '127.0.1.4', one, two);
  t.is(one.addresses.at(-1), '127.0.1.4');

  // The addresses of a worker that has ended are anybody's.
  ports.forget(two);
  await dial(t, api, '127.0.1.2', one, two);
  t.is(one.addresses.at(-1), '127.0.1.2');
});

test('the limit of open connections is that of all workers; what has closed, or ended with its worker, does not count', async (t) => {
  const ports = new WorkerPorts(log);
  const [one, two] = [new Taken(), new Taken()];
  const port = { host: '127.0.0.1', port: await freePort() };
  const name = `127.0.0.1:${port.port}`;
  for (const receiver of [one, two]) await ports.open(port, 3, receiver);
  t.teardown(() => [one, two].map((receiver) => ports.forget(receiver)));
  for (const from of ['127.0.1.1', '127.0.1.2', '127.0.1.3']) {
    t.is(await dial(t, port.port, from, one, two), 'taken');
  }
  t.is(await dial(t, port.port, '127.0.1.4', one, two), 'ended');
  ports.closed(name, '127.0.1.1', one);
  ports.closed(name, '127.0.1.1', one);
  t.is(await dial(t, port.port, '127.0.1.4', one, two), 'taken', 'a connection counts as closed once');
  t.is(await dial(t, port.port, '127.0.1.5', one, two), 'ended');
  ports.forget(two);
  t.is(await dial(t, port.port, '127.0.1.5', one, two), 'taken');
});

test('a port is open while a worker serves it; an address in use is refused with its reason', async (t) => {
  const ports = new WorkerPorts(log);
  const others = new WorkerPorts(log);
  const [one, two] = [new Taken(), new Taken()];
  const port = { host: '127.0.0.1', port: await freePort() };
  const name = `127.0.0.1:${port.port}`;
  await ports.check(port);
  await Promise.all([one, two].map((receiver) => ports.open(port, 10, receiver)));
  await ports.check(port);
  const inUse = { code: 'FailedPrecondition', message: `can't listen on ${name}: another process listens there` };
  await t.throwsAsync(others.check(port), inUse);
  await t.throwsAsync(others.open(port, 10, one), inUse);
  ports.close(name, one);
  t.is(await dial(t, port.port, '127.0.1.1', one, two), 'taken');
  t.is(two.connections.length, 1);
  ports.close(name, two);
  await until('it is free', async () => {
    await others.open(port, 10, one);
    return true;
  });
  others.close(name, one);
});
