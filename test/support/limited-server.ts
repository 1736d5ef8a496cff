// Servers with the limits of a controller, and clients that ignore limits.

import { mkdtempSync, rmSync } from 'node:fs';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import type { ExecutionContext } from 'ava';
import type { AdminServiceHandlers } from '../../proto/gen/xnet/v1/AdminService.js';
import { callUnary, makeClient } from '../../proto/rpc/channel.js';
import { services } from '../../proto/rpc/definitions.js';
import { serverLimits } from '../../proto/rpc/limits.js';
import { serverStream, startServer, unary } from '../../proto/rpc/server.js';
import { patientMs } from './until.js';

/** serve starts a server whose streams stay open, and a client that is connected before the test begins. */
export async function serve(t: ExecutionContext) {
  const dir = mkdtempSync(join(tmpdir(), 'xnet-limits-'));
  const path = join(dir, 'api.sock');
  const open = { now: 0, most: 0, unary: 0 };
  const server = await startServer({
    endpoints: [{ kind: 'unix', path }],
    bindings: [
      {
        definition: services.admin.service,
        implementation: {
          GetStatus: unary(async () => {
            open.unary += 1;
            return {};
          }),
          AddNode: unary(async () => {
            open.unary += 1;
            return {};
          }),
          WatchEvents: serverStream(async (_request, _call, signal) => {
            open.now += 1;
            open.most = Math.max(open.most, open.now);
            await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
            open.now -= 1;
          }),
        } as unknown as AdminServiceHandlers,
      },
    ],
  });
  const client = makeClient(services.admin, { kind: 'unix', path });
  const stream = client.watchEvents({});
  const ended: unknown[] = [];
  stream.on('error', (error) => ended.push(error));
  stream.on('end', () => ended.push('end'));
  const works = async () => {
    await callUnary(client.getStatus.bind(client), {}, { timeoutMs: patientMs });
    t.deepEqual(ended, []);
  };
  await works();
  t.teardown(async () => {
    stream.cancel();
    client.close();
    await server.close(100);
    rmSync(dir, { recursive: true });
  });
  return { path, open, works };
}

export function rawSession(path: string): Promise<ClientHttp2Session> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2('http://localhost', { createConnection: () => connect(path) });
    session.once('error', reject);
    // Waits until the server has announced how many streams it accepts.
    session.once('remoteSettings', () => {
      session.on('error', () => undefined);
      resolve(session);
    });
  });
}

/** A server of xnet with shorter times, which grpc-js reads at construction. */
export async function limited(t: ExecutionContext, options: grpc.ServerOptions, add: (server: grpc.Server) => void) {
  const dir = mkdtempSync(join(tmpdir(), 'xnet-limits-'));
  const path = join(dir, 'api.sock');
  const server = new grpc.Server({ ...serverLimits, ...options });
  add(server);
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${path}`, grpc.ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    );
  });
  t.teardown(() => {
    server.forceShutdown();
    rmSync(dir, { recursive: true });
  });
  return path;
}
