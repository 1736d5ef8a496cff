// The client of the bundles does what grpc-js does at its limits: the longest message, and a server that falls silent.
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import test from 'ava';
import { services } from '../../proto/rpc/definitions.js';
import { type Endpoint, formatEndpoint } from '../../proto/rpc/endpoint.js';
import { makeGenericClientConstructor } from '../../proto/rpc/http2/client.js';
import { serverStream, unary } from '../../proto/rpc/server.js';
import { clients, folderOf, serve, timeoutMs } from '../support/client-scenes.js';
import { explainedOf, FollowedStream, outcomeOf, turn } from '../support/followed-stream.js';

const serialize = services.admin.service.WatchEvents.responseSerialize;

// The classes of both clients, with options that the programs don't use.
const classes = [
  ['grpc-js', grpc.makeGenericClientConstructor(services.admin.service as never, 'admin')],
  ['bundled', makeGenericClientConstructor(services.admin.service as never)],
] as const;

type AnyClient = InstanceType<typeof services.admin>;

function makeWith(name: string, endpoint: Endpoint, options: grpc.ChannelOptions): AnyClient {
  const made = classes.find(([one]) => one === name)?.[1] as unknown as new (...args: readonly unknown[]) => AnyClient;
  // A unix socket needs none.
  const security = name === 'grpc-js' ? grpc.credentials.createInsecure() : { context: undefined };
  return new made(formatEndpoint(endpoint), security, options);
}

test('the longest message is the longest, and one byte more is refused; of requests, too', async (t) => {
  const limit = 4 * 1024 * 1024;
  let begun = 0;
  const { endpoint } = await serve(t, {
    WatchEvents: serverStream(async ({ limit: over }: { readonly limit?: number }, call) => {
      begun += 1;
      const around = serialize({ message: 'x'.repeat(limit) } as never).length - limit;
      call.write({ message: 'first' } as never);
      call.write({ message: 'x'.repeat(limit - around + (over ?? 0)) } as never);
    }),
  });
  const outcomes = [];
  for (const client of clients) {
    for (const options of [{}, { 'grpc.max_receive_message_length': limit }]) {
      const made = makeWith(client.name, endpoint, options);
      const [exact, over] = [await outcomeOf(made.watchEvents({})), await outcomeOf(made.watchEvents({ limit: 1 }))];
      t.deepEqual([exact.ending, exact.messages.length], [undefined, 2], client.name);
      outcomes.push({ ...over, messages: over.messages.length });
      made.close();
    }
    const short = makeWith(client.name, endpoint, { 'grpc.max_send_message_length': 10 });
    await outcomeOf(short.watchEvents({}));
    const before = begun;
    const request = outcomeOf(short.watchEvents({ subject: 'n'.repeat(20) }));
    t.is((await request).ending?.message, 'Attempted to send message with a size larger than 10', client.name);
    await outcomeOf(short.watchEvents({}));
    t.is(begun, before + 1, `${client.name}: what is too long is not sent`);
    short.close();
  }
  const [one] = outcomes;
  t.regex(one?.ending?.message ?? '', /^Received message larger than max \(4194305 vs 4194304\)$/);
  for (const outcome of outcomes) t.deepEqual(outcome, one);
});

test('a server that falls silent, its connection open, ends every call; one that answers pings ends none', async (t) => {
  const { endpoint } = await serve(t, {
    WatchEvents: serverStream(async (_request, call, signal) => {
      call.write({ message: 'one' } as never);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    }),
    GetStatus: unary(() => new Promise(() => undefined)),
    ListPools: unary(async () => ({})),
  });
  if (endpoint.kind !== 'unix') throw new Error('not a socket');
  let isSilent = false;
  let pings = 0;
  const between = createServer((near) => {
    const far = connect(endpoint.path);
    near.on('data', (bytes: Buffer) => {
      // The header of a ping: 8 bytes of data, type 6 (RFC 9113, section 6.7).
      if (bytes.subarray(0, 4).equals(Buffer.from([0, 0, 8, 6]))) pings += 1;
      if (!isSilent) far.write(bytes);
    });
    far.on('data', (bytes) => isSilent || near.write(bytes));
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => undefined);
      one.on('close', () => other.destroy());
    }
  });
  const path = join(folderOf(t), 'between.sock');
  await new Promise<void>((resolve) => between.listen(path, resolve));
  t.teardown(() => between.close());
  const through: Endpoint = { kind: 'unix', path };
  const options = {
    'grpc.keepalive_time_ms': 100,
    'grpc.keepalive_timeout_ms': 5_000,
    'grpc.keepalive_permit_without_calls': 1,
    'grpc.initial_reconnect_backoff_ms': 100,
  };
  const outcomes = [];
  for (const client of clients) {
    [isSilent, pings] = [false, 0];
    const made = makeWith(client.name, through, options);
    const followed = new FollowedStream(made.watchEvents({}));
    while (followed.messages.length === 0) await turn();
    const from = pings;
    while (pings < from + 4) await turn();
    t.is(followed.failures, 0, client.name);
    await client.callUnary(made.listPools.bind(made), {}, { timeoutMs });
    const pending = client.callUnary(made.getStatus.bind(made), {}, { timeoutMs }).then(
      () => undefined,
      (error) => explainedOf(error),
    );
    isSilent = true;
    const ending = explainedOf(await followed.ended);
    outcomes.push([ending, await pending]);
    t.is(ending.code, 'Unavailable', client.name);
    isSilent = false;
    const again = async () => {
      for (;;) {
        const answered = await client.callUnary(made.listPools.bind(made), {}, { timeoutMs }).then(
          () => true,
          () => false,
        );
        if (answered) return;
      }
    };
    await again();
    made.close();
  }
  t.deepEqual(outcomes[1], outcomes[0]);
});
