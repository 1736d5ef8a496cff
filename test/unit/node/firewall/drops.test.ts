// What drops packets of peers, forwarding, translated flows, and files of /proc.
import test from 'ava';
import { translatedSources } from '../../../../node/firewall/conntrack.js';
import { conntrackFindings } from '../../../../node/firewall/conntrack-table.js';
import { dropFindings } from '../../../../node/firewall/drops.js';
import { type ForwardingState, planForwarding } from '../../../../node/firewall/forwarding.js';
import { parseSave, type Tables } from '../../../../node/firewall/iptables-save.js';
import { filterTablesOf } from '../../../../node/firewall/iptables-verdict.js';
import { type NftTable, parseNftTable } from '../../../../node/firewall/nft-verdict.js';
import { ipv4Sysctl, procFiles } from '../../../../node/firewall/proc.js';
import { type PathSeen, pathFindings } from '../../../../node/path/findings.js';
import { formatPrefix } from '../../../../proto/domain/address.js';
import { prefix, small } from '../../../support/firewall-values.js';

const ownSubnet = prefix('10.76.1.0/24');

test('a rule that drops packets of peers is named with its owner and a command', (t) => {
  const filter = (...lines: readonly string[]) => parseSave(`*filter\n${lines.join('\n')}\nCOMMIT\n`);
  const told = (tables: Tables, others: readonly NftTable[] = []) =>
    dropFindings({ desired: small, backends: new Map([['nft', tables]]), others, filterOf: filterTablesOf }).map(
      ({ message, fix }) => `${message}: ${fix}`,
    );
  const ufw = [
    ...[':FORWARD DROP [0:0]', ':ufw-before-forward - [0:0]', ':ufw-user-forward - [0:0]'],
    ...['-A FORWARD -j ufw-before-forward', '-A ufw-before-forward -j ufw-user-forward'],
  ];
  const [first = '', ...rest] = told(filter(...ufw));
  t.deepEqual(rest, []);
  t.regex(first, /policy of iptables-nft's filter chain FORWARD drops all packets from peers .* and from containers/);
  t.regex(first, /: ufw route prepend allow from 10\.76\.0\.0\/16 to 10\.76\.0\.0\/16; ufw route prepend allow/);
  const rules = small.pools.flatMap((from) =>
    small.pools.map((to) => `-A ufw-user-forward -d ${formatPrefix(to)} -s ${formatPrefix(from)} -j ACCEPT`),
  );
  t.deepEqual(told(filter(...ufw, ...rules)), [], 'some may come through each of them');
  const echo = '-A ufw-before-forward -p icmp -m icmp --icmp-type 8 -j ACCEPT';
  const [connections = ''] = told(filter(...ufw, echo, '-A FORWARD -p udp -j ACCEPT'));
  t.regex(
    connections,
    /policy .* drops all TCP connections from peers .* and from containers .*: ufw route prepend allow from/,
  );
  t.deepEqual(told(filter(...ufw, echo, '-A FORWARD -p tcp -m tcp --dport 80 -j ACCEPT')), []);
  t.regex(
    told(filter(...ufw.slice(0, -1), '-A FORWARD -i eth+ -j DROP'))[0] ?? '',
    /: iptables-nft -D FORWARD -i eth\+ -j DROP$/,
    'ufw is disabled',
  );
  t.regex(
    told(filter(...ufw.slice(0, 3), '-A FORWARD -j DROP', ...ufw.slice(3)))[0] ?? '',
    /: iptables-nft -D FORWARD -j/,
  );
  const firewalld = [':FORWARD ACCEPT [0:0]', ':FORWARD_ZONES - [0:0]', '-A FORWARD -j FORWARD_ZONES'];
  t.regex(
    told(filter(...firewalld, '-A FORWARD -j REJECT --reject-with icmp-host-prohibited'))[0] ?? '',
    /: firewall-cmd --permanent --zone=trusted --add-source=10\.76/,
    'firewalld with FirewallBackend=iptables',
  );
  t.deepEqual(told(filter(':FORWARD DROP [0:0]', '-A FORWARD -p tcp -j ACCEPT')), []);
  t.deepEqual(told(filter(':FORWARD ACCEPT [0:0]', '-A FORWARD ! -i lo -m set --match-set x src -j DROP')), []);
  t.is(
    told(filter(':FORWARD ACCEPT [0:0]', '-A FORWARD ! -s 10.99.0.0/16 -i eth+ -j REJECT --reject-with tcp-reset'))
      .length,
    1,
  );
  t.deepEqual(
    dropFindings({
      desired: { ...small, peers: [] },
      backends: new Map([['nft', filter(...ufw)]]),
      others: [],
      filterOf: filterTablesOf,
    }),
    [],
  );

  // As ufw-docker has it, with and without a port that is published: Docker's rule is right, and no fix says to delete
  // it.
  const published = `-A DOCKER -d 10.76.1.2/32 ! -i docker0 -o docker0 -p tcp --dport 80 -j ACCEPT`;
  const leaves = [':FORWARD DROP [0:0]', ':DOCKER - [0:0]', ':DOCKER-USER - [0:0]', '-A FORWARD -j DOCKER-USER'];
  const dockers = ['-A FORWARD -j DOCKER', published, `-A DOCKER ! -i docker0 -o docker0 -j DROP`];
  const passedBy = '-A DOCKER-USER -s 10.0.0.0/8 -j RETURN';
  const outward = `-A FORWARD -i docker0 -j ACCEPT`;
  const accept = `-A DOCKER-USER -i ${small.underlay} -m comment --comment xnet -j ACCEPT`;
  const [left = '', ...more] = told(filter(...leaves, ...dockers, outward, passedBy, accept));
  t.deepEqual(more, []);
  t.regex(
    left,
    /chain DOCKER .* from peers to containers: iptables-nft -I DOCKER-USER -i \S+ -s \S+ -d \S+ -j ACCEPT$/,
  );
  const byUfw = [...ufw.slice(1, 3), '-A DOCKER-USER -j ufw-user-forward'];
  const asUfw = (...more: readonly string[]) =>
    told(filter(...leaves, ...byUfw, ...more, ...dockers, outward, passedBy, accept))[0] ?? '';
  t.regex(asUfw(...ufw.slice(-1)), /: ufw route prepend allow from/);
  t.regex(asUfw(), /: iptables-nft -I DOCKER-USER /, 'ufw is disabled, and its rules in DOCKER-USER are left');
  t.deepEqual(told(filter(...leaves, ...dockers, outward, accept)), [], 'where packets come to ours');

  const table = (name: string, ...entries: readonly unknown[]) =>
    parseNftTable(
      JSON.stringify({
        nftables: [
          {
            chain: {
              family: 'inet',
              table: name,
              name: 'fwd',
              type: 'filter',
              hook: 'forward',
              prio: 0,
              policy: 'drop',
            },
          },
          ...entries,
        ],
      }),
      { family: 'inet', table: name },
      ['fwd'],
    );
  const rule = (...expr: readonly unknown[]) => ({ rule: { chain: 'fwd', handle: 1, expr } });
  t.regex(
    told(new Map(), [table('firewalld')])[0] ?? '',
    /: firewall-cmd --permanent --zone=trusted --add-source=10\.76/,
  );
  const match = (left: unknown, right: unknown) => ({ match: { op: '==', left, right } });
  const daddr = { payload: { protocol: 'ip', field: 'daddr' } };
  t.deepEqual(
    told(new Map(), [table('t', rule(match(daddr, '@allowed'), { accept: null }))]),
    [],
    'a set that is not listed',
  );
  t.deepEqual(told(new Map(), [table('t', rule({ queue: { num: 0 } }))]), []);
  const l4 = (name: string | number) => match({ meta: { key: 'l4proto' } }, name);
  const accepts = (left: unknown) => told(new Map(), [table('t', rule(left, { accept: null }))])[0] ?? '';
  t.regex(accepts(l4('icmp')), / drops all TCP connections /);
  t.regex(accepts(match({ payload: { protocol: 'ip', field: 'protocol' } }, 'udp')), / drops all TCP connections /);
  t.regex(accepts(match({ payload: { protocol: 'icmp', field: 'type' } }, 'echo-request')), / TCP connections /);
  t.is(accepts(l4(6)), '');
  t.is(accepts(match({ payload: { protocol: 'tcp', field: 'dport' } }, 80)), '');
  t.deepEqual(told(new Map(), [table('t', rule({ jump: { target: 'gone' } }))]), []);
  t.is(told(new Map(), [table('t', rule(match({ meta: { key: 'nfproto' } }, 'ipv6'), { accept: null }))]).length, 1);
  const dormant = { table: { family: 'inet', name: 't', flags: 'dormant' } };
  t.deepEqual(told(new Map(), [table('t', dormant)]), [], 'a table that sleeps');
  t.throws(() => parseNftTable('{', { family: 'ip', table: 't' }, []), { instanceOf: SyntaxError });
});

test('an interface in a VRF is reported before its consequences', (t) => {
  const entrance = { ifindex: 2, isStrict: true };
  const seen: PathSeen = {
    desired: { ...small, subnet: ownSubnet, bridge: 'docker0' },
    enslaved: [{ name: 'eth0', vrf: 'red' }],
    hasRules: true,
    entrances: { in: entrance, out: entrance },
    probed: [{ peer: prefix('10.76.2.0/24'), in: { errno: 'ENETUNREACH' }, out: { table: 10, to: 3 } }],
  };
  t.deepEqual(
    pathFindings(seen).map(({ type, reason, fix }) => [type, reason, fix]),
    [['Underlay', 'InVrf', 'ip link set eth0 nomaster']],
  );
  const reasons = (change: Partial<PathSeen>) =>
    pathFindings({ ...seen, enslaved: [], ...change }).map(({ reason }) => reason);
  t.deepEqual(reasons({}), ['DivertedByRule', 'DivertedByRule']);
  const [probe] = seen.probed;
  if (probe === undefined) return t.fail();
  // Before Linux 6.13 the kernel said which of them it is.
  for (const errno of ['EXDEV', 'EINVAL']) {
    const probed = [{ ...probe, in: { errno }, out: { table: 254, to: 3 } }];
    t.deepEqual(reasons({ probed }), ['ReversePath']);
  }
  t.deepEqual(reasons({ hasRules: false, probed: [{ ...probe, out: { table: 254, to: 2 } }] }), [], 'no route there');
});

test('translated flows are distinguished from those that keep their source', (t) => {
  const flow = (to: string, answersTo: string) =>
    `tcp      6 431999 ESTABLISHED src=10.76.1.2 dst=${to} sport=4711 dport=80 src=${to} dst=${answersTo} sport=80 dport=4711 [ASSURED] mark=0 use=1`;
  const lines = [
    flow('10.76.2.2', '192.168.83.11'),
    flow('10.76.2.3', '10.76.1.2'),
    flow('10.76.3.2', '192.168.83.12'),
    flow('10.76.4.2', '192.168.83.11'),
    'icmp     1 29 src=10.76.1.9 dst=10.76.2.2 type=8 code=0 id=9 [UNREPLIED] src=10.76.2.2 dst=192.168.84.1 type=0 code=0 id=9 mark=0 use=1',
    flow('10.76.5.2', '192.168.83.13').replaceAll('10.76.1.2', '10.99.1.2'),
    'conntrack v1.4.7 (conntrack-tools): 5 flow entries have been shown.',
    'nonsense src= dst=x dst=y',
  ];
  t.deepEqual(translatedSources(ownSubnet, lines.join('\n')), ['192.168.83.11', '192.168.83.12', '192.168.84.1']);
});

test('forwarding is enabled only if something drops packets by default', (t) => {
  const on: ForwardingState = {
    host: '1',
    interfaces: new Map([['eth0', '1']]),
    reversePath: new Map([
      ['all', '1'],
      ['docker0', '0'],
    ]),
  };
  const off = { ...on, host: '0', interfaces: new Map([['eth0', '0']]) };
  const decide = (state: ForwardingState, drops: boolean, engine?: Parameters<typeof planForwarding>[0]['engine']) => {
    const { turnOn, findings, notes } = planForwarding({ state, bridges: ['docker0'], drops, engine });
    return [turnOn, findings.map(({ reason, transient }) => `${reason} ${transient}`).join(), notes.length];
  };
  t.deepEqual(decide(off, true), [true, '', 0]);
  t.deepEqual(decide(off, false), [false, 'ForwardingOff true', 0]);
  t.deepEqual(decide(off, false, { running: false, major: 28 }), [false, 'ForwardingOff true', 0]);
  t.deepEqual(decide(off, false, { running: true, major: 26 }), [false, 'ForwardingOff false', 0]);
  t.deepEqual(decide(off, false, { running: true }), [false, 'ForwardingOff false', 0]);
  t.deepEqual(decide(off, false, { running: true, major: 28 }), [true, '', 0]);
  t.deepEqual(decide(off, false, { running: true, major: 28, iptables: false }), [false, 'ForwardingOff false', 0]);
  t.deepEqual(decide(on, true, { running: true, major: 20 }), [false, '', 0]);
  t.deepEqual(decide(on, false, { running: true, major: 20 }), [false, '', 1]);
  t.deepEqual(decide(on, false, { running: true, major: 28 }), [false, '', 0]);
  t.deepEqual(decide({ ...on, interfaces: off.interfaces }, true), [false, 'InterfaceForwardingOff false', 0]);
  t.is(planForwarding({ state: on, bridges: ['docker0', 'xnet0'], drops: true, engine: undefined }).notes.length, 1);
  t.is(
    planForwarding({ state: { ...on, host: undefined }, bridges: ['docker0'], drops: true, engine: undefined }).turnOn,
    false,
  );
});

test('files of /proc', async (t) => {
  t.regex((await procFiles.read(ipv4Sysctl('ip_forward'))) ?? '', /^[01]$/);
  t.is(await procFiles.read(ipv4Sysctl('conf', 'no.such', 'forwarding')), undefined);
  t.is(ipv4Sysctl('conf', 'eth0.100', 'rp_filter'), 'sys/net/ipv4/conf/eth0.100/rp_filter');
});

test('in mode block, a rule is named with the networks that it concerns', (t) => {
  const own = [{ subnet: prefix('10.86.0.0/20'), bridge: 'docker0', partLength: 24 }];
  const told = (rule: string) =>
    dropFindings({
      desired: { ...small, own },
      backends: new Map([['nft', parseSave(`*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD ${rule} -j DROP\nCOMMIT\n`)]]),
      others: [],
      filterOf: filterTablesOf,
    }).map(({ message }) => message.replace(/^.*drops all packets /, ''));
  t.deepEqual(told('-d 10.86.0.0/20'), [
    'from peers to containers on docker0 and from peers to containers on other networks of the block',
  ]);
  t.deepEqual(told('-o docker0'), ['from peers to containers on docker0']);
  t.deepEqual(told('-d 10.86.0.0/24'), ['from peers to containers on docker0']);
  t.deepEqual(told('-s 10.86.8.0/21'), [], 'some networks of the block are elsewhere');
  t.deepEqual(told('-o br-1234'), [], 'it may be the bridge of one network, not of all');
});

test('R15 a table of connections that is nearly full is reported, with the command that makes it larger', async (t) => {
  const of = (count: string | undefined, max: string | undefined) =>
    conntrackFindings({ read: async (path) => (path.endsWith('count') ? count : max) });
  t.deepEqual(await of('100', '262144'), []);
  t.deepEqual(await of(undefined, undefined), [], 'without conntrack');
  t.deepEqual(await of('100', '0'), [], 'without a limit');
  const [full] = await of('262000', '262144');
  t.like(full, { reason: 'ConntrackFull', transient: true });
  t.regex(full?.fix ?? '', /nf_conntrack_max=524288/);
});
