// `xnetd join` as a real process, with real controllers, bad networks, and servers that are not who they should be.
import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { readIdentity } from '../../node/identity/folder.js';
import { issue, keyOfRequest, lifetimeFrom, makeAuthority, makeRequest } from '../../proto/pki/certificate.js';
import { callUnary } from '../../proto/rpc/channel.js';
import { ControllerProcess } from '../support/controller-process.js';
import { tokenFor } from '../support/joining.js';
import { isRoot } from '../support/linux-route-host.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';
import type { Ran } from '../support/xctl.js';
import { Xnetd } from '../support/xnetd.js';

type Joined = {
  changed: boolean;
  node: string;
  nodeId: string;
  cluster: string;
  subnet: string;
  controllers: string[];
};

const callOptions = { timeoutMs: 60_000 };
let controller: ControllerProcess;
let nextHost = 10;

test.before(async () => {
  controller = await ControllerProcess.startWithAuthority();
  await controller.createPool();
});

test.after.always(async () => {
  await controller?.close();
});

function hostOf(t: ExecutionContext, options: ConstructorParameters<typeof Xnetd>[0] = {}): Xnetd {
  const host = new Xnetd(options);
  t.teardown(() => host.close());
  return host;
}

const joinAddress = () => `127.0.0.1:${controller.joinPort}`;

// A node that was added, and a token for it.
async function added(name: string, by: ControllerProcess = controller): Promise<string> {
  nextHost += 1;
  await by.addNode(name, `192.168.83.${nextHost}`);
  return tokenFor(by.admin, name);
}

function joinedOf(t: ExecutionContext, ran: Ran): Joined {
  t.is(ran.code, 0, ran.stderr);
  return JSON.parse(ran.stdout) as Joined;
}

async function usesLeft(token: string, by: ControllerProcess = controller): Promise<number | undefined> {
  const id = /-([0-9a-z]{6})\./.exec(token)?.[1];
  const { tokens } = await callUnary(by.admin.listTokens.bind(by.admin), {}, callOptions);
  return tokens.find((one) => one.id === id)?.usesLeft;
}

function tellsSecrets({ stdout, stderr }: Ran, token: string): boolean {
  return [token.slice(-26), 'PRIVATE KEY'].some((secret) => stdout.includes(secret) || stderr.includes(secret));
}

test('a host joins, and is that node from then on, however often it is asked to', async (t) => {
  const host = hostOf(t);
  const token = await added('web-1');
  const first = await host.join(joinAddress(), token);
  const joined = joinedOf(t, first);
  t.true(joined.changed);
  t.is(joined.node, 'web-1');
  t.regex(joined.subnet, /^10\.76\.\d+\.0\/24$/);
  t.deepEqual(joined.controllers, [`127.0.0.1:${controller.port}`]);
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

  // The same command, and one with a token that would be good for another host.
  for (const again of [token, await tokenFor(controller.admin, 'web-1')]) {
    const second = joinedOf(t, await host.join(joinAddress(), again));
    t.false(second.changed);
    t.is(second.nodeId, joined.nodeId);
    t.is(readFileSync(join(folder, 'certificate.pem'), 'utf8'), certificate);
  }
  // Nor does it become another by a name that is not its own.
  const other = await host.join(joinAddress(), token, '--node', 'web-9');
  t.is(other.code, 4, other.stderr);
  t.regex(other.stderr, /this host is node web-1/);
});

test('the token comes by standard input, and text is for people', async (t) => {
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
  const made = await callUnary(controller.admin.createToken.bind(controller.admin), { uses: 2 }, callOptions);
  const token = made.joinToken?.token ?? '';
  const nameless = await host.join(joinAddress(), token);
  t.is(nameless.code, 2, nameless.stderr);
  t.regex(nameless.stderr, /--node NAME and --address/);
  const ran = await host.join(joinAddress(), token, '--node', 'any-1', '--address', '192.168.83.201');
  t.is(joinedOf(t, ran).node, 'any-1');
  t.is(await usesLeft(token), 1);
});

test('an answer that is lost, and a host that is killed while it waits for it, cost nothing', async (t) => {
  const proxy = await TcpProxy.start(controller.joinPort);
  t.teardown(() => proxy.close());
  const host = hostOf(t);
  const token = await added('lost-1');
  const through = ['join', '--controller', `127.0.0.1:${proxy.port}`, '--token-file', host.tokenFile(token)];

  // A TLS client says less than 300 bytes between its greeting and its first request, which has more than 700: its token
  // and its request.
  proxy.loseAnswersBeyond(400);
  const killed = host.start(through);
  await until('the token is used', async () => (await usesLeft(token)) === 0);
  killed.child.kill('SIGKILL');
  t.is((await killed.ended).signal, 'SIGKILL');
  t.false(existsSync(join(host.stateDir, 'identity')));
  const key = readFileSync(join(host.stateDir, 'joining.key'), 'utf8');

  // Of each commit of a join there is one.
  const certified = async () => {
    const { events } = await callUnary(controller.admin.listEvents.bind(controller.admin), {}, callOptions);
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

// A server that takes down what is said to it after TLS's greeting.
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

test('nothing is said to a server that is not of the authority in the token', async (t) => {
  const { clusterId, authority: known } = await controller.trust();
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
    // The certificate of the real authority is no secret: anybody can send it along.
    [server.certificate, ...known],
    [server.certificate, evil.certificate, ...known],
    [server.certificate],
  ];
  for (const chain of chains) {
    const impostor = await Impostor.start(t, chain, server.key);
    const host = hostOf(t);
    // A good controller behind it changes nothing: somebody is in between.
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
  const { clusterId } = await controller.trust();
  const token = await added('swap-1');
  const evil = await makeAuthority(clusterId, Date.now());
  const { key, csr } = await makeRequest();
  const identity = { clusterId, role: 'controller' as const, id: 'c-1' };
  const publicKey = await keyOfRequest(csr);
  const { certificate } = await issue(evil, { identity, publicKey, ...lifetimeFrom(Date.now(), 3_600_000) });
  const impostor = await Impostor.start(t, [certificate, evil.certificate], key);
  const proxy = await TcpProxy.start(controller.joinPort);
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

test('what is wrong is said before anybody is asked', async (t) => {
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
  t.regex(open.stderr, /others can get at it \(mode 0644\)\nif nobody has read it: chmod 600/);
  const missing = await host.run(...good, join(host.dir, 'nowhere'));
  t.is(missing.code, 2);
  t.regex(missing.stderr, /there is no file/);
  symlinkSync(host.tokenFile(token), join(host.dir, 'link'));
  const linked = await host.run(...good, join(host.dir, 'link'));
  t.not(linked.code, 0);
  const unix = await host.run(
    'join',
    '--controller',
    `unix:${controller.socket}`,
    '--token-file',
    host.tokenFile(token),
  );
  t.is(unix.code, 2);
  t.regex(unix.stderr, /hosts join over TCP/);
  t.false(existsSync(host.stateDir));
  t.is(await usesLeft(token), 1);
});

test('a token that is not good is refused, and the host stays as it was', async (t) => {
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
    controller.admin.createToken.bind(controller.admin),
    { node: 'brief-1', ttlSeconds: 1 },
    callOptions,
  );
  const brief = joinToken?.token ?? '';
  await until('the token has expired', async () => {
    const { tokens } = await callUnary(controller.admin.listTokens.bind(controller.admin), {}, callOptions);
    const known = tokens.find(({ id }) => brief.includes(`-${id}.`));
    return known === undefined || Number(known.expiresMs) < Date.now();
  });
  const late = await second.join(joinAddress(), brief);
  t.is(late.code, 5, late.stderr);

  const unknown = await second.join(joinAddress(), `${token.slice(0, -26)}${'0'.repeat(26)}`);
  t.is(unknown.code, 5, unknown.stderr);
  t.false(existsSync(join(second.stateDir, 'identity')));
});

test('a controller that does not answer is passed by', async (t) => {
  const host = hostOf(t);
  const token = await added('many-1');
  const closed = await TcpProxy.start(1);
  closed.close();
  const none = await host.join(`127.0.0.1:${closed.port}`, token);
  t.is(none.code, 6, none.stderr);
  // The API is no place to join by, and says no name that a token could be checked against.
  const ran = await host.join(`127.0.0.1:${closed.port},127.0.0.1:${controller.port},${joinAddress()}`, token);
  t.is(joinedOf(t, ran).node, 'many-1');
});

test('a host that was removed and added again joins again; one of another cluster does not by accident', async (t) => {
  const host = hostOf(t);
  const first = joinedOf(t, await host.join(joinAddress(), await added('again-1')));
  await controller.removeNode('again-1');
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

test('an identity that can not be used is told, with what to do', async (t) => {
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
  const forced = await host.join(joinAddress(), await tokenFor(controller.admin, 'broken-1'), '--force');
  t.is(joinedOf(t, forced).node, 'broken-1');
  execFileSync('chmod', ['644', join(folder, 'key.pem')]);
  const open = await host.run('run');
  t.is(open.code, 4, open.stderr);
  t.regex(open.stderr, /others can get at it \(mode 0644\)/);
});

test('a daemon of a host that has not joined says so', async (t) => {
  const host = hostOf(t);
  const ran = await host.run('run', '--controller', '192.0.2.1');
  t.is(ran.code, 12, ran.stderr);
  t.regex(ran.stderr, /has not joined a cluster[\s\S]*xctl nodes add/);
  // In a network namespace of its own: it looks for what is marked, and removes it.
  const left = await hostOf(t, { enter: ['unshare', '--net'] }).run('leave');
  t.is(left.code, 12, left.stderr);
  t.regex(left.stderr, /has not joined a cluster[\s\S]*xctl nodes remove/);
});

test('a daemon that was told of no lease leaves, and the command says that no controller was told', async (t) => {
  // In a network namespace of its own, with a controller that is not there.
  const host = hostOf(t, { enter: ['unshare', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'] });
  const controller = `unix:${join(host.dir, 'none-controller.sock')}`;
  const daemon = host.start(['run', '--node', 'web-9', '--controller', controller]);
  await daemon.until('started', ({ stdout, stderr }) => `${stdout}${stderr}`.includes('"msg":"started"'), 30_000);
  const left = await host.run('leave');
  t.is(left.code, 12, left.stderr);
  t.is(left.stdout, '');
  t.regex(left.stderr, /told web-9 of a lease[\s\S]*no controller was told[\s\S]*xctl nodes remove web-9/);
  t.is((await daemon.ended).code, 11);
});

const writer = fileURLToPath(new URL('../support/identity-writer.js', import.meta.url));

test('whoever is killed while it writes an identity leaves one that is whole', async (t) => {
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
    // Somewhere within the next write, at another place each time.
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
  test('a disk that is full keeps nothing that is half, and the same command works when it is not', async (t) => {
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
