// The compiled code that the bundle of xnetd starts with.
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { repositoryRoot } from '../../deploy/lab/paths.js';
import { version } from '../../proto/process/version.js';

const run = promisify(execFile);

test('xnetd uses compiled code only if it is whole and of this bundle, and runs without it', async (t) => {
  const dist = join(repositoryRoot(), 'dist');
  // Inside of dist, where its native modules are found.
  const folder = mkdtempSync(join(dist, 'compile-cache-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  for (const file of ['package.json', 'xnetd.js', 'xnetd.bundle.js'])
    cpSync(join(dist, 'bin', file), join(folder, file));
  const program = join(folder, 'xnetd.js');
  const says = async () => {
    const env = { ...process.env, NODE_DEBUG: 'xnetd' };
    const { stdout, stderr } = await run(process.execPath, [program, '--version'], { env });
    t.is(stdout, `${version}\n`);
    return /compile cache: (.*)/.exec(stderr)?.[1];
  };
  t.is(await says(), 'not used');
  const made = await run(process.execPath, [program, '--make-compile-cache']);
  t.deepEqual([made.stdout, made.stderr], ['', '']);
  const name = `xnetd.${process.version}-${process.arch}.cache`;
  t.deepEqual(readdirSync(folder).sort(), ['package.json', 'xnetd.bundle.js', 'xnetd.js', name].sort());
  t.is(await says(), 'used');

  const path = join(folder, name);
  const whole = readFileSync(path);
  const torn = [Buffer.alloc(0), whole.subarray(0, 20), whole.subarray(0, whole.length / 2)];
  const changed = Buffer.from(whole);
  const middle = Math.floor(changed.length / 2);
  changed.writeUInt8(changed.readUInt8(middle) ^ 1, middle);
  for (const bytes of [...torn, changed]) {
    writeFileSync(path, bytes);
    t.is(await says(), 'not used', `${bytes.length} bytes`);
  }
  writeFileSync(path, whole);
  t.is(await says(), 'used');
  // V8 itself would take it: it compares the lengths of the sources.
  const bundle = join(folder, 'xnetd.bundle.js');
  const text = readFileSync(bundle, 'latin1');
  writeFileSync(bundle, text.replace('show what is desired', 'show what is DESIRED'), 'latin1');
  t.is(await says(), 'not used', 'of another bundle');
});
