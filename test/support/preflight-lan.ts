// Findings of preflight about the interface of mode lan, with what triggers and clears each.

import type { Severity } from '../../node/preflight/finding.js';
import { prefix } from './pools.js';
import type { PreflightHost, PreflightLook } from './preflight-host.js';

const look = { mode: 'lan', underlay: { interfaceName: 'eth0' } } as const;
const lease = { ...look, subnet: prefix('192.168.83.64/27'), pool: [prefix('192.168.83.0/24')], quick: false } as const;
const onBridge = { ...look, underlay: {}, subnet: lease.subnet, pool: lease.pool } as const;
// What is to be typed is the part of a fix after a colon, or all of it.
const typed = (host: PreflightHost, fix: string) => host.sh(fix.replace(/^.*: /, '').replace(/^.*; /, ''));

// A pid that runs, below the root.
function running(host: PreflightHost, path: string): void {
  host.write(path, '612\n');
  host.write('proc/612/comm', 'dhclient\n');
}

function managed(state: string): (host: PreflightHost) => void {
  return (host) => host.write(`run/systemd/netif/links/${host.host.ifindex('eth0')}`, `ADMIN_STATE=${state}\n`);
}

function firewalldRuns(host: PreflightHost): void {
  host.sh(
    `nft 'table inet firewalld { chain filter_FORWARD { type filter hook forward priority 10; policy drop; }; }'`,
  );
}

// As firewall-cmd writes it.
function policyWritten(host: PreflightHost, fix: string): void {
  const [, name = ''] = /--new-policy=(\S+)/.exec(fix) ?? [];
  const [from, to, target] = ['add-ingress-zone', 'add-egress-zone', 'set-target'].map(
    (option) => new RegExp(`--policy=${name} --${option}=(\\w+)`).exec(fix)?.[1],
  );
  const zones = `<ingress-zone name="${from}"/>\n  <egress-zone name="${to}"/>`;
  host.write(`etc/firewalld/policies/${name}.xml`, `<policy target="${target}">\n  ${zones}\n</policy>\n`);
}

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

/** lanFixtures are these findings. */
export const lanFixtures: readonly PreflightFixture[] = [
  {
    ...{ reason: 'LanNeedsIptables', severity: 'stops', look },
    trigger: (host: PreflightHost) => host.write('etc/docker/daemon.json', '{"firewall-backend": "nftables"}'),
    clear: (host: PreflightHost, fix: string) =>
      host.write('etc/docker/daemon.json', `{${/^put (.*) into daemon\.json/.exec(fix)?.[1]}}`),
  },
  {
    ...{ reason: 'LanPortManaged', severity: 'stops', look },
    trigger: managed('configured'),
    clear: managed('unmanaged'),
  },
  {
    ...{ reason: 'LanPortManaged', severity: 'stops', look },
    trigger: (host: PreflightHost) => {
      host.active.add('NetworkManager');
      host.write(`run/NetworkManager/devices/${host.host.ifindex('eth0')}`, '[device]\nmanaged=true\n');
    },
    clear: (host: PreflightHost) =>
      host.write(`run/NetworkManager/devices/${host.host.ifindex('eth0')}`, '[device]\nmanaged=false\n'),
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
  {
    ...{ reason: 'LanWireless', severity: 'stops', look },
    trigger: (host: PreflightHost) => host.write('sys/class/net/eth0/wireless', ''),
    clear: (host: PreflightHost) => host.remove('sys/class/net/eth0/wireless'),
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
    clear: typed,
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
    clear: policyWritten,
  },
  {
    ...{ reason: 'LanOpensHost', severity: 'warns', look: onBridge },
    trigger: (host: PreflightHost) => {
      host.sh('ip link add xnet-lan type bridge; ip link set xnet-lan up; ip link set eth0 master xnet-lan');
      host.sh('ip address del 192.168.83.11/24 dev eth0; ip address add 192.168.83.11/24 dev xnet-lan');
      host.remove('etc/firewalld/policies/docker-host.xml');
    },
    clear: policyWritten,
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
];
