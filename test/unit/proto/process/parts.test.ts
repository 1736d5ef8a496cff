import test from 'ava';
import { XnetError } from '../../../../proto/errors.js';
import { aborted, runParts } from '../../../../proto/process/parts.js';

const options = { graceMs: 60_000 };

test('parts run until they are stopped', async (t) => {
  const stop = new AbortController();
  const ended: string[] = [];
  const part = (name: string) => async (signal: AbortSignal) => {
    await aborted(signal);
    ended.push(name);
  };
  const running = runParts({ routes: part('routes'), docker: part('docker') }, stop.signal, options);
  t.deepEqual(ended, []);
  stop.abort();
  await running;
  t.deepEqual(ended, ['routes', 'docker']);
});

test('the first part that fails ends the others, and its error is thrown', async (t) => {
  const ended: string[] = [];
  const failures: string[] = [];
  const parts = {
    routes: async (signal: AbortSignal) => {
      await aborted(signal);
      ended.push('routes');
      throw new Error('a consequence');
    },
    docker: () => Promise.reject(new TypeError('x is undefined')),
  };
  const error = await t.throwsAsync(
    runParts(parts, new AbortController().signal, { ...options, onFailure: (part) => failures.push(part) }),
    { instanceOf: XnetError, message: 'docker failed: x is undefined' },
  );
  t.regex(String(error?.cause), /x is undefined/);
  t.deepEqual([ended, failures], [['routes'], ['docker']]);
});

test('a part that ends by itself has failed, and one that does not end is not waited for', async (t) => {
  const parts = { hangs: () => new Promise<void>(() => undefined), short: async () => undefined };
  const running = runParts(parts, new AbortController().signal, { graceMs: 1 });
  await t.throwsAsync(running, { message: 'short failed: it ended by itself' });
});

test('errors that an operator can fix are thrown unchanged', async (t) => {
  const parts = {
    view: () => Promise.reject(new XnetError('Corrupt', 'store.json is damaged', { hint: 'restore it' })),
  };
  const error = await t.throwsAsync(runParts(parts, new AbortController().signal, options), { instanceOf: XnetError });
  t.deepEqual([error?.code, error?.hint], ['Corrupt', 'restore it']);
});
