// Strangers and nodes that flood a controller's ports: other clients are not affected, and the flood ends.
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type SecureContextOptions } from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import { XnetError } from '../../proto/errors.js';
import { controllerHost } from '../../proto/pki/identity.js';
import { callUnary } from '../../proto/rpc/channel.js';
import { callerLimits } from '../../proto/rpc/limits.js';
import { errorFromStatus } from '../../proto/rpc/status.js';
import type { Credentials } from '../../proto/rpc/tls.js';
import { ControllerProcess } from '../support/controller-process.js';
import { SimulatedNode } from '../support/simulated-node.js';

type Stage = {
  readonly controller: ControllerProcess;
  readonly credentials: Credentials;
  /** Joins one more host, and waits until the first node receives that on its existing stream. */
  readonly works: () => Promise<void>;
};

async function start(t: ExecutionContext): Promise<Stage> {
  const controller = await ControllerProcess.startWithAuthority();
  t.teardown(() => controller.close());
  await controller.createPool();
  await controller.addNode('web-1', '192.168.83.1');
  await controller.addNode('flood', '192.168.84.1');
  const { credentials } = await controller.joinNode('flood');
  const node = new SimulatedNode(await controller.joined('web-1'), 'web-1').watch();
  t.teardown(() => node.leaveStream());
  await node.until('a table', () => node.table !== undefined);
  let joined = 1;
  const works = async () => {
    joined += 1;
    const name = `web-${joined}`;
    await controller.addNode(name, `192.168.83.${joined}`);
    await controller.joinNode(name);
    await node.until(`a route to ${name}`, () => node.routes().length === joined);
    t.deepEqual(
      node.heard.filter(({ kind }) => kind === 'ended' || kind === 'snapshot').map(({ kind }) => kind),
      ['snapshot'],
    );
  };
  await works();
  return { controller, credentials, works };
}

function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host: '127.0.0.1', port }, () => resolve(socket));
    socket.once('error', reject);
  });
}

type Shown = Pick<Credentials, 'clusterId' | 'authority'> & { readonly own?: Credentials['own'] | undefined };

async function overTls(port: number, { clusterId, authority, own }: Shown): Promise<Socket> {
  const socket = connectTls({
    host: '127.0.0.1',
    port,
    ca: [...authority],
    servername: controllerHost(clusterId),
    ALPNProtocols: ['h2'],
    ...(own === undefined ? {} : { cert: own.certificate, key: own.key }),
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve);
    socket.once('error', reject);
  });
  return socket;
}

function sockets(t: ExecutionContext, controller: ControllerProcess, credentials: Credentials) {
  const opened: Socket[] = [];
  t.teardown(() => {
    for (const socket of opened) socket.destroy();
  });
  const note = (socket: Socket) => {
    socket.on('error', () => undefined);
    // Unread bytes would hide the end.
    socket.resume();
    opened.push(socket);
    return socket;
  };
  return {
    opened,
    plain: async (port: number) => note(await connected(port)),
    secure: async () => note(await overTls(controller.port, credentials)),
    strange: async () => note(await overTls(controller.joinPort, { ...credentials, own: undefined })),
  };
}

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
// RFC 9113, section 4.1: length, type, flags, stream. Empty SETTINGS; HEADERS of stream 1 that continue in a frame that
// never comes: ":method: POST".
const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
const unfinished = Buffer.from([0, 0, 1, 1, 0, 0, 0, 0, 1, 0x83]);

test('a thousand connections that are silent or stop half way exclude no client, and are closed', async (t) => {
  const { controller, credentials, works } = await start(t);
  const { opened, plain, secure } = sockets(t, controller, credentials);
  // The beginning of a handshake of TLS: a record of 512 bytes of which one comes.
  const half = Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]);
  for (const port of [controller.port, controller.joinPort]) {
    await Promise.all(
      Array.from({ length: 500 }, async (_, n) => {
        const socket = await plain(port);
        if (n % 2 === 0) socket.write(half);
      }),
    );
  }
  for (const said of [Buffer.alloc(0), preface.subarray(0, 9), Buffer.concat([preface, settings])]) {
    (await secure()).write(said);
    (await secure()).write(said);
  }
  (await secure()).write(Buffer.concat([preface, settings, unfinished]));
  await works();
  const deadline = performance.now() + 180_000;
  while (opened.some(({ closed }) => !closed)) {
    if (performance.now() > deadline) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  t.is(opened.filter(({ closed }) => !closed).length, 0, 'each of them was cut');
});

function session(port: number, credentials: Credentials, certificate: boolean): Promise<ClientHttp2Session> {
  const { clusterId, authority, own } = credentials;
  const proof: SecureContextOptions = certificate && own !== undefined ? { cert: own.certificate, key: own.key } : {};
  return new Promise((resolve, reject) => {
    const made = connectHttp2('https://controller', {
      createConnection: () =>
        connectTls({
          host: '127.0.0.1',
          port,
          ca: [...authority],
          servername: controllerHost(clusterId),
          ALPNProtocols: ['h2'],
          ...proof,
        }),
    });
    made.once('error', reject);
    made.once('close', () => reject(new Error('closed')));
    made.once('remoteSettings', () => {
      made.off('error', reject);
      made.on('error', () => undefined);
      resolve(made);
    });
  });
}

const watch = {
  ':method': 'POST',
  ':path': '/xnet.v1.NodeService/Watch',
  'content-type': 'application/grpc',
  te: 'trailers',
};

// RFC 9113, section 6, and RFC 7541: HEADERS, whole, of a call of ours, and RST_STREAM with CANCEL. As bytes: a client that
// cancels a stream at once does not even begin it.
function begunAndReset(id: number, path: string): Buffer {
  const text = (value: string) => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
  const block = Buffer.concat([
    Buffer.from([0x83, 0x87, 0x04]),
    ...[text(path), Buffer.from([0x0f, 0x10]), text('application/grpc'), Buffer.from([0x00]), text('te')],
    text('trailers'),
  ]);
  const frame = Buffer.alloc(9 + block.length + 13);
  frame.writeUIntBE(block.length, 0, 3);
  frame.writeUInt8(1, 3);
  frame.writeUInt8(4, 4);
  frame.writeUInt32BE(id, 5);
  block.copy(frame, 9);
  frame.writeUIntBE(4, 9 + block.length, 3);
  frame.writeUInt8(3, 9 + block.length + 3);
  frame.writeUInt32BE(id, 9 + block.length + 5);
  frame.writeUInt32BE(8, 9 + block.length + 9);
  return frame;
}

// Begins and resets streams until the other side closes the connection. Returns their number.
async function reset(flood: Socket, path: string, most: number): Promise<number> {
  flood.write(Buffer.concat([preface, settings]));
  for (let n = 0; n < most; n++) {
    if (flood.closed || !flood.writable) return n;
    flood.write(begunAndReset(2 * n + 1, path));
    // A few at a time, and the answers are read, so only the server ends it.
    if (n % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return most;
}

test('streams that are begun and reset as fast as possible end only their own connection', async (t) => {
  const { controller, credentials, works } = await start(t);
  const { secure } = sockets(t, controller, credentials);
  // More than the machine's buffers hold of them.
  const most = 100_000;
  for (const path of ['/xnet.v1.NodeService/Watch', '/no.such/Call']) {
    for (const attempt of ['first', 'second']) {
      const flood = await secure().catch(() => undefined);
      const begun = flood === undefined ? 0 : await reset(flood, path, most);
      t.true(begun < most, `${path}, ${attempt} connection: it was ended (CVE-2023-44487)`);
    }
    await works();
  }
  const stranger = await sockets(t, controller, credentials).strange();
  t.true((await reset(stranger, '/xnet.v1.JoinService/Join', most)) < most, 'on the port for joining as well');
  await works();
});

test('a flood of pings whose replies are not read delays no other client', async (t) => {
  const { controller, credentials, works } = await start(t);
  const { secure } = sockets(t, controller, credentials);
  const socket = await secure();
  socket.pause();
  // PING frames (type 6) of eight bytes.
  const ping = Buffer.concat([Buffer.from([0, 0, 8, 6, 0, 0, 0, 0, 0]), Buffer.alloc(8, 1)]);
  socket.write(Buffer.concat([preface, settings]));
  const pings = Buffer.concat(Array.from({ length: 1_000 }, () => ping));
  for (let n = 0; n < 100 && !socket.destroyed; n++) socket.write(pings);
  for (let n = 0; n < 3; n++) await works();
});

// The grpc-status that one call without a body ends with; "closed" when the connection did.
function statusOf(over: ClientHttp2Session): Promise<string> {
  if (over.destroyed || over.closed) return Promise.resolve('closed');
  return new Promise((resolve) => {
    const stream = over.request({ ...watch, ':path': '/xnet.v1.NodeService/Report', 'grpc-timeout': '20S' });
    let status = 'closed';
    const note = (headers: Readonly<Record<string, unknown>>) => {
      if (headers['grpc-status'] !== undefined) status = String(headers['grpc-status']);
    };
    stream.on('response', note);
    stream.on('trailers', note);
    stream.on('error', () => undefined);
    stream.once('close', () => resolve(status));
    stream.resume();
    stream.end(Buffer.from([0, 0, 0, 0, 0]));
  });
}

const exhausted = '8';

test('a thousand connections with one certificate: some are served, and others have room', async (t) => {
  const { controller, credentials, works } = await start(t);
  const statuses: string[] = [];
  for (let n = 0; n < 1_000; n += 50) {
    const batch = await Promise.all(
      Array.from({ length: 50 }, () => session(controller.port, credentials, true).catch(() => undefined)),
    );
    for (const one of batch) {
      t.teardown(() => one?.destroy());
      statuses.push(one === undefined ? 'closed' : await statusOf(one));
    }
  }
  const served = statuses.filter((status) => status !== exhausted && status !== 'closed').length;
  t.is(served, callerLimits.node.connections);
  t.true(statuses.includes(exhausted), 'it is said why');
  await works();
});

test('a node with too many calls or streams is refused until later; the others are not', async (t) => {
  const { controller, credentials, works } = await start(t);
  const client = controller.nodeClient({ credentials });
  const streams = Array.from({ length: callerLimits.node.streams + 1 }, (_, n) => {
    const stream = client.watch({ hostFingerprint: 'flood', nodeName: n === 0 ? '' : 'flood' });
    return new Promise<string>((resolve) => {
      stream.once('data', () => resolve('OK'));
      stream.once('error', (error) => resolve(errorFromStatus(error).code));
    });
  });
  // Each newer stream of a node replaces the previous one.
  const heard = await Promise.all(streams);
  t.true(
    heard.every((outcome) => ['OK', 'Conflict', 'ResourceExhausted'].includes(outcome)),
    heard.join(' '),
  );
  const outcomes = new Map<string, number>();
  const { burst, perSecond } = callerLimits.node.calls;
  const began = performance.now();
  const calls = 10 * burst;
  for (let n = 0; n < calls; n += 50) {
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        const report = callUnary(client.report.bind(client), { generation: 99 }, { timeoutMs: 60_000 });
        const outcome = await report.then(
          () => 'OK',
          (error: unknown) => (error instanceof XnetError ? error.code : 'other'),
        );
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }),
    );
  }
  const seconds = (performance.now() - began) / 1_000;
  t.true((outcomes.get('Fenced') ?? 0) <= burst + perSecond * (seconds + 1), JSON.stringify([...outcomes]));
  t.true((outcomes.get('ResourceExhausted') ?? 0) > 0, JSON.stringify([...outcomes]));
  await works();
});
