// A real xnetd on a real kernel, killed before it wrote its cache.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test from 'ava';
import { assignment, BadHost, route, snapshotAt, version } from '../support/bad-host.js';
import { isRoot } from '../support/linux-route-host.js';
import { until } from '../support/until.js';

if (!isRoot('a cache and a real kernel')) test.skip('an older cache: needs root', (t) => t.pass());
else {
  test('a daemon whose cache is older than the kernel changes no route before a controller has answered', async (t) => {
    const host = await BadHost.make(t);
    const { bad, dir, namespace } = host;
    const cache = join(dir, 'state', 'cache.json');
    let ended = host.start();
    await bad.until('the node watches', () => bad.said.length > 0);
    bad.say({ assignment });
    bad.say(snapshotAt(10));
    await bad.until('the table is applied', () => bad.reports.at(-1)?.applied?.revision === 10);
    await until('it is cached', async () => existsSync(cache));
    host.stop();
    await ended;
    const older = readFileSync(cache);
    // A peer moves and another joins; the daemon is killed before it has written that.
    const moved = [route('10.76.1.0/24', '192.168.83.22'), route('10.76.2.0/24', '192.168.83.13', 'web-3')];
    const delta = { fromRevision: 10, to: version(11), upserts: moved, removals: [], unresolved: [] };
    const bookmark = { bookmark: { version: version(10) } };
    bad.greet = [{ assignment }, bookmark];
    ended = host.start();
    await bad.until('the next one watches', () => bad.said.length > 1);
    bad.say({ delta });
    await bad.until('the change is applied', () => bad.reports.at(-1)?.applied?.revision === 11);
    process.kill(host.pid, 'SIGKILL');
    await ended;
    writeFileSync(cache, older);

    const [enter, ...rest] = namespace.enter;
    const monitor = spawn(enter, [...rest, 'ip', '-4', 'monitor', 'route', 'nexthop'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.teardown(() => monitor.kill());
    const seen: string[] = [];
    createInterface({ input: monitor.stdout }).on('line', (line) => {
      if (/10\.76\.|192\.168\.83\./.test(line)) seen.push(line);
    });
    const peers = () => namespace.runSync(['nft', 'list', 'set', 'ip', 'xnet', 'peers24']);
    const heard = bad.reports.length;
    bad.greet = [];
    void host.start();
    await bad.until('the third one watches', () => bad.said.length > 2);
    // Deleted routes are repaired meanwhile, from what the kernel had.
    namespace.runSync(['ip', 'route', 'delete', '10.76.1.0/24']);
    await until('the route is back', async () => /^10\.76\.1\.0\/24/m.test(namespace.runSync(['ip', 'route'])));
    namespace.runSync(['nft', 'delete', 'element', 'ip', 'xnet', 'peers24', '{ 10.76.1.0 }']);
    await until('the element is back', async () => peers().includes('10.76.1.0'));
    t.true(peers().includes('10.76.2.0'), 'a peer that the cache does not have stays admitted');
    t.regex(namespace.runSync(['ip', 'nexthop']), /via 192\.168\.83\.22 .*via 192\.168\.83\.13 /s);
    t.false(
      bad.reports.slice(heard).some(({ applied }) => applied !== null),
      'nothing is reported as applied',
    );

    // This controller has an older table than the one before: what it says counts.
    bad.say(bookmark);
    await bad.until('its table is applied', () => bad.reports.slice(heard).some(({ applied }) => applied !== null));
    t.notRegex(namespace.runSync(['ip', 'nexthop']), /83\.(22|13) /);
    t.false(peers().includes('10.76.2.0'));
    await until('the monitor has told', async () => seen.some((line) => line.startsWith('Deleted 10.76.2.0/24')));
    const told = seen.findIndex((line) => line.includes('via 192.168.83.12 '));
    t.deepEqual(
      seen.slice(0, told).map((line) => line.split(' ').slice(0, 2)),
      [
        ['Deleted', '10.76.1.0/24'],
        ['10.76.1.0/24', 'nhid'],
      ],
    );
  });
}
