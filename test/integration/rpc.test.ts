// The factories for servers and for channels: errors survive the transport, probes and grpcurl work.
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import * as protoLoader from '@grpc/proto-loader';
import test, { type ExecutionContext } from 'ava';
import { type ErrorCode, exitCodeOf, XnetError } from '../../proto/errors.js';
import type { AdminServiceHandlers } from '../../proto/gen/xnet/v1/AdminService.js';
import { callUnary, makeClient, readStream } from '../../proto/rpc/channel.js';
import { services } from '../../proto/rpc/definitions.js';
import { checkEndpoint, formatEndpoint } from '../../proto/rpc/endpoint.js';
import { serverStream, startServer, unary } from '../../proto/rpc/server.js';
import { ServerTls } from '../../proto/rpc/server-tls.js';
import { makeTestAuthority } from '../support/test-authority.js';

const require = createRequire(import.meta.url);

async function serve(t: ExecutionContext, implementation: Partial<AdminServiceHandlers>) {
  const dir = mkdtempSync(join(tmpdir(), 'xnet-rpc-'));
  const path = join(dir, 'api.sock');
  const server = await startServer({
    endpoints: [{ kind: 'unix', path }],
    bindings: [
      { definition: services.admin.service, implementation: implementation as AdminServiceHandlers },
      { definition: services.node.service, implementation: {} },
    ],
  });
  const client = makeClient(services.admin, { kind: 'unix', path });
  t.teardown(async () => {
    client.close();
    await server.close(100);
    rmSync(dir, { recursive: true });
  });
  return { server, client, path };
}

test('the problems of a request are readable by any gRPC client, in google.rpc.Status', async (t) => {
  const problems = ['address: 10.0.0.300 is not an address', 'it is Tuesday'];
  const { path } = await serve(t, {
    GetStatus: unary(async () => {
      throw new XnetError('InvalidArgument', 'two problems', { problems, hint: 'type another' });
    }),
  });
  const client = new services.admin(`unix:${path}`, grpc.credentials.createInsecure());
  const error = await new Promise<grpc.ServiceError | null>((resolve) => {
    client.getStatus({}, new grpc.Metadata(), { deadline: Date.now() + 30_000 }, (answered) => resolve(answered));
  });
  client.close();
  const [bytes] = error?.metadata.get('grpc-status-details-bin') ?? [];
  if (!Buffer.isBuffer(bytes)) return t.fail();
  // The messages as any client has them: googleapis, google/rpc/status.proto and error_details.proto.
  const file = join(dirname(path), 'rpc.proto');
  writeFileSync(
    file,
    `syntax = "proto3";
    package google.rpc;
    import "google/protobuf/any.proto";
    message Status { int32 code = 1; string message = 2; repeated google.protobuf.Any details = 3; }
    message ErrorInfo { string reason = 1; string domain = 2; map<string, string> metadata = 3; }
    message BadRequest {
      message FieldViolation { string field = 1; string description = 2; }
      repeated FieldViolation field_violations = 1;
    }`,
  );
  const definitions = protoLoader.loadSync(file, { keepCase: true, bytes: Buffer });
  const read = (type: string, from: Buffer) => {
    const definition = definitions[`google.rpc.${type}`] as protoLoader.MessageTypeDefinition<object, object>;
    return definition.deserialize(from) as Record<string, unknown>;
  };
  const { code, message, details } = read('Status', bytes);
  t.deepEqual([code, message], [grpc.status.INVALID_ARGUMENT, 'two problems']);
  const anys = details as { readonly type_url: string; readonly value: Buffer }[];
  t.deepEqual(
    anys.map(({ type_url: url }) => url),
    ['type.googleapis.com/google.rpc.ErrorInfo', 'type.googleapis.com/google.rpc.BadRequest'],
  );
  const [info, request] = anys;
  t.deepEqual(read('ErrorInfo', info?.value ?? Buffer.alloc(0)), {
    reason: 'INVALID_ARGUMENT',
    domain: 'xnet',
    metadata: { hint: 'type another' },
  });
  t.deepEqual(read('BadRequest', request?.value ?? Buffer.alloc(0)), {
    field_violations: [
      { field: 'address', description: '10.0.0.300 is not an address' },
      { field: '', description: 'it is Tuesday' },
    ],
  });
});

test('an observer of calls gets the final error code, also where gRPC has one code for two', async (t) => {
  const outcomes: string[] = [];
  const codes: ErrorCode[] = ['PoolExhausted', 'ResourceExhausted', 'Fenced'];
  const dir = mkdtempSync(join(tmpdir(), 'xnet-rpc-'));
  const path = join(dir, 'api.sock');
  const server = await startServer({
    endpoints: [{ kind: 'unix', path }],
    bindings: [
      {
        definition: services.admin.service,
        implementation: {
          AddNode: unary(async ({ name }: { readonly name: ErrorCode }) => {
            throw new XnetError(name, 'no');
          }),
        } as unknown as AdminServiceHandlers,
      },
    ],
    observer: {
      before: () => undefined,
      around: (_call, run) => run(),
      ended: (_call, { outcome }) => {
        outcomes.push(outcome);
        return undefined;
      },
    },
  });
  const client = makeClient(services.admin, { kind: 'unix', path });
  for (const name of codes) {
    await t.throwsAsync(callUnary(client.addNode.bind(client), { name }, { timeoutMs: 60_000 }));
  }
  client.close();
  await server.close(100);
  rmSync(dir, { recursive: true });
  t.deepEqual(outcomes, codes);
});

test('an error survives encoding and decoding', async (t) => {
  const codes: readonly ErrorCode[] = [
    ...(['InvalidArgument', 'NotFound', 'AlreadyExists', 'FailedPrecondition', 'PoolExhausted', 'Conflict'] as const),
    ...([
      'Fenced',
      'ResourceExhausted',
      'Unavailable',
      'DeadlineExceeded',
      'PermissionDenied',
      'Corrupt',
      'Internal',
    ] as const),
  ];
  let next: XnetError | Error = new Error();
  const { client } = await serve(t, {
    GetStatus: unary(async () => {
      throw next;
    }),
    WatchEvents: serverStream(async () => {
      throw next;
    }),
  });
  const options = { timeoutMs: 60_000 };
  for (const code of codes) {
    next = new XnetError(code, `what happened – ${code} ÄÖ`, { problems: ['one', 'zwei ☃'], hint: 'do this' });
    const errors = [
      await t.throwsAsync(callUnary(client.getStatus.bind(client), {}, options)),
      await t.throwsAsync(async () => {
        for await (const _ of readStream(client.watchEvents({}))) t.fail();
      }),
    ];
    for (const error of errors) {
      if (!(error instanceof XnetError)) return t.fail();
      t.deepEqual(
        [error.code, error.message, error.problems, error.hint],
        [code, next.message, ['one', 'zwei ☃'], 'do this'],
      );
    }
    t.true(exitCodeOf(code) > 0);
  }
  next = new TypeError('a bug');
  const bug = await t.throwsAsync(callUnary(client.getStatus.bind(client), {}, options));
  t.true(bug instanceof XnetError && bug.code === 'Internal');
});

test('a deadline, a cancelled call and a missing server have distinct errors', async (t) => {
  const { client } = await serve(t, { GetStatus: unary(() => new Promise(() => undefined)) });
  const call = client.getStatus.bind(client);
  const late = await t.throwsAsync(callUnary(call, {}, { timeoutMs: 50 }));
  t.true(late instanceof XnetError && late.code === 'DeadlineExceeded');
  const cancelled = await t.throwsAsync(callUnary(call, {}, { timeoutMs: 60_000, signal: AbortSignal.abort() }));
  t.true(cancelled instanceof XnetError && cancelled.code === 'Cancelled');
  const nobody = makeClient(services.admin, { kind: 'unix', path: '/nonexistent/api.sock' });
  const gone = await t.throwsAsync(callUnary(nobody.getStatus.bind(nobody), {}, { timeoutMs: 60_000 }));
  t.true(gone instanceof XnetError && gone.code === 'Unavailable');
  nobody.close();
});

test('a socket is open to its owner and group; an abandoned socket is replaced, one in use is not', async (t) => {
  const { path } = await serve(t, {});
  t.is(statSync(path).mode & 0o777, 0o660);
  await t.throwsAsync(startServer({ endpoints: [{ kind: 'unix', path }], bindings: [] }), {
    message: /another process already listens/,
  });
  const dir = mkdtempSync(join(tmpdir(), 'xnet-rpc-'));
  const stale = join(dir, 's.sock');
  writeFileSync(stale, '');
  const server = await startServer({ endpoints: [{ kind: 'unix', path: stale }], bindings: [] });
  await server.close(100);
  rmSync(dir, { recursive: true });
  const tls = new ServerTls((await makeTestAuthority()).server, 'strangers');
  const taken = await startServer({ endpoints: [{ kind: 'tcp', host: '127.0.0.1', port: 0 }], bindings: [], tls });
  const [endpoint] = taken.endpoints;
  if (endpoint === undefined) return t.fail();
  const again = startServer({ endpoints: [endpoint], bindings: [], tls });
  await t.throwsAsync(again, { message: /can't listen on 127\.0\.0\.1/ });
  await taken.close(100);
  await t.throwsAsync(startServer({ endpoints: [endpoint], bindings: [] }), { message: /TCP is for TLS/ });
});

function load<T>(path: string, include: string): T {
  const loaded: unknown = grpc.loadPackageDefinition(
    protoLoader.loadSync(path, { includeDirs: [include], keepCase: true, enums: String, defaults: true, oneofs: true }),
  );
  return loaded as T;
}

type Clients = Record<string, new (address: string, credentials: grpc.ChannelCredentials) => grpc.Client>;

test('standard probes learn when the service is up', async (t) => {
  const { server, path } = await serve(t, {});
  const folder = join(dirname(require.resolve('grpc-health-check/package.json')), 'proto');
  const health = load<{ grpc: { health: { v1: Clients } } }>('health/v1/health.proto', folder);
  const { Health } = health.grpc.health.v1;
  if (Health === undefined) return t.fail();
  const client = new Health(`unix:${path}`, grpc.credentials.createInsecure());
  const check = (service: string) =>
    new Promise<unknown>((resolve, reject) => {
      const method = Reflect.get(client, 'check') as (
        request: object,
        done: grpc.requestCallback<{ status: string }>,
      ) => void;
      method.call(client, { service }, (error, answer) => (error === null ? resolve(answer?.status) : reject(error)));
    });
  t.is(await check(''), 'NOT_SERVING');
  server.health.set(true);
  t.is(await check(''), 'SERVING');
  t.is(await check('xnet.v1.AdminService'), 'SERVING');
  client.close();
});

type Reflected = { readonly grpc: { readonly reflection: Readonly<Record<string, Clients>> } };

test('reflection describes every service, so that grpcurl needs no .proto files', async (t) => {
  const { path } = await serve(t, {});
  const folder = join(dirname(require.resolve('@grpc/reflection/package.json')), 'build/proto');
  for (const version of ['v1', 'v1alpha']) {
    const { reflection } = load<Reflected>(`grpc/reflection/${version}/reflection.proto`, folder).grpc;
    const ServerReflection = reflection[version]?.['ServerReflection'];
    if (ServerReflection === undefined) return t.fail();
    const client = new ServerReflection(`unix:${path}`, grpc.credentials.createInsecure());
    const open = Reflect.get(client, 'ServerReflectionInfo') as () => grpc.ClientDuplexStream<
      object,
      Record<string, unknown>
    >;
    const stream = open.call(client);
    const answers: Record<string, unknown>[] = [];
    const ended = new Promise((resolve) => stream.on('end', resolve));
    stream.on('data', (answer) => answers.push(answer));
    stream.write({ list_services: '' });
    for (const symbol of ['AdminService', 'NodeService', 'Pool']) {
      stream.write({ file_containing_symbol: `xnet.v1.${symbol}` });
    }
    stream.write({ file_containing_symbol: 'xnet.v1.NoSuchService' });
    stream.end();
    await ended;
    const text = JSON.stringify(answers[0]);
    for (const name of ['xnet.v1.AdminService', 'xnet.v1.NodeService']) t.true(text.includes(name), text);
    t.deepEqual(
      answers.slice(1).map((answer) => answer['message_response']),
      ['file_descriptor_response', 'file_descriptor_response', 'file_descriptor_response', 'error_response'],
    );
    client.close();
  }
});

test('endpoints are parsed in every form that users write', (t) => {
  const read = (text: string) => {
    const checked = checkEndpoint(text);
    return 'value' in checked ? formatEndpoint(checked.value) : checked.problem;
  };
  t.is(read('192.168.83.2:7400'), '192.168.83.2:7400');
  t.is(read('ctl-1'), 'ctl-1:7400');
  t.is(read('unix:/run/x.sock'), 'unix:/run/x.sock');
  t.is(read('unix:///run/x.sock'), 'unix:/run/x.sock');
  for (const text of ['', 'unix:x.sock', 'a:0', 'a:65536', 'a b', 'http://a:1', 'a;b', `unix:/${'x'.repeat(108)}`]) {
    t.true('problem' in checkEndpoint(text), text);
  }
});
