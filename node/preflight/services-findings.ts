// Decides which other programs of the host will undo or block xnet's changes, and offers the settings that prevent it.
// Pure.
import { formatPrefix, type Prefix } from '../../proto/domain/address.js';
import { usualLanName } from '../../proto/domain/network.js';
import { firewalldFix, ufwFix } from '../firewall/drops.js';
import { parseRange } from '../firewall/flow.js';
import { optionsOf } from '../firewall/iptables-save.js';
import type { PreflightFinding } from './finding.js';
import { leavesAlone, matches } from './nm-devices.js';
import type { PreflightRequest } from './request.js';
import type { ServicesSeen } from './services.js';

// networkd.conf(5): each is "yes" unless it is set, from 246, 256 and 249 on. An older one ignores what it does not know.
const foreign = ['ManageForeignRoutes', 'ManageForeignNextHops', 'ManageForeignRoutingPolicyRules'] as const;
const networkdDropIn = '/etc/systemd/networkd.conf.d/99-xnet.conf';
const nmDropIn = '/etc/NetworkManager/conf.d/99-xnet.conf';
const bridges = ['docker0', 'br-*', 'xnet*', 'veth*'];

/**
 * servicesFindings lists them.
 * @param usesNftables whether Docker filters with tables of nftables, and not with iptables
 */
export function servicesFindings(
  seen: ServicesSeen,
  request: PreflightRequest,
  usesNftables: boolean,
): readonly PreflightFinding[] {
  return [
    ...unansweredFindings(seen),
    ...networkdFindings(seen),
    ...bridgesTakenFindings(seen, request),
    ...firewalldFindings(seen, request),
    ...ufwFindings(seen, request, usesNftables),
    ...selinuxFindings(seen),
  ];
}

function unansweredFindings({ active }: ServicesSeen): readonly PreflightFinding[] {
  if (active !== undefined) return [];
  const message =
    'systemctl does not answer, so it is not known whether systemd-networkd, NetworkManager and firewalld run';
  const fix = 'correct what this reports: systemctl is-system-running; or see by hand whether these three run';
  return [{ severity: 'warns', reason: 'NotLookedAt', message, fix }];
}

// The lines that a shell writes into a file: each line is one argument.
function writing(path: string, lines: readonly string[]): string {
  const folder = path.slice(0, path.lastIndexOf('/'));
  return `mkdir -p ${folder} && printf '%s\\n' ${lines.map((line) => `'${line}'`).join(' ')} >${path}`;
}

function networkdFindings({ active, networkd }: ServicesSeen): readonly PreflightFinding[] {
  if (active?.has('systemd-networkd') !== true) return [];
  const managed = foreign.filter((key) => !/^(no|false|off|0|n|f)$/i.test(networkd.get(key) ?? ''));
  if (managed.length === 0) return [];
  const message =
    `systemd-networkd removes what it has not set up itself (${managed.join(', ')}): when it starts or an interface comes ` +
    "back, xnet's routes are gone until xnetd has put them back";
  const drop = writing(networkdDropIn, ['[Network]', ...foreign.map((key) => `${key}=no`)]);
  const fix = `${drop} && systemctl restart systemd-networkd`;
  return [{ severity: 'warns', reason: 'NetworkdRemovesRoutes', message, fix }];
}

function bridgesTakenFindings(
  { active, networkManager, managed }: ServicesSeen,
  { leases }: PreflightRequest,
): readonly PreflightFinding[] {
  if (active?.has('NetworkManager') !== true) return [];
  // Those on which containers have addresses of the pool.
  const needed = new Set(['docker0', ...leases.filter(({ mode }) => mode !== 'lan').map(({ bridge }) => bridge)]);
  if ([...needed].every((name) => leavesAlone(networkManager, { name, type: 'bridge' }))) return [];
  const patterns = [...bridges, ...[...needed].filter((name) => !bridges.some((pattern) => matches(pattern, name)))];
  const message =
    'NetworkManager runs and is not told to leave the bridges and interfaces of containers alone: when it applies a connection ' +
    'to one, or networking is switched off (nmcli networking off), it removes the addresses, routes and ports that it does ' +
    'not know';
  const lan = leases.find(({ mode }) => mode === 'lan')?.bridge ?? usualLanName;
  // In mode lan, the bridge of an interface of NetworkManager is NetworkManager's as well (LanPortManaged).
  const except = managed.some((name) => name === lan || !patterns.some((pattern) => matches(pattern, name)));
  const devices = patterns.map((name) => `interface-name:${name}`);
  const list = [...devices, ...(except ? [`except:interface-name:${lan}`] : [])].join(';');
  const fix = `${writing(nmDropIn, ['[keyfile]', `unmanaged-devices+=${list}`])} && systemctl reload NetworkManager`;
  return [{ severity: 'warns', reason: 'NetworkManagerTakesBridges', message, fix }];
}

function rangesOf({ pools }: PreflightRequest): readonly string[] {
  return pools.length === 0 ? ['CIDR-OF-THE-POOL'] : pools.map(formatPrefix);
}

function firewalldFindings(
  { active, trustedZone }: ServicesSeen,
  request: PreflightRequest,
): readonly PreflightFinding[] {
  // In mode lan, packets are bridged (LanOpensHost), and the pool as a trusted source would open the host to the LAN.
  if (active?.has('firewalld') !== true || request.mode === 'lan') return [];
  const trusted = [...trustedZone.matchAll(/<source\b[^>]*\baddress=["']([^"']+)/g)].map(([, source = '']) => source);
  const ranges = rangesOf(request).filter((range) => !trusted.some((source) => isWithin(range, source)));
  if (ranges.length === 0) return [];
  const message = `firewalld runs, and its zones do not let packets from peers (${ranges.join(', ')}) through to containers`;
  return [{ severity: 'warns', reason: 'FirewalldDrops', message, fix: firewalldFix(ranges) }];
}

// Says whether the first range lies in the second one: "10.76.0.0/16" in "10.0.0.0/8".
function isWithin(range: string, other: string): boolean {
  const [inner, outer] = [parseRange(range), parseRange(other)];
  return inner !== undefined && outer !== undefined && outer.first <= inner.first && outer.last >= inner.last;
}

function ufwFindings(
  { ufw }: ServicesSeen,
  request: PreflightRequest,
  usesNftables: boolean,
): readonly PreflightFinding[] {
  if (!ufw.enabled) return [];
  const pools = request.pools;
  const allowsAll = pools.length > 0 && pools.every((from) => pools.every((to) => allows(ufw.rules, from, to)));
  // Packets that are bridged, in mode lan, are accepted by Docker behind the rules of ufw-docker.
  if (request.mode === 'lan' || allowsAll || !(usesNftables ? !ufw.routes : ufw.inDockerUser)) {
    const order =
      usesNftables && ufw.routes
        ? 'it accepts routed packets by default'
        : "Docker's chains, and xnet's rule in DOCKER-USER, come before its rules for routed packets";
    const message = allowsAll ? 'ufw is active, and lets packets from peers through' : `ufw is active; ${order}`;
    return [{ severity: 'info', reason: 'UfwActive', message }];
  }
  const message = usesNftables
    ? 'ufw is active, and Docker has its rules in nftables, where they do not come before those of ufw: packets from and to ' +
      'peers are dropped'
    : 'ufw is active and decides in DOCKER-USER (ufw-docker) on packets to containers, before xnet: those from peers are dropped';
  return [{ severity: 'warns', reason: 'UfwDrops', message, fix: ufwFix(rangesOf(request)) }];
}

// ufw writes "-A ufw-user-forward -d TO -s FROM -j ACCEPT", and "-i eth0", "-o docker0" and "-p tcp" if it is told to. The first
// rule that decides on all packets counts; denied interfaces may be others than those of peers and containers.
function allows(rules: string, from: Prefix, to: Prefix): boolean {
  const [source, destination] = [from, to].map(formatPrefix);
  for (const line of rules.split('\n')) {
    const [, rule] = /^-A ufw-user-forward (.*)$/.exec(line) ?? [];
    const options = rule === undefined ? [] : optionsOf(rule);
    const concerns = (option: string) => {
      const [name = '', value = ''] = option.split(' ');
      if (name === '-s' || name === '-d') return isWithin((name === '-s' ? source : destination) ?? '', value);
      return /^(-[jio] |-p tcp$)/.test(option);
    };
    if (!options.every(concerns)) continue;
    if (options.includes('-j ACCEPT')) return true;
    if (options.some((option) => /^-j (DROP|REJECT)$/.test(option)) && !options.some((option) => /^-[io]/.test(option)))
      return false;
  }
  return false;
}

function selinuxFindings({ selinuxEnforces }: ServicesSeen): readonly PreflightFinding[] {
  if (!selinuxEnforces) return [];
  const message =
    'SELinux is enforcing: xnetd needs a domain that may change routes, nftables and /etc/docker/daemon.json';
  const fix = 'after xnetd has started, see what was denied: ausearch -m avc -c xnetd; to try without: setenforce 0';
  return [{ severity: 'info', reason: 'SelinuxEnforces', message, fix }];
}
