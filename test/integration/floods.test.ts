// Strangers and nodes that flood a controller's ports: those who behave notice nothing.
import { type ClientHttp2Session, connect as connectHttp2, constants } from 'node:http2';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type SecureContextOptions } from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import { controllerHost } from '../../proto/pki/identity.js';
import type { Credentials } from '../../proto/rpc/tls.js';
import { ControllerProcess } from '../support/controller-process.js';
import { SimulatedNode } from '../support/simulated-node.js';

type Stage = {
  readonly controller: ControllerProcess;
  readonly credentials: Credentials;
  /** Joins one more host, and awaits that the node that was there hears of it on the stream that it had. */
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

test('a thousand connections that say nothing, and as many that stop half way, keep nobody out', async (t) => {
  const { controller, works } = await start(t);
  const sockets: Socket[] = [];
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
  });
  // The beginning of a handshake of TLS: a record of 512 bytes of which one comes.
  const half = Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]);
  for (const port of [controller.port, controller.joinPort]) {
    const opened = await Promise.all(Array.from({ length: 500 }, () => connected(port)));
    for (const [n, socket] of opened.entries()) {
      socket.on('error', () => undefined);
      if (n % 2 === 0) socket.write(half);
    }
    sockets.push(...opened);
  }
  await works();
  t.true(sockets.filter(({ destroyed }) => !destroyed).length > 900, 'the flood is still there');
});

function session(port: number, credentials: Credentials, certificate: boolean): Promise<ClientHttp2Session> {
  const { clusterId, authority, own } = credentials;
  const proof: SecureContextOptions = certificate && own !== undefined ? { cert: own.certificate, key: own.key } : {};
  return new Promise((resolve, reject) => {
    const made = connectHttp2('https://controller', {
      createConnection: () =>
        connectTls({
          ...{ host: '127.0.0.1', port, ca: [...authority], servername: controllerHost(clusterId) },
          ...{ ALPNProtocols: ['h2'], ...proof },
        }),
    });
    made.once('error', reject);
    made.once('remoteSettings', () => {
      made.off('error', reject);
      made.on('error', () => undefined);
      resolve(made);
    });
  });
}

test('streams that are begun and reset as fast as can be end their own connection alone', async (t) => {
  const { controller, credentials, works } = await start(t);
  for (const [port, certificate] of [
    [controller.joinPort, false],
    [controller.port, true],
  ] as const) {
    const flood = await session(port, credentials, certificate);
    t.teardown(() => flood.destroy());
    // Until the server has had enough, or had all of them (CVE-2023-44487).
    for (let n = 0; n < 20_000 && !flood.destroyed && !flood.closed; n++) {
      const stream = flood.request({ ':method': 'POST', ':path': '/xnet.v1.NodeService/Watch' });
      stream.on('error', () => undefined);
      stream.close(constants.NGHTTP2_CANCEL);
      if (n % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await works();
  }
});

test('pings as fast as can be, whose answers nobody reads, hold up nobody', async (t) => {
  const { controller, credentials, works } = await start(t);
  const { clusterId, authority, own } = credentials;
  const socket = connectTls({
    ...{ host: '127.0.0.1', port: controller.port, ca: [...authority], servername: controllerHost(clusterId) },
    ...{ ALPNProtocols: ['h2'], ...(own === undefined ? {} : { cert: own.certificate, key: own.key }) },
  });
  t.teardown(() => socket.destroy());
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('secureConnect', resolve));
  // RFC 9113: the preface, empty SETTINGS, then PING frames (type 6) of eight bytes.
  const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
  const ping = Buffer.concat([Buffer.from([0, 0, 8, 6, 0, 0, 0, 0, 0]), Buffer.alloc(8, 1)]);
  socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), settings]));
  const pings = Buffer.concat(Array.from({ length: 1_000 }, () => ping));
  for (let n = 0; n < 100 && !socket.destroyed; n++) socket.write(pings);
  for (let n = 0; n < 3; n++) await works();
});

test('a thousand connections with a valid certificate leave room for others', async (t) => {
  const { controller, credentials, works } = await start(t);
  const sessions: ClientHttp2Session[] = [];
  t.teardown(() => {
    for (const one of sessions) one.destroy();
  });
  while (sessions.length < 1_000) {
    const batch = Array.from({ length: 50 }, () => session(controller.port, credentials, true));
    sessions.push(...(await Promise.all(batch)));
  }
  await works();
  t.true(sessions.every(({ destroyed }) => !destroyed));
});
