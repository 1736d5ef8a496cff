// Rules that drop or divert packets of peers: each is named, with a command that repairs it.
import { defaultMark } from '../../node/firewall/desired.js';
import { openLinuxRouteKernel } from '../../node/kernel/linux-route-kernel.js';
import { LinuxLookup } from '../../node/kernel/lookup.js';
import { KernelMirror } from '../../node/kernel/mirror.js';
import { Poller } from '../../node/kernel/poller.js';
import { lookAtPath } from '../../node/path/path.js';
import type { Finding } from '../../node/reconcile/effect.js';
import { desired, netTest, onHost, signal, works } from '../support/firewall-scene.js';
import { prefix } from '../support/pools.js';

const commandOf = ({ fix = '' }: Pick<Finding, 'fix'>) => fix.replace(/, and the same in .*/, '');

for (const [what, backend, harm, engine = '20.10'] of [
  [
    'a chain of nftables with policy drop',
    'nft',
    [
      'nft',
      'add',
      'table',
      'inet',
      'filter',
      '{ chain forward { type filter hook forward priority 0; policy drop; }; }',
    ],
  ],
  [
    'a chain of nftables that lets in what was asked for alone',
    'legacy',
    [
      ...[
        'nft',
        'add',
        'table',
        'ip',
        'guard',
        '{ chain forwarded { type filter hook forward priority 10; policy drop; ',
      ],
      'ct state vmap { established : accept, related : accept, invalid : drop }; iifname "docker0" accept; }; }',
    ],
  ],
  [
    'a rule of nftables before routing',
    'nft',
    [
      ...['nft', 'add', 'table', 'inet', 'early', '{ chain pre { type filter hook prerouting priority -150; '],
      'ip saddr { 10.76.0.0/16, 10.80.0.0/16 } goto end; }; chain end { counter drop; }; }',
    ],
  ],
  ['the other backend of iptables', 'nft', ['iptables-legacy', '-P', 'FORWARD', 'DROP']],
  ['a rule in DOCKER-USER', 'nft', ['iptables-nft', '-I', 'DOCKER-USER', '-i', 'eth0', '-j', 'DROP']],
  [
    'a rule in DOCKER-USER that leaves them to Docker',
    'nft',
    ['iptables-nft', '-I', 'DOCKER-USER', '-s', '10.0.0.0/8', '-j', 'RETURN'],
    '28',
  ],
  ['a rule in raw', 'legacy', ['iptables-legacy', '-t', 'raw', '-I', 'PREROUTING', '-s', '10.76.0.0/16', '-j', 'DROP']],
] as const) {
  netTest(`a rule that drops packets of peers is reported with a command that fixes it: ${what}`, (t) =>
    onHost(engine, backend, async (scene) => {
      const { on } = scene;
      // An unreadable table does not prevent others from being read.
      on.host.runSync([
        'nft',
        'add table ip sleeps { flags dormant; chain c { type filter hook forward priority 0; }; }',
      ]);
      await scene.converged(t);
      const [program, ...args] = harm;
      on.host.runSync(program === 'nft' ? ['nft', [...args].join(' ')] : [program, ...args]);
      t.is(await on.knock(on.peer, '10.76.1.2', 81), 'timeout');
      const { findings } = await scene.firewall.converge(desired(), signal);
      t.deepEqual(
        findings.map(({ type, reason, transient }) => [type, reason, transient]),
        [['Firewall', 'PacketsDropped', false]],
      );
      const { findings: told } = await scene.firewall.inspect(desired(), signal);
      t.deepEqual(told, findings);
      const cure = commandOf(findings[0] ?? {});
      t.log(findings[0]?.message, cure);
      // The rule is found by its handle; if it is the first one, the command inserts before it.
      on.host.runSync(['sh', '-c', cure]);
      t.deepEqual((await scene.firewall.converge(desired(), signal)).findings, []);
      await works(t, scene, 'after what to type was typed');
    }),
  );
}

netTest('a rule that drops packets of peers is reported: the table of firewalld', (t) =>
  onHost('20.10', 'nft', async (scene) => {
    const { on } = scene;
    await scene.converged(t);
    // As firewalld 1.3 makes it with docker0 in the zone docker and eth0 in the zone public.
    on.host.runSync(
      ['nft', '-f', '-'],
      `table inet firewalld {
        chain filter_FORWARD { type filter hook forward priority filter + 10; policy accept;
          ct state { established, related } accept
          ct status dnat accept
          iifname "lo" accept
          ct state invalid drop
          ip6 daddr { ::/96, 2002:a00::/24 } reject with icmpv6 type addr-unreachable
          jump filter_FORWARD_POLICIES
          reject with icmpx admin-prohibited
        }
        chain filter_FORWARD_POLICIES {
          iifname "docker0" jump filter_FWD_docker
          iifname "docker0" reject with icmpx admin-prohibited
          jump filter_FWD_public
          reject with icmpx admin-prohibited
        }
        chain filter_FWD_docker { accept; }
        chain filter_FWD_public { oifname "eth0" accept; }
      }\n`,
    );
    t.is(await on.connect(on.container, '10.76.2.2', 9000), '10.76.1.2', 'outwards');
    t.not(await on.connect(on.peer, '10.76.1.2', 81), '10.76.2.2', 'inwards');
    const { findings } = await scene.firewall.converge(desired(), signal);
    t.deepEqual(
      findings.map(({ reason }) => reason),
      ['PacketsDropped'],
    );
    t.regex(findings[0]?.message ?? '', /drops all packets from peers to containers$/);
    t.regex(findings[0]?.fix ?? '', /^firewall-cmd --permanent --zone=trusted/);
  }),
);

netTest('a rule that may accept packets of peers is not reported as a drop', (t) =>
  onHost('20.10', 'nft', async (scene) => {
    scene.on.host.runSync([
      'nft',
      `add table inet filter { chain forward { type filter hook forward priority 0; policy drop;
        tcp dport 81 accept; ip6 saddr ::1 drop; limit rate 1/second accept; }; chain input { type filter hook input priority 0; policy drop; }; }`,
    ]);
    scene.on.host.runSync([
      'nft',
      'add table inet sleeps { flags dormant; chain forwarded { type filter hook forward priority 0; policy drop; }; }',
    ]);
    scene.iptables('-I', 'FORWARD', '-s', '10.76.2.0/24', '-p', 'udp', '-j', 'DROP');
    scene.iptables('-I', 'DOCKER-USER', '-m', 'conntrack', '--ctstate', 'INVALID', '-j', 'DROP');
    await scene.converged(t);
  }),
);

netTest(
  'N24 R17 routing rules and strict source filters that divert or drop packets are reported, and the fixes work',
  (t) =>
    onHost('20.10', 'nft', async ({ on }) => {
      const poller = new Poller();
      const kernel = openLinuxRouteKernel({ poller, namespace: on.host.path });
      const mirror = new KernelMirror({ kernel, protocol: 88 });
      const lookup = new LinuxLookup(on.host.path);
      const ip = (...args: readonly string[]) => on.host.runSync(['ip', ...args]);
      const sysctl = (...args: readonly string[]) => on.host.runSync(['sysctl', '-qw', ...args]);
      try {
        sysctl('net.ipv4.ip_forward=1');
        mirror.setRanges([prefix('10.76.0.0/16')]);
        const look = async () => {
          await mirror.refresh();
          return lookAtPath({ lookup, mirror, proc: on.proc }, desired());
        };
        const told = async () => (await look()).map(({ type, reason }) => `${type} ${reason}`);
        const cure = async () => {
          for (const finding of await look()) on.host.runSync(['sh', '-c', commandOf(finding)]);
        };
        t.deepEqual(await told(), []);
        t.is(await lookup.ruleCount(), 3);
        ip('route', 'add', 'default', 'via', '192.168.83.66', 'table', '100');
        for (const rule of [
          ['from', '10.76.1.0/24', 'lookup', '100'],
          ['fwmark', `${defaultMark}/${defaultMark}`, 'lookup', '100'],
          ['to', '10.76.2.0/24', 'prohibit'],
          ['to', '10.76.2.0/24', 'unreachable'],
          ['to', '10.76.2.0/24', 'blackhole'],
        ]) {
          ip('rule', 'add', 'pref', '100', ...rule);
          t.deepEqual(await told(), ['Routes DivertedByRule'], rule.join(' '));
          await cure();
          t.deepEqual(await told(), [], `${rule.join(' ')}, cured`);
          ip('rule', 'del', 'pref', '100');
          ip('rule', 'del', 'pref', '1');
        }
        // A rule that does not divert packets is ignored.
        ip('rule', 'add', 'pref', '100', 'from', 'all', 'lookup', '101');
        t.deepEqual(await told(), []);
        sysctl('net.ipv4.conf.all.rp_filter=1');
        t.deepEqual(await told(), [], 'answers leave by the interface that packets come in on');
        ip('link', 'add', 'eth1', 'type', 'veth', 'peer', 'name', 'eth1-end');
        ip('link', 'set', 'eth1', 'up');
        ip('route', 'replace', '10.76.2.0/24', 'dev', 'eth1');
        t.deepEqual(await told(), ['Forwarding ReversePath']);
        await cure();
        t.deepEqual(await told(), []);
        t.is(lookup.kindOf([...mirror.links.values()].find(({ name }) => name === 'docker0')?.ifindex ?? 0), 'bridge');
      } finally {
        kernel.close();
        lookup.close();
        await poller.close();
      }
    }),
);
