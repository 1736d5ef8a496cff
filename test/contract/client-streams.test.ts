// The client of the bundles does what grpc-js does with streams that live long, as a daemon has them, and with the calls
// beside them.
import { constants, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import test from 'ava';
import { services } from '../../proto/rpc/definitions.js';
import { framed } from '../../proto/rpc/http2/framing.js';
import { serverStream, unary } from '../../proto/rpc/server.js';
import { clients, isReady, ofBoth, rawServer, serve, timeoutMs } from '../support/client-scenes.js';
import { explainedOf, FollowedStream, outcomeOf, type Stream, turn } from '../support/followed-stream.js';

const grpcHeaders = { ':status': 200, 'content-type': 'application/grpc' };
const serialize = services.admin.service.WatchEvents.responseSerialize;
const eventOf = (message: string) => framed(serialize({ message } as never));

test('however a server ends a stream that it has begun, its messages are there and the end means the same', async (t) => {
  const begin = (stream: ServerHttp2Stream) => {
    stream.respond(grpcHeaders, { waitForTrailers: true });
    stream.write(Buffer.concat([eventOf('one'), eventOf('two')]));
  };
  const withTrailers = (trailers: Record<string, string>) => (stream: ServerHttp2Stream) => {
    begin(stream);
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.end(eventOf('three'));
  };
  // Once what it has written has been sent.
  const afterwards = (then: (stream: ServerHttp2Stream) => void) => (stream: ServerHttp2Stream) => {
    begin(stream);
    stream.write(eventOf('three'), () => setImmediate(() => then(stream)));
  };
  const scenes: Readonly<Record<string, (stream: ServerHttp2Stream) => void>> = {
    well: withTrailers({ 'grpc-status': '0' }),
    'with an error': withTrailers({ 'grpc-status': '8', 'grpc-message': 'too many' }),
    'without a status': withTrailers({ other: 'x' }),
    'its connection cut': afterwards((stream) => stream.session?.destroy()),
    'with a goodbye for an error': afterwards((stream) => stream.session?.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM)),
    'with a goodbye, then cut': afterwards((stream) => {
      stream.session?.goaway(constants.NGHTTP2_NO_ERROR);
      setImmediate(() => stream.session?.destroy());
    }),
    'its socket closed': afterwards((stream) => (stream.session?.socket as Socket | undefined)?.destroySoon?.()),
    cancelled: afterwards((stream) => stream.close(constants.NGHTTP2_CANCEL)),
    refused: afterwards((stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM)),
    broken: afterwards((stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR)),
    calm: afterwards((stream) => stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM)),
    'within a message': afterwards((stream) => {
      stream.write(eventOf('four').subarray(0, 7), () => setImmediate(() => stream.session?.destroy()));
    }),
    'with too long a message': afterwards((stream) => stream.write(Buffer.from([0, 0xff, 0, 0, 0, 1]))),
    'with garbage': afterwards((stream) => stream.write(Buffer.from([0, 0, 0, 0, 2, 0xff, 0xff]))),
    'with a compressed message': afterwards((stream) => stream.write(Buffer.from([1, 0, 0, 0, 1, 1]))),
  };
  for (const [title, scene] of Object.entries(scenes)) {
    const endpoint = await rawServer(t, scene);
    const outcome = await ofBoth(
      t,
      async (client) => {
        const made = client.make(endpoint);
        const found = await outcomeOf(made.watchEvents({}));
        made.close();
        // The words for it are ours.
        if (title !== 'with a compressed message') return found;
        return { messages: found.messages, ending: found.ending && {} };
      },
      title,
    );
    t.deepEqual(outcome.messages, ['one', 'two', 'three'], title);
    t.is(outcome.ending === undefined, title === 'well', title);
  }
});

test('a stream that is cancelled ends once, without a further message, and its connection goes on', async (t) => {
  let begun = 0;
  let aborted = 0;
  const { endpoint } = await serve(t, {
    WatchEvents: serverStream(async (_request, call, signal) => {
      begun += 1;
      signal.addEventListener('abort', () => {
        aborted += 1;
      });
      while (!signal.aborted) {
        call.write({ message: 'x' } as never);
        await turn();
      }
    }),
    GetStatus: unary(async () => ({})),
  });
  for (const client of clients) {
    const made = client.make(endpoint);
    [begun, aborted] = [0, 0];
    // From within its own message, as a daemon that can't accept one does.
    const first: Stream = made.watchEvents({});
    const followed = new FollowedStream(first, (count) => {
      if (count === 3) first.cancel();
    });
    t.is(explainedOf(await followed.ended).code, 'Cancelled', client.name);
    first.cancel();
    while (aborted < 1) await turn();
    t.deepEqual([followed.messages.length, followed.failures], [3, 1], client.name);
    // And a next one, on the same connection; many times.
    for (let round = 0; round < 200; round += 1) {
      const next: Stream = made.watchEvents({});
      const again = new FollowedStream(next, () => next.cancel());
      t.is(explainedOf(await again.ended).code, 'Cancelled', client.name);
    }
    while (aborted < 201) await turn();
    t.is(begun, 201, client.name);
    t.true(isReady(made), client.name);
    // Before anything was sent.
    const early: Stream = made.watchEvents({});
    const never = new FollowedStream(early);
    early.cancel();
    t.is(explainedOf(await never.ended).code, 'Cancelled', client.name);
    t.deepEqual(never.messages, [], client.name);
    await client.callUnary(made.getStatus.bind(made), {}, { timeoutMs });
    // What is cancelled at once is not sent; grpc-js may have sent it.
    t.true(begun === 201 || client.name === 'grpc-js');
    made.close();
    const unconnected = client.make(endpoint);
    const waiting: Stream = unconnected.watchEvents({});
    const ended = new FollowedStream(waiting).ended;
    waiting.cancel();
    unconnected.close();
    t.is(explainedOf(await ended).code, 'Cancelled', client.name);
  }
});

test('a stream that is not read holds its server back, and no other call; read again, it has every message', async (t) => {
  const count = 20_000;
  let sent = 0;
  const { endpoint } = await serve(t, {
    WatchEvents: serverStream(async (_request, call, signal) => {
      for (sent = 0; sent < count && !signal.aborted; sent += 1) {
        const event = { message: `${sent} ${'x'.repeat(sent % 400)}` };
        if (!call.write(event as never)) await new Promise((resolve) => call.once('drain', resolve));
      }
    }),
    GetStatus: unary(async () => ({})),
  });
  for (const client of clients) {
    const made = client.make(endpoint);
    const stream: Stream = made.watchEvents({});
    const followed = new FollowedStream(stream, (at) => {
      if (at === 100) stream.pause();
    });
    while (followed.messages.length < 100) await turn();
    for (let call = 0; call < 300; call += 1) {
      await client.callUnary(made.getStatus.bind(made), {}, { timeoutMs });
    }
    t.true(sent < count / 2, `${client.name}: ${sent}`);
    t.is(followed.messages.length, 100, client.name);
    stream.resume();
    t.is(await followed.ended, undefined, client.name);
    t.is(followed.messages.length, count, client.name);
    t.true(
      followed.messages.every((message, at) => message.startsWith(`${at} `)),
      client.name,
    );
    made.close();
  }
});
