// A process that has closed its client ends, although the other end of the connection has become silent and never closes it:
// the client of the bundles as grpc-js. A daemon that has left the fleet would otherwise stay until TCP gives up.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { aborted } from '../../proto/process/parts.js';
import { serverStream, unary } from '../../proto/rpc/server.js';
import { folderOf, serve } from '../support/client-scenes.js';
import { patientMs } from '../support/until.js';

const program = fileURLToPath(new URL('../support/client-alone.js', import.meta.url));

// Passes bytes on in both directions until it is silent; then it takes none, and answers no end.
async function relayTo(t: ExecutionContext, target: string) {
  const sockets = new Set<Socket>();
  let isSilent = false;
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ path: target, allowHalfOpen: true });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('error', () => undefined);
      one.on('data', (piece) => isSilent || other.write(piece));
    }
  });
  const path = join(folderOf(t), 'relay.sock');
  server.listen(path);
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const silence = () => {
    isSilent = true;
    for (const socket of sockets) socket.pause();
  };
  return { path, silence };
}

for (const [scene, ending] of Object.entries({
  'a call whose deadline passes': 'DeadlineExceeded',
  'a stream that is cancelled': 'ended',
  'a stream that is cancelled after the client was closed': 'ended',
  'a stream that ends because no ping is answered': 'ended',
})) {
  for (const name of ['grpc-js', 'bundled']) {
    test(`a process ends whose connection is silent, ${name}: ${scene}`, async (t) => {
      const { endpoint } = await serve(t, {
        GetStatus: unary(async () => ({})),
        WatchEvents: serverStream(async (_request, call, signal) => {
          call.write({ message: 'one' });
          await aborted(signal);
        }),
      });
      if (endpoint.kind !== 'unix') return t.fail();
      const relay = await relayTo(t, endpoint.path);
      const child = fork(program, [name, relay.path, scene]);
      t.teardown(() => child.kill('SIGKILL'));
      const exited = once(child, 'exit');
      const [wish] = (await once(child, 'message')) as [string];
      t.is(wish, 'silence');
      relay.silence();
      child.send('silent');
      const [said] = (await once(child, 'message')) as [string];
      t.is(said, ending);
      const late = AbortSignal.timeout(patientMs);
      t.not(await Promise.race([exited, aborted(late)]), undefined, 'it does not end');
      t.is(child.exitCode, 0);
    });
  }
}
