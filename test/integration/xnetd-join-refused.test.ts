// xnetd join that is refused: servers of another authority, invalid input, invalid tokens, and unusable identities.
import { execFileSync } from 'node:child_process';
import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import { makeAuthority } from '../../proto/pki/authority.js';
import { issue, keyOfRequest, lifetimeFrom, makeRequest } from '../../proto/pki/certificate.js';
import { callUnary } from '../../proto/rpc/channel.js';
import { JoinSite } from '../support/join-site.js';
import { callOptions, hostOf, joinedOf, tellsSecrets } from '../support/joined-host.js';
import { tokenFor } from '../support/joining.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';

const site = JoinSite.open();
const { joinAddress, added, usesLeft } = site;

// A server that records what it receives after the TLS handshake.
class Impostor {
  said = 0;
  met = 0;
  readonly #server: Server;

  constructor(chain: readonly string[], key: string) {
    this.#server = createServer(
      { cert: chain.join('\n'), key, minVersion: 'TLSv1.3', ALPNProtocols: ['h2'] },
      (socket) => {
        socket.on('data', (bytes: Buffer) => {
          this.said += bytes.length;
        });
        socket.on('error', () => undefined);
      },
    );
    this.#server.on('tlsClientError', () => undefined);
    this.#server.on('connection', () => {
      this.met += 1;
    });
  }

  static async start(t: ExecutionContext, chain: readonly string[], key: string): Promise<Impostor> {
    const impostor = new Impostor(chain, key);
    await new Promise<void>((resolve) => impostor.#server.listen(0, '127.0.0.1', resolve));
    t.teardown(() => impostor.#server.close());
    return impostor;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }
}

test('P13 nothing is sent to a server that does not belong to the authority in the token', async (t) => {
  const { clusterId, authority: known } = await site.controller.trust();
  const token = await added('fake-1');
  const evil = await makeAuthority(clusterId, Date.now());
  const certify = async (role: 'controller' | 'node') => {
    const { key, csr } = await makeRequest();
    const identity = { clusterId, role, id: 'c-1' };
    const publicKey = await keyOfRequest(csr);
    const { certificate } = await issue(evil, { identity, publicKey, ...lifetimeFrom(Date.now(), 3_600_000) });
    return { certificate, key };
  };
  const server = await certify('controller');
  const chains = [
    [server.certificate, evil.certificate],
    // The certificate of the real authority is no secret: any server can send it along.
    [server.certificate, ...known],
    [server.certificate, evil.certificate, ...known],
    [server.certificate],
  ];
  for (const chain of chains) {
    const impostor = await Impostor.start(t, chain, server.key);
    const host = hostOf(t);
    // A real controller behind it makes no difference: there is a server in between.
    const ran = await host.join(`127.0.0.1:${impostor.port},${joinAddress()}`, token);
    t.is(ran.code, 5, ran.stderr);
    t.regex(ran.stderr, /is not a controller of the cluster that the join token is for/);
    t.is(impostor.met, 1);
    t.is(impostor.said, 0);
    t.false(existsSync(join(host.stateDir, 'identity')));
    t.false(existsSync(join(host.stateDir, 'joining.key')));
    t.false(tellsSecrets(ran, token));
  }
  t.is(await usesLeft(token), 1);
});

test('a server that shows itself only after the real one was looked at hears nothing either', async (t) => {
  const { clusterId } = await site.controller.trust();
  const token = await added('swap-1');
  const evil = await makeAuthority(clusterId, Date.now());
  const { key, csr } = await makeRequest();
  const identity = { clusterId, role: 'controller' as const, id: 'c-1' };
  const publicKey = await keyOfRequest(csr);
  const { certificate } = await issue(evil, { identity, publicKey, ...lifetimeFrom(Date.now(), 3_600_000) });
  const impostor = await Impostor.start(t, [certificate, evil.certificate], key);
  const proxy = await TcpProxy.start(site.controller.joinPort);
  t.teardown(() => proxy.close());
  proxy.divertLater(impostor.port);
  const host = hostOf(t);
  const ran = await host.join(`127.0.0.1:${proxy.port}`, token);
  t.is(ran.code, 6, ran.stderr);
  t.regex(ran.stderr, /as the token says/);
  t.is(impostor.said, 0);
  t.is(await usesLeft(token), 1);
  t.is(joinedOf(t, await host.join(joinAddress(), token)).node, 'swap-1');
});

test('invalid input is reported before any controller is called', async (t) => {
  const host = hostOf(t);
  const token = await added('wrong-1');
  const none = await host.run('join', '--address', '300.1.1.1');
  t.is(none.code, 2);
  for (const problem of [/--controller: is missing/, /--token-file: is missing/, /--address/])
    t.regex(none.stderr, problem);
  const good = ['join', '--controller', joinAddress(), '--token-file'];

  for (const [text, problem] of [
    ['', /not a join token/],
    ['hello', /not a join token/],
    [token.slice(0, -1), /not complete/],
  ] as const) {
    const ran = await host.run(...good, host.tokenFile(text));
    t.is(ran.code, 2, ran.stderr);
    t.regex(ran.stderr, problem);
    t.false(ran.stderr.includes(token.slice(0, 60)));
  }
  const open = await host.run(...good, host.tokenFile(token, 0o644));
  t.is(open.code, 4, open.stderr);
  t.regex(open.stderr, /others can get at it \(mode 0644\)\nif no other user has read it: chmod 600/);
  const missing = await host.run(...good, join(host.dir, 'nowhere'));
  t.is(missing.code, 2);
  t.regex(missing.stderr, /there is no file/);
  symlinkSync(host.tokenFile(token), join(host.dir, 'link'));
  const linked = await host.run(...good, join(host.dir, 'link'));
  t.not(linked.code, 0);
  const unix = await host.run(
    'join',
    '--controller',
    `unix:${site.controller.socket}`,
    '--token-file',
    host.tokenFile(token),
  );
  t.is(unix.code, 2);
  t.regex(unix.stderr, /hosts join over TCP/);
  t.false(existsSync(host.stateDir));
  t.is(await usesLeft(token), 1);
});

test('P13 a token that is not good is refused, and the host stays as it was', async (t) => {
  const host = hostOf(t);
  const token = await added('used-1');
  joinedOf(t, await host.join(joinAddress(), token));
  const second = hostOf(t);
  const used = await second.join(joinAddress(), token);
  t.is(used.code, 5, used.stderr);
  t.regex(used.stderr, /used already/);
  t.regex(used.stderr, /xctl nodes revoke/);
  t.false(existsSync(join(second.stateDir, 'identity')));

  await added('brief-1');
  const { joinToken } = await callUnary(
    site.controller.admin.createToken.bind(site.controller.admin),
    { node: 'brief-1', ttlSeconds: 1 },
    callOptions,
  );
  const brief = joinToken?.token ?? '';
  await until('the token has expired', async () => {
    const { tokens } = await callUnary(site.controller.admin.listTokens.bind(site.controller.admin), {}, callOptions);
    const known = tokens.find(({ id }) => brief.includes(`-${id}.`));
    return known === undefined || Number(known.expiresMs) < Date.now();
  });
  const late = await second.join(joinAddress(), brief);
  t.is(late.code, 5, late.stderr);

  const unknown = await second.join(joinAddress(), `${token.slice(0, -26)}${'0'.repeat(26)}`);
  t.is(unknown.code, 5, unknown.stderr);
  t.false(existsSync(join(second.stateDir, 'identity')));
});

test('an unusable identity is reported with its remedy', async (t) => {
  const host = hostOf(t);
  const token = await added('broken-1');
  joinedOf(t, await host.join(joinAddress(), token));
  const folder = join(host.stateDir, 'identity');
  writeFileSync(join(folder, 'key.pem'), (await makeRequest()).key);
  const other = await host.join(joinAddress(), token);
  t.is(other.code, 4, other.stderr);
  t.regex(other.stderr, /its key is not that of its certificate[\s\S]*--force/);
  const run = await host.run('run');
  t.is(run.code, 4, run.stderr);
  t.regex(run.stderr, /its key is not that of its certificate/);
  const forced = await host.join(joinAddress(), await tokenFor(site.controller.admin, 'broken-1'), '--force');
  t.is(joinedOf(t, forced).node, 'broken-1');
  execFileSync('chmod', ['644', join(folder, 'key.pem')]);
  const open = await host.run('run');
  t.is(open.code, 4, open.stderr);
  t.regex(open.stderr, /others can get at it \(mode 0644\)/);
});

test('a daemon of a host that has not joined reports that', async (t) => {
  const host = hostOf(t);
  const ran = await host.run('run', '--controller', '192.0.2.1');
  t.is(ran.code, 12, ran.stderr);
  t.regex(ran.stderr, /has not joined a cluster[\s\S]*xctl nodes add/);
  // In its own network namespace, because it removes marked objects.
  const left = await hostOf(t, { enter: ['unshare', '--net'] }).run('leave');
  t.is(left.code, 12, left.stderr);
  t.regex(left.stderr, /has not joined a cluster[\s\S]*xctl nodes remove/);
});

test('a finding that stops xnet stops the join before anything is written, unless it is ignored', async (t) => {
  const host = hostOf(t);
  const token = await added('stopped-1');
  const daemonJson = join(host.dir, 'daemon.json');
  writeFileSync(daemonJson, '{"debug": true,}\n');
  const misused = await host.run('preflight', '--default-network');
  t.is(misused.code, 2);
  t.regex(misused.stderr, /--default-network is for mode lan/);
  const looked = await host.run('preflight', '--daemon-json', daemonJson, '--json');
  t.is(looked.code, 8, looked.stderr);
  const report = JSON.parse(looked.stdout);
  const named = await host.run('preflight', '--daemon-json', daemonJson, '-o', 'json');
  t.deepEqual(JSON.parse(named.stdout), report);
  t.like(report, { schemaVersion: 1, ok: false, counts: { stops: 1 } });
  t.like(report.findings[0], { severity: 'stops', reason: 'DaemonJsonInvalid' });
  const stopped = await host.join(joinAddress(), token, '--daemon-json', daemonJson);
  t.is(stopped.code, 4, stopped.stderr);
  const { error } = JSON.parse(stopped.stderr.trimEnd().split('\n').at(-1) ?? '');
  t.is(error.problems.length, 1);
  t.true(error.problems[0].endsWith(`: ${report.findings[0].fix}`), error.problems[0]);
  t.is(error.hint, 'to join all the same: --ignore-preflight DaemonJsonInvalid');
  t.is(await usesLeft(token), 1);
  t.false(existsSync(join(host.stateDir, 'identity')));
  const wrong = await host.join(joinAddress(), token, '--ignore-preflight', 'no such thing');
  t.is(wrong.code, 2, wrong.stderr);
  const ignored = ['--daemon-json', daemonJson, '--ignore-preflight', 'DaemonJsonInvalid'];
  t.true(joinedOf(t, await host.join(joinAddress(), token, ...ignored)).changed);
});

test('a host that preflight can’t check still joins', async (t) => {
  const host = hostOf(t, { enter: ['setpriv', '--bounding-set=-net_admin', '--inh-caps=-net_admin'] });
  const ran = await host.join(joinAddress(), await added('unseen-1'));
  t.true(joinedOf(t, ran).changed);
  t.regex(ran.stderr, /warning: this host could not be checked: can't reach the kernel's routing/);
});

test('a daemon without a lease leaves, and the command reports that no controller was notified', async (t) => {
  // In its own network namespace, with a controller that does not exist.
  const host = hostOf(t, { enter: ['unshare', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'] });
  const controller = `unix:${join(host.dir, 'none-controller.sock')}`;
  const daemon = host.start(['run', '--node', 'web-9', '--controller', controller]);
  await daemon.until('started', ({ stdout, stderr }) => `${stdout}${stderr}`.includes('"msg":"started"'), 180_000);
  const left = await host.run('leave');
  t.is(left.code, 12, left.stderr);
  t.is(left.stdout, '');
  t.regex(left.stderr, /web-9 has no lease[\s\S]*no controller was notified[\s\S]*xctl nodes remove web-9/);
  t.is((await daemon.ended).code, 11);
});
