// Reads what netlink does not report about an interface: its kind, the program that manages it, the rules that name it; and
// copies its settings. Reads and writes are synchronous, because all of these files are in memory.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Exec } from '../../proto/process/exec.js';
import { type FirewalldFiles, opensHost } from './firewalld.js';
import { rulesNaming } from './named-rules.js';
import type { PortFacts } from './obstacles.js';
import type { LanLink } from './snapshot.js';

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

/**
 * portFactsIn returns a function that reads the facts about an interface.
 * @param root prefix of all paths: "/" on a host
 */
export function portFactsIn(root: string, exec: Exec): (port: LanLink, bridge: string) => Promise<PortFacts> {
  return async ({ name, ifindex }, bridge) => {
    const [nft, ...saved] = await Promise.all(
      (['nft list ruleset', 'iptables-nft-save', 'iptables-legacy-save', 'iptables-save'] as const).map((line) =>
        listed(exec, line),
      ),
    );
    const rules = { nft: nft ?? '', iptables: saved.join('\n') };
    const nm = textOf(join(root, 'run/NetworkManager/devices', String(ifindex)));
    const isNmPort = /^managed=true$/m.test(nm) && !(await isStopped(exec, 'NetworkManager'));
    const networkd = /^ADMIN_STATE=(.*)$/m.exec(textOf(join(root, 'run/systemd/netif/links', String(ifindex))))?.[1];
    const byNetworkd = networkd !== undefined && networkd !== 'unmanaged' && networkd !== '';
    const folder = join(root, 'sys/class/net', name);
    return {
      rules: [...new Set(rulesNaming(rules, name, bridge))],
      isWireless: exists(join(folder, 'wireless')) || exists(join(folder, 'phy80211')),
      managedBy: isNmPort
        ? 'NetworkManager'
        : byNetworkd
          ? 'systemd-networkd'
          : hasDhcpcdLease(root, name)
            ? 'dhcpcd'
            : undefined,
      dhcpClient: dhcpClientOf(root, name),
      firewalldHas: {
        zone: zoneFolders.some((zones) => exists(join(root, zones, 'docker.xml'))),
        policy: exists(join(root, 'etc/firewalld/policies/docker-host.xml')),
      },
      opensHost: opensHost(rules, firewalldFiles(join(root, 'etc/firewalld'))),
      isAuthenticated: exists(join(root, 'run/wpa_supplicant', name)),
    };
  };
}

// NetworkManager leaves its files behind when it is stopped. One that starts at boot takes the interface again.
async function isStopped(exec: Exec, unit: string): Promise<boolean> {
  const ask = async (verb: string) =>
    (await exec(['systemctl', verb, `${unit}.service`], { signal: AbortSignal.timeout(30_000) })).stdout.trim();
  try {
    return /^(inactive|failed)$/.test(await ask('is-active')) && !/^enabled/.test(await ask('is-enabled'));
  } catch {
    // There is no systemctl, or it does not answer.
    return false;
  }
}

// Those of an operator or of Docker, and those that come with firewalld or another package.
const zoneFolders = ['etc/firewalld/zones', 'usr/lib/firewalld/zones'];

function firewalldFiles(folder: string): FirewalldFiles {
  const policies = join(folder, 'policies');
  const names = exists(policies) ? readdirSync(policies).filter((name) => name.endsWith('.xml')) : [];
  return {
    dockerZone: textOf(join(folder, 'zones/docker.xml')),
    policies: names.map((name) => textOf(join(policies, name))),
  };
}

// The names of the pid files are those of Debian's ifupdown and of Red Hat's initscripts.
function dhcpClientOf(root: string, name: string): string | undefined {
  return ['dhclient', 'udhcpc'].find((program) =>
    [`${program}.${name}.pid`, `${program}-${name}.pid`].some((path) => isAlive(root, path)),
  );
}

function isAlive(root: string, path: string): boolean {
  const pid = textOf(join(root, 'run', path)).trim();
  return /^\d+$/.test(pid) && exists(join(root, 'proc', pid));
}

// dhcpcd follows its addresses by netlink: it gives up a lease whose address somebody moves, or asks for one again and again.
function hasDhcpcdLease(root: string, name: string): boolean {
  const pids = ['dhcpcd/pid', 'dhcpcd.pid', `dhcpcd/${name}.pid`, `dhcpcd/${name}-4.pid`, `dhcpcd-${name}.pid`];
  return (
    pids.some((path) => isAlive(root, path)) &&
    ['dhcpcd', 'dhcpcd5'].some((folder) => exists(join(root, 'var/lib', folder, `${name}.lease`)))
  );
}

// A program that is not installed has no rules.
async function listed(exec: Exec, line: string): Promise<string> {
  const [program = '', ...rest] = line.split(' ');
  try {
    return (await exec([program, ...rest], { signal: AbortSignal.timeout(30_000) })).stdout;
  } catch {
    return '';
  }
}

/**
 * loosen makes the bridge accept packets whose source is reached by another interface. A strict filter (rp_filter 1, also that
 * of "all") would drop what arrives by the bridge while routes lead by its port. copySettings restores the setting.
 */
export function loosen({ name }: LanLink): void {
  try {
    writeFileSync(join(settingsFolder, name, 'rp_filter'), '2');
  } catch {
    // Another program has just deleted the bridge.
  }
}

const settingsFolder = '/proc/sys/net/ipv4/conf';

/** copySettings gives the bridge the settings of IPv4 that its port has: rp_filter, forwarding, arp_ignore. */
export function copySettings({ name: port }: LanLink, { name: bridge }: LanLink): void {
  for (const setting of readdirSync(join(settingsFolder, port))) {
    const [value, present] = [port, bridge].map((name) => textOf(join(settingsFolder, name, setting)));
    if (value === undefined || value === '' || value === present) continue;
    try {
      writeFileSync(join(settingsFolder, bridge, setting), value);
    } catch {
      // Read-only ones, such as mc_forwarding.
    }
  }
}
