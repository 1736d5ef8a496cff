// Floods against a server: the resources of a peer are bounded, and other clients are not affected.
import { connect as connectHttp2 } from 'node:http2';
import { connect, createServer, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import * as grpc from '@grpc/grpc-js';
import test from 'ava';
import { Authority } from '../../controller/authority/authority.js';
import { CertificateRegistry } from '../../controller/authority/certificates.js';
import { LeaseRegistry } from '../../controller/registry/leases.js';
import { nodeService } from '../../controller/service/node-service.js';
import { Presence } from '../../controller/session/presence.js';
import { Sessions } from '../../controller/session/sessions.js';
import { Uplink, type UplinkState, type Watcher } from '../../node/uplink/uplink.js';
import type { Version } from '../../proto/domain/network.js';
import { XnetError } from '../../proto/errors.js';
import type { AdminServiceHandlers } from '../../proto/gen/xnet/v1/AdminService.js';
import { controllerHost } from '../../proto/pki/identity.js';
import { callUnary } from '../../proto/rpc/channel.js';
import { services } from '../../proto/rpc/definitions.js';
import { keepaliveOptions, maxMessageBytes, serverLimits } from '../../proto/rpc/limits.js';
import { attachPeer } from '../../proto/rpc/peer.js';
import { serverStream, startServer } from '../../proto/rpc/server.js';
import { ServerTls } from '../../proto/rpc/server-tls.js';
import { errorFromStatus } from '../../proto/rpc/status.js';
import { Core, silent } from '../support/controller.js';
import { limited, rawSession, serve } from '../support/limited-server.js';
import { MemoryCluster, MemoryStore } from '../support/memory-store.js';
import { address, newDefaultPool } from '../support/pools.js';
import { makeTestAuthority } from '../support/test-authority.js';

const once = { operationId: '', dryRun: false };

// One after the other: ten thousand streams take what processor there is, and the deadlines of the rest would pass.
test.serial('a huge message is refused before it is read, without an effect on others', async (t) => {
  const { path, open, works } = await serve(t);
  const unlimited = new services.admin(`unix:${path}`, grpc.credentials.createInsecure(), {
    'grpc.max_send_message_length': -1,
  });
  const before = open.unary;
  const call = unlimited.addNode.bind(unlimited);
  for (const bytes of [maxMessageBytes + 1, 8 * 1024 * 1024]) {
    const error = await t.throwsAsync(callUnary(call, { name: 'x'.repeat(bytes) }, { timeoutMs: 60_000 }));
    t.true(error instanceof XnetError && /larger than max|max message size/i.test(error.message), error?.message);
  }
  t.is(open.unary, before);
  await works();
  await callUnary(call, { name: 'x'.repeat(1_000) }, { timeoutMs: 60_000 });
  unlimited.close();
});

test.serial('ten thousand streams on one connection get no more than their share', async (t) => {
  const { path, open, works } = await serve(t);
  const flood = await rawSession(path);
  t.teardown(() => flood.destroy());
  const body = Buffer.from([0, 0, 0, 0, 0]);
  for (let n = 0; n < 10_000; n++) {
    const stream = flood.request({
      ':method': 'POST',
      ':path': '/xnet.v1.AdminService/WatchEvents',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    stream.on('error', () => undefined);
    stream.end(body);
  }
  await works();
  // The share of the flood, and that of the existing session.
  const limit = Number(serverLimits['grpc.max_concurrent_streams']);
  while (open.now < limit + 1) await works();
  await works();
  t.is(open.most, limit + 1);
});

test.serial('a unary call without a deadline, or with one that never comes, is refused', async (t) => {
  const { path, open } = await serve(t);
  const client = new services.admin(`unix:${path}`, grpc.credentials.createInsecure());
  const before = open.unary;
  const problem = (options: grpc.CallOptions) =>
    new Promise<XnetError | undefined>((resolve) => {
      client.getStatus({}, new grpc.Metadata(), options, (error) =>
        resolve(error === null ? undefined : errorFromStatus(error)),
      );
    });
  for (const options of [{}, { deadline: Date.now() + 7 * 24 * 3_600_000 }]) {
    const refused = await problem(options);
    t.is(refused?.code, 'InvalidArgument');
    t.regex(refused?.message ?? '', /deadline/);
  }
  t.is(open.unary, before);
  t.is(await problem({ deadline: Date.now() + 30_000 }), undefined);
  client.close();
});

test.serial('C18 a peer that vanished without closing loses its stream', async (t) => {
  for (const limits of [serverLimits, keepaliveOptions]) {
    t.true(Number(limits['grpc.keepalive_time_ms']) + Number(limits['grpc.keepalive_timeout_ms']) <= 30_000);
  }
  let noticed: () => void = () => undefined;
  const gone = new Promise<void>((resolve) => {
    noticed = resolve;
  });
  // Long enough that a busy process answers in time until the proxy stops.
  const often = { 'grpc.keepalive_time_ms': 1_000, 'grpc.keepalive_timeout_ms': 1_000 };
  const path = await limited(t, often, (server) =>
    server.addService(services.admin.service, {
      WatchEvents: serverStream(async (_request, call, signal) => {
        call.write({});
        await new Promise<void>((ended) => signal.addEventListener('abort', () => ended(), { once: true }));
        noticed();
      }),
    } as unknown as AdminServiceHandlers),
  );
  // A proxy that stops forwarding once the stream is open: no FIN, no RST.
  const sockets: Socket[] = [];
  const middle = createServer((near) => {
    const far = connect(path);
    sockets.push(near, far);
    for (const socket of [near, far]) socket.on('error', () => undefined);
    near.pipe(far);
    far.pipe(near);
  });
  const between = `${path}.between`;
  await new Promise<void>((resolve) => middle.listen(between, resolve));
  const client = new services.admin(`unix:${between}`, grpc.credentials.createInsecure());
  // A client that asks as often as this server does.
  const asking = new services.admin(`unix:${between}`, grpc.credentials.createInsecure(), often);
  t.teardown(() => {
    client.close();
    asking.close();
    for (const socket of sockets) socket.destroy();
    middle.close();
  });
  const stream = client.watchEvents({});
  stream.on('error', () => undefined);
  const other = asking.watchEvents({});
  const told = new Promise<Error>((resolve) => other.once('error', resolve));
  await Promise.all([stream, other].map((each) => new Promise((resolve) => each.once('data', resolve))));
  for (const socket of sockets) {
    socket.unpipe();
    socket.pause();
  }
  await gone;
  t.is(stream.destroyed, false, 'this client has not been told');
  t.is(errorFromStatus((await told) as grpc.ServiceError).code, 'Unavailable');
});

test.serial(
  'C17 hosts that connect at once do not cut each other’s handshakes: the first to come succeed',
  async (t) => {
    const authority = await makeTestAuthority();
    const server = await startServer({
      endpoints: [{ kind: 'tcp', host: '127.0.0.1', port: 0 }],
      bindings: [],
      mostSilent: 4,
      tls: new ServerTls(authority.server, 'certificates'),
    });
    t.teardown(() => server.close(0));
    const { own, authority: ca, clusterId } = await authority.credentialsFor('node', 'n-1');
    const [endpoint] = server.endpoints;
    if (endpoint?.kind !== 'tcp' || own === undefined) return t.fail();
    const { port } = endpoint;
    const opened: Socket[] = [];
    t.teardown(() => {
      for (const socket of opened) socket.destroy();
    });
    const from = async (localAddress: string) => {
      const socket = connect({ host: '127.0.0.1', port, localAddress });
      socket.on('error', () => undefined);
      opened.push(socket);
      await new Promise<void>((resolve) => socket.once('connect', resolve));
      return socket;
    };
    const closed = (socket: Socket) =>
      new Promise<void>((resolve) => {
        if (socket.closed) resolve();
        else socket.once('close', () => resolve());
        socket.resume();
      });
    // TLS, HTTP/2 and a call, by a host that was slow to begin.
    const calls = (socket: Socket) =>
      new Promise<number>((resolve, reject) => {
        const proof = { cert: own.certificate, key: own.key, ca: [...ca], servername: controllerHost(clusterId) };
        const made = connectHttp2('https://controller', {
          createConnection: () => connectTls({ socket, ALPNProtocols: ['h2'], ...proof }),
        });
        made.once('error', reject);
        made.once('close', () => reject(new Error('it was cut')));
        const stream = made.request({
          ':method': 'POST',
          ':path': '/grpc.health.v1.Health/Check',
          'content-type': 'application/grpc',
          te: 'trailers',
        });
        stream.once('response', ({ ':status': status }) => resolve(Number(status)));
        stream.end(Buffer.alloc(5));
      });
    const first = [];
    for (let n = 1; n <= 4; n++) first.push(await from(`127.0.1.${n}`));
    const late = await Promise.all(Array.from({ length: 40 }, (_, n) => from(`127.0.2.${n + 1}`)));
    await Promise.all(late.map(closed));
    t.deepEqual(await Promise.all(first.map(calls)), [200, 200, 200, 200]);
    // There is room again. Whoever takes all of it makes way for the others.
    const greedy = [];
    for (let n = 1; n <= 4; n++) greedy.push(await from('127.0.3.1'));
    t.is(await calls(await from('127.0.3.2')), 200);
    await Promise.race(greedy.map(closed));
    t.is(greedy[0]?.closed, false, 'the oldest goes on');
  },
);

// A unix socket has no certificate: the caller as on a TCP port.
function asNode(id: string): grpc.ServerInterceptor {
  const identity = { clusterId: 'cluster-1', role: 'node', id } as const;
  return (_method, call) =>
    new grpc.ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, forward) => {
            attachPeer(metadata, { kind: 'certificate', identity, serial: '1', address: '192.168.83.1' });
            forward(metadata);
          },
        }),
    });
}

test.serial('a connection that is too old is replaced, and the watch resumes without a snapshot', async (t) => {
  const core = await Core.start(new MemoryStore(new MemoryCluster())).ready();
  const { feed, nodes } = core;
  await core.pools.create(once, newDefaultPool);
  const { store } = core.context;
  const record = { version: '0', startedMs: 0, addresses: [], joinAddresses: [], registration: '' };
  const authority = new Authority(core.context, '/nonexistent/cluster.key');
  const certificates = new CertificateRegistry(core.context, authority);
  const presence = new Presence({ store, feed, log: silent }, 'c-1', record);
  const sessions = new Sessions({ store, feed, presence, log: silent });
  const { definition, implementation } = nodeService({
    feed,
    store,
    sessions,
    nodes,
    leases: new LeaseRegistry(core.context),
    certificates,
    authority,
    alive: async () => true,
  });
  const { subject: nodeId } = await nodes.add(once, { name: 'web-1', address: address('192.168.83.1'), labels: {} });
  const path = await limited(
    t,
    {
      'grpc.max_connection_age_ms': 100,
      'grpc.max_connection_age_grace_ms': 100,
      interceptors: [asNode(nodeId)],
    },
    (server) => server.addService(definition, implementation),
  );
  const heard: string[] = [];
  let connects = 0;
  let version: Version | undefined;
  const stop = new AbortController();
  let turn: () => void = () => undefined;
  const until = async (what: () => boolean) => {
    while (!what()) await new Promise<void>((resolve) => (turn = resolve));
  };
  const connection = new Uplink({
    controllers: { endpoints: [{ kind: 'unix', path }] },
    identity: undefined,
    hostFingerprint: 'f',
    log: silent,
  });
  const watcher: Watcher = {
    watchRequest: () => ({ nodeName: 'web-1', hostFingerprint: 'f', ...(version === undefined ? {} : { version }) }),
    onState: ({ connected }: UplinkState) => {
      if (connected) connects += 1;
      turn();
    },
    onAssignment: () => undefined,
    onSnapshot: (snapshot) => {
      ({ version } = snapshot);
      heard.push('snapshot');
      turn();
    },
    onDelta: (delta) => {
      version = delta.to;
      heard.push(`delta ${delta.upserts.length}`);
      turn();
    },
    onBookmark: () => undefined,
  };
  const running = connection.run(watcher, stop.signal);
  await until(() => heard.length > 0 && connects >= 3);
  await nodes.add(once, { name: 'web-2', address: address('192.168.83.2'), labels: {} });
  await until(() => heard.includes('delta 1'));
  const before = connects;
  await until(() => connects > before);
  t.deepEqual(heard, ['snapshot', 'delta 1']);
  stop.abort();
  await running;
  sessions.end();
  await core.stop();
});
