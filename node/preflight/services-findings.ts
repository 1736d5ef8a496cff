// Decides which other programs of the host will undo or block xnet's changes, and offers the settings that prevent it.
// Pure.
import { formatPrefix } from '../../proto/domain/address.js';
import { firewalldFix, ufwFix } from '../firewall/drops.js';
import type { PreflightFinding } from './finding.js';
import type { PreflightRequest } from './request.js';
import type { ServicesSeen } from './services.js';

// networkd.conf(5): each is "yes" unless it is set, from 246, 256 and 249 on. An older one ignores what it does not know.
const foreign = ['ManageForeignRoutes', 'ManageForeignNextHops', 'ManageForeignRoutingPolicyRules'] as const;
const networkdDropIn = '/etc/systemd/networkd.conf.d/99-xnet.conf';
const nmDropIn = '/etc/NetworkManager/conf.d/99-xnet.conf';
const bridges = ['docker0', 'br-*', 'xnet*', 'veth*'];

/** servicesFindings lists them. */
export function servicesFindings(seen: ServicesSeen, request: PreflightRequest): readonly PreflightFinding[] {
  return [
    ...networkdFindings(seen),
    ...bridgesTakenFindings(seen),
    ...firewalldFindings(seen, request),
    ...ufwFindings(seen, request),
    ...selinuxFindings(seen),
  ];
}

// The lines that a shell writes into a file: each line is one argument.
function writing(path: string, lines: readonly string[]): string {
  const folder = path.slice(0, path.lastIndexOf('/'));
  return `mkdir -p ${folder} && printf '%s\\n' ${lines.map((line) => `'${line}'`).join(' ')} >${path}`;
}

function networkdFindings({ active, networkd }: ServicesSeen): readonly PreflightFinding[] {
  if (!active.has('systemd-networkd')) return [];
  const managed = foreign.filter((key) => !/^(no|false|off|0|n|f)$/i.test(networkd.get(key) ?? ''));
  if (managed.length === 0) return [];
  const message =
    `systemd-networkd removes what it has not set up itself (${managed.join(', ')}): when it starts or an interface comes ` +
    "back, xnet's routes are gone until xnetd has put them back";
  const drop = writing(networkdDropIn, ['[Network]', ...foreign.map((key) => `${key}=no`)]);
  const fix = `${drop} && systemctl restart systemd-networkd`;
  return [{ severity: 'warns', reason: 'NetworkdRemovesRoutes', message, fix }];
}

function bridgesTakenFindings({ active, networkManager }: ServicesSeen): readonly PreflightFinding[] {
  if (!active.has('NetworkManager')) return [];
  const unmanaged = networkManager
    .flatMap((text) => [...text.matchAll(/^\s*unmanaged-devices\s*\+?=(.*)$/gm)])
    .flatMap(([, value = '']) => value.split(/[;,]/))
    .map((spec) => spec.trim().replace(/^interface-name:=?/, ''));
  if (unmanaged.some((pattern) => pattern === '*' || matches(pattern, 'docker0'))) return [];
  const message =
    'NetworkManager runs and is not told to leave the bridges and interfaces of containers alone: when it applies a connection ' +
    'to one, it removes addresses and routes that it does not know';
  const devices = bridges.map((name) => `interface-name:${name}`).join(';');
  const fix = `${writing(nmDropIn, ['[keyfile]', `unmanaged-devices+=${devices}`])} && systemctl reload NetworkManager`;
  return [{ severity: 'warns', reason: 'NetworkManagerTakesBridges', message, fix }];
}

function matches(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? pattern.length > 1 && name.startsWith(pattern.slice(0, -1)) : pattern === name;
}

function rangesOf({ pools }: PreflightRequest): readonly string[] {
  return pools.length === 0 ? ['CIDR-OF-THE-POOL'] : pools.map(formatPrefix);
}

function firewalldFindings(
  { active, trustedZone }: ServicesSeen,
  request: PreflightRequest,
): readonly PreflightFinding[] {
  // In mode lan, packets are bridged (LanOpensHost), and the pool as a trusted source would open the host to the LAN.
  if (!active.has('firewalld') || request.mode === 'lan') return [];
  const ranges = rangesOf(request).filter((range) => !trustedZone.includes(`address="${range}"`));
  if (ranges.length === 0) return [];
  const message = `firewalld runs, and its zones do not let packets from peers (${ranges.join(', ')}) through to containers`;
  return [{ severity: 'warns', reason: 'FirewalldDrops', message, fix: firewalldFix(ranges) }];
}

function ufwFindings({ ufw }: ServicesSeen, request: PreflightRequest): readonly PreflightFinding[] {
  if (!ufw.enabled) return [];
  if (!ufw.inDockerUser) {
    const message =
      "ufw is active; Docker's chains, and xnet's rule in DOCKER-USER, come before its rules for routed packets";
    return [{ severity: 'info', reason: 'UfwActive', message }];
  }
  const ranges = rangesOf(request);
  const allows = (range: string) => ufw.rules.includes(`-A ufw-user-forward -s ${range} -d ${range} -j ACCEPT`);
  if (ranges.every(allows)) return [];
  const message =
    'ufw is active and decides in DOCKER-USER (ufw-docker) on packets to containers, before xnet: those from peers are dropped';
  return [{ severity: 'warns', reason: 'UfwDrops', message, fix: ufwFix(ranges) }];
}

function selinuxFindings({ selinuxEnforces }: ServicesSeen): readonly PreflightFinding[] {
  if (!selinuxEnforces) return [];
  const message =
    'SELinux is enforcing: xnetd needs a domain that may change routes, nftables and /etc/docker/daemon.json';
  const fix = 'after xnetd has started, see what was denied: ausearch -m avc -c xnetd; to try without: setenforce 0';
  return [{ severity: 'info', reason: 'SelinuxEnforces', message, fix }];
}
