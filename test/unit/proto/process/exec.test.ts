// Programs that the daemon runs: what became of each is told.
import test from 'ava';
import { XnetError } from '../../../../proto/errors.js';
import { exec, execThrough } from '../../../../proto/process/exec.js';

const codeOf = async (work: Promise<unknown>) => {
  try {
    await work;
    return 'none';
  } catch (error) {
    return error instanceof XnetError ? error.code : 'not ours';
  }
};

test('an exit code, a signal and what was printed are a result', async (t) => {
  t.deepEqual(await exec(['sh', '-c', 'cat; echo wrong >&2; exit 3'], { input: 'in' }), {
    code: 3,
    stdout: 'in',
    stderr: 'wrong\n',
  });
  t.is((await exec(['sh', '-c', 'kill -TERM $$'])).code, 128 + 15);
  t.is((await exec(['sh', '-c', 'kill -KILL $$'])).code, 128 + 9, 'by somebody else');
  t.is((await exec(['true'], { input: 'x'.repeat(1_000_000) })).code, 0, 'what does not read its input is no failure');
  t.is((await execThrough(['env', 'A=b'])(['sh', '-c', 'echo $A $LC_ALL'])).stdout, 'b C\n');
});

test('a missing, hanging or cancelled program is an error', async (t) => {
  t.is(await codeOf(exec(['/nonexistent/program'])), 'FailedPrecondition');
  t.is(await codeOf(exec(['sleep', '60'], { timeoutMs: 20 })), 'DeadlineExceeded');
  t.is(await codeOf(exec(['sleep', '60'], { signal: AbortSignal.timeout(20) })), 'Cancelled');
  t.is(await codeOf(exec(['sleep', '60'], { signal: AbortSignal.abort() })), 'Cancelled');
  t.is(await codeOf(exec(['head', '-c', '70000000', '/dev/zero'])), 'Internal');
});
