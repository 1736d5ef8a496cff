// The client of the bundles does what grpc-js does: the same scenes for both, on real servers.
import { createServer } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { XnetError } from '../../proto/errors.js';
import { serverStream, unary } from '../../proto/rpc/server.js';
import { ServerTls } from '../../proto/rpc/server-tls.js';
import type { Credentials } from '../../proto/rpc/tls.js';
import { clients, endingOf, failed, folderOf, isReady, ofBoth, serve, timeoutMs } from '../support/client-scenes.js';
import { makeTestAuthority } from '../support/test-authority.js';

test('errors come out of the wire as they went in, of calls and of streams', async (t) => {
  const details = { problems: ['one', 'zwei ☃'], hint: 'do this' };
  const next = new XnetError('PoolExhausted', 'what happened – ÄÖ 100 %', details);
  const { endpoint } = await serve(t, {
    GetStatus: unary(async () => {
      throw next;
    }),
    WatchEvents: serverStream(async () => {
      throw next;
    }),
  });
  const outcome = await ofBoth(t, async (client) => {
    const made = client.make(endpoint);
    const errors: unknown[] = [];
    await client.callUnary(made.getStatus.bind(made), {}, { timeoutMs }).catch((error) => errors.push(error));
    try {
      for await (const _ of client.readStream(made.watchEvents({}))) t.fail();
    } catch (error) {
      errors.push(error);
    }
    made.close();
    return (errors as XnetError[]).map(({ code, message, problems, hint }) => ({ code, message, problems, hint }));
  });
  const { code, message, problems, hint } = next;
  t.deepEqual(outcome, [
    { code, message, problems, hint },
    { code, message, problems, hint },
  ]);
});

test('streams of messages of any size arrive whole and in order; a reader that stops ends its stream', async (t) => {
  const sizes = [0, 1, 4, 5, 16_379, 16_384, 70_000, 3, 250_000, ...Array.from({ length: 2_000 }, (_, n) => n % 700)];
  let aborted = 0;
  const { endpoint } = await serve(t, {
    WatchEvents: serverStream(async (_request, call, signal) => {
      signal.addEventListener('abort', () => {
        aborted += 1;
      });
      for (const size of sizes) {
        const event = { message: 'é'.repeat(size) };
        if (!call.write(event as never)) await new Promise((resolve) => call.once('drain', resolve));
      }
    }),
    GetStatus: unary(async () => ({ controllerName: 'c'.repeat(1_000_000) }) as never),
  });
  for (const client of clients) {
    const made = client.make(endpoint);
    const seen: number[] = [];
    for await (const event of client.readStream(made.watchEvents({}))) {
      seen.push((event as { readonly message: string }).message.length);
      // The server has to wait for a slow reader.
      if (seen.length % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    t.deepEqual(seen, sizes, client.name);
    const before = aborted;
    let first = 0;
    for await (const _ of client.readStream(made.watchEvents({}))) {
      first += 1;
      if (first === 3) break;
    }
    t.is(first, 3);
    while (aborted === before) await new Promise((resolve) => setImmediate(resolve));
    t.true(isReady(made), client.name);
    made.close();
  }
});

test('a deadline, a cancelled call, and servers that can’t be reached', async (t) => {
  const folder = folderOf(t);
  const { endpoint } = await serve(t, {
    GetStatus: unary(() => new Promise(() => undefined)),
    ListPools: unary(async () => ({})),
  });
  const late = await ofBoth(t, async (client) => {
    const made = client.make(endpoint);
    // Connected, so that the request is sent.
    await client.callUnary(made.listPools.bind(made), {}, { timeoutMs });
    const call = client.callUnary(made.getStatus.bind(made), {}, { timeoutMs: 1_000 });
    const ending = await call.then(
      () => undefined,
      (error) => endingOf(client, endpoint, error),
    );
    made.close();
    return { code: ending?.code, text: ending?.text, sent: ending?.sent };
  });
  t.is(late.code, 'DeadlineExceeded');
  t.true(late.sent);
  for (const aborting of ['before', 'during'] as const) {
    const cancelled = await ofBoth(t, async (client) => {
      const made = client.make(endpoint);
      const stop = new AbortController();
      if (aborting === 'before') stop.abort();
      else setTimeout(() => stop.abort(), 50);
      const call = client.callUnary(made.getStatus.bind(made), {}, { timeoutMs, signal: stop.signal });
      const ending = await call.then(
        () => undefined,
        (error) => endingOf(client, endpoint, error),
      );
      made.close();
      return ending?.code;
    });
    t.is(cancelled, 'Cancelled');
  }
  const unused = createServer();
  await new Promise<void>((resolve) => unused.listen(0, '127.0.0.1', resolve));
  const { port } = unused.address() as { readonly port: number };
  await new Promise((resolve) => unused.close(resolve));
  const { credentialsFor } = await makeTestAuthority();
  const credentials = await credentialsFor('operator', 'alice');
  const missing = await ofBoth(t, (client) => failed(client, { kind: 'unix', path: join(folder, 'no.sock') }));
  t.deepEqual([missing.code, missing.text, missing.sent], ['Unavailable', 'no such socket', false]);
  const refused = await ofBoth(t, (client) =>
    failed(client, { kind: 'tcp', host: '127.0.0.1', port }, { credentials }),
  );
  t.deepEqual([refused.code, refused.text, refused.sent], ['Unavailable', 'connection refused', false]);
  // Several addresses, of which none answers; and a name that is none.
  const named = await ofBoth(t, (client) => failed(client, { kind: 'tcp', host: 'localhost', port }, { credentials }));
  t.deepEqual([named.code, named.text, named.sent], ['Unavailable', 'connection refused', false]);
  const nowhere = { kind: 'tcp', host: 'no-such-host.invalid', port } as const;
  const unknown = await ofBoth(t, (client) => failed(client, nowhere, { credentials }));
  t.deepEqual([unknown.code, unknown.text, unknown.sent], ['Unavailable', 'no such host', false]);
});

test('certificates: both ends prove who they are, and who can’t is told in the same words', async (t) => {
  const [authority, other] = [await makeTestAuthority(), await makeTestAuthority()];
  const implementation = { GetStatus: unary(async () => ({})) };
  const tls = new ServerTls(authority.server, 'certificates');
  const { endpoint } = await serve(t, implementation, { kind: 'tcp', host: '127.0.0.1', port: 0 }, tls);
  const alice = await authority.credentialsFor('operator', 'alice');
  const stranger = await other.credentialsFor('operator', 'alice');
  const { own: _own, ...without } = alice;
  const ending = (credentials: Credentials, withinMs = timeoutMs) =>
    ofBoth(t, (client) => failed(client, endpoint, { credentials, withinMs }));
  t.is((await ending(alice)).code, 'OK');
  t.regex((await ending(stranger)).text, /not certified by the authority/);
  t.regex((await ending({ ...alice, clusterId: 'elsewhere' })).text, /controller of another cluster/);
  // A refused client learns it after its handshake, by an alert or by the connection's end: only the words are ours.
  for (const client of clients) {
    for (const credentials of [without, { ...stranger, authority: alice.authority }]) {
      const { code, text, sent } = await failed(client, endpoint, { credentials });
      t.deepEqual([code, sent], ['Unavailable', false], client.name);
      t.regex(text, /client certificate may have expired or be of another authority/, client.name);
    }
  }
  t.throws(() => clients[1]?.make(endpoint), { message: /no certificate/ });
});
