// What programs do when their output can't be written, shown by the installed ones.
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';

type Ended = { readonly code: number | null; readonly stderr: string };

const at = (path: string) => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));

// `stdout` is a descriptor, of /dev/full for example, whose writes fail as those on a full disk do. 'closed': a pipe that
// nobody reads.
function run(args: readonly string[], stdout: number | 'closed', program = process.execPath): Promise<Ended> {
  const child = spawn(program, args, { stdio: ['ignore', stdout === 'closed' ? 'pipe' : stdout, 'pipe'] });
  child.stdout?.destroy();
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('utf8');
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stderr })));
}

async function runOnFullDisk(...args: readonly string[]): Promise<Ended> {
  const full = openSync('/dev/full', 'w');
  try {
    return await run(args, full);
  } finally {
    closeSync(full);
  }
}

test('output that can’t be written is an error, and a reader that stops early is none', async (t) => {
  const [xctl, xnetd] = [at('cli/main.js'), at('node/main.js')];
  const lost = "can't write the output: the disk is full (ENOSPC)\n";
  t.deepEqual(await runOnFullDisk(xctl, 'completion', 'bash'), { code: 1, stderr: `xctl: ${lost}` });
  t.deepEqual(await runOnFullDisk(xnetd, 'preflight', '--help'), { code: 1, stderr: `xnetd: ${lost}` });
  for (const program of [xctl, xnetd]) t.deepEqual(await run([program, '--help'], 'closed'), { code: 0, stderr: '' });
});

test('output of which only a part can be written is an error', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'xnet-output-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = openSync(join(folder, 'help'), 'w');
  // As on a disk that becomes full, the first write takes a part, and the second one fails.
  const limited = 'ulimit -f 1; exec "$@"';
  const words = ['-c', limited, 'sh', process.execPath, at('cli/main.js'), '--help'];
  const { code, stderr } = await run(words, file, 'sh');
  closeSync(file);
  t.true(statSync(join(folder, 'help')).size > 0);
  t.is(code, 1, stderr);
  t.regex(stderr, /^xctl: can't write the output: .*EFBIG/);
});

test('a log that can’t be written ends no program', async (t) => {
  const program = `const { makeLog } = await import(${JSON.stringify(at('proto/process/log.js'))});
    const log = makeLog('test', 'info');
    for (let line = 0; line < 3; line += 1) log.info('lost');
    log.fatal('lost');
    process.stderr.write('still there');`;
  const ended = await runOnFullDisk('--input-type=module', '-e', program);
  t.deepEqual(ended, { code: 0, stderr: 'still there' });
});
