// A malicious controller and a real xnetd on a real kernel: the overlay may break, the host may not.
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { readCache } from '../../node/table/cache.js';
import { parsePrefix } from '../../proto/domain/address.js';
import type { Delta } from '../../proto/gen/xnet/v1/Delta.js';
import { exec } from '../../proto/process/exec.js';
import { assignment, BadHost, pool, range, route, snapshotAt, version } from '../support/bad-host.js';
import { isRoot } from '../support/linux-route-host.js';
import { until } from '../support/until.js';

if (!isRoot('a bad controller and a real host')) test.skip('a bad controller: needs root', (t) => t.pass());
else {
  test('a bad controller breaks the overlay, not the host', async (t) => {
    const host = await BadHost.make(t);
    const { bad, namespace } = host;
    const routes = () => namespace.runSync(['ip', '-4', 'route', 'show', 'table', 'all']);
    const before = routes()
      .split('\n')
      .filter((line) => line !== '');
    void host.start();
    await bad.until('the node watches', () => bad.said.length > 0);

    bad.say({ assignment });
    bad.say(snapshotAt(10));
    await bad.until('the good table is applied', () => bad.reports.at(-1)?.routes?.installed === 1);
    t.true(bad.condition('Controller')?.ok);
    await bad.until('the networks of a host without Docker are reported', () =>
      ['192.168.83.0/24 interface eth0', '10.50.0.0/16 interface eth1'].every((network) =>
        bad.reports.at(-1)?.hostNetworks.some(({ cidr, source }) => `${cidr} ${source}` === network),
      ),
    );
    const peerRoute = () => namespace.runSync(['ip', '-4', 'route', 'show', '10.76.1.0/24']).trim();
    const whole = peerRoute();
    namespace.ipBatch(['address add 10.76.1.129/25 dev eth1']);
    await bad.until('a network of its own is told', () => bad.condition('Routes')?.reason === 'OverlapsHost');
    t.is(peerRoute(), '');
    t.regex(bad.condition('Routes')?.message ?? '', /10\.76\.1\.0\/24 of web-2 overlaps 10\.76\.1\.128\/25 of eth1/);
    namespace.ipBatch(['address delete 10.76.1.129/25 dev eth1']);
    await bad.until('it has gone', () => bad.condition('Routes')?.ok === true);
    t.is(peerRoute(), whole);
    // The address is on no interface for a moment: no other interface is used instead.
    namespace.ipBatch(['address delete 192.168.83.11/24 dev eth0', 'route add default via 10.50.0.1']);
    await bad.until('the address is missed', () => bad.condition('Underlay')?.reason === 'AddressMissing');
    t.is(peerRoute(), whole);
    namespace.ipBatch(['address add 192.168.83.11/24 dev eth0', 'route replace default via 192.168.83.1']);
    await bad.until('it is back', () => bad.condition('Underlay')?.ok === true);

    // Everything that a controller must not be able to do, in one change and an assignment.
    const upserts = [
      route('0.0.0.0/0', '192.168.83.66'),
      route('0.0.0.0/1', '192.168.83.66'),
      route('8.8.8.0/24', '192.168.83.66'),
      route('192.168.83.0/24', '192.168.83.66'),
      route('192.168.83.1/32', '192.168.83.66'),
      route('10.50.3.0/24', '192.168.83.66'),
      route('10.76.2.0/25', '192.168.83.66'),
      route('10.76.0.0/16', '192.168.83.66'),
      route('10.76.1.0/24', '127.0.0.1'),
      route('10.76.3.0/24', '192.168.83.11'),
      route('10.76.4.0/24', '192.168.83.255'),
      route('10.76.5.0/24', '224.0.0.1'),
      route('10.76.6.0/24', '192.168.83.13', '\u001b[31mroot'),
      // One of them is valid.
      route('10.76.7.0/24', '192.168.83.17', 'web-7'),
    ];
    const pools = ['0.0.0.0/0', '8.8.8.0/24', '10.50.0.0/16', '192.168.0.0/16', '127.0.0.0/8', '10.77.0.0/16'];
    bad.say({
      delta: {
        fromRevision: 10,
        to: version(11),
        upserts,
        removals: [],
        unresolved: [],
        pools: { pools: [pool, ...pools.map((cidr) => ({ ...range(cidr), subnetLength: 24 }))] },
      },
    });
    await bad.until('the change is applied', () => bad.reports.at(-1)?.applied?.revision === 11);
    bad.say({ assignment: { ...assignment, subnet: '192.168.83.0/24', bridgeName: 'eth0', generation: 2 } });
    await bad.until('the refusal is reported', () => bad.condition('Controller')?.reason === 'AssignmentRefused');
    const condition = bad.condition('Controller');
    t.false(condition?.ok);
    t.regex(condition?.message ?? '', /5 pools from the controller not accepted/);
    t.regex(condition?.message ?? '', /13 routes from the controller not accepted/);
    await until('the log tells', async () => host.output.includes('"type":"Controller"'));

    const after = routes().split('\n');
    for (const line of before) t.true(after.includes(line), `gone: ${line}`);
    const more = after.filter((line) => line !== '' && !before.includes(line));
    t.deepEqual(
      more
        .filter((line) => /via|nhid|unreachable/.test(line))
        .map((line) => line.replace(/ (via|nhid|dev|proto) .*/, ''))
        .sort(),
      ['10.76.1.0/24', '10.76.7.0/24', 'unreachable 10.76.0.0/16', 'unreachable 10.77.0.0/16'],
    );
    t.regex(more.join('\n'), /10\.76\.1\.0\/24 .*via 192\.168\.83\.12/);
    for (const line of more) {
      const destination = parsePrefix(/(\d+\.){3}\d+\/\d+/.exec(line)?.[0] ?? '');
      t.true(destination !== undefined && destination.length >= 16, line);
    }
    t.false(namespace.runSync(['ip', '-4', 'address']).includes('10.76.'));

    // With the first table again, there are no problems.
    bad.say({ assignment });
    bad.say(snapshotAt(12));
    await bad.until('all is well again', () => bad.condition('Controller')?.ok === true);
    t.is(bad.reports.at(-1)?.routes?.installed, 1);

    // Many routes are withdrawn at once, and the store has no record that their leases ended.
    const many = [21, 22, 23, 24].map((index) => route(`10.76.${index}.0/24`, `192.168.83.${index}`, `web-${index}`));
    const nothing = { upserts: [], removals: [], unresolved: [] };
    bad.say({ delta: { ...nothing, fromRevision: 12, to: version(13), upserts: many } });
    await bad.until('more routes', () => bad.reports.at(-1)?.routes?.installed === 5);
    bad.say({ delta: { ...nothing, fromRevision: 13, to: version(14), removals: many } });
    await bad.until('the store is asked', () => bad.requests.at(-1)?.fresh === true);
    t.deepEqual(
      bad.requests.at(-1)?.heldRoutes.map(({ network }) => network),
      many.map(({ network }) => network),
    );
    const fresh = snapshotAt(15).snapshot ?? {};
    bad.say({ snapshot: { ...fresh, unexplained: many } });
    await bad.until('it is reported', () => bad.condition('Withdrawals')?.reason === 'WithdrawalUnexplained');
    const { count, revision, unexplained } = bad.reports.at(-1)?.held ?? {};
    t.deepEqual({ count, revision, unexplained }, { count: 4, revision: 15, unexplained: true });
    t.regex(bad.condition('Withdrawals')?.fix ?? '', /xctl routes approve/);
    const kept = () => many.filter((_, index) => routes().includes(`10.76.${21 + index}.0/24`)).length;
    bad.say({ assignment: { ...assignment, approved: version(14) } });
    bad.say({
      delta: { ...nothing, fromRevision: 15, to: version(16), upserts: [route('10.76.7.0/24', '192.168.83.17')] },
    });
    await bad.until('what follows is applied', () => bad.reports.at(-1)?.applied?.revision === 16);
    t.is(kept(), 4, 'an approval of before the withdrawal');
    bad.say({ assignment: { ...assignment, approved: version(15) } });
    await until('the approved routes are withdrawn', async () => kept() === 0);
    await bad.until('and nothing is held', () => bad.reports.at(-1)?.held === null);
  });

  test('R9 P10 a pool grows and shrinks under a running daemon; a new address of the host is reported', async (t) => {
    const host = await BadHost.make(t);
    const { bad, namespace } = host;
    void host.start([], ['--follow-address']);
    await bad.until('the node watches', () => bad.said.length > 0);
    bad.say({ assignment });
    bad.say(snapshotAt(10));
    await bad.until('the table is applied', () => bad.reports.at(-1)?.routes?.installed === 1);
    const guards = () =>
      namespace
        .runSync(['ip', '-4', 'route', 'show', 'type', 'unreachable'])
        .split('\n')
        .flatMap((line) => /^unreachable (\S+) /.exec(line)?.[1] ?? []);
    const rules = () => namespace.runSync(['nft', 'list', 'table', 'ip', 'xnet']);
    const change = (revision: number, cidr: string, more: Pick<Delta, 'upserts' | 'removals'>) => ({
      fromRevision: revision - 1,
      to: version(revision),
      unresolved: [],
      pools: { pools: [{ ...range(cidr), subnetLength: 24 }] },
      ...more,
    });
    t.deepEqual(guards(), ['10.76.0.0/16']);
    bad.say({
      delta: change(11, '10.76.0.0/15', { upserts: [route('10.77.5.0/24', '192.168.83.15', 'web-5')], removals: [] }),
    });
    await bad.until('the larger pool is applied', () => bad.reports.at(-1)?.applied?.revision === 11);
    t.deepEqual([bad.condition('Controller')?.ok, bad.reports.at(-1)?.routes?.installed], [true, 2]);
    t.deepEqual(guards(), ['10.76.0.0/15']);
    t.regex(namespace.runSync(['ip', '-4', 'route', 'show', '10.77.5.0/24']), /via 192\.168\.83\.15/);
    t.regex(rules(), /ip daddr 10\.76\.0\.0\/15 /);
    t.notRegex(rules(), /10\.76\.0\.0\/16/);
    bad.say({ delta: change(12, '10.76.0.0/17', { upserts: [], removals: [range('10.77.5.0/24')] }) });
    await bad.until('the smaller pool is applied', () => bad.reports.at(-1)?.applied?.revision === 12);
    t.deepEqual(guards(), ['10.76.0.0/17']);
    t.regex(rules(), /ip daddr 10\.76\.0\.0\/17 /);
    t.is(bad.reports.at(-1)?.routes?.installed, 1);

    // As after DHCP gave the host another address: an address of another interface does not count.
    namespace.ipBatch([
      'address add 192.168.84.11/24 dev eth1',
      'address delete 192.168.83.11/24 dev eth0',
      'address add 192.168.83.99/24 dev eth0',
    ]);
    await bad.until('the new address is reported', () => (bad.reports.at(-1)?.newAddress ?? '') !== '');
    t.is(bad.reports.at(-1)?.newAddress, '192.168.83.99');
    bad.say({ assignment: { ...assignment, address: '192.168.83.99' } });
    await bad.until('all is well', () => bad.condition('Underlay')?.ok === true);
    t.is(bad.reports.at(-1)?.newAddress, '');
    t.is(bad.reports.at(-1)?.routes?.installed, 1);
  });

  test('C5 a controller whose table is refused is retried at growing intervals', async (t) => {
    const host = await BadHost.make(t);
    const { bad } = host;
    void host.start();
    await bad.until('the node watches', () => bad.said.length > 0);
    bad.say({ assignment });
    bad.say(snapshotAt(10));
    await bad.until('the good table is applied', () => bad.reports.at(-1)?.routes?.installed === 1);
    // From here on each stream begins correctly, and continues with a table that is older than the previous one.
    bad.greet = [{ trust: { authority: [], spreadMs: 0 } }, { assignment }, snapshotAt(3)];
    const streams = bad.said.length;
    for (const message of bad.greet) bad.say(message);
    await bad.until('five more streams', () => bad.said.length >= streams + 5);
    const ended = () =>
      host.output
        .split('\n')
        .filter((line) => line.includes('watch: ended'))
        .map((line) => JSON.parse(line) as { attempt: number; reason: string });
    await until('the log tells of all of them', async () => ended().length >= 5);
    t.deepEqual(
      ended()
        .slice(0, 5)
        .map(({ attempt }) => attempt),
      [1, 2, 3, 4, 5],
    );
    t.regex(ended()[0]?.reason ?? '', /the controller's table is of revision 3, this host has seen 10/);
    // An acceptable table ends the series.
    bad.greet = [{ assignment }, snapshotAt(11)];
    await bad.until('it is taken in', () => bad.reports.at(-1)?.applied?.revision === 11);
  });

  test('a daemon ends when one of its parts fails, and the next one continues', async (t) => {
    const host = await BadHost.make(t);
    const { bad, dir, namespace } = host;
    // Kernel requests of the daemon throw once this file exists, an error that no caller expects.
    const broken = join(dir, 'broken');
    const breaker = join(dir, 'breaker.mjs');
    writeFileSync(
      breaker,
      `import os from 'node:os';
       import { existsSync } from 'node:fs';
       import { syncBuiltinESMExports } from 'node:module';
       const release = os.release;
       os.release = () => {
         if (existsSync(${JSON.stringify(broken)})) throw new Error('no release today');
         return release();
       };
       syncBuiltinESMExports();`,
    );
    const ended = host.start(['--import', breaker]);
    await bad.until('the node watches', () => bad.said.length > 0);
    bad.say({ assignment });
    bad.say(snapshotAt(10));
    await bad.until('the good table is applied', () => bad.reports.at(-1)?.routes?.installed === 1);
    writeFileSync(broken, '');
    // Makes the lane of routes take a turn.
    namespace.runSync(['ip', 'route', 'delete', '10.76.1.0/24']);
    t.is(await ended, 1);
    // Whichever lane takes its turn first: the Docker lane may be in its turn already.
    await until('the log tells', async () =>
      /no release today.*"part":"\w+","msg":"failed: the daemon ends"/.test(host.output),
    );
    rmSync(broken);
    const streams = bad.said.length;
    void host.start();
    await bad.until('the next one watches', () => bad.said.length > streams);
    bad.say({ assignment });
    await bad.until('it has repaired the route', () => bad.reports.at(-1)?.routes?.installed === 1);
    t.regex(namespace.runSync(['ip', 'route']), /10\.76\.1\.0\/24/);
  });

  test('N16 a state directory that is full is a condition, and the cache is written when there is room', async (t) => {
    const host = await BadHost.make(t);
    const { bad } = host;
    const state = join(host.dir, 'state');
    mkdirSync(state, { mode: 0o700 });
    const mounted = await exec(['mount', '-t', 'tmpfs', '-o', 'size=2m,mode=700', 'xnet-test', state]);
    t.is(mounted.code, 0, mounted.stderr);
    try {
      const ended = host.start();
      await bad.until('the node watches', () => bad.said.length > 0);
      bad.say({ assignment });
      bad.say(snapshotAt(10));
      await bad.until('the good table is applied', () => bad.reports.at(-1)?.routes?.installed === 1);
      t.true(bad.condition('State')?.ok);
      await until('it is cached', async () => (await readCache(state))?.table?.version.revision === 10);
      const filler = join(state, 'filler');
      for (const size of [65_536, 4_096]) {
        t.throws(() => {
          for (;;) appendFileSync(filler, 'x'.repeat(size));
        });
      }
      bad.say(snapshotAt(11));
      await bad.until('it is reported', () => /disk is full/.test(bad.condition('State')?.message ?? ''));
      await bad.until('the kernel has it all the same', () => bad.reports.at(-1)?.applied?.revision === 11);
      await bad.until('and that there is no room', () => /KiB of room/.test(bad.condition('State')?.message ?? ''));
      t.is((await readCache(state))?.table?.version.revision, 10);
      rmSync(filler);
      await bad.until('all is well again', () => bad.condition('State')?.ok === true);
      t.is((await readCache(state))?.table?.version.revision, 11);
      host.stop();
      await ended;
    } finally {
      await exec(['umount', '--lazy', state]);
    }
  });
}
