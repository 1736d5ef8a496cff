// Derives the desired firewall of a host from the assignment, the route table and the underlay. Pure.
// Invariant: `peers` has only subnets that are leased to peers, never the host's own. The rules for a lease do not depend on
// its state (wanted, in force, ending), so a change of the state changes no rule.
import { type Prefix, prefixesOverlap, prefixKey } from '../../proto/domain/address.js';
import { type Checked, checkInterfaceName, quoted } from '../../proto/domain/input.js';
import type { Assignment, Route } from '../../proto/domain/network.js';
import { type OwnSubnet, ownSubnets } from '../table/own-subnets.js';

/** DesiredFirewall is the desired state of the firewall effect. */
export type DesiredFirewall = {
  /** This node's own subnets and their bridges, ordered by prefixKey. */
  readonly own: readonly OwnSubnet[];
  /** Leases of mode lan, ordered by prefixKey; absent: none. */
  readonly lans?: readonly LanSubnet[];
  /** The interface that peers are reached on: "eth0". */
  readonly underlay: string;
  /** Mode lan: further interfaces that packets from peers may arrive on, because the host's address moves; absent: none. */
  readonly besides?: readonly string[];
  /** The peers' subnets, ordered by prefixKey, each once. */
  readonly peers: readonly Prefix[];
  /** Destinations towards which containers keep their own addresses, ordered by prefixKey. */
  readonly pools: readonly Prefix[];
  /** The one bit of the packet mark that marks packets from a peer to this host. */
  readonly mark: number;
  /** False: no controller has confirmed the route table yet, so that our nftables table may be newer: it only grows. */
  readonly isConfirmed: boolean;
};

/** LanSubnet is a lease of mode lan, and the bridge that has the host's own interface: "xnet-lan". */
export type LanSubnet = { readonly subnet: Prefix; readonly bridge: string };

function lansOf({ leases }: Pick<Assignment, 'leases'>): { readonly lans?: readonly LanSubnet[] } {
  const lans = leases
    .filter(({ mode }) => mode === 'lan')
    .map(({ subnet, bridgeName: bridge }) => ({ subnet, bridge }))
    .sort((a, b) => prefixKey(a.subnet) - prefixKey(b.subnet));
  return lans.length === 0 ? {} : { lans };
}

/**
 * defaultMark is bit 31. Programs that use single bits leave it alone, except Calico and Cilium, which use nearly all
 * bits and run on Kubernetes nodes (github.com/fwmark/registry; Tailscale has bits 16 to 23, Kubernetes 14 and 15, CNI
 * and podman 13). It is clear in the whole marks that others set: 0xd0c4e3 (Docker's encrypted overlays), 0xca6c
 * (wg-quick), 0xe1f1 (NordVPN), 0x6d6f6c65 (Mullvad), 0x1bd00 (NetBird), 0x539 (Istio), and in the small numbers that
 * administrators choose.
 */
export const defaultMark = 0x80000000;

/** checkMark checks a packet mark of exactly one bit: "0x80000000", "65536". */
export function checkMark(text: string): Checked<number> {
  const value = /^(0x[0-9a-fA-F]{1,8}|[1-9]\d{0,9})$/.test(text) ? Number(text) : 0;
  if (value > 0 && value <= 0x80000000 && Number.isInteger(Math.log2(value))) return { value };
  return { problem: `${quoted(text)} is not one bit of a packet mark: use a power of two such as 0x80000000` };
}

/** DesiredFirewallInput holds the inputs of desiredFirewall. */
export type DesiredFirewallInput = {
  readonly assignment: Pick<Assignment, 'leases'>;
  /** The route table; it may contain the node's own entries. */
  readonly routes: Iterable<Pick<Route, 'subnet'>>;
  readonly pools: readonly Prefix[];
  /** Name of the underlay interface. */
  readonly underlay: string;
  /** Other interfaces that are to be in DesiredFirewall.besides; the underlay may be among them. */
  readonly besides?: readonly string[];
  /** Default `defaultMark`. */
  readonly mark?: number;
  /** See DesiredFirewall. Default true. */
  readonly isConfirmed?: boolean;
};

/** desiredFirewall derives the desired firewall. */
export function desiredFirewall(input: DesiredFirewallInput): DesiredFirewall {
  const { assignment, underlay, mark = defaultMark, isConfirmed = true } = input;
  const besides = (input.besides ?? []).filter((name) => name !== underlay);
  const own = ownSubnets(assignment);
  const peers: Prefix[] = [];
  for (const { subnet } of input.routes) {
    if (!own.some((each) => prefixesOverlap(subnet, each.subnet))) peers.push(subnet);
  }
  return {
    own,
    ...lansOf(assignment),
    underlay,
    ...(besides.length === 0 ? {} : { besides }),
    peers: distinct(peers),
    pools: distinct(input.pools),
    mark,
    isConfirmed,
  };
}

function distinct(prefixes: readonly Prefix[]): readonly Prefix[] {
  // The route table is ordered already; sorting thousands again for each change would be wasted.
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

/** bridgesOf returns the bridges of the own subnets, each once. */
export function bridgesOf({ own }: Pick<DesiredFirewall, 'own'>): readonly string[] {
  return [...new Set(own.map(({ bridge }) => bridge))];
}

/**
 * peerInterfaces returns the interfaces that peers come by, each once. Their order does not depend on which of them is the
 * underlay, so a move of LAN mode changes no rule.
 */
export function peerInterfaces({ underlay, besides = [] }: Pick<DesiredFirewall, 'underlay' | 'besides'>) {
  return [...new Set([underlay, ...besides])].sort();
}

/**
 * unusableNames returns the interface names that can't be used in a rule. The kernel allows nearly any character in
 * them; nft and iptables take some as wildcards.
 */
export function unusableNames(
  desired: Pick<DesiredFirewall, 'own' | 'lans' | 'underlay' | 'besides'>,
): readonly string[] {
  const lans = (desired.lans ?? []).map(({ bridge }) => bridge);
  return [...bridgesOf(desired), ...lans, ...peerInterfaces(desired)].filter(
    (name) => 'problem' in checkInterfaceName(name),
  );
}

/** EngineFacts are the facts about this host's Docker engine that firewall decisions depend on. */
export type EngineFacts = {
  /** Whether it answers. */
  readonly running: boolean;
  /** 28 of "28.5.2"; undefined if not known. */
  readonly major?: number | undefined;
  /** From GET /info: "iptables", "iptables+firewalld", "nftables"; engines before 28 do not report it. */
  readonly firewallBackend?: string | undefined;
  /** dockerd's --iptables, or "iptables" of daemon.json; undefined if not known (the default is true). */
  readonly iptables?: boolean | undefined;
};

/** filtersWithNftables reports whether the engine keeps its rules in nftables, which has no DOCKER-USER chain. */
export function filtersWithNftables(engine: EngineFacts | undefined): boolean {
  return engine?.firewallBackend?.startsWith('nftables') === true;
}
