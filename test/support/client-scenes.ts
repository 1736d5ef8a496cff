// Scenes for both clients: servers to call, and what is learned of a call that fails.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttp2, type ServerHttp2Stream } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, connectivityState } from '@grpc/grpc-js';
import type { ExecutionContext } from 'ava';
import type { AdminServiceHandlers } from '../../proto/gen/xnet/v1/AdminService.js';
import { services } from '../../proto/rpc/definitions.js';
import type { Endpoint } from '../../proto/rpc/endpoint.js';
import { type RpcServer, startServer } from '../../proto/rpc/server.js';
import type { ServerTls } from '../../proto/rpc/server-tls.js';
import type { Credentials } from '../../proto/rpc/tls.js';
import { type ClientUnderTest, clientsUnderTest } from './bundled-client.js';
import { patientMs } from './until.js';

export const clients = await clientsUnderTest();
export const timeoutMs = patientMs;

export const isReady = (client: Client) => client.getChannel().getConnectivityState(false) === connectivityState.READY;

export function folderOf(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'xnet-client-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export async function serve(t: ExecutionContext, implementation: object, endpoint?: Endpoint, tls?: ServerTls) {
  const at = endpoint ?? { kind: 'unix', path: join(folderOf(t), 'api.sock') };
  const definition = services.admin.service;
  const server: RpcServer = await startServer({
    endpoints: [at],
    bindings: [{ definition, implementation: implementation as AdminServiceHandlers }],
    ...(tls === undefined ? {} : { tls }),
  });
  let isOpen = true;
  const close = async () => {
    if (isOpen) await server.close(100);
    isOpen = false;
  };
  t.teardown(close);
  const [bound] = server.endpoints;
  if (bound === undefined) throw new Error('it does not listen');
  return { endpoint: bound, close };
}

type Ending = { readonly code: string; readonly message: string; readonly text: string; readonly sent: boolean };

// What people, and the programs, learn of a failed call. Times, and ports of a run, are left out.
export function endingOf({ failureOf }: ClientUnderTest, endpoint: Endpoint, thrown: unknown): Ending {
  const { error, text, sent } = failureOf(endpoint, thrown);
  const timeless = (words: string) =>
    words
      .replace(/\d+\.\d{3}s.*/, 'TIME')
      .replace(/ \(\d{4}-\d\d-\S+Z\)/, '')
      .replace(/Last error: Error( \[\w+\])?: /, 'Last error: ');
  return { code: error.code, message: timeless(error.message), text: timeless(text), sent };
}

export async function failed(
  client: ClientUnderTest,
  endpoint: Endpoint,
  { credentials, withinMs = timeoutMs }: { readonly credentials?: Credentials; readonly withinMs?: number } = {},
): Promise<Ending> {
  const made = client.make(endpoint, credentials);
  try {
    await client.callUnary(made.getStatus.bind(made), {}, { timeoutMs: withinMs });
    return { code: 'OK', message: '', text: '', sent: true };
  } catch (error) {
    return endingOf(client, endpoint, error);
  } finally {
    made.close();
  }
}

// What both say, which is to be the same, and which the test looks at then.
export async function ofBoth<T>(
  t: ExecutionContext,
  scene: (client: ClientUnderTest) => Promise<T>,
  title = '',
): Promise<T> {
  const outcomes: T[] = [];
  for (const client of clients) outcomes.push(await scene(client));
  const [one, other] = outcomes;
  if (one === undefined) throw new Error('no client');
  t.deepEqual(other, one, title);
  return one;
}

export async function rawServer(t: ExecutionContext, onStream: (stream: ServerHttp2Stream) => void): Promise<Endpoint> {
  const path = join(folderOf(t), 'raw.sock');
  const server = createHttp2();
  server.on('stream', (stream) => {
    stream.on('error', () => undefined);
    onStream(stream);
  });
  server.on('sessionError', () => undefined);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.teardown(() => server.close());
  return { kind: 'unix', path };
}
