// The compiled code that the bundle of xnetd starts with.
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
  // With these settings a daemon needs no identity: it would run, and never end.
  const env = { ...process.env, XNETD_CONTROLLER: `unix:${folder}/controller.sock`, XNETD_NODE: 'web-1' };
  const make = () => run(process.execPath, [program, '--make-compile-cache'], { env, timeout: 60_000 });
  const made = await make();
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

  // What is not loaded would not be in it.
  rmSync(path);
  writeFileSync(bundle, text.replace('{', '{throw new Error("broken");'), 'latin1');
  t.regex((await t.throwsAsync(make))?.message ?? '', /Error: broken/);
  t.false(existsSync(path));
});
