// What a host that has left has removed of its files, beside a join at the same time and after processes that were killed.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { lockState } from '../../../../node/host/lock.js';
import { readIdentity, writeIdentity } from '../../../../node/identity/folder.js';
import { removeLeftOvers, removeOwnFiles } from '../../../../node/leave/own-files.js';
import { XnetError } from '../../../../proto/errors.js';
import { whole } from '../../../support/identity-values.js';

const { signal } = new AbortController();

function folderOf(t: ExecutionContext): string {
  const stateDir = mkdtempSync(join(tmpdir(), 'xnet-leaving-'));
  t.teardown(() => rmSync(stateDir, { recursive: true }));
  return stateDir;
}

// The last two are of processes that run: the first writes now, the second has the id of one that was killed long ago.
function leaveHalves(stateDir: string): void {
  const ofSecret = (pid: number) => `.joining.key.${pid}-0a`;
  const others = ['.cache.json', '.cache.changes', '.docker.json', '.lan.json', '.daemon-settings.json', '.leaving'];
  for (const name of [...others, '.daemon.json.set-aside', ofSecret(4_194_304), ofSecret(process.pid), ofSecret(1)]) {
    writeFileSync(join(stateDir, `${name}.xnet-new`), '{');
  }
  utimesSync(join(stateDir, `${ofSecret(1)}.xnet-new`), 1, 1);
  for (const name of ['joining.key', 'cache.json.unreadable', 'daemon.json.set-aside']) {
    writeFileSync(join(stateDir, name), '');
  }
  mkdirSync(join(stateDir, 'identity.making'));
  writeFileSync(join(stateDir, 'identity.making', 'key.pem'), '');
}

// What an operator may need, the locks, and what is being written.
const staying = [`.joining.key.${process.pid}-0a.xnet-new`, 'daemon.json.set-aside', 'identity.lock'];

test('nothing of a host that has left stays, nor of processes that were killed', async (t) => {
  const stateDir = folderOf(t);
  await writeIdentity(stateDir, whole);
  for (const name of ['cache.json', 'cache.changes', 'daemon-settings.json']) writeFileSync(join(stateDir, name), '{}');
  leaveHalves(stateDir);
  await removeOwnFiles(stateDir, whole.nodeId, signal);
  t.deepEqual(readdirSync(stateDir).sort(), staying);
  await removeOwnFiles(stateDir, whole.nodeId, signal);
  t.deepEqual(readdirSync(stateDir).sort(), staying);
});

test('nothing of a join that was killed stays; one that is under way is not disturbed', async (t) => {
  const stateDir = folderOf(t);
  leaveHalves(stateDir);
  const before = readdirSync(stateDir);
  const joining = lockState(stateDir, 'identity.lock');
  await removeLeftOvers(stateDir);
  t.deepEqual(readdirSync(stateDir).sort(), [...before, 'identity.lock'].sort());
  joining?.release();
  await removeLeftOvers(stateDir);
  t.deepEqual(readdirSync(stateDir).sort(), staying);
  await writeIdentity(stateDir, whole);
  await removeLeftOvers(stateDir);
  t.not(await readIdentity(stateDir), undefined, 'a host that has joined meanwhile');
});

test('an identity is removed when a join beside it has ended, and stays if it is that of another node', async (t) => {
  const stateDir = folderOf(t);
  await writeIdentity(stateDir, whole);
  const joining = lockState(stateDir, 'identity.lock');
  let isDone = false;
  const removing = removeOwnFiles(stateDir, 'n-0', signal).then(() => {
    isDone = true;
  });
  await new Promise(setImmediate);
  t.false(isDone);
  joining?.release();
  await removing;
  t.is((await readIdentity(stateDir))?.nodeId, whole.nodeId);
  const again = lockState(stateDir, 'identity.lock');
  const stop = new AbortController();
  const waiting = removeOwnFiles(stateDir, whole.nodeId, stop.signal);
  stop.abort(new XnetError('Cancelled', 'interrupted'));
  await t.throwsAsync(waiting, { code: 'Cancelled' });
  again?.release();
  t.not(await readIdentity(stateDir), undefined);
});
