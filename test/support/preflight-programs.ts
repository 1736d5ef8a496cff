// Findings of preflight about the programs of a host, with what triggers and clears each. The files are as these programs write
// them: ufw 0.36.2, NetworkManager 1.42.4, firewalld 1.3.3.
import { imitateFirewallCmd } from './firewall-cmd.js';
import { prefix } from './pools.js';
import type { PreflightHost } from './preflight-host.js';
import type { PreflightFixture } from './preflight-lan.js';

const look = { subnet: prefix('10.76.3.0/24'), pool: [prefix('10.76.0.0/16')] };
// systemd accepts the verbs of the fixes, of units that are in use.
const systemctl =
  '#!/bin/sh\ncase "$*" in "restart systemd-networkd" | "reload NetworkManager") ;; *) exit 1 ;; esac\n';
const typed = (host: PreflightHost, fix: string) => {
  host.write('usr/local/sbin/systemctl', systemctl, 0o755);
  host.sh(fix);
};

const ufwDocker = '*filter\n-A DOCKER-USER -j ufw-user-forward\nCOMMIT\n';

/** programFixtures are these findings. */
export const programFixtures: readonly PreflightFixture[] = [
  ...(
    [
      ['NftMissing', 'stops', 'nft', 'nftables'],
      ['IptablesMissing', 'stops', 'iptables', 'iptables'],
      ['ConntrackMissing', 'warns', 'conntrack', 'conntrack'],
    ] as const
  ).map(([reason, severity, program, packageName]): PreflightFixture => {
    return {
      reason,
      severity,
      trigger: (host) => host.remove(`usr/sbin/${program}`),
      // The package brings the program.
      clear: (host, fix) =>
        fix === `install the package ${packageName}` ? host.write(`usr/sbin/${program}`, '', 0o755) : undefined,
    };
  }),
  {
    // Docker's package brings it.
    reason: 'IptablesMissing',
    severity: 'warns',
    trigger: (host) => {
      host.remove('usr/sbin/dockerd');
      host.remove('usr/sbin/iptables');
    },
    clear: (host) => host.write('usr/sbin/iptables', '', 0o755),
  },
  {
    reason: 'NetworkdRemovesRoutes',
    severity: 'warns',
    trigger: (host) => {
      host.active.add('systemd-networkd');
      // An operator's drop-in that has two of three, one of them undone by another.
      host.write('usr/lib/systemd/networkd.conf.d/10-a.conf', '[Network]\nManageForeignRoutes=no\n');
      host.write(
        'etc/systemd/networkd.conf.d/20-b.conf',
        '[Network]\nManageForeignRoutes=yes\n# ManageForeignNextHops=no\n',
      );
    },
    clear: typed,
  },
  {
    reason: 'NetworkManagerTakesBridges',
    severity: 'warns',
    trigger: (host) => {
      host.active.add('NetworkManager');
      host.write('etc/NetworkManager/NetworkManager.conf', '[keyfile]\nunmanaged-devices=interface-name:wlan0\n');
    },
    clear: typed,
  },
  {
    reason: 'NetworkManagerTakesBridges',
    severity: 'warns',
    // It manages eth0, and watches docker0.
    trigger: (host) => {
      host.write('etc/NetworkManager/conf.d/99-xnet.conf', '[keyfile]\nunmanaged-devices=interface-name:wlan0\n');
      for (const [index, name, uuid] of [
        [2, 'eth0', 'connection-uuid=7ba00b1d-8cdd-30da-91ad-bb83ed4f7474\n'],
        [71, 'docker0', ''],
      ] as const) {
        host.write(`sys/class/net/${name}/ifindex`, `${index}\n`);
        host.write(`run/NetworkManager/devices/${index}`, `[device]\nmanaged=true\n${uuid}nm-owned=false\n`);
      }
    },
    clear: (host, fix) => {
      if (fix.includes(";interface-name:veth*;except:interface-name:xnet-lan'")) typed(host, fix);
    },
  },
  {
    reason: 'FirewalldDrops',
    severity: 'warns',
    look,
    trigger: (host) => {
      imitateFirewallCmd(host);
      host.active.add('firewalld');
    },
    clear: (host, fix) => host.sh(fix),
  },
  {
    reason: 'UfwActive',
    severity: 'info',
    trigger: (host) => host.write('etc/ufw/ufw.conf', 'ENABLED=yes\n'),
    clear: (host) => host.write('etc/ufw/ufw.conf', 'ENABLED=no\n'),
  },
  {
    reason: 'UfwDrops',
    severity: 'warns',
    look,
    trigger: (host) => {
      host.write('etc/ufw/ufw.conf', 'ENABLED=yes\n');
      host.write('etc/ufw/after.rules', ufwDocker);
    },
    // ufw writes the rule.
    clear: (host, fix) => {
      const [, from, to] = /^ufw route prepend allow from (\S+) to (\S+)$/.exec(fix) ?? [];
      host.write('etc/ufw/user.rules', `-A ufw-user-forward -d ${to} -s ${from} -j ACCEPT\n`);
    },
  },
  {
    reason: 'SelinuxEnforces',
    severity: 'info',
    trigger: (host) => host.write('sys/fs/selinux/enforce', '1'),
    clear: (host) => host.write('sys/fs/selinux/enforce', '0'),
  },
];
