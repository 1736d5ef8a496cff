// Files are replaced whole or not at all, and only if they are what they were when they were read.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { readForReplace, removeFile, replaceFile } from '../../../../node/docker/bip/compare-and-replace.js';
import {
  discardTemporary,
  removeOwnFile,
  temporaryOf,
  writeAtomically,
  writeNow,
  writeOwnFile,
} from '../../../../proto/process/atomic-file.js';
import { exec } from '../../../../proto/process/exec.js';
import { makeFolder, makeFolderSync } from '../../../../proto/process/folder.js';

const largest = 1000;
const next = Buffer.from('next');

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'xnet-file-'));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('folders are made with their parents; a failure is reported, and nothing hangs', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'xnet-folder-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  await makeFolder(join(dir, 'a', 'b', 'c'), 0o700);
  makeFolderSync(join(dir, 'a', 'd', 'e'), 0o700);
  await makeFolder(join(dir, 'a', 'b', 'c'));
  makeFolderSync(join(dir, 'a', 'b', 'c'));
  for (const made of ['a/b/c', 'a/d/e']) t.is(statSync(join(dir, made)).mode & 0o777, 0o700);
  await t.throwsAsync(makeFolder('/proc/nope/deep'), { code: 'ENOENT' });
  t.throws(() => makeFolderSync('/proc/nope'), { code: 'ENOENT' });
  // As a user sees it.
  const main = fileURLToPath(new URL('../../../../controller/main.js', import.meta.url));
  const args = [main, '--data-dir', '/proc/nope'];
  const ended = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 180_000 });
  t.is(ended.status, 4, `${ended.signal}`);
  t.regex(ended.stderr, /can't make the folder \/proc\/nope.*--data-dir/s);
});

test('a file is replaced with its mode, through symlinks, and nothing is left beside it', (t) =>
  inFolder(async (folder) => {
    mkdirSync(join(folder, 'real'), { mode: 0o755 });
    const target = join(folder, 'real/file');
    writeFileSync(target, 'first');
    chmodSync(target, 0o604);
    symlinkSync('real/file', join(folder, 'middle'));
    symlinkSync(join(folder, 'middle'), join(folder, 'link'));
    const seen = await readForReplace(join(folder, 'link'), largest);
    t.is(seen.target, target);
    t.is(String(seen.bytes), 'first');
    await replaceFile(seen, next, { mode: 0o644, exec });
    t.is(readFileSync(target, 'utf8'), 'next');
    t.is(statSync(target).mode & 0o7777, 0o604);
    t.is(readlinkSync(join(folder, 'middle')), 'real/file');
    t.deepEqual(readdirSync(join(folder, 'real')), ['file']);
    // Without cp, too.
    await replaceFile(await readForReplace(target, largest), Buffer.from('third'), { mode: 0o644 });
    t.is(statSync(target).mode & 0o7777, 0o604);
    t.is(readFileSync(target, 'utf8'), 'third');
  }));

test('a file is written with its mode, whatever the umask; a symlink in its place is replaced, not followed', (t) =>
  inFolder(async (folder) => {
    const path = join(folder, 'state');
    const elsewhere = join(folder, 'elsewhere');
    writeFileSync(elsewhere, 'kept');
    symlinkSync(elsewhere, path);
    await writeAtomically(path, next, { mode: 0o666, flush: false });
    t.is(readFileSync(path, 'utf8'), 'next');
    t.is(statSync(path).mode & 0o777, 0o666);
    t.is(readFileSync(elsewhere, 'utf8'), 'kept');
    t.deepEqual(readdirSync(folder).sort(), ['elsewhere', 'state']);
    // At once, over what a crash or somebody else left: a link is not followed.
    symlinkSync(elsewhere, temporaryOf(path));
    writeNow(path, Buffer.from('now'), 0o606);
    t.is(readFileSync(path, 'utf8'), 'now');
    t.is(statSync(path).mode & 0o777, 0o606);
    t.is(readFileSync(elsewhere, 'utf8'), 'kept');
    mkdirSync(join(folder, 'folder'));
    t.throws(() => writeNow(join(folder, 'folder'), next, 0o600), { code: 'EISDIR' });
    t.deepEqual(readdirSync(folder).sort(), ['elsewhere', 'folder', 'state']);
  }));

test('a file that is created replaces none, not even a dangling symlink', (t) =>
  inFolder(async (folder) => {
    const path = join(folder, 'key');
    await writeAtomically(path, next, { place: 'create' });
    t.is(readFileSync(path, 'utf8'), 'next');
    await t.throwsAsync(writeAtomically(path, Buffer.from('other'), { place: 'create' }), { code: 'EEXIST' });
    t.is(readFileSync(path, 'utf8'), 'next');
    symlinkSync('nowhere', join(folder, 'link'));
    await t.throwsAsync(writeAtomically(join(folder, 'link'), next, { place: 'create' }), { code: 'EEXIST' });
    t.deepEqual(readdirSync(folder).sort(), ['key', 'link']);
  }));

test('a file that was not there is made, with its folder', (t) =>
  inFolder(async (folder) => {
    const path = join(folder, 'new/file');
    await replaceFile(await readForReplace(path, largest), next, { mode: 0o640 });
    t.is(readFileSync(path, 'utf8'), 'next');
    t.is(statSync(path).mode & 0o7777, 0o640);
    t.is(statSync(path).nlink, 1);
    const seen = await readForReplace(path, largest);
    if (seen.bytes === undefined) throw new Error('not there');
    await removeFile(seen);
    t.false(existsSync(path));
  }));

test('N15 a concurrent change wins, however it was written', (t) =>
  inFolder(async (folder) => {
    const path = join(folder, 'file');
    const hands: Readonly<Record<string, () => void>> = {
      'in place': () => writeFileSync(path, 'theirs'),
      'same length and times': () => {
        const { atime, mtime } = statSync(path);
        writeFileSync(path, 'FIRST');
        utimesSync(path, atime, mtime);
      },
      'by rename': () => {
        writeFileSync(join(folder, 'other'), 'first');
        execFileSync('mv', [join(folder, 'other'), path]);
      },
      'mode alone': () => chmodSync(path, 0o600),
      removed: () => unlinkSync(path),
    };
    for (const [name, hand] of Object.entries(hands)) {
      writeFileSync(path, 'first');
      const seen = await readForReplace(path, largest);
      const reached = (step: string) => (step === 'temporary-written' ? hand() : undefined);
      await t.throwsAsync(replaceFile(seen, next, { mode: 0o644, reached }), { code: 'Conflict' }, name);
      t.false(existsSync(temporaryOf(path)), name);
      t.not(existsSync(path) ? readFileSync(path, 'utf8') : '', 'next', name);
      rmSync(path, { force: true });
    }
    const absent = await readForReplace(path, largest);
    const reached = (step: string) => (step === 'temporary-written' ? writeFileSync(path, 'theirs') : undefined);
    await t.throwsAsync(replaceFile(absent, next, { mode: 0o644, reached }), { code: 'Conflict' });
    t.is(readFileSync(path, 'utf8'), 'theirs');
    const seen = await readForReplace(path, largest);
    writeFileSync(path, 'theirs again');
    if (seen.bytes === undefined) throw new Error('not there');
    await t.throwsAsync(removeFile(seen), { code: 'Conflict' });
  }));

test('anything but a regular file is refused, without blocking', (t) =>
  inFolder(async (folder) => {
    execFileSync('mkfifo', [join(folder, 'fifo')]);
    mkdirSync(join(folder, 'folder'));
    symlinkSync('nowhere', join(folder, 'dangling'));
    symlinkSync('loop', join(folder, 'loop'));
    writeFileSync(join(folder, 'large'), 'x'.repeat(largest + 1));
    writeFileSync(join(folder, 'file'), '');
    const failed = { code: 'FailedPrecondition' };
    for (const name of ['fifo', 'folder', 'loop', 'large', 'file/below']) {
      await t.throwsAsync(readForReplace(join(folder, name), largest), failed, name);
    }
    await t.throwsAsync(readForReplace(join(folder, 'dangling'), largest), {
      ...failed,
      message: /symlink to nowhere/,
    });
    t.is((await readForReplace(join(folder, 'absent'), largest)).bytes, undefined);
    // Anybody could put another file in its place.
    mkdirSync(join(folder, 'open'));
    chmodSync(join(folder, 'open'), 0o777);
    const open = await readForReplace(join(folder, 'open/file'), largest);
    await t.throwsAsync(replaceFile(open, next, { mode: 0o644 }), { ...failed, message: /every user can write/ });
    t.deepEqual(readdirSync(join(folder, 'open')), []);
  }));

test('a file with several names is neither replaced nor removed: the others would keep the old content', (t) =>
  inFolder(async (folder) => {
    const [file, other] = [join(folder, 'daemon.json'), join(folder, 'daemon.json.of-puppet')];
    writeFileSync(file, 'before');
    linkSync(file, other);
    const seen = await readForReplace(file, largest);
    if (seen.bytes === undefined) throw new Error('it is there');
    const says = { code: 'FailedPrecondition', message: /has 2 names \(hard links\)/ };
    await t.throwsAsync(replaceFile(seen, next, { mode: 0o644 }), says);
    await t.throwsAsync(removeFile(seen), says);
    t.is(readFileSync(file, 'utf8'), 'before');
    t.is(statSync(file).ino, statSync(other).ino);
    t.deepEqual(readdirSync(folder).sort(), ['daemon.json', 'daemon.json.of-puppet']);
    unlinkSync(other);
    await replaceFile(await readForReplace(file, largest), next, { mode: 0o644 });
    t.is(readFileSync(file, 'utf8'), 'next');
    // Killed between the two steps of making a file, it has the name of its temporary, too.
    linkSync(file, temporaryOf(file));
    await t.throwsAsync(replaceFile(await readForReplace(file, largest), Buffer.from('last'), { mode: 0o644 }), {
      code: 'Conflict',
    });
    await replaceFile(await readForReplace(file, largest), Buffer.from('last'), { mode: 0o644 });
    t.is(readFileSync(file, 'utf8'), 'last');
  }));

test('a temporary file left by a crash is adopted or discarded, and a link is never followed', (t) =>
  inFolder(async (folder) => {
    const path = join(folder, 'file');
    writeFileSync(path, 'first');
    writeFileSync(join(folder, 'victim'), 'untouched');
    symlinkSync('victim', temporaryOf(path));
    await replaceFile(await readForReplace(path, largest), next, { mode: 0o644 });
    t.is(readFileSync(path, 'utf8'), 'next');
    linkSync(join(folder, 'victim'), temporaryOf(path));
    await writeOwnFile(path, Buffer.from('own'));
    t.is(readFileSync(path, 'utf8'), 'own');
    t.is(readFileSync(join(folder, 'victim'), 'utf8'), 'untouched');
    writeFileSync(temporaryOf(path), 'half');
    await discardTemporary(path);
    await discardTemporary(path);
    t.deepEqual(readdirSync(folder).sort(), ['file', 'victim']);
  }));

test('N2 readers see the old or the new content, always whole', (t) =>
  inFolder(async (folder) => {
    const path = join(folder, 'state/file');
    const contents = ['a'.repeat(100_000), 'b'.repeat(200_000)];
    await writeOwnFile(path, Buffer.from(contents[0] ?? ''));
    t.is(statSync(path).mode & 0o7777, 0o600);
    t.is(statSync(join(folder, 'state')).mode & 0o7777, 0o700);
    let writing = true;
    let seen = 0;
    const reader = (async () => {
      while (writing) {
        t.true(contents.includes(readFileSync(path, 'utf8')));
        seen += 1;
        await new Promise(setImmediate);
      }
    })();
    for (let round = 0; round < 20; round += 1) await writeOwnFile(path, Buffer.from(contents[round % 2] ?? ''));
    writing = false;
    await reader;
    t.true(seen > 0);
    writeFileSync(temporaryOf(path), 'half');
    await removeOwnFile(path);
    await removeOwnFile(path);
    t.deepEqual(readdirSync(join(folder, 'state')), []);
    writeFileSync(temporaryOf(path), 'half');
    await removeOwnFile(path);
    t.deepEqual(readdirSync(join(folder, 'state')), []);
  }));
