// What the firewall of a host should let through, from the assignment, the route table and the underlay. Pure.
// Invariant: only subnets that are leased to peers are among `peers`; the host's own never is.
import { type Prefix, prefixesOverlap, prefixKey } from '../../proto/domain/address.js';
import { type Checked, checkInterfaceName, quoted } from '../../proto/domain/input.js';
import type { Assignment, Route } from '../../proto/domain/network.js';

/** DesiredFirewall is all that the firewall effect needs to know. */
export type DesiredFirewall = {
  /** This node's own subnet. */
  readonly own: Prefix;
  /** The bridge that has it: "docker0", "xnet0". */
  readonly bridge: string;
  /** The interface that peers are reached on: "eth0". */
  readonly underlay: string;
  /** The peers' subnets, ordered by prefixKey, each once. */
  readonly peers: readonly Prefix[];
  /** What containers' own addresses are kept towards, ordered by prefixKey. */
  readonly pools: readonly Prefix[];
  /** The one bit of the packet mark that says "from a peer, to us". */
  readonly mark: number;
};

/**
 * defaultMark is bit 31. Programs that take single bits leave it alone, but for Calico and Cilium, which take nearly
 * all of them and run on Kubernetes nodes (github.com/fwmark/registry; Tailscale has bits 16 to 23, Kubernetes 14 and
 * 15, CNI and podman 13). It is clear in the whole marks that others set: 0xd0c4e3 (Docker's encrypted overlays),
 * 0xca6c (wg-quick), 0xe1f1 (NordVPN), 0x6d6f6c65 (Mullvad), 0x1bd00 (NetBird), 0x539 (Istio), and in the small numbers
 * that administrators choose.
 */
export const defaultMark = 0x80000000;

/** checkMark checks a packet mark of exactly one bit: "0x80000000", "65536". */
export function checkMark(text: string): Checked<number> {
  const value = /^(0x[0-9a-fA-F]{1,8}|[1-9]\d{0,9})$/.test(text) ? Number(text) : 0;
  if (value > 0 && value <= 0x80000000 && Number.isInteger(Math.log2(value))) return { value };
  return { problem: `${quoted(text)} is not one bit of a packet mark: use a power of two such as 0x80000000` };
}

/** DesiredFirewallInput is what the firewall follows from. */
export type DesiredFirewallInput = {
  readonly assignment: Pick<Assignment, 'subnet' | 'mode' | 'bridgeName'>;
  /** The route table; the node's own entry may be among it. */
  readonly routes: Iterable<Pick<Route, 'subnet'>>;
  readonly pools: readonly Prefix[];
  /** Name of the underlay interface. */
  readonly underlay: string;
  /** Default `defaultMark`. */
  readonly mark?: number;
};

/** desiredFirewall says what the firewall should let through. */
export function desiredFirewall(input: DesiredFirewallInput): DesiredFirewall {
  const { assignment, underlay, mark = defaultMark } = input;
  const own = assignment.subnet;
  const peers: Prefix[] = [];
  for (const { subnet } of input.routes) if (!prefixesOverlap(subnet, own)) peers.push(subnet);
  return {
    own,
    // Docker's own bridge has no other name: `bip` and `bridge` exclude each other in its configuration.
    bridge: assignment.mode === 'bip' ? 'docker0' : assignment.bridgeName,
    underlay,
    peers: distinct(peers),
    pools: distinct(input.pools),
    mark,
  };
}

function distinct(prefixes: readonly Prefix[]): readonly Prefix[] {
  // As the route table has them: thousands, for every change of one.
  if (isOrdered(prefixes)) return prefixes;
  const byKey = new Map(prefixes.map((prefix) => [prefixKey(prefix), prefix]));
  return [...byKey].sort(([a], [b]) => a - b).map(([, prefix]) => prefix);
}

function isOrdered(prefixes: readonly Prefix[]): boolean {
  let last = -1;
  for (const prefix of prefixes) {
    const key = prefixKey(prefix);
    if (key <= last) return false;
    last = key;
  }
  return true;
}

/**
 * unusableNames are the interface names that can't stand in a rule. The kernel allows nearly any character in them;
 * nft and iptables take some as wildcards.
 */
export function unusableNames(desired: Pick<DesiredFirewall, 'bridge' | 'underlay'>): readonly string[] {
  return [desired.bridge, desired.underlay].filter((name) => 'problem' in checkInterfaceName(name));
}

/** EngineFacts are what is known of the Docker engine on this host and decides what is done. */
export type EngineFacts = {
  /** It answers. */
  readonly running: boolean;
  /** 28 of "28.5.2"; undefined: not known. */
  readonly major?: number | undefined;
  /** Of GET /info: "iptables", "iptables+firewalld", "nftables"; engines before 28 do not say. */
  readonly firewallBackend?: string | undefined;
  /** dockerd's --iptables, or "iptables" of daemon.json; undefined: not known, the default is true. */
  readonly iptables?: boolean | undefined;
};

/** filtersWithNftables says whether the engine keeps its rules in nftables, where there is no DOCKER-USER chain. */
export function filtersWithNftables(engine: EngineFacts | undefined): boolean {
  return engine?.firewallBackend?.startsWith('nftables') === true;
}
