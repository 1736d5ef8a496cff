// The client of the bundles does what grpc-js does on servers that misbehave, go away, and come back.
import { constants, type ServerHttp2Stream } from 'node:http2';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import type { Endpoint } from '../../proto/rpc/endpoint.js';
import { serverStream, unary } from '../../proto/rpc/server.js';
import {
  clients,
  endingOf,
  failed,
  folderOf,
  isReady,
  ofBoth,
  rawServer,
  serve,
  timeoutMs,
} from '../support/client-scenes.js';

const grpcHeaders = { ':status': 200, 'content-type': 'application/grpc' };

test('what misbehaving servers answer has the same meaning', async (t) => {
  const scenes: Readonly<Record<string, (stream: ServerHttp2Stream) => void>> = {
    'a page': (stream) => {
      stream.respond({ ':status': 200, 'content-type': 'text/html' });
      stream.end('<html>'.repeat(100));
    },
    'an error page': (stream) => {
      stream.respond({ ':status': 503, 'content-type': 'text/html' });
      stream.end('<html>'.repeat(100));
    },
    'not found': (stream) => stream.respond({ ':status': 404 }, { endStream: true }),
    'no trailers': (stream) => {
      stream.respond(grpcHeaders);
      stream.end();
    },
    'half a message': (stream) => {
      stream.respond(grpcHeaders, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(Buffer.from([0, 0, 0, 0, 9, 1]));
    },
    'no message': (stream) => {
      stream.respond(grpcHeaders, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end();
    },
    'too long a message': (stream) => {
      stream.respond(grpcHeaders);
      stream.end(Buffer.from([0, 0xff, 0xff, 0xff, 0xff, 1]));
    },
    'garbage in a message': (stream) => {
      stream.respond(grpcHeaders, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(Buffer.from([0, 0, 0, 0, 2, 0xff, 0xff]));
    },
    'trailers alone': (stream) =>
      stream.respond(
        { ...grpcHeaders, 'grpc-status': '12', 'grpc-message': 'unknown method %E2%98%83' },
        { endStream: true },
      ),
    refused: (stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM),
    cancelled: (stream) => stream.close(constants.NGHTTP2_CANCEL),
    calm: (stream) => stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM),
    insecure: (stream) => stream.close(constants.NGHTTP2_INADEQUATE_SECURITY),
    broken: (stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR),
    'protocol error': (stream) => stream.close(constants.NGHTTP2_PROTOCOL_ERROR),
    'connection cut': (stream) => stream.session?.destroy(),
  };
  for (const [title, scene] of Object.entries(scenes)) {
    const endpoint = await rawServer(t, scene);
    const ending = await ofBoth(t, (client) => failed(client, endpoint), title);
    t.not(ending.code, 'OK', title);
    t.true(ending.sent, title);
  }
});

test('a server’s goodbye (GOAWAY) lets what runs finish, and the next call has a new connection', async (t) => {
  const answer = (stream: ServerHttp2Stream) => {
    stream.respond(grpcHeaders, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(Buffer.from([0, 0, 0, 0, 0]));
  };
  const sessions = new Set<unknown>();
  const open = new Set<ServerHttp2Stream>();
  const leaving = await rawServer(t, (stream) => {
    sessions.add(stream.session);
    if (open.size === 0) {
      open.add(stream);
      stream.respond(grpcHeaders, { waitForTrailers: true });
      stream.write(Buffer.from([0, 0, 0, 0, 0]));
      stream.session?.goaway(constants.NGHTTP2_NO_ERROR);
    } else answer(stream);
  });
  for (const client of clients) {
    open.clear();
    sessions.clear();
    const made = client.make(leaving);
    let messages = 0;
    for await (const _ of client.readStream(made.watchEvents({}))) {
      messages += 1;
      if (messages === 2) continue;
      // The goodbye may be behind the first message.
      while (isReady(made)) await new Promise((resolve) => setImmediate(resolve));
      t.false(client.isConnecting(made), `${client.name}: what runs was sent`);
      await client.callUnary(made.getStatus.bind(made), {}, { timeoutMs });
      const [stream] = open;
      stream?.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream?.end(Buffer.from([0, 0, 0, 0, 0]));
    }
    t.is(messages, 2, client.name);
    t.is(sessions.size, 2, client.name);
    made.close();
  }
});

test('servers that are none, or no more, and one that is back', async (t) => {
  const folder = folderOf(t);
  const answers = async (name: string, onSocket: (socket: Socket) => void): Promise<Endpoint> => {
    const path = join(folder, name);
    const server: Server = createServer((socket) => {
      socket.on('error', () => undefined);
      onSocket(socket);
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    t.teardown(() => server.close());
    return { kind: 'unix', path };
  };
  const page = await answers('page', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  const closing = await answers('closing', (socket) => socket.destroy());
  const silent = await answers('silent', (socket) => t.teardown(() => socket.destroy()));
  for (const client of clients) {
    t.is((await failed(client, page)).sent, false, client.name);
    const closed = await failed(client, closing);
    t.deepEqual([closed.code, closed.sent], ['Unavailable', false], client.name);
    const waiting = client.make(silent);
    const call = client.callUnary(waiting.getStatus.bind(waiting), {}, { timeoutMs: 200 });
    while (!client.isConnecting(waiting)) await new Promise((resolve) => setImmediate(resolve));
    const quiet = await call.then(
      () => undefined,
      (error) => endingOf(client, silent, error),
    );
    waiting.close();
    t.deepEqual([quiet?.code, quiet?.sent], ['DeadlineExceeded', false], client.name);
  }
  for (const client of clients) {
    const endpoint = { kind: 'unix', path: join(folder, client.name) } as const;
    const implementation = {
      GetStatus: unary(async () => ({})),
      WatchEvents: serverStream(async (_request, call, signal) => {
        call.write({} as never);
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      }),
    };
    const first = await serve(t, implementation, endpoint);
    const made = client.make(endpoint);
    const stream = client.readStream(made.watchEvents({}));
    await stream.next();
    await first.close();
    const error = await t.throwsAsync(async () => stream.next());
    t.is(endingOf(client, endpoint, error).code, 'Unavailable', client.name);
    await serve(t, implementation, endpoint);
    const deadline = performance.now() + timeoutMs;
    const call = () => client.callUnary(made.getStatus.bind(made), {}, { timeoutMs: 5_000 });
    // grpc-js pauses between attempts.
    while (
      !(await call().then(
        () => true,
        () => false,
      ))
    )
      t.true(performance.now() < deadline);
    made.close();
  }
});
