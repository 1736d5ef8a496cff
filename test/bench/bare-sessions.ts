// The memory of a bare HTTP/2 server with mutual TLS, per session with one open stream: the least that node:http2 needs for
// a connected node. As a program, it runs the server (`serve`) or the clients (`connect PORT`).
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type ClientHttp2Session, connect, createSecureServer } from 'node:http2';
import { connect as connectTls, createSecureContext } from 'node:tls';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { controllerHost } from '../../proto/pki/identity.js';
import { serverLimits } from '../../proto/rpc/limits.js';
import type { ServerIdentity } from '../../proto/rpc/server-tls.js';
import type { Credentials } from '../../proto/rpc/tls.js';
import { makeTestAuthority } from '../support/test-authority.js';
import { settledKiB } from './process-usage.js';
import { slopeOf } from './statistics.js';

const program = fileURLToPath(import.meta.url);
const minVersion = 'TLSv1.3' as const;
const atOnce = 16;

/** Asked is what the benchmark tells the two processes, one after the other. */
type Asked =
  | { readonly ask: 'serve'; readonly identity: ServerIdentity }
  | { readonly ask: 'become'; readonly credentials: Credentials }
  | { readonly ask: 'connect'; readonly count: number };

async function askOne(child: ChildProcess, asked: Asked): Promise<unknown> {
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('a bare process has ended')));
  child.send(asked);
  const [answer] = (await Promise.race([once(child, 'message'), ended])) as unknown[];
  return answer;
}

/**
 * bareSessionKiB returns the resident memory of such a server per session, in KiB, from the difference between these numbers
 * of sessions, and its memory with each of them.
 */
export async function bareSessionKiB(
  counts: readonly number[],
  settleMs: number,
): Promise<{ readonly perSession: number; readonly memory: readonly (readonly [number, number])[] }> {
  const { server: identity, credentialsFor } = await makeTestAuthority();
  const start = (...args: readonly string[]) => fork(program, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const server = start('serve');
  const port = await askOne(server, { ask: 'serve', identity });
  const clients = start('connect', String(port));
  try {
    await askOne(clients, { ask: 'become', credentials: await credentialsFor('node', 'n-1') });
    const memory: [number, number][] = [[0, await settledKiB(server.pid ?? 0, settleMs)]];
    for (const count of counts) {
      const [have] = memory.at(-1) ?? [0];
      await askOne(clients, { ask: 'connect', count: count - have });
      memory.push([count, await settledKiB(server.pid ?? 0, settleMs)]);
    }
    return { perSession: slopeOf(memory), memory };
  } finally {
    for (const child of [clients, server]) child.kill('SIGKILL');
  }
}

function serve({ chain, key, authority }: ServerIdentity): void {
  const server = createSecureServer({
    ...{ cert: chain.join('\n'), key, ca: [...authority], minVersion, requestCert: true, rejectUnauthorized: true },
    settings: { maxConcurrentStreams: Number(serverLimits['grpc.max_concurrent_streams']) },
  });
  server.on('stream', (stream) => {
    stream.respond({ ':status': 200 });
    stream.write('.');
  });
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    process.send?.(typeof address === 'object' ? address?.port : 0);
  });
}

// Never released: they are to stay open.
async function open(sessions: ClientHttp2Session[], socket: ReturnType<typeof connectTls>): Promise<void> {
  await once(socket, 'secureConnect');
  const session = connect('https://bare', { createConnection: () => socket });
  sessions.push(session);
  const stream = session.request({ ':path': '/', ':method': 'POST' });
  await once(stream, 'data');
}

function connecting(port: number): void {
  const sessions: ClientHttp2Session[] = [];
  let become: (() => ReturnType<typeof connectTls>) | undefined;
  process.on('message', async (asked: Asked) => {
    if (asked.ask === 'become') {
      const { clusterId, authority, own } = asked.credentials;
      const keys = own === undefined ? {} : { cert: own.certificate, key: own.key };
      const secureContext = createSecureContext({ ca: [...authority], minVersion, ...keys });
      const servername = controllerHost(clusterId);
      become = () => connectTls({ host: '127.0.0.1', port, secureContext, servername, ALPNProtocols: ['h2'] });
    } else if (asked.ask === 'connect') {
      let left = asked.count;
      const worker = async () => {
        while (left > 0 && become !== undefined) {
          left -= 1;
          await open(sessions, become());
        }
      };
      await Promise.all(Array.from({ length: atOnce }, worker));
    }
    process.send?.('done');
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [, , role, port] = process.argv;
  if (role === 'connect') connecting(Number(port));
  else process.once('message', (asked: Asked) => asked.ask === 'serve' && serve(asked.identity));
  process.on('disconnect', () => process.exit());
}
