// How each reason of `xctl ping` is produced by its exact cause, and how the cause is removed, on two hosts with a container
// each. A site with daemons that repair what others change has its own cause where they would remove the usual one.
import type { Reason } from '../../cli/diagnosis/reasons.js';

/** OddContainer is a container that packets can't begin or end at. */
export type OddContainer = 'stopped' | 'onHostNetwork' | 'withoutNetwork' | 'notRouted' | 'gone';

type Done = Promise<unknown> | undefined;

/** PathPlace is one of the two hosts, with its container. */
export type PathPlace = {
  readonly name: string;
  /** "192.168.83.10" */
  readonly address: string;
  /** "10.76.0.0/24"; its bridge is docker0. */
  readonly subnet: string;
  /** Name and address of its container. */
  readonly api: { readonly name: string; readonly address: string };
  /** An id that two of its containers begin with, once there are twins. */
  readonly twinId: string;
  /** sh runs a command line on the host. */
  sh(line: string): Promise<unknown>;
  /** inApi runs a program in the network namespace of its container. */
  inApi(argv: readonly [string, ...string[]]): Promise<unknown>;
  addContainer(name: string, kind: OddContainer): Done;
  removeContainer(name: string): Done;
  /** addTwins makes two containers, twin-a and twin-b, whose ids begin alike. */
  addTwins(): Done;
  stopDocker(): Done;
  startDocker(): Done;
  stopDaemon(): Done;
  startDaemon(): Done;
  /** breakNft makes the program nft fail on the host, as if it were not installed. */
  breakNft(): Done;
  repairNft(): Done;
};

/** PathSite holds the two hosts. */
export type PathSite = {
  readonly h0: PathPlace;
  readonly h1: PathPlace;
  /** route makes the routes to the other host's subnet, unless a daemon does. */
  route(): Done;
};

type Cause = {
  readonly breaks: (site: PathSite) => Done | Promise<unknown>;
  readonly repairs: (site: PathSite) => Done | Promise<unknown>;
};

/** PathFixture produces one reason. */
export type PathFixture = Cause & {
  /** The cause where daemons run. `withoutDocker`: Docker has stopped on the second host, and starts again afterwards. */
  readonly alive?: Cause & { readonly withoutDocker?: true };
  /** What is looked at: from the container of the first host to that of the second by default. */
  readonly from?: (site: PathSite) => string;
  readonly to?: (site: PathSite) => string;
  /** The host that it applies to. */
  readonly on: 'h0' | 'h1';
  /** Parts of the message. */
  readonly says?: (site: PathSite) => readonly string[];
};

const dropTable = (rule: string) =>
  `nft 'add table inet mine; add chain inet mine guard { type filter hook forward priority 0; ${rule} }'`;
const undropTable = 'nft delete table inet mine';
const nothing: Cause = { breaks: () => undefined, repairs: () => undefined };

const odd = (at: 'h0' | 'h1', kind: OddContainer): Cause => ({
  breaks: (site) => site[at].addContainer(kind, kind),
  repairs: (site) => site[at].removeContainer(kind),
});

/** apiOf names the container of a host. */
export const apiOf = ({ name, api }: PathPlace) => `${name}/${api.name}`;
const on = (at: 'h0' | 'h1', container: string) => (site: PathSite) => `${site[at].name}/${container}`;
const address = ({ h1 }: PathSite) => h1.api.address;
const unused = ({ subnet }: PathPlace) => subnet.replace(/0\/24$/, '77');
const gateway = ({ subnet }: PathPlace) => subnet.replace(/0\/24$/, '1');

/** pathFixtures has a fixture for each reason: one without a fixture does not compile. */
export const pathFixtures: Readonly<Record<Exclude<Reason, 'Fine'>, PathFixture>> = {
  ContainerNotFound: { ...nothing, to: on('h1', 'none'), on: 'h1', says: () => ['no container none'] },
  ContainerAmbiguous: {
    to: ({ h1 }) => `${h1.name}/${h1.twinId}`,
    breaks: ({ h1 }) => h1.addTwins(),
    repairs: async ({ h1 }) => {
      await h1.removeContainer('twin-a');
      await h1.removeContainer('twin-b');
    },
    on: 'h1',
  },
  ContainerStopped: { ...odd('h1', 'stopped'), to: on('h1', 'stopped'), on: 'h1' },
  ContainerOnHostNetwork: { ...odd('h1', 'onHostNetwork'), to: on('h1', 'onHostNetwork'), on: 'h1' },
  ContainerWithoutNetwork: { ...odd('h0', 'withoutNetwork'), from: on('h0', 'withoutNetwork'), on: 'h0' },
  ContainerNotRouted: {
    ...odd('h1', 'notRouted'),
    to: on('h1', 'notRouted'),
    on: 'h1',
    says: () => ['172.', ' on '],
  },
  ContainerUnknown: {
    breaks: ({ h1 }) => h1.stopDocker(),
    repairs: ({ h1 }) => h1.startDocker(),
    alive: { ...nothing, withoutDocker: true },
    on: 'h1',
  },
  AddressUnused: { ...nothing, to: ({ h1 }) => unused(h1), on: 'h1' },
  DaemonAway: {
    to: address,
    breaks: async ({ h1 }) => {
      await h1.stopDaemon();
      await h1.sh(dropTable('policy drop;'));
    },
    repairs: async ({ h1 }) => {
      await Promise.all([h1.sh(undropTable), h1.startDaemon()]);
    },
    on: 'h1',
  },
  NotProbed: {
    ...odd('h0', 'gone'),
    // No container can be listed whose process has ended: an address that nothing has.
    alive: nothing,
    from: ({ h0 }) => unused(h0),
    on: 'h0',
    says: ({ h0 }) => [unused(h0)],
  },
  SubnetNotInUse: {
    to: address,
    breaks: ({ h1 }) => h1.sh(`ip address delete ${gateway(h1)}/24 dev docker0`),
    repairs: ({ h1 }) => h1.sh(`ip address add ${gateway(h1)}/24 dev docker0`),
    // The daemon puts the address back while there is a docker0, and Docker makes docker0 when it starts.
    alive: {
      breaks: ({ h1 }) => h1.sh('ip link delete docker0'),
      repairs: () => undefined,
      withoutDocker: true,
    },
    on: 'h1',
  },
  NoRoute: {
    breaks: ({ h0, h1 }) => h0.sh(`ip route delete ${h1.subnet}`),
    repairs: (site) => site.route(),
    // A daemon puts back its own route, and leaves that of somebody else.
    alive: {
      breaks: ({ h0, h1 }) => h0.sh(`ip route replace unreachable ${h1.subnet}`),
      repairs: ({ h0, h1 }) => h0.sh(`ip route delete unreachable ${h1.subnet}`),
    },
    on: 'h0',
    says: ({ h0, h1 }) => [`${h0.name} has no route to ${h1.subnet}`],
  },
  WrongNextHop: {
    breaks: ({ h0, h1 }) => h0.sh(`ip route replace ${h1.subnet} via 192.168.83.99 proto 88`),
    repairs: (site) => site.route(),
    alive: {
      breaks: ({ h0, h1 }) => h0.sh(`ip route replace ${h1.subnet} via 192.168.83.99`),
      repairs: ({ h0, h1 }) => h0.sh(`ip route delete ${h1.subnet} via 192.168.83.99`),
    },
    on: 'h0',
    says: ({ h1 }) => [`192.168.83.99, not to ${h1.address}`],
  },
  PolicyRule: {
    breaks: ({ h0, h1 }) => h1.sh(`ip rule add pref 5 to ${h0.subnet} iif docker0 unreachable`),
    repairs: ({ h1 }) => h1.sh('ip rule delete pref 5'),
    on: 'h1',
  },
  ForwardingOff: {
    breaks: ({ h1 }) => h1.sh('sysctl -qw net.ipv4.ip_forward=0'),
    repairs: ({ h1 }) => h1.sh('sysctl -qw net.ipv4.ip_forward=1'),
    // The daemon turns ip_forward on again, not the setting of an interface.
    alive: {
      breaks: ({ h1 }) => h1.sh('sysctl -qw net.ipv4.conf.eth0.forwarding=0'),
      repairs: ({ h1 }) => h1.sh('sysctl -qw net.ipv4.conf.eth0.forwarding=1'),
    },
    on: 'h1',
  },
  ReversePath: {
    breaks: ({ h0, h1 }) =>
      h1.sh(
        `ip link add other type bridge; ip link set other up; sysctl -qw net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.eth0.rp_filter=1; ip route replace ${h0.subnet} dev other`,
      ),
    repairs: async (site) => {
      await site.h1.sh('sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0; ip link delete other');
      await site.route();
    },
    on: 'h1',
    says: () => ['strict on eth0'],
  },
  NeighbourSilent: {
    // Before the host hears it: it would also learn from the questions that the other host's daemon sends by itself. The kernel
    // asks for so long that it can't forget the address before it is looked at.
    breaks: ({ h0, h1 }) =>
      h0.sh(
        `nft 'add table netdev mine; add chain netdev mine guard { type filter hook ingress device eth0 priority 0; }; ` +
          `add rule netdev mine guard arp saddr ip ${h1.address} drop'; ` +
          `sysctl -qw net.ipv4.neigh.eth0.mcast_solicit=300; ip neigh flush to ${h1.address} dev eth0`,
      ),
    repairs: ({ h0, h1 }) =>
      h0.sh(
        `sysctl -qw net.ipv4.neigh.eth0.mcast_solicit=3; nft delete table netdev mine; ip neigh flush to ${h1.address} dev eth0`,
      ),
    on: 'h0',
  },
  DroppedByDockerUser: {
    breaks: ({ h0, h1 }) =>
      h1.sh(
        'iptables-nft -nL DOCKER-USER >/dev/null 2>&1 || { iptables-nft -N DOCKER-USER; iptables-nft -I FORWARD -j DOCKER-USER; }; ' +
          `iptables-nft -I DOCKER-USER -s ${h0.subnet} -m comment --comment mine -j DROP`,
      ),
    repairs: ({ h0, h1 }) => h1.sh(`iptables-nft -D DOCKER-USER -s ${h0.subnet} -m comment --comment mine -j DROP`),
    on: 'h1',
    says: ({ h0 }) => [`drops the requests: -s ${h0.subnet} -m comment --comment mine -j DROP`],
  },
  DroppedByRule: {
    breaks: ({ h0 }) => h0.sh(`${dropTable('')}; nft add rule inet mine guard icmp type echo-reply drop`),
    repairs: ({ h0 }) => h0.sh(undropTable),
    on: 'h0',
    says: ({ h0 }) => [`inet mine guard on ${h0.name} drops the replies: icmp type echo-reply drop`],
  },
  DroppedByPolicy: {
    breaks: ({ h1 }) => h1.sh(dropTable('policy drop;')),
    repairs: ({ h1 }) => h1.sh(undropTable),
    on: 'h1',
    says: () => ["policy of nftables' chain inet mine guard"],
  },
  DroppedUntraced: {
    breaks: ({ h0, h1 }) => h1.sh(`iptables-legacy -A FORWARD -s ${h0.subnet} -j DROP`),
    repairs: ({ h1 }) => h1.sh('iptables-legacy -F'),
    on: 'h1',
    says: () => ['forward'],
  },
  SourceRewritten: {
    breaks: ({ h0 }) =>
      h0.sh(
        "nft 'add table ip mine; add chain ip mine post { type nat hook postrouting priority 0; }; add rule ip mine post oifname eth0 masquerade'",
      ),
    repairs: ({ h0 }) => h0.sh('nft delete table ip mine'),
    on: 'h0',
    says: ({ h0 }) => [`from ${h0.api.address} to ${h0.address}: `, 'masquerade'],
  },
  RouteRefuses: {
    to: address,
    breaks: ({ h1 }) => h1.sh(`ip route add blackhole ${h1.api.address}/32`),
    repairs: ({ h1 }) => h1.sh(`ip route delete blackhole ${h1.api.address}/32`),
    on: 'h1',
  },
  LostInHost: {
    breaks: ({ h0, h1 }) => h1.sh(`ip xfrm policy add dir fwd src ${h0.subnet} dst ${h1.subnet} action block`),
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
    breaks: ({ h1 }) => h1.inApi(['sysctl', '-qw', 'net.ipv4.icmp_echo_ignore_all=1']),
    repairs: ({ h1 }) => h1.inApi(['sysctl', '-qw', 'net.ipv4.icmp_echo_ignore_all=0']),
    on: 'h1',
  },
  LargePacketsLost: {
    breaks: ({ h1 }) => h1.sh('ip link set eth0 mtu 1400'),
    repairs: ({ h1 }) => h1.sh('ip link set eth0 mtu 1500'),
    on: 'h0',
    says: () => ['packets of 1500 bytes', 'had 1400'],
  },
  ReplyRefused: {
    breaks: ({ h0 }) =>
      h0.inApi(['nft', 'add table ip own; add chain ip own in { type filter hook input priority 0; policy drop; }']),
    repairs: ({ h0 }) => h0.inApi(['nft', 'delete table ip own']),
    on: 'h0',
  },
  Unexplained: {
    breaks: async ({ h0, h1 }) => {
      await h1.sh(dropTable('policy drop;'));
      for (const host of [h0, h1]) await host.breakNft();
    },
    repairs: async ({ h0, h1 }) => {
      await Promise.all([h0.repairNft(), h1.repairNft()]);
      await h1.sh(undropTable);
    },
    on: 'h0',
    says: () => ['could not trace packets: the program nft is not installed'],
  },
};
