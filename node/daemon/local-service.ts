// The daemon's answers to commands on the same host; see local-protocol.ts.
// Invariant: only this host can ask (a unix socket with mode 0660), and the client receives an error as it was thrown.
import { rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import * as v from 'valibot';
import { messageOf, XnetError } from '../../proto/errors.js';
import { placeSocket } from '../../proto/process/unix-socket.js';
import { aliveMs, errorLine, type LocalProgress, leaveAskedSchema, leavePath } from './local-protocol.js';

/** Leave takes the host out of the fleet and reports each step. It returns whether a lease was known, and so has ended. */
export type Leave = (
  options: { readonly force: boolean; readonly localOnly: boolean },
  onStep: (step: string) => void,
) => Promise<boolean>;

const longestRequest = 1024;

async function askedIn(request: IncomingMessage): Promise<v.InferOutput<typeof leaveAskedSchema>> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += String(chunk);
    if (text.length > longestRequest) throw new XnetError('InvalidArgument', 'the request is too long');
  }
  try {
    return v.parse(leaveAskedSchema, JSON.parse(text));
  } catch (error) {
    throw new XnetError('InvalidArgument', `the request can't be read: ${messageOf(error)}`, { cause: error });
  }
}

async function answer(leave: Leave, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // A caller that has gone does not end the leave.
  response.on('error', () => undefined);
  if (request.url !== leavePath || request.method !== 'POST') {
    response.writeHead(404).end();
    return;
  }
  const tell = (progress: LocalProgress) => response.write(`${JSON.stringify(progress)}\n`);
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  const alive = setInterval(() => tell({ alive: true }), aliveMs).unref();
  try {
    const asked = await askedIn(request);
    const leaseKnown = await leave(asked, (step) => tell({ step }));
    tell({ done: true, leaseKnown });
  } catch (error) {
    tell(errorLine(error));
  } finally {
    clearInterval(alive);
    response.end();
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    // Stays: an accept that fails later, for lack of file descriptors, must not end the daemon.
    server.on('error', (error) => {
      reject(new XnetError('FailedPrecondition', `can't listen on ${path}: ${error.message}`, { cause: error }));
    });
    server.listen(path, resolve);
  });
}

/** LocalService is the running service. */
export type LocalService = {
  /** close ends it; answers that have not ended after `graceMs` milliseconds are cut off. */
  close(graceMs: number): Promise<void>;
};

/**
 * startLocalService serves commands on a unix socket.
 * @throws XnetError FailedPrecondition when the socket can't be listened on
 */
export async function startLocalService(path: string, leave: Leave): Promise<LocalService> {
  // Only its own check, every 30 s, is rarer: an idle daemon sleeps.
  const server = createServer({ connectionsCheckingInterval: 600_000 }, (request, response) => {
    void answer(leave, request, response);
  });
  await placeSocket(path, (inside) => listen(server, inside));
  return {
    close: async (graceMs) => {
      await new Promise<void>((resolve) => {
        const force = setTimeout(() => server.closeAllConnections(), graceMs);
        server.close(() => {
          clearTimeout(force);
          resolve();
        });
        server.closeIdleConnections();
      });
      await rm(path, { force: true });
    },
  };
}
