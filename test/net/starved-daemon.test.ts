// A real xnetd on a real kernel, without free file descriptors.
import { join } from 'node:path';
import test from 'ava';
import { readCache } from '../../node/table/cache.js';
import { exec } from '../../proto/process/exec.js';
import { assignment, BadHost, snapshotAt } from '../support/bad-host.js';
import { isRoot } from '../support/linux-route-host.js';
import { until } from '../support/until.js';

if (isRoot('a daemon that is short of file descriptors')) {
  test('N27 a daemon without a free file descriptor continues, and completes its work when it has one', async (t) => {
    const host = await BadHost.make(t);
    const { bad, namespace } = host;
    const ended = host.start();
    await bad.until('the node watches', () => bad.said.length > 0);
    bad.say({ assignment });
    bad.say(snapshotAt(10));
    await bad.until('the good table is applied', () => bad.reports.at(-1)?.routes?.installed === 1);
    const tables = () => namespace.runSync(['nft', 'list', 'tables']);
    await until('the rules are there', async () => tables().includes('xnet'));
    const limit = async (descriptors: number) => {
      const { code, stderr } = await exec(['prlimit', `--pid=${host.pid}`, `--nofile=${descriptors}:`]);
      t.is(code, 0, stderr);
    };
    // Makes every lane take a turn at once.
    const reload = () => process.kill(host.pid, 'SIGHUP');
    const route = () => namespace.runSync(['ip', '-4', 'route', 'show', '10.76.1.0/24']);
    const state = join(host.dir, 'state');
    const whole = route();
    const streams = bad.said.length;

    // What is open stays open, and nothing else can be opened.
    await limit(3);
    namespace.runSync(['ip', 'route', 'delete', '10.76.1.0/24']);
    namespace.runSync(['nft', 'delete', 'table', 'ip', 'xnet']);
    reload();
    await bad.until('it is told', () => /EMFILE/.test(bad.condition('Docker')?.message ?? ''));
    bad.say(snapshotAt(11));

    await limit(1_024);
    reload();
    await bad.until('all is well again', () => bad.reports.at(-1)?.applied?.revision === 11);
    await until('the route is back', async () => route() === whole);
    await bad.until('the firewall as well', () => bad.condition('Firewall')?.ok === true);
    await until('it is cached', async () => (await readCache(state))?.table?.version.revision === 11);
    t.regex(tables(), /xnet/);
    t.notRegex(host.output, /nft is not installed|MaxListeners/);
    t.is(bad.said.length, streams, 'one stream, all the time');
    host.stop();
    t.is(await ended, 0);
  });
}
