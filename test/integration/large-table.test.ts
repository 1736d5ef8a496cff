// A real controller with a table of thousands of routes, for nodes that read it and one that does not.
import test from 'ava';
import { services } from '../../proto/rpc/definitions.js';
import { clientTls } from '../../proto/rpc/tls.js';
import { ControllerProcess } from '../support/controller-process.js';
import { scope } from '../support/opened.js';
import { SimulatedNode } from '../support/simulated-node.js';

// Cheaper than the routes as text, after each of thousands of messages.
const sizeOf = ({ table }: SimulatedNode) => table?.routes.size ?? 0;

test('C15 C16 thousands of routes come whole, in chunks; a reader that takes none delays nobody, and gets the rest as one change', async (t) => {
  const opened = scope(t);
  const controller = opened(await ControllerProcess.startWithAuthority());
  await controller.createPool('10.0.0.0/11');
  const total = 4_500;
  const nameOf = (id: number) => `web-${id}-${'x'.repeat(40)}`;
  const add = (id: number) => controller.addNode(nameOf(id), `192.168.${1 + (id >> 7)}.${(id & 127) + 1}`);
  const watching = async (id: number) => {
    await add(id);
    const node = new SimulatedNode(await controller.joined(nameOf(id)), nameOf(id)).watch();
    t.teardown(() => node.leaveStream());
    await node.until('a snapshot', () => node.table !== undefined);
    return node;
  };
  const [slow, fast] = [await watching(0), await watching(1)];
  slow.pause();
  for (let from = 2; from < total; from += 250) {
    await Promise.all(Array.from({ length: Math.min(250, total - from) }, (_, index) => add(from + index)));
  }
  await fast.until('all routes, while the other one reads nothing', () => sizeOf(fast) === total);
  slow.resume();
  await slow.until('all routes', () => sizeOf(slow) === total);
  const deltas = ({ heard }: SimulatedNode) => heard.filter(({ kind }) => kind === 'delta').length;
  // Of the half megabyte, it had what its buffers hold: the window of an HTTP/2 stream is 64 KiB.
  t.true(2 * deltas(slow) < deltas(fast), `${deltas(slow)} and ${deltas(fast)} changes`);
  for (const { heard } of [slow, fast]) t.is(heard.filter(({ kind }) => kind === 'snapshot').length, 1);

  const { credentials } = await controller.joinNode(nameOf(2));
  const tls = clientTls(credentials);
  // A larger message would end the stream with RESOURCE_EXHAUSTED.
  const small = { ...tls.options, 'grpc.max_receive_message_length': 256 * 1024 };
  const client = opened(new services.node(`127.0.0.1:${controller.port}`, tls.credentials, small));
  const node = new SimulatedNode(client, nameOf(2)).watch();
  await node.until('a snapshot', () => node.table !== undefined || node.heard.some(({ kind }) => kind === 'ended'));
  t.is(node.routes().length, total - 1);
});
