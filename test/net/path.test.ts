// Produces each reason of `xctl ping` on the real kernel by its exact cause, and checks that it is gone after the
// repair.
import test from 'ava';
import type { Reason } from '../../cli/diagnosis/reasons.js';
import { reasons } from '../../cli/diagnosis/reasons.js';
import { Poller } from '../../node/kernel/poller.js';
import { isRoot } from '../support/linux-route-host.js';
import { PathHosts } from '../support/path-hosts.js';

type Fixture = {
  readonly breaks: (hosts: PathHosts) => unknown;
  readonly repairs: (hosts: PathHosts) => unknown;
  /** What is looked at: from the container of the first host to that of the second by default. */
  readonly from?: string;
  readonly to?: string;
  /** The host that it applies to. */
  readonly on: 'h0' | 'h1';
  /** What the message says. */
  readonly says?: RegExp;
};

const dropTable = (rule: string) =>
  `nft 'add table inet mine; add chain inet mine guard { type filter hook forward priority 0; ${rule} }'`;
const undropTable = 'nft delete table inet mine';

// A reason without a fixture does not compile.
const fixtures: Readonly<Record<Exclude<Reason, 'Fine'>, Fixture>> = {
  ContainerNotFound: {
    breaks: () => undefined,
    repairs: () => undefined,
    to: 'h1/none',
    on: 'h1',
    says: /no container none/,
  },
  ContainerAmbiguous: {
    to: 'h1/same',
    breaks: ({ h1 }) => {
      h1.addContainer('same-a', {});
      h1.addContainer('same-b', {});
    },
    repairs: ({ h1 }) => {
      h1.removeContainer('same-a');
      h1.removeContainer('same-b');
    },
    on: 'h1',
  },
  ContainerStopped: {
    to: 'h1/stopped',
    breaks: ({ h1 }) => h1.addContainer('stopped', { running: false }),
    repairs: ({ h1 }) => h1.removeContainer('stopped'),
    on: 'h1',
  },
  ContainerOnHostNetwork: {
    to: 'h1/agent',
    breaks: ({ h1 }) => h1.addContainer('agent', { process: { networkMode: 'host' } }),
    repairs: ({ h1 }) => h1.removeContainer('agent'),
    on: 'h1',
  },
  ContainerWithoutNetwork: {
    from: 'h0/alone',
    breaks: ({ h0 }) => h0.addContainer('alone', { process: { networkMode: 'none' } }),
    repairs: ({ h0 }) => h0.removeContainer('alone'),
    on: 'h0',
  },
  ContainerNotRouted: {
    to: 'h1/db',
    breaks: ({ h1 }) => h1.addContainer('db', { address: '172.18.0.2' }),
    repairs: ({ h1 }) => h1.removeContainer('db'),
    on: 'h1',
    says: /172\.18\.0\.2 on bridge/,
  },
  ContainerUnknown: {
    breaks: ({ h1 }) => {
      h1.hasDocker = false;
    },
    repairs: ({ h1 }) => {
      h1.hasDocker = true;
    },
    on: 'h1',
  },
  AddressUnused: { to: '10.76.1.77', breaks: () => undefined, repairs: () => undefined, on: 'h1' },
  DaemonAway: {
    to: '10.76.1.2',
    breaks: ({ h1 }) => {
      h1.away = 'its daemon is not connected';
      h1.sh(dropTable('policy drop;'));
    },
    repairs: ({ h1 }) => {
      h1.away = '';
      h1.sh(undropTable);
    },
    on: 'h1',
  },
  NotProbed: {
    from: 'h0/gone',
    breaks: ({ h0 }) => h0.addContainer('gone', { address: '10.76.0.2', process: { pid: 4_194_303 } }),
    repairs: ({ h0 }) => h0.removeContainer('gone'),
    on: 'h0',
  },
  SubnetNotInUse: {
    to: '10.76.1.2',
    breaks: ({ h1 }) => h1.sh('ip address delete 10.76.1.1/24 dev docker0'),
    repairs: ({ h1 }) => h1.sh('ip address add 10.76.1.1/24 dev docker0'),
    on: 'h1',
  },
  NoRoute: {
    breaks: ({ h0 }) => h0.sh('ip route delete 10.76.1.0/24'),
    repairs: (hosts) => hosts.route(),
    on: 'h0',
    says: /no route to 10\.76\.1\.0\/24/,
  },
  WrongNextHop: {
    breaks: ({ h0 }) => h0.sh('ip route replace 10.76.1.0/24 via 192.168.83.99 proto 88'),
    repairs: (hosts) => hosts.route(),
    on: 'h0',
    says: /192\.168\.83\.99, not to 192\.168\.83\.11/,
  },
  PolicyRule: {
    breaks: ({ h1 }) => h1.sh('ip rule add pref 5 to 10.76.0.0/24 iif docker0 unreachable'),
    repairs: ({ h1 }) => h1.sh('ip rule delete pref 5'),
    on: 'h1',
  },
  ForwardingOff: {
    breaks: ({ h1 }) => h1.sh('sysctl -qw net.ipv4.ip_forward=0'),
    repairs: ({ h1 }) => h1.sh('sysctl -qw net.ipv4.ip_forward=1'),
    on: 'h1',
  },
  ReversePath: {
    breaks: ({ h1 }) =>
      h1.sh(
        'ip link add other type bridge; ip link set other up; sysctl -qw net.ipv4.conf.all.rp_filter=1; ip route replace 10.76.0.0/24 dev other',
      ),
    repairs: (hosts) => {
      hosts.h1.sh('sysctl -qw net.ipv4.conf.all.rp_filter=0; ip link delete other');
      hosts.route();
    },
    on: 'h1',
    says: /strict on eth0/,
  },
  NeighbourSilent: {
    breaks: ({ h0, h1 }) => {
      h1.sh('sysctl -qw net.ipv4.conf.all.arp_ignore=8; ip neigh flush dev eth0');
      h0.sh('ip neigh flush dev eth0');
    },
    repairs: ({ h0, h1 }) => {
      h1.sh('sysctl -qw net.ipv4.conf.all.arp_ignore=0');
      h0.sh('ip neigh flush dev eth0');
    },
    on: 'h0',
  },
  DroppedByDockerUser: {
    breaks: ({ h1 }) =>
      h1.sh(
        'iptables-nft -N DOCKER-USER; iptables-nft -I FORWARD -j DOCKER-USER; iptables-nft -A DOCKER-USER -s 10.76.0.0/24 -m comment --comment mine -j DROP',
      ),
    repairs: ({ h1 }) => h1.sh('iptables-nft -F; iptables-nft -X'),
    on: 'h1',
    says: /drops the requests: -s 10\.76\.0\.0\/24 -m comment --comment mine -j DROP/,
  },
  DroppedByRule: {
    breaks: ({ h0 }) => h0.sh(`${dropTable('')}; nft add rule inet mine guard icmp type echo-reply drop`),
    repairs: ({ h0 }) => h0.sh(undropTable),
    on: 'h0',
    says: /inet mine guard on h0 drops the replies: icmp type echo-reply drop/,
  },
  DroppedByPolicy: {
    breaks: ({ h1 }) => h1.sh(dropTable('policy drop;')),
    repairs: ({ h1 }) => h1.sh(undropTable),
    on: 'h1',
    says: /policy of nftables' chain inet mine guard/,
  },
  DroppedUntraced: {
    breaks: ({ h1 }) => h1.sh('iptables-legacy -A FORWARD -s 10.76.0.0/24 -j DROP'),
    repairs: ({ h1 }) => h1.sh('iptables-legacy -F'),
    on: 'h1',
    says: /forward/,
  },
  SourceRewritten: {
    breaks: ({ h0 }) =>
      h0.sh(
        "nft 'add table ip mine; add chain ip mine post { type nat hook postrouting priority 100; }; add rule ip mine post oifname eth0 masquerade'",
      ),
    repairs: ({ h0 }) => h0.sh('nft delete table ip mine'),
    on: 'h0',
    says: /from 10\.76\.0\.2 to 192\.168\.83\.10: .*masquerade/,
  },
  RouteRefuses: {
    to: '10.76.1.2',
    breaks: ({ h1 }) => h1.sh('ip route add blackhole 10.76.1.2/32'),
    repairs: ({ h1 }) => h1.sh('ip route delete blackhole 10.76.1.2/32'),
    on: 'h1',
  },
  LostInHost: {
    breaks: ({ h1 }) => h1.sh('ip xfrm policy add dir fwd src 10.76.0.0/24 dst 10.76.1.0/24 action block'),
    repairs: ({ h1 }) => h1.sh('ip xfrm policy flush'),
    on: 'h1',
  },
  LostBetween: {
    breaks: ({ h1 }) =>
      h1.sh(
        "nft 'add table netdev mine; add chain netdev mine guard { type filter hook ingress device eth0 priority 0; }; add rule netdev mine guard ip protocol icmp drop'",
      ),
    repairs: ({ h1 }) => h1.sh('nft delete table netdev mine'),
    on: 'h1',
  },
  TargetSilent: {
    breaks: ({ h1 }) => h1.container.runSync(['sysctl', '-qw', 'net.ipv4.icmp_echo_ignore_all=1']),
    repairs: ({ h1 }) => h1.container.runSync(['sysctl', '-qw', 'net.ipv4.icmp_echo_ignore_all=0']),
    on: 'h1',
  },
  LargePacketsLost: {
    breaks: ({ h1 }) => h1.sh('ip link set eth0 mtu 1400'),
    repairs: ({ h1 }) => h1.sh('ip link set eth0 mtu 1500'),
    on: 'h0',
    says: /packets of 1500 bytes .* had 1400/,
  },
  ReplyRefused: {
    breaks: ({ h0 }) =>
      h0.container.runSync([
        'nft',
        'add table ip own; add chain ip own in { type filter hook input priority 0; policy drop; }',
      ]),
    repairs: ({ h0 }) => h0.container.runSync(['nft', 'delete table ip own']),
    on: 'h0',
  },
  Unexplained: {
    breaks: ({ h0, h1 }) => {
      h1.sh(dropTable('policy drop;'));
      for (const host of [h0, h1]) host.hasNft = false;
    },
    repairs: ({ h0, h1 }) => {
      for (const host of [h0, h1]) host.hasNft = true;
      h1.sh(undropTable);
    },
    on: 'h0',
    says: /could not trace packets: the program nft is not installed/,
  },
};

// Each needs a second or two, most of it to wait for a reply that does not come: several pairs of hosts at the same time.
const groups = 5;

if (isRoot('reasons of a path on the real kernel')) {
  test('every reason of a path has a fixture', (t) => {
    t.deepEqual(
      Object.keys(fixtures).sort(),
      Object.keys(reasons)
        .filter((name) => name !== 'Fine')
        .sort(),
    );
  });

  const pairs: PathHosts[] = [];
  const poller = new Poller();
  test.before('the hosts', () => {
    for (let group = 0; group < groups; group += 1) pairs.push(new PathHosts(poller));
  });
  test.after.always('the hosts go', async () => {
    await Promise.all(pairs.map((hosts) => hosts.close()));
    await poller.close();
  });

  for (let group = 0; group < groups; group += 1) {
    const its = Object.entries(fixtures).filter((_, index) => index % groups === group);
    const names = its.map(([reason]) => reason).join(', ');
    test(`reasons of a path, each found when its cause exists, and gone after the repair: ${names}`, async (t) => {
      const hosts = pairs[group];
      if (hosts === undefined) return t.fail();
      const fine = async () => t.like(await hosts.verdict('h0/api', 'h1/api'), { reason: 'Fine', fix: '' });
      await fine();
      for (const [reason, { breaks, repairs, from = 'h0/api', to = 'h1/api', on, says = /./ }] of its) {
        await breaks(hosts);
        const verdict = await hosts.verdict(from, to);
        t.like(verdict, { reason, node: on }, `${reason}: ${verdict.message}`);
        t.regex(verdict.message, says);
        t.not(verdict.fix, '', reason);
        await repairs(hosts);
        await fine();
      }
    });
  }
}
