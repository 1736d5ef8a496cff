// Findings of preflight about the interface of mode lan, with what triggers and clears each.

import type { Severity } from '../../node/preflight/finding.js';
import { dockerNftables } from './docker-rules.js';
import { imitateFirewallCmd } from './firewall-cmd.js';
import { address, prefix } from './pools.js';
import { assigned, commandIn } from './preflight-fix.js';
import type { PreflightHost, PreflightLook } from './preflight-host.js';

const look = { mode: 'lan', underlay: { interfaceName: 'eth0' } } as const;
const lease = { ...look, subnet: prefix('192.168.83.64/27'), pool: [prefix('192.168.83.0/24')], quick: false } as const;
const isDefault = {
  prefix: prefix('192.168.83.0/24'),
  gateway: address('192.168.83.254'),
  defaultNetwork: true,
} as const;
const onBridge = { ...look, underlay: {}, subnet: lease.subnet, pool: lease.pool } as const;
// What is to be typed is the part of a fix after a colon, or all of it.
const typed = (host: PreflightHost, fix: string) => host.sh(fix.replace(/^.*: /, '').replace(/^.*; /, ''));

const typedWhole = (host: PreflightHost, fix: string) => host.sh(fix.replace(/; with .*$/, ''));

// A pid that runs, below the root.
function running(host: PreflightHost, path: string): void {
  host.write(path, '612\n');
  host.write('proc/612/comm', 'dhclient\n');
}

function managed(state: string): (host: PreflightHost) => void {
  return (host) => host.write(`run/systemd/netif/links/${host.host.ifindex('eth0')}`, `ADMIN_STATE=${state}\n`);
}

function firewalldRuns(host: PreflightHost): void {
  imitateFirewallCmd(host);
  host.sh(
    `nft 'table inet firewalld { chain filter_FORWARD { type filter hook forward priority 10; policy drop; }; }'`,
  );
}

// What NetworkManager or systemd-networkd is told to make: a bridge that has the interface and the addresses of the host.
function bridgeMade(host: PreflightHost, fix: string): void {
  const [, bridge = '', port = ''] = /make the bridge (\S+) .*\b(eth0)\b/.exec(fix) ?? [];
  host.sh(`ip link add ${bridge} type bridge; ip link set ${bridge} up; ip link set ${port} master ${bridge}`);
  host.sh(`ip address flush dev ${port}; ip address add 192.168.83.11/24 dev ${bridge}`);
}

const bridgeGone = (host: PreflightHost) =>
  host.sh('ip link delete xnet-lan; ip address flush dev eth0; ip address add 192.168.83.11/24 dev eth0');

// Peers reach the host by another interface, or the mode is another one: what `other` in node/lan/obstacles offers.
const elsewhere = (fix: string): PreflightLook => {
  if (!/^give this node another address \(xctl nodes set\), or another mode than lan$/.test(fix)) throw new Error(fix);
  return { ...look, underlay: { interfaceName: 'eth0' } };
};
const otherMode = (fix: string): PreflightLook => ({ ...elsewhere(fix), mode: 'bip' });

/** PreflightFixture is a finding, what triggers it, and that its fix clears it. */
export type PreflightFixture = {
  readonly reason: string;
  readonly severity: Severity;
  readonly look?: PreflightLook | ((host: PreflightHost) => PreflightLook);
  /** Makes the host such that there is the finding. */
  readonly trigger: (host: PreflightHost) => unknown;
  /** Does what the fix says. */
  readonly clear: (host: PreflightHost, fix: string) => unknown;
  /** How to look afterwards, if the fix is another setting; a function of the fix where it names the setting. */
  readonly afterwards?: PreflightLook | ((fix: string, host: PreflightHost) => PreflightLook);
  /** Takes back what the finding was about, if the fix leaves that. */
  readonly undo?: (host: PreflightHost) => unknown;
};

function dockerBeside(isUnprotected: boolean): (host: PreflightHost) => void {
  const rules = dockerNftables(undefined, { bridge: 'xnet-lan', isUnprotected });
  return ({ host }) => host.namespace.runSync(['nft', '-f', '-'], rules);
}

/** lanFixtures are these findings. */
export const lanFixtures: readonly PreflightFixture[] = [
  {
    ...{ reason: 'DockerDropsToLan', severity: 'stops', look: lease },
    trigger: dockerBeside(false),
    // Docker's rules once xnetd has made the network again.
    clear: dockerBeside(true),
    undo: (host: PreflightHost) => host.sh('nft delete table ip docker-bridges'),
  },
  {
    ...{ reason: 'LanNeedsIptables', severity: 'stops' },
    look: { ...look, cached: assigned('192.168.83.11', 'lan', isDefault) },
    trigger: (host: PreflightHost) => host.write('etc/docker/daemon.json', '{"firewall-backend": "nftables"}'),
    clear: (host: PreflightHost, fix: string) =>
      host.write('etc/docker/daemon.json', `{${/^put (.*) into daemon\.json, or/.exec(fix)?.[1]}}`),
  },
  {
    ...{ reason: 'LanPortManaged', severity: 'stops', look },
    trigger: managed('configured'),
    clear: bridgeMade,
    afterwards: onBridge,
    undo: (host) => {
      bridgeGone(host);
      host.remove(`run/systemd/netif/links/${host.host.ifindex('eth0')}`);
    },
  },
  {
    ...{ reason: 'LanPortManaged', severity: 'stops', look },
    trigger: (host: PreflightHost) => {
      host.active.add('NetworkManager');
      host.write(`run/NetworkManager/devices/${host.host.ifindex('eth0')}`, '[device]\nmanaged=true\n');
    },
    clear: bridgeMade,
    afterwards: onBridge,
    undo: bridgeGone,
  },
  {
    ...{ reason: 'LanPortManaged', severity: 'stops', look },
    trigger: (host: PreflightHost) =>
      host.write(`run/NetworkManager/devices/${host.host.ifindex('eth0')}`, '[device]\nmanaged=true\n'),
    // It leaves its files behind when it is stopped.
    clear: (host: PreflightHost) => host.active.delete('NetworkManager'),
  },
  {
    ...{ reason: 'LanPortManaged', severity: 'stops', look },
    trigger: (host: PreflightHost) => {
      running(host, 'run/dhcpcd/pid');
      host.write('var/lib/dhcpcd/eth0.lease', '');
    },
    clear: (host: PreflightHost, fix: string) =>
      host.remove(/remove \/(var\S+)$/.exec(fix)?.[1]?.replace('dhcpcd*', 'dhcpcd') ?? ''),
  },
  {
    ...{ reason: 'LanDhcpClient', severity: 'warns', look },
    trigger: (host: PreflightHost) => running(host, 'run/dhclient.eth0.pid'),
    clear: (host: PreflightHost) => host.remove('run/dhclient.eth0.pid'),
  },
  {
    ...{ reason: 'LanPortAuthenticated', severity: 'stops', look },
    trigger: (host: PreflightHost) => host.write('run/wpa_supplicant/eth0', ''),
    clear: (host: PreflightHost) => host.remove('run/wpa_supplicant/eth0'),
  },
  ...[elsewhere, otherMode].map(
    (afterwards): PreflightFixture => ({
      ...{ reason: 'LanWireless', severity: 'stops', look: { ...look, underlay: { interfaceName: 'wlan0' } } },
      trigger: (host) => {
        host.host.addLink('wlan0');
        host.host.addAddress('wlan0', '192.168.91.11/24');
        host.write('sys/class/net/wlan0/wireless', '');
      },
      clear: () => undefined,
      afterwards,
      undo: (host) => host.host.removeLink('wlan0'),
    }),
  ),
  {
    ...{ reason: 'LanNotEthernet', severity: 'stops', look: { ...look, underlay: { interfaceName: 'lo' } } },
    trigger: () => undefined,
    clear: () => undefined,
    afterwards: elsewhere,
  },
  {
    ...{ reason: 'LanNotEthernet', severity: 'stops', look: { ...look, underlay: { interfaceName: 'mv0' } } },
    trigger: (host: PreflightHost) =>
      host.sh('ip link add mv0 link eth0 type macvlan; ip link set mv0 up; ip address add 192.168.91.11/24 dev mv0'),
    clear: () => undefined,
    afterwards: otherMode,
    undo: (host: PreflightHost) => host.sh('ip link delete mv0'),
  },
  {
    ...{ reason: 'LanPortDown', severity: 'stops', look },
    trigger: (host: PreflightHost) => host.sh('ip link set eth0 down'),
    clear: (host: PreflightHost, fix: string) => host.sh(fix),
  },
  {
    ...{ reason: 'LanInet6', severity: 'stops', look },
    trigger: (host: PreflightHost) => host.sh('ip address add 2001:db8::11/64 dev eth0 nodad'),
    clear: (host: PreflightHost, fix: string) => {
      bridgeMade(host, fix.replace('yourself', ''));
      // "With all addresses".
      host.sh('ip address add 2001:db8::11/64 dev xnet-lan nodad');
    },
    afterwards: onBridge,
    undo: bridgeGone,
  },
  {
    ...{
      reason: 'LanNoAddress',
      severity: 'stops',
      look: { ...look, underlay: {}, cached: assigned('192.168.83.11', 'lan') },
    },
    // A route of xnet tells the interface.
    trigger: (host: PreflightHost) => host.sh('ip address flush dev eth0; ip route add 10.76.4.0/24 dev eth0 proto 88'),
    clear: (host: PreflightHost, fix: string) =>
      host.sh(commandIn(fix, 'ip address add', { ADDRESS: '192.168.83.11/24' })),
    undo: (host: PreflightHost) => host.sh('ip route del 10.76.4.0/24'),
  },
  {
    ...{ reason: 'LanPortShared', severity: 'stops', look },
    trigger: (host: PreflightHost) => host.sh('ip link add mv0 link eth0 type macvlan'),
    clear: typed,
  },
  {
    ...{ reason: 'LanPortTaken', severity: 'stops', look },
    trigger: (host: PreflightHost) => host.sh('ip link add br9 type bridge; ip link set eth0 master br9'),
    clear: (host: PreflightHost, fix: string) => {
      typed(host, fix.replace(', or: ', '; '));
      host.sh('ip link delete br9');
    },
  },
  {
    ...{ reason: 'LanRuleNamesPort', severity: 'stops', look },
    trigger: (host: PreflightHost) => host.sh('ip rule add iif eth0 lookup 100 priority 100'),
    clear: (host: PreflightHost, fix: string) => typed(host, fix.replace('…', 'lookup 100')),
  },
  {
    ...{ reason: 'LanRulesNamePort', severity: 'stops', look },
    trigger: (host: PreflightHost) =>
      host.sh(`nft 'table inet guard { set outside { type ifname; elements = { "a0", "a1", "eth0" }; }; }'`),
    clear: (host: PreflightHost) => host.sh(`nft 'add element inet guard outside { "xnet-lan" }'`),
  },
  {
    ...{ reason: 'LanOpensHost', severity: 'stops', look: lease },
    trigger: firewalldRuns,
    clear: typedWhole,
  },
  {
    ...{ reason: 'LanOpensHost', severity: 'warns', look: onBridge },
    trigger: (host: PreflightHost) => {
      host.sh('ip link add xnet-lan type bridge; ip link set xnet-lan up; ip link set eth0 master xnet-lan');
      host.sh('ip address del 192.168.83.11/24 dev eth0; ip address add 192.168.83.11/24 dev xnet-lan');
      // Of commands that were typed only in part.
      host.write('etc/firewalld/policies/docker-host.xml', '<policy target="CONTINUE">\n</policy>\n');
    },
    clear: typedWhole,
    undo: (host: PreflightHost) => host.sh('ip link delete xnet-lan; ip address add 192.168.83.11/24 dev eth0'),
  },
  {
    ...{ reason: 'LanPacketsDropped', severity: 'stops', look: lease },
    trigger: (host: PreflightHost) =>
      host.sh(`nft 'table inet closed { chain forward { type filter hook forward priority 0; policy drop; }; }'`),
    clear: (host: PreflightHost, fix: string) => host.sh(fix),
  },
  {
    ...{ reason: 'LanPacketsDropped', severity: 'stops', look: lease },
    trigger: (host: PreflightHost) =>
      host.sh('iptables -N DOCKER-USER; iptables -A FORWARD -j DROP; iptables -A FORWARD -j DOCKER-USER'),
    clear: (host: PreflightHost, fix: string) => host.sh(fix),
  },
  {
    ...{ reason: 'LanPacketsDropped', severity: 'stops', look: lease },
    trigger: (host: PreflightHost) =>
      host.sh(
        'iptables -t raw -A PREROUTING -i xnet-lan -j DROP; ' +
          `nft 'table inet early { chain pre { type filter hook prerouting priority 0; policy drop; }; }'`,
      ),
    clear: (host: PreflightHost, fix: string) => host.sh(fix),
  },
];
