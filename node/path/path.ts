// Observes the routing settings that precede the main table: policy rules, VRFs, the reverse-path filter.
// Invariant: read-only. The kernel is asked for its decision on a packet, so the meaning of a rule is never guessed.
import { gatewayOf, type Ipv4, ipv4FromNumber, type Prefix, prefixKey } from '../../proto/domain/address.js';
import type { DesiredFirewall } from '../firewall/desired.js';
import { ipv4Sysctl, type ProcFiles } from '../firewall/proc.js';
import type { Lookup } from '../kernel/lookup.js';
import type { KernelMirror } from '../kernel/mirror.js';
import { type Link, linkFlags, routeTypes } from '../kernel/route-kernel.js';
import type { Finding } from '../reconcile/effect.js';
import type { OwnSubnet } from '../table/own-subnets.js';
import { type Enslaved, type Probed, pathFindings } from './findings.js';

/** PathOptions are the dependencies of the observation. */
export type PathOptions = {
  readonly lookup: Lookup;
  /** Used as it is; it is not refreshed here. */
  readonly mirror: Pick<KernelMirror, 'links' | 'routes' | 'hasAddress'>;
  readonly proc: ProcFiles;
};

const nowhere = { in: { ifindex: 0, isStrict: false }, out: { ifindex: 0, isStrict: false } };
// local, main, default
const rulesAtFirst = 3;
// A lookup takes about 50 µs. Rules may concern single peers; the reverse-path filter treats most peers alike.
const mostPeers = { withRules: 256, without: 32 };

/** lookAtPath reports what diverts or drops packets of peers: the first own subnet with findings speaks for all. */
export async function lookAtPath(options: PathOptions, desired: DesiredFirewall): Promise<readonly Finding[]> {
  for (const own of desired.own) {
    const findings = await lookAtSubnet(options, desired, own);
    if (findings.length > 0) return findings;
  }
  return [];
}

async function lookAtSubnet(
  { lookup, mirror, proc }: PathOptions,
  { underlay: underlayName, pools, peers, mark }: DesiredFirewall,
  own: OwnSubnet,
): Promise<readonly Finding[]> {
  const links = [...mirror.links.values()];
  const [underlay, bridge] = [underlayName, own.bridge].map((name) => links.find((link) => link.name === name));
  const desired = { ...own, underlay: underlayName, pools };
  const enslaved = [underlay, bridge].flatMap((link) => inVrf(link, mirror, lookup));
  if (enslaved.length > 0) return pathFindings({ desired, enslaved, hasRules: false, entrances: nowhere, probed: [] });
  // Without an underlay or a bridge there are no containers and no path to them.
  if (underlay === undefined || bridge === undefined || (bridge.flags & linkFlags.up) === 0) return [];
  if (!mirror.hasAddress(gatewayOf(own.subnet))) return [];
  const hasRules = (await lookup.ruleCount()) > rulesAtFirst;
  const entrances = {
    in: { ifindex: underlay.ifindex, isStrict: await isStrict(proc, underlay.name) },
    out: { ifindex: bridge.ifindex, isStrict: await isStrict(proc, bridge.name) },
  };
  if (!hasRules && !entrances.in.isStrict && !entrances.out.isStrict) return [];
  const ours = containerIn(own.subnet);
  // The routes effect reports a peer without a route.
  const routed = peers.filter((peer) => isRouted(mirror, peer));
  const probed = sampleOf(routed, hasRules ? mostPeers.withRules : mostPeers.without).map((peer): Probed => {
    const theirs = containerIn(peer);
    return {
      peer,
      in: lookup.forward({ source: theirs, destination: ours, from: underlay.ifindex, mark }),
      out: lookup.forward({ source: ours, destination: theirs, from: bridge.ifindex, mark: 0 }),
    };
  });
  return pathFindings({ desired, enslaved, hasRules, entrances, probed });
}

function isRouted(mirror: PathOptions['mirror'], peer: Prefix): boolean {
  return mirror.routes.at(prefixKey(peer)).some(({ type }) => type === routeTypes.unicast);
}

function inVrf(link: Link | undefined, mirror: PathOptions['mirror'], lookup: Lookup): readonly Enslaved[] {
  if (link === undefined || link.master === 0 || lookup.kindOf(link.master) !== 'vrf') return [];
  return [{ name: link.name, vrf: mirror.links.get(link.master)?.name ?? `${link.master}` }];
}

/**
 * isStrict reports whether the rp_filter of an interface is strict. The greater of the two applies
 * (Documentation/networking/ip-sysctl.rst): 1 is strict, 2 is loose.
 */
export async function isStrict(proc: Pick<ProcFiles, 'read'>, name: string): Promise<boolean> {
  const read = async (of: string) => Number((await proc.read(ipv4Sysctl('conf', of, 'rp_filter'))) ?? 0);
  return Math.max(await read('all'), await read(name)) === 1;
}

// The second address of the subnet: the first is the gateway's.
function containerIn({ network }: Prefix): Ipv4 {
  return ipv4FromNumber(network + 2);
}

function sampleOf(peers: readonly Prefix[], most: number): readonly Prefix[] {
  const step = Math.max(1, Math.ceil(peers.length / most));
  return peers.filter((_, index) => index % step === 0);
}

// A growing fleet causes many turns in a row, and few of them would find anything else.
const longestAgeMs = 10_000;

/** PathLook observes a host's paths, and caches the findings for 10 s. */
export class PathLook {
  readonly #options: PathOptions;
  #seen: { readonly atMs: number; readonly findings: readonly Finding[] } | undefined;

  constructor(options: PathOptions) {
    this.#options = options;
  }

  /** look reports what diverts or drops packets of peers. */
  async look(desired: DesiredFirewall): Promise<readonly Finding[]> {
    const now = performance.now();
    if (this.#seen !== undefined && now - this.#seen.atMs < longestAgeMs) return this.#seen.findings;
    const findings = await lookAtPath(this.#options, desired);
    this.#seen = { atMs: now, findings };
    return findings;
  }
}
