// Decides what in a host's network blocks packets from and to peers: the underlay, its MTU, the reverse-path filter,
// policy rules, and peers that are not on the same link. Pure.
import { formatIpv4, type Ipv4, prefixContains } from '../../proto/domain/address.js';
import { type Mode, usesDocker0 } from '../../proto/domain/network.js';
import type { EngineSeen } from '../docker/engine/engine.js';
import type { Address, Link } from '../kernel/route-kernel.js';
import { type Enslaved, enslavedFinding } from '../path/findings.js';
import { findingsOf } from '../routes/problems.js';
import type { UnderlayChoice } from '../underlay/choose.js';
import { type PreflightFinding, rated } from './finding.js';
import type { PingedPeer } from './ping.js';

/** NetworkSeen is the part of a host's network that concerns peers. */
export type NetworkSeen = {
  readonly underlay: UnderlayChoice;
  readonly links: ReadonlyMap<number, Link>;
  readonly addresses: readonly Address[];
  /** The underlay's VRF, if it is in one. */
  readonly enslaved: readonly Enslaved[];
  /** Policy rules besides the kernel's own. */
  readonly rules: number;
  /** Names of interfaces whose rp_filter is strict: "eth0", "docker0". */
  readonly strict: readonly string[];
  /** Bridges of Docker's networks, and the running containers on each that are on another one as well. */
  readonly shared: ReadonlyMap<string, readonly string[]>;
  /** MTU that Docker gives containers: that of daemon.json, or 1500. */
  readonly dockerMtu: number;
  /** Path of daemon.json. */
  readonly path: string;
  readonly mode: Mode;
  readonly peers: readonly Ipv4[];
  /** What the peers answered; empty if none was asked. */
  readonly pinged: readonly PingedPeer[];
};

/** networkFindings lists them. */
export function networkFindings(seen: NetworkSeen): readonly PreflightFinding[] {
  const { underlay, links, enslaved } = seen;
  const found = underlay.findings.map((finding) => rated('warns', finding));
  found.push(...enslaved.map((each) => rated('stops', enslavedFinding(each))));
  const link = underlay.underlay && links.get(underlay.underlay.ifindex);
  if (link !== undefined) found.push(...mtuFindings(seen, link), ...peerFindings(seen, link));
  return [...found, ...filterFindings(seen, link), ...ruleFindings(seen)];
}

function mtuFindings({ dockerMtu, path, mode }: NetworkSeen, { name, mtu }: Link): readonly PreflightFinding[] {
  if (mtu >= dockerMtu) return [];
  const message =
    `${name} has an MTU of ${mtu}, and Docker gives containers ${dockerMtu}: their large packets to other hosts depend on ICMP ` +
    'messages that firewalls often drop';
  const setting = usesDocker0(mode)
    ? `"mtu": ${mtu}`
    : `"default-network-opts": {"bridge": {"com.docker.network.driver.mtu": "${mtu}"}} (from Docker 24 on)`;
  return [{ severity: 'warns', reason: 'MtuBelowDocker', message, fix: `in ${path}: ${setting}, and restart Docker` }];
}

function peerFindings({ peers, addresses, pinged, links }: NetworkSeen, link: Link): readonly PreflightFinding[] {
  const networks = addresses.filter(({ ifindex }) => ifindex === link.ifindex).map(({ prefix }) => prefix);
  const distant = peers.filter((peer) => !networks.some((network) => prefixContains(network, peer)));
  const problems = distant.map((nextHop) => {
    const peer = { nodeName: 'the peer', nextHop, subnet: { network: nextHop, length: 32 } };
    return { reason: 'NotOnLink' as const, peer, interfaceName: link.name };
  });
  const found = findingsOf(problems, { links, nextHops: undefined }).map((finding) =>
    rated('stops', { ...finding, reason: 'NotOnLink' }),
  );
  for (const { peer, answers, longest } of pinged) {
    const address = formatIpv4(peer);
    if (distant.includes(peer)) continue;
    if (!answers) {
      const message = `${address} does not answer an echo request on ${link.name}: its routes would lead nowhere`;
      const fix = `check that ${address} is up and on this network: ip neighbour show ${address} dev ${link.name}`;
      found.push({ severity: 'warns', reason: 'PeerSilent', message, fix });
    } else if (longest < link.mtu) {
      const message =
        `packets of ${link.mtu} bytes, the MTU of ${link.name}, do not reach ${address}; those of ${longest} do: large packets ` +
        'between the two hosts are lost silently';
      const fix = `give all hosts one MTU; here: ip link set ${link.name} mtu ${longest}`;
      found.push({ severity: 'warns', reason: 'MtuDiffers', message, fix });
    }
  }
  return found;
}

/** sharedBridges returns the bridges of networks whose containers are on several, with the names of these containers. */
export function sharedBridges({
  containers,
  networks,
}: Pick<EngineSeen, 'containers' | 'networks'>): ReadonlyMap<string, readonly string[]> {
  const shared = new Map<string, string[]>();
  for (const { name, running, networks: its } of containers) {
    const bridges = networks.flatMap(({ id, bridgeName }) =>
      bridgeName !== undefined && its.some((network) => network.id === id) ? [bridgeName] : [],
    );
    if (!running || bridges.length < 2) continue;
    for (const bridge of bridges) shared.set(bridge, [...(shared.get(bridge) ?? []), name]);
  }
  return shared;
}

const mostNamed = 5;

// A container answers by its default route, whichever network it was asked on.
function sharedFindings({ strict, shared, mode }: NetworkSeen): readonly PreflightFinding[] {
  return [...shared].flatMap(([bridge, containers]): readonly PreflightFinding[] => {
    if (!strict.includes(bridge) || (bridge === 'docker0' && !usesDocker0(mode))) return [];
    const more = containers.length > mostNamed ? ` and ${containers.length - mostNamed} more` : '';
    const message =
      `rp_filter is strict on ${bridge}, and containers on it are on other networks as well: ` +
      `${containers.slice(0, mostNamed).join(', ')}${more}. If their default route is by ${bridge}, what reaches them under an ` +
      'address of another network is not answered: the kernel drops the answers';
    const fix = `sysctl -w net/ipv4/conf/${bridge}/rp_filter=2`;
    return [{ severity: 'warns', reason: 'ReversePathStrict', message, fix }];
  });
}

function filterFindings(seen: NetworkSeen, link: Link | undefined): readonly PreflightFinding[] {
  const { strict, links, mode } = seen;
  const found: PreflightFinding[] = [...sharedFindings(seen)];
  if (link !== undefined && strict.includes(link.name)) {
    const message =
      `rp_filter is strict on ${link.name} (the greater of net.ipv4.conf.all and ${link.name} counts): packets from peers are ` +
      'dropped whenever the answer would leave by another interface';
    const fix = `sysctl -w net/ipv4/conf/${link.name}/rp_filter=2`;
    // With one interface, the answer leaves where the packet came in.
    const others = [...links.values()].filter((other) => isUplink(other, link));
    found.push({ severity: others.length > 0 ? 'warns' : 'info', reason: 'ReversePathStrict', message, fix });
  }
  if (!usesDocker0(mode) && strict.includes('docker0')) {
    const message =
      'rp_filter is strict on docker0: a container that is on docker0 and on a network of xnet at once is not reached from ' +
      'other hosts';
    const fix = 'sysctl -w net/ipv4/conf/docker0/rp_filter=2';
    found.push({ severity: 'warns', reason: 'ReversePathStrict', message, fix });
  }
  return found;
}

const IFF_UP = 0x1;
const IFF_LOOPBACK = 0x8;

// Another interface that packets may come in or go out by: not a port of a bridge, nor Docker's.
function isUplink({ name, flags, master, ifindex }: Link, link: Link): boolean {
  if ((flags & IFF_UP) === 0 || (flags & IFF_LOOPBACK) !== 0 || ifindex === link.ifindex) return false;
  return master === 0 && !/^(docker|br-|veth|xnet)/.test(name);
}

function ruleFindings({ rules }: NetworkSeen): readonly PreflightFinding[] {
  if (rules === 0) return [];
  const message =
    `there ${rules === 1 ? 'is 1 policy rule' : `are ${rules} policy rules`} besides the kernel's own: one that applies to ` +
    'containers or peers takes their packets past the main table, where xnet has its routes';
  return [{ severity: 'info', reason: 'PolicyRules', message, fix: 'look at them: ip rule show' }];
}
