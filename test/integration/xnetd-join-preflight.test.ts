// xnetd join checks the host for what it would get: with a real controller, from a host that is a network namespace.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { callPreview, prove } from '../../node/join/call.js';
import { digestOf } from '../../proto/pki/chain.js';
import { callUnary } from '../../proto/rpc/channel.js';
import { services } from '../../proto/rpc/definitions.js';
import { startServer, unary } from '../../proto/rpc/server.js';
import { ServerTls } from '../../proto/rpc/server-tls.js';
import { JoinSite } from '../support/join-site.js';
import { callOptions, hostOf, joinedOf } from '../support/joined-host.js';
import { tokenFor } from '../support/joining.js';
import { isRoot, LinuxRouteHost } from '../support/linux-route-host.js';
import { NamespaceRelay } from '../support/namespace-relay.js';
import { SimulatedNode } from '../support/simulated-node.js';
import { makeTestAuthority } from '../support/test-authority.js';
import type { Ran } from '../support/xctl.js';
import type { Xnetd } from '../support/xnetd.js';

const site = JoinSite.open();

type Refusal = { readonly problems: readonly string[]; readonly hint: string };

function refusalOf(t: ExecutionContext, ran: Ran): Refusal {
  t.is(ran.code, 4, ran.stderr);
  return (JSON.parse(ran.stderr.trimEnd().split('\n').at(-1) ?? '') as { error: Refusal }).error;
}

// A host with an interface eth0 to a peer, which is up.
async function hostWithPeer(t: ExecutionContext) {
  const place = new LinuxRouteHost();
  t.teardown(() => place.close());
  const peer = place.addNeighbour('eth0', ['192.168.83.212/24']);
  place.ip('link', 'set', 'lo', 'up');
  place.addAddress('eth0', '192.168.83.211/24');
  const sh = (line: string) => place.namespace.runSync(['sh', '-ec', line]);
  sh('sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0');
  const relay = await NamespaceRelay.start(place.namespace, site.controller.joinPort);
  t.teardown(() => relay.close());
  return { host: hostOf(t, { enter: place.namespace.enter }), peer, sh, at: relay.address };
}

// What a join that is refused must not change.
async function standing(host: Xnetd, token: string) {
  const { admin } = site.controller;
  const { certificates } = await callUnary(admin.listCertificates.bind(admin), {}, callOptions);
  return {
    store: await site.controller.contents(),
    certificates: certificates.length,
    uses: await site.usesLeft(token),
    files: ['identity', 'joining.key'].filter((name) => existsSync(join(host.stateDir, name))),
  };
}

if (!isRoot('a preflight at the join')) test.skip('a preflight at the join: needs root', (t) => t.pass());
else {
  test.serial(
    'everything that stops xnet is told at the join, before anything is written; its fixes are enough',
    async (t) => {
      const { host, peer, sh, at } = await hostWithPeer(t);
      const { controller } = site;
      const distant = '192.168.90.7';
      for (const [name, address] of [
        ['near-1', '192.168.83.212'],
        ['far-1', distant],
        ['off-1', '192.168.91.7'],
      ] as const) {
        await controller.addNode(name, address);
        // A peer that is not connected is not asked.
        if (name === 'off-1') continue;
        const node = new SimulatedNode(await controller.joined(name), name).watch();
        await node.until('its snapshot', () => node.table !== undefined);
      }
      await controller.addNode('checked-1', '192.168.83.211');
      const token = await tokenFor(controller.admin, 'checked-1');
      peer.runSync(['ip', 'link', 'set', 'lan', 'mtu', '1400']);
      sh("nft 'table inet guard { chain forward { type filter hook forward priority 0; policy drop; }; }'");
      sh('ip address add 10.76.2.200/28 dev lo');
      const before = await standing(host, token);

      const refused = await host.join(at, token);
      const { problems, hint } = refusalOf(t, refused);
      const [named = ''] = /[A-Za-z0-9,]+$/.exec(hint) ?? [];
      t.deepEqual(named.split(',').sort(), ['NotOnLink', 'PacketsDropped'], problems.join('\n'));
      t.true(problems.some((problem) => problem.includes(distant)));
      t.false(problems.some((problem) => problem.includes('192.168.91.7')));
      t.regex(refused.stderr, /checked-1 with 10\.76\.\d+\.0\/24 \(bip\): checking it/);
      t.regex(refused.stderr, /warning: packets of 1500 bytes.* do not reach 192\.168\.83\.212; those of 1400 do/);
      t.deepEqual(await standing(host, token), before);

      sh(`ip address add 192.168.90.11/24 dev eth0`);
      const left = refusalOf(t, await host.join(at, token));
      t.is(left.problems.length, 1);
      sh(/nft insert rule [^,]*/.exec(left.problems[0] ?? '')?.[0] ?? 'false');
      sh('ip link set eth0 mtu 1400');
      const joined = await host.join(at, token);
      t.is(joinedOf(t, joined).node, 'checked-1');
      t.notRegex(joined.stderr, /do not reach/);
      t.is(await site.usesLeft(token), 0);
      t.deepEqual((await standing(host, token)).files, ['identity']);
    },
  );

  test.serial('a host of mode lan is checked for mode lan; a new node is added only by the join', async (t) => {
    const { host, sh, at } = await hostWithPeer(t);
    const { controller } = site;
    await callUnary(
      controller.admin.createPool.bind(controller.admin),
      {
        ...{ name: 'lan', cidr: '192.168.85.0/24', subnetLength: 27, mode: 'MODE_LAN' },
        lan: { prefix: '', gateway: '192.168.85.1' },
      },
      callOptions,
    );
    const made = await callUnary(controller.admin.createToken.bind(controller.admin), { pool: 'lan' }, callOptions);
    const token = made.joinToken?.token ?? '';
    const given = ['--node', 'lan-1', '--address', '192.168.85.11'];
    sh('ip address add 192.168.85.11/24 dev eth0; ip address add 192.168.90.12/24 dev eth0');
    sh('ip link add mv0 link eth0 type macvlan');
    sh('ip -6 address add 2001:db8::11/64 dev eth0 nodad');
    const before = await standing(host, token);
    const { problems, hint } = refusalOf(t, await host.join(at, token, ...given));
    const [named = ''] = /[A-Za-z0-9,]+$/.exec(hint) ?? [];
    const reasons = named.split(',');
    for (const reason of ['LanPortShared', 'LanInet6']) t.true(reasons.includes(reason), problems.join('\n'));
    t.deepEqual(await standing(host, token), before);
    // The hint is what may be typed.
    const ignoring = await host.join(at, 'XJT1-wrong', ...given, '--ignore-preflight', named);
    t.regex(ignoring.stderr, /not a join token/);
    sh(/ip link delete mv0/.exec(problems.join('\n'))?.[0] ?? 'false');
    sh('ip -6 address flush dev eth0 scope global');
    const joined = joinedOf(t, await host.join(at, token, ...given));
    t.regex(joined.subnet, /^192\.168\.85\.\d+\/27$/);
    t.is(await site.usesLeft(token), 0);
  });
}

test('a controller that knows no preview is noticed; its answer is not an error', async (t) => {
  const { server } = await makeTestAuthority();
  const { Join } = services.join.service;
  const older = await startServer({
    endpoints: [{ kind: 'tcp', host: '127.0.0.1', port: 0 }],
    bindings: [{ definition: { Join }, implementation: { Join: unary(async () => ({})) } }],
    tls: new ServerTls(server, 'strangers'),
  });
  t.teardown(() => older.close(100));
  const [endpoint] = older.endpoints;
  const [authority] = server.authority;
  if (endpoint?.kind !== 'tcp' || authority === undefined) return t.fail();
  const token = { caDigest: digestOf(authority), id: 'abc123', secret: '0'.repeat(26) };
  const { signal } = new AbortController();
  const proven = await prove(endpoint, token, signal);
  t.is(await callPreview(proven, { token, csr: '', nodeName: '', address: '', networks: [] }, signal), undefined);
});
