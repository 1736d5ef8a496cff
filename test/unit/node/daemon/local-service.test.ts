// The daemon's answers to `xnetd leave`, over a real unix socket.
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { askToLeave } from '../../../../node/commands/ask-daemon.js';
import { type Leave, startLocalService } from '../../../../node/daemon/local-service.js';
import { XnetError } from '../../../../proto/errors.js';

const asked = { force: true, localOnly: false };

function socketIn(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'xnet-local-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'run', 'xnetd.sock');
}

async function served(t: ExecutionContext, leave: Leave): Promise<string> {
  const path = socketIn(t);
  const service = await startLocalService(path, leave);
  t.teardown(() => service.close(0));
  return path;
}

test('the client receives each step, and whether a lease was known', async (t) => {
  const path = await served(t, async (options, onStep) => {
    t.deepEqual(options, asked);
    onStep('firewall');
    onStep('routes\n{"done":true}');
    return false;
  });
  t.is(statSync(path).mode & 0o777, 0o660);
  t.deepEqual(readdirSync(join(path, '..')), ['xnetd.sock']);
  const steps: string[] = [];
  t.false(await askToLeave(path, asked, (step) => steps.push(step)));
  t.deepEqual(steps, ['firewall', 'routes\n{"done":true}']);
});

test('the client receives an error as it was thrown', async (t) => {
  const fence = { reason: 'removed', clusterId: 'c-1', epoch: 1, revision: 7 } as const;
  const raised = new XnetError('Fenced', 'removed', { problems: ['a', 'b'], hint: 'xnetd join', fence });
  const errors = [raised, new XnetError('FailedPrecondition', 'containers run'), new Error('not ours')];
  const path = await served(t, async () => {
    throw errors[0];
  });
  for (const error of [...errors]) {
    const got = await t.throwsAsync(
      askToLeave(path, asked, () => undefined),
      { instanceOf: XnetError },
    );
    t.is(got.code, error instanceof XnetError ? error.code : 'Internal');
    t.is(got.message, error.message);
    if (error instanceof XnetError) {
      t.deepEqual([got.problems, got.hint, got.fence], [error.problems, error.hint, error.fence]);
    }
    errors.shift();
  }
});

test('a daemon that ends in the middle, or answers in another format, is an error', async (t) => {
  const path = socketIn(t);
  const service = await startLocalService(path, (_options, onStep) => {
    onStep('firewall');
    return new Promise(() => undefined);
  });
  let closed: Promise<void> | undefined;
  const leaving = askToLeave(path, asked, () => {
    closed = service.close(0);
  });
  const ended = await t.throwsAsync(leaving, { instanceOf: XnetError });
  await closed;
  t.is(ended.code, 'Unavailable');
  t.regex(ended.message, /ended before it was done/);
  const gone = await t.throwsAsync(
    askToLeave(path, asked, () => undefined),
    { instanceOf: XnetError },
  );
  t.is(gone.code, 'Unavailable');
  for (const said of ['', 'HTTP/1.1 404 no\r\n\r\n', 'HTTP/1.1 200 OK\r\n\r\n{"done":1}\n']) {
    const other = createServer((socket) => socket.resume().end(said));
    await new Promise<void>((resolve) => other.listen(path, resolve));
    const wrong = await t.throwsAsync(
      askToLeave(path, asked, () => undefined),
      { instanceOf: XnetError },
    );
    t.is(wrong.code, 'Unavailable');
    await new Promise((resolve) => other.close(resolve));
  }
});

test('an invalid request has no effect, and a second service on one socket is refused', async (t) => {
  const path = await served(t, async () => {
    t.fail();
    return true;
  });
  const wrong = { force: 'yes', localOnly: false } as unknown as typeof asked;
  const refused = await t.throwsAsync(
    askToLeave(path, wrong, () => undefined),
    { instanceOf: XnetError },
  );
  t.is(refused.code, 'InvalidArgument');
  await t.throwsAsync(
    startLocalService(path, async () => true),
    { message: /another process already listens on/ },
  );
});
