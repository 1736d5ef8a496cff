// A real xnetd and a real controller on a real kernel, with certificates that are renewed, replaced, revoked and
// expired.
import { execFileSync } from 'node:child_process';
import { cpSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { Namespace } from '../../deploy/lab/namespace.js';
import { readIdentity } from '../../node/identity/folder.js';
import { certificateOf } from '../../node/identity/identity.js';
import { digestOf } from '../../proto/pki/chain.js';
import { callUnary, readStream } from '../../proto/rpc/channel.js';
import { callOptions, count, linesOf, Machine } from '../support/certified-machine.js';
import { tokenFor } from '../support/joining.js';
import { isRoot } from '../support/linux-route-host.js';
import { until } from '../support/until.js';
import { Xnetd } from '../support/xnetd.js';

// Replaces a folder by a copy of another. Sockets of what ran there are left out.
function copyData(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true, filter: (path) => !lstatSync(path).isSocket() });
}

if (!isRoot('certificates of a real host')) test.skip('certificates: needs root', (t) => t.pass());
else {
  test.serial('a certificate is renewed repeatedly without an interruption of the stream', async (t) => {
    const machine = await Machine.start(t, '--node-certificate-ttl', '20s');
    await machine.join(t);
    const first = await readIdentity(machine.host.stateDir);
    const daemon = machine.host.start(['run']);
    await daemon.until('renewed twice', (one) => count(one, 'certificate: renewed') >= 2, 180_000);
    const last = await readIdentity(machine.host.stateDir);
    // The stream was opened with the first, which has expired.
    t.true(first !== undefined && certificateOf(first).notAfterMs < Date.now());
    t.not(last?.key, first?.key);
    await machine.add('web-2', '192.168.83.12');
    await until('the route to another node is there', async () =>
      machine.namespace.runSync(['ip', 'route', 'show', 'table', 'all']).includes('via 192.168.83.12'),
    );
    t.is(count(daemon, 'connected'), 1);
    t.is(count(daemon, 'watch: ended'), 0);
    // Reports continue as well: by now only a newer certificate is accepted.
    t.is((await machine.conditionOf('Certificate'))?.ok, true);
    t.is(count(daemon, 'report: failed'), 0);

    // A restarted daemon continues with the state on disk.
    daemon.child.kill('SIGTERM');
    t.is((await daemon.ended).code, 0);
    const again = machine.host.start(['run']);
    await again.until('connected', (one) => count(one, 'connected') === 1);
    const { identity, problems } = await machine.status();
    t.truthy(identity);
    t.false(problems.some(({ text }) => /certificate/.test(text)));
    for (const secret of ['PRIVATE KEY', 'XJT1-']) {
      for (const { stdout, stderr } of [daemon, again]) t.false(`${stdout}${stderr}`.includes(secret));
    }
  });

  test.serial(
    'C21 an authority is replaced under a running daemon, which only receives the trusted authorities',
    async (t) => {
      const machine = await Machine.start(t);
      await machine.join(t);
      await machine.add('web-2', '192.168.83.12');
      const [old, present] = [`${machine.dir}-old`, `${machine.dir}-present`];
      t.teardown(() => {
        for (const folder of [old, present]) rmSync(folder, { recursive: true, force: true });
      });
      await machine.restart(() => copyData(machine.dir, old));
      const before = await readIdentity(machine.host.stateDir);
      const daemon = machine.host.start(['run']);
      await daemon.until('connected', (one) => count(one, 'connected') === 1);
      const { admin } = machine;
      for await (const progress of readStream(admin.rotateAuthority({}))) t.true(progress.nodes <= 1);
      await daemon.until('trusts the new one alone', (one) => count(one, 'trust: changed') >= 2);
      const after = await readIdentity(machine.host.stateDir);
      const { authority } = await callUnary(admin.getAuthority.bind(admin), {}, callOptions);
      t.deepEqual(after?.authority.map(digestOf), authority?.certificates.map(digestOf));
      t.is(after?.authority.length, 1);
      t.notDeepEqual(after?.authority.map(digestOf), before?.authority.map(digestOf));
      t.not(after?.certificate, before?.certificate);
      t.is(count(daemon, 'connected'), 1);
      t.is(count(daemon, 'watch: ended'), 0);

      daemon.child.kill('SIGTERM');
      await daemon.ended;
      const again = machine.host.start(['run']);
      await again.until('connected with the new authority', (one) => count(one, 'connected') === 1);

      // The controller as it was before: its store and its authority are those of then.
      const routed = () => machine.namespace.runSync(['ip', 'route']).includes('via 192.168.83.12');
      await until('the route to the other node is there', async () => routed());
      await machine.restart(() => {
        copyData(machine.dir, present);
        copyData(old, machine.dir);
      });
      await again.until('does not know this controller', (one) =>
        linesOf(one).some(({ hint }) => /xctl tokens create .*xnetd join/.test(String(hint))),
      );
      t.is(count(again, 'connected'), 1);
      t.deepEqual(await readIdentity(machine.host.stateDir), after);
      t.true(routed(), 'it keeps what it has');
      await machine.restart(() => copyData(present, machine.dir));
      await again.until('connected to the present one', (one) => count(one, 'connected') === 2);

      // Replaced once more while the host is off, by somebody who does not wait for it.
      again.child.kill('SIGTERM');
      await again.ended;
      for await (const progress of readStream(admin.rotateAuthority({ force: true }))) t.true(progress.nodes <= 1);
      const late = machine.host.start(['run']);
      await late.until('does not know the controllers any more', (one) =>
        linesOf(one).some(({ hint }) => /xctl tokens create .*xnetd join/.test(String(hint))),
      );
      t.is(count(late, 'connected'), 0);
      await machine.join(t);
      await late.until('connected with what it has joined with', (one) => count(one, 'connected') === 1);
    },
  );

  test.serial(
    'a refused node reports it, and a running daemon adopts the identity that xnetd join writes',
    async (t) => {
      const machine = await Machine.start(t);
      await machine.join(t);
      const first = await machine.serial();
      const daemon = machine.host.start(['run']);
      await daemon.until('connected', (one) => count(one, 'connected') === 1);
      const already = await machine.host.join('192.168.83.2', await tokenFor(machine.admin, 'web-1'));
      t.is(already.code, 0, already.stderr);
      t.false((JSON.parse(already.stdout) as { changed: boolean }).changed);

      const { admin } = machine;
      await callUnary(admin.revokeNode.bind(admin), { node: 'web-1' }, callOptions);
      await daemon.until('is refused', (one) =>
        linesOf(one).some(({ msg, reason }) => msg === 'watch: ended' && /revoked/.test(String(reason))),
      );
      await until('the status tells', async () =>
        (await machine.status()).problems.some(({ text }) => /refuse this host: .*revoked/.test(text)),
      );
      const leaving = await machine.host.run('leave');
      t.is(leaving.code, 5, leaving.stderr);
      t.regex(leaving.stderr, /refuse this host, so it can't end its lease: .*was revoked\n.*--local/);
      const revoked = await machine.host.join('192.168.83.2', await tokenFor(admin, 'web-1').catch(() => ''));
      t.not(revoked.code, 0);

      await callUnary(admin.removeNode.bind(admin), { node: 'web-1', force: true }, callOptions);
      await machine.add('web-1', '192.168.83.11');
      const joined = await machine.host.join('192.168.83.2', await tokenFor(admin, 'web-1'));
      t.is(joined.code, 0, joined.stderr);
      t.is((JSON.parse(joined.stdout) as { daemon: string }).daemon, 'goes on');
      await daemon.until('connected anew', (one) => count(one, 'connected') === 2);
      t.not(await machine.serial(), first);
      await until(
        'nothing is wrong with the certificate',
        async () => (await machine.conditionOf('Certificate'))?.ok === true,
      );
      // A command that would remove its identity says to stop the daemon first.
      const forced = await machine.host.join('192.168.83.2', await tokenFor(admin, 'web-1'), '--force');
      t.is(forced.code, 4, forced.stderr);
      t.regex(forced.stderr, /systemctl stop xnetd/);
    },
  );

  test.serial(
    'a host that was removed withdraws routes and firewall, remembers it, and is a node again once it joins',
    async (t) => {
      const machine = await Machine.start(t);
      const { admin, host, namespace } = machine;
      await machine.join(t);
      await machine.add('web-2', '192.168.83.12');
      const routes = () => namespace.runSync(['ip', 'route', 'show', 'proto', '88']);
      const tables = () => namespace.runSync(['nft', 'list', 'tables']);
      const isIn = () => routes().includes('via 192.168.83.12') && /table ip xnet$/m.test(tables());
      const daemon = host.start(['run']);
      await until('the other node is reached', async () => isIn());
      const isTold = async () =>
        (await machine.status()).problems.some(
          ({ text, fix }) => /removed from the cluster: .*Docker keeps/.test(text) && /xnetd join here/.test(fix ?? ''),
        );
      await callUnary(admin.removeNode.bind(admin), { node: 'web-1', force: true }, callOptions);
      await until('nothing is left', async () => routes() === '' && !/table ip xnet$/m.test(tables()));
      await until('the status tells', isTold);
      daemon.child.kill('SIGKILL');
      await daemon.ended;
      // The fence is remembered: the table of the cache is not installed.
      const again = host.start(['run']);
      await again.until('refused', (one) => count(one, 'watch: ended') >= 1);
      await until('the status tells again', isTold);
      t.is(routes(), '');
      await machine.add('web-1', '192.168.83.11');
      await machine.join(t);
      await until('a node again', async () => isIn());
      t.is(count(again, 'a node again: no longer fenced'), 1);
      await again.until('its new assignment is acted on', (one) => count(one, 'leased') === 1);
      await until('the status does not tell any more', async () => !(await isTold()));
    },
  );

  test.serial('on a full disk a daemon uses a renewed certificate that it can’t write', async (t) => {
    const machine = await Machine.start(t, '--node-certificate-ttl', '20s');
    const { stateDir } = machine.host;
    mkdirSync(stateDir);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', stateDir]);
    t.teardown(() => execFileSync('umount', ['--lazy', stateDir]));
    await machine.join(t);
    const daemon = machine.host.start(['run']);
    await daemon.until('connected', (one) => count(one, 'connected') === 1);
    const first = await machine.serial();
    const { certificateUntil = '' } = (await machine.status()).identity ?? {};
    const filler = join(stateDir, 'filler');
    t.throws(() => writeFileSync(filler, Buffer.alloc(2 << 20)), { code: 'ENOSPC' });
    await daemon.until('cannot write', (one) =>
      linesOf(one).some(({ msg, reason }) => msg === 'certificate: not renewed' && /full|ENOSPC/.test(String(reason))),
    );
    t.is(await machine.serial(), first);
    await until('the one on disk has expired', async () => Date.parse(certificateUntil) < Date.now());
    // It reports that with the certificate that exists only in memory.
    await until('the controller knows', async () => (await machine.conditionOf('Certificate'))?.ok === false);
    rmSync(filler);
    await daemon.until('writes it', (one) => count(one, 'certificate: renewed') >= 1);
    t.not(await machine.serial(), first);
    await until(
      'the controller knows that it is over',
      async () => (await machine.conditionOf('Certificate'))?.ok === true,
    );
    t.is(count(daemon, 'watch: ended'), 0);
  });

  test.serial('P14 a host that was off for too long reports that it has to join again, and can', async (t) => {
    const machine = await Machine.start(t, '--node-certificate-ttl', '15s');
    await machine.join(t);
    const { certificateUntil = '' } = (await machine.status()).identity ?? {};
    await until('the certificate has expired', async () => Date.parse(certificateUntil) < Date.now());
    const daemon = machine.host.start(['run']);
    await daemon.until('says that it has expired', (one) =>
      linesOf(one).some(({ msg, reason }) => msg === 'watch: ended' && /expired at/.test(String(reason))),
    );
    const { problems } = await machine.status();
    const expired = problems.find(({ text }) => text.includes('expired at'));
    t.regex(expired?.fix ?? '', /xctl tokens create --node web-1/);
    const leaving = await machine.host.run('leave');
    t.is(leaving.code, 5, leaving.stderr);
    t.regex(leaving.stderr, /the lease can't be ended: this host's certificate expired at /);
    await machine.join(t);
    await daemon.until('connected', (one) => count(one, 'connected') === 1);
    t.regex(readFileSync(join(machine.host.stateDir, 'identity', 'member.json'), 'utf8'), /"web-1"/);
  });

  test('a host without identity and lease removes its marked objects and reports that no controller was notified', async (t) => {
    const namespace = Namespace.create('lost');
    const host = new Xnetd({ enter: namespace.enter });
    t.teardown(async () => {
      await host.close();
      namespace.delete();
    });
    namespace.ipBatch([
      'link add eth0 type veth peer name eth0-end',
      'link set eth0-end up',
      'link set eth0 up',
      'address add 192.168.83.11/24 dev eth0',
    ]);
    const routes = () => namespace.runSync(['ip', 'route', 'show', 'proto', '88']);
    // Without the identity it can't use TCP; over a unix socket none is needed.
    for (const [args, name] of [
      [[], 'NAME'],
      [['--local'], 'NAME'],
      [['--controller', 'unix:/run/none.sock', '--node', 'web-1'], 'web-1'],
    ] as const) {
      namespace.ipBatch(['route add 10.76.9.0/24 via 192.168.83.12 proto 88']);
      const left = await host.run('leave', ...args);
      t.is(left.code, 12, left.stderr);
      t.is(left.stdout, '');
      t.regex(left.stderr, /has not joined a cluster, or its identity and its cache are lost/);
      t.regex(left.stderr, /was removed \(\d+ changes?\), and no controller was notified/);
      t.regex(left.stderr, new RegExp(`xctl nodes remove ${name}\n`));
      t.is(routes(), '');
    }
    const again = await host.run('leave');
    t.is(again.code, 12, again.stderr);
    t.regex(again.stderr, /nothing that carries xnet's mark was found on it, and no controller was notified/);
  });
}
