// What a host that has left has removed of its files, beside a join at the same time and after processes that were killed.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { lockState } from '../../../../node/host/lock.js';
import { readIdentity, writeIdentity } from '../../../../node/identity/folder.js';
import { isLeaving, type LeaveOptions, leave } from '../../../../node/leave/leave.js';
import { removeLeftOvers, removeOwnFiles } from '../../../../node/leave/own-files.js';
import { whole } from '../../../support/identity-values.js';

function folderOf(t: ExecutionContext): string {
  const stateDir = mkdtempSync(join(tmpdir(), 'xnet-leaving-'));
  t.teardown(() => rmSync(stateDir, { recursive: true }));
  return stateDir;
}

function leaveHalves(stateDir: string): void {
  const others = ['.cache.json', '.cache.changes', '.docker.json', '.lan.json', '.daemon-settings.json', '.leaving'];
  // The second process has the id of one that was killed.
  const ofSecrets = [4_194_304, process.pid].map((pid) => `.joining.key.${pid}-0a`);
  for (const name of [...others, '.daemon.json.set-aside', ...ofSecrets]) {
    writeFileSync(join(stateDir, `${name}.xnet-new`), '{');
  }
  for (const name of ['joining.key', 'cache.json.unreadable', 'daemon-settings.json', 'daemon.json.set-aside']) {
    writeFileSync(join(stateDir, name), '');
  }
  mkdirSync(join(stateDir, 'identity.making'));
  writeFileSync(join(stateDir, 'identity.making', 'key.pem'), '');
  // Another program's.
  writeFileSync(join(stateDir, 'notes.txt'), '');
}

test('nothing of a host that has left stays, nor of processes that were killed', async (t) => {
  const stateDir = folderOf(t);
  await writeIdentity(stateDir, whole);
  for (const name of ['cache.json', 'cache.changes']) writeFileSync(join(stateDir, name), '{}');
  leaveHalves(stateDir);
  // One that can't be removed prevents nothing.
  mkdirSync(join(stateDir, '.odd.xnet-new'));
  for (let time = 1; time <= 2; time += 1) {
    await removeOwnFiles(stateDir);
    t.deepEqual(readdirSync(stateDir).sort(), ['.odd.xnet-new', 'daemon.json.set-aside', 'notes.txt']);
  }
});

test('nothing of a join that was killed stays; one that is under way is not disturbed', async (t) => {
  const stateDir = folderOf(t);
  leaveHalves(stateDir);
  const before = readdirSync(stateDir);
  const joining = lockState(stateDir, 'identity.lock');
  t.false(await removeLeftOvers(stateDir));
  t.deepEqual(readdirSync(stateDir).sort(), [...before, 'identity.lock'].sort());
  joining?.release();
  t.true(await removeLeftOvers(stateDir));
  const names = [
    'cache.json.unreadable',
    'daemon-settings.json',
    'daemon.json.set-aside',
    'identity.lock',
    'notes.txt',
  ];
  t.deepEqual(readdirSync(stateDir).sort(), names);
  t.false(await removeLeftOvers(stateDir));
  await writeIdentity(stateDir, whole);
  t.false(await removeLeftOvers(stateDir));
  t.not(await readIdentity(stateDir), undefined, 'a host that has joined meanwhile');
});

test('a leave is refused while a join is under way, and when the host is another node after it', async (t) => {
  const stateDir = folderOf(t);
  await writeIdentity(stateDir, whole);
  const joining = lockState(stateDir, 'identity.lock');
  const options = {
    stateDir,
    member: { node: 'web-0', controllers: [], identity: { ...whole, nodeId: 'n-0' } },
    localOnly: true,
  } as unknown as LeaveOptions;
  const { signal } = new AbortController();
  await t.throwsAsync(leave(options, signal), { code: 'Unavailable', message: /xnetd join is under way/ });
  const stop = new AbortController();
  const waiting = leave(options, stop.signal);
  stop.abort();
  await t.throwsAsync(waiting, { code: 'Cancelled' });
  const second = leave(options, signal);
  joining?.release();
  await t.throwsAsync(second, { code: 'FailedPrecondition', message: /has joined as .* meanwhile/ });
  t.false(await isLeaving(stateDir));
  t.is((await readIdentity(stateDir))?.nodeId, whole.nodeId);
});
