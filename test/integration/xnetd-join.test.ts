// xnetd join with a real controller: what makes a host that node, whatever is lost on the way.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { readIdentity } from '../../node/identity/folder.js';
import { callUnary } from '../../proto/rpc/channel.js';
import { ControllerProcess } from '../support/controller-process.js';
import { JoinSite } from '../support/join-site.js';
import { callOptions, hostOf, joinedOf, tellsSecrets } from '../support/joined-host.js';
import { tokenFor } from '../support/joining.js';
import { isRoot } from '../support/linux-route-host.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';

const site = JoinSite.open();
const { joinAddress, added, usesLeft } = site;

test('a host joins once; repeated joins change nothing', async (t) => {
  const host = hostOf(t);
  const token = await added('web-1');
  const first = await host.join(joinAddress(), token);
  const joined = joinedOf(t, first);
  t.true(joined.changed);
  t.is(joined.node, 'web-1');
  t.regex(joined.subnet, /^10\.76\.\d+\.0\/24$/);
  t.deepEqual(joined.controllers, [`127.0.0.1:${site.controller.port}`]);
  t.regex(first.stderr, /is a controller of cluster/);
  t.false(tellsSecrets(first, token));

  const folder = join(host.stateDir, 'identity');
  t.is(statSync(folder).mode & 0o777, 0o700);
  t.deepEqual(readdirSync(folder).sort(), ['authority.pem', 'certificate.pem', 'key.pem', 'member.json']);
  t.deepEqual((await readIdentity(host.stateDir))?.pools, ['10.76.0.0/16']);
  for (const name of readdirSync(folder)) t.is(statSync(join(folder, name)).mode & 0o777, 0o600, name);
  t.deepEqual(
    readdirSync(host.stateDir).filter((name) => name !== 'identity'),
    ['identity.lock', 'lock'],
  );
  const certificate = readFileSync(join(folder, 'certificate.pem'), 'utf8');

  // The same command, and one with a valid token for another host.
  for (const again of [token, await tokenFor(site.controller.admin, 'web-1')]) {
    const second = joinedOf(t, await host.join(joinAddress(), again));
    t.false(second.changed);
    t.is(second.nodeId, joined.nodeId);
    t.is(readFileSync(join(folder, 'certificate.pem'), 'utf8'), certificate);
  }
  // Nor does it become another node by another name.
  const other = await host.join(joinAddress(), token, '--node', 'web-9');
  t.is(other.code, 4, other.stderr);
  t.regex(other.stderr, /this host is node web-1/);
});

test('the token comes by standard input, and the output is text', async (t) => {
  const host = hostOf(t);
  const token = await added('stdin-1');
  const ran = await host.start(['join', '--controller', joinAddress(), '--token-file', '-'], `${token}\n`).ended;
  t.is(ran.code, 0, ran.stderr);
  t.regex(ran.stdout, /^node +stdin-1 \(n-[0-9a-f]{12}\)$/m);
  t.regex(ran.stdout, /systemctl enable --now xnetd/);
  t.false(tellsSecrets(ran, token));
});

test('a token that names no node takes the name and the address that the host gives', async (t) => {
  const host = hostOf(t);
  const made = await callUnary(site.controller.admin.createToken.bind(site.controller.admin), { uses: 2 }, callOptions);
  const token = made.joinToken?.token ?? '';
  const nameless = await host.join(joinAddress(), token);
  t.is(nameless.code, 2, nameless.stderr);
  t.regex(nameless.stderr, /--node NAME and --address/);
  const ran = await host.join(joinAddress(), token, '--node', 'any-1', '--address', '192.168.83.201');
  t.is(joinedOf(t, ran).node, 'any-1');
  t.is(await usesLeft(token), 1);
});

test('a lost answer, and a host that is killed while it waits for the answer, cost no use of the token', async (t) => {
  const proxy = await TcpProxy.start(site.controller.joinPort);
  t.teardown(() => proxy.close());
  const host = hostOf(t);
  const token = await added('lost-1');
  const unchecked = ['join', '--ignore-preflight', 'all'];
  const through = [...unchecked, '--controller', `127.0.0.1:${proxy.port}`, '--token-file', host.tokenFile(token)];

  // The host does not ask before what it would get. A TLS client says less than 300 bytes between its greeting and its
  // first request, which has more than 700: its token and its request.
  proxy.loseAnswersBeyond(400);
  const killed = host.start(through);
  await until('the token is used', async () => (await usesLeft(token)) === 0);
  killed.child.kill('SIGKILL');
  t.is((await killed.ended).signal, 'SIGKILL');
  t.false(existsSync(join(host.stateDir, 'identity')));
  const key = readFileSync(join(host.stateDir, 'joining.key'), 'utf8');

  // Each commit of a join happened once.
  const certified = async () => {
    const { events } = await callUnary(site.controller.admin.listEvents.bind(site.controller.admin), {}, callOptions);
    return events.filter(({ reason, subject }) => reason === 'NodeCertified' && subject === 'node/lost-1').length;
  };
  const before = await certified();
  t.true(before > 0);
  const lost = host.start(through);
  await until('joined again', async () => (await certified()) > before);
  proxy.reset();
  t.is((await lost.ended).code, 6, lost.stderr);

  const joined = joinedOf(t, await host.join(joinAddress(), token));
  t.true(joined.changed);
  t.is(await usesLeft(token), 0);
  t.is((await readIdentity(host.stateDir))?.key, key);
  t.false(existsSync(join(host.stateDir, 'joining.key')));
});

test('two at once on one host leave one identity', async (t) => {
  const host = hostOf(t);
  const token = await added('twice-1');
  const file = host.tokenFile(token);
  const args = ['join', '--controller', joinAddress(), '--token-file', file, '-o', 'json'];
  const both = await Promise.all([host.run(...args), host.run(...args), host.run(...args)]);
  t.true(both.some(({ code }) => code === 0));
  for (const { code, stderr } of both) t.true(code === 0 || (code === 4 && /under way/.test(stderr)), stderr);
  t.is((await readIdentity(host.stateDir))?.nodeName, 'twice-1');
  t.is(await usesLeft(token), 0);
});

test('a controller that does not answer is skipped', async (t) => {
  const host = hostOf(t);
  const token = await added('many-1');
  const closed = await TcpProxy.start(1);
  closed.close();
  const none = await host.join(`127.0.0.1:${closed.port}`, token);
  t.is(none.code, 6, none.stderr);
  // The API port does not serve joins, and its certificate chain can't be checked against a token before the join.
  const ran = await host.join(`127.0.0.1:${closed.port},127.0.0.1:${site.controller.port},${joinAddress()}`, token);
  t.is(joinedOf(t, ran).node, 'many-1');
});

test('P4 a host that was removed and added again joins again; a host of another cluster does not join by accident', async (t) => {
  const host = hostOf(t);
  const first = joinedOf(t, await host.join(joinAddress(), await added('again-1')));
  await site.controller.removeNode('again-1');
  const second = joinedOf(t, await host.join(joinAddress(), await added('again-1')));
  t.true(second.changed);
  t.not(second.nodeId, first.nodeId);

  const other = await ControllerProcess.startWithAuthority();
  t.teardown(() => other.close());
  await other.createPool('10.77.0.0/16');
  const token = await added('other-1', other);
  const refused = await host.join(`127.0.0.1:${other.joinPort}`, token);
  t.is(refused.code, 4, refused.stderr);
  t.regex(refused.stderr, /node again-1 of another cluster[\s\S]*xnetd leave[\s\S]*--force/);
  t.is((await readIdentity(host.stateDir))?.nodeId, second.nodeId);
  t.is(await usesLeft(token, other), 1);
  const forced = joinedOf(t, await host.join(`127.0.0.1:${other.joinPort}`, token, '--force'));
  t.is(forced.node, 'other-1');
  t.is((await readIdentity(host.stateDir))?.nodeName, 'other-1');
});

const writer = fileURLToPath(new URL('../support/identity-writer.js', import.meta.url));

test('a process that is killed while it writes an identity leaves a complete one', async (t) => {
  const [left, right] = [hostOf(t), hostOf(t)];
  joinedOf(t, await left.join(joinAddress(), await added('kill-1')));
  joinedOf(t, await right.join(joinAddress(), await added('kill-2')));
  const names = new Set<string>();
  for (let round = 0; round < 12; round++) {
    const child = spawn(process.execPath, [writer, left.stateDir, right.stateDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    let written = 0;
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk: Buffer) => {
        written += chunk.length;
        if (written > 2 + (round % 5)) resolve();
      });
    });
    // Within the next write, at another place each time.
    for (let spin = 0; spin < round * 40_000; spin++) written += spin % 2;
    child.kill('SIGKILL');
    await ended;
    const identity = await readIdentity(left.stateDir);
    names.add(identity?.nodeName ?? 'none');
  }
  t.false(names.has('none'));
  t.true([...names].every((name) => name === 'kill-1' || name === 'kill-2'));
});

if (!isRoot('a full disk')) test.skip('a full disk: needs root', (t) => t.pass());
else {
  test('a full disk leaves no partial identity, and the same command works once there is room', async (t) => {
    const host = hostOf(t);
    mkdirSync(host.stateDir);
    // Pages of the memory that the file system is in: one for each file. The last of the identity does not fit.
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=12k', 'tmpfs', host.stateDir]);
    t.teardown(() => execFileSync('umount', ['--lazy', host.stateDir]));
    const token = await added('full-1');
    const full = await host.join(joinAddress(), token);
    t.is(full.code, 4, full.stderr);
    t.regex(full.stderr, /ENOSPC|full/);
    t.is(await readIdentity(host.stateDir), undefined);
    execFileSync('mount', ['-o', 'remount,size=1m', host.stateDir]);
    t.is(joinedOf(t, await host.join(joinAddress(), token)).node, 'full-1');
    rmSync(join(host.dir, 'token'));
  });
}
