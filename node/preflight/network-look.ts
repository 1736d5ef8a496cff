// Observes the part of a host's network that concerns peers.
// Invariant: nothing is changed.
import { isStrict } from '../path/path.js';
import { readUnderlay } from '../underlay/underlay.js';
import { documentOf, jsonSetting } from './daemon-json-findings.js';
import type { DockerLooked } from './docker-look.js';
import { type NetworkSeen, sharedBridges } from './network-findings.js';
import { type PingedPeer, pingPeers } from './ping.js';
import type { Place } from './place.js';
import type { PreflightRequest } from './request.js';

// The kernel starts with the rules local, main and default.
const kernelRules = 3;
const dockerDefaultMtu = 1500;

/** lookAtNetwork observes it, and sends nothing. */
export async function lookAtNetwork(
  place: Place,
  { leases, mode, pools, peers, address }: PreflightRequest,
  docker: DockerLooked | undefined,
): Promise<NetworkSeen> {
  const { mirror, lookup, proc, settings } = place;
  // A pool of mode lan is the hosts' own network: the underlay's address may lie in it.
  const others = mode === 'lan' ? [] : pools;
  const choice = await readUnderlay(mirror, { settings: settings.underlay, assigned: address, pools: others });
  const { underlay } = choice;
  const link = underlay && mirror.links.get(underlay.ifindex);
  const vrf = link === undefined || link.master === 0 || lookup.kindOf(link.master) !== 'vrf' ? undefined : link.master;
  const engine = docker?.engine;
  const shared =
    engine === undefined || 'reason' in engine ? new Map<string, readonly string[]>() : sharedBridges(engine);
  const names = new Set(['docker0', ...(link === undefined ? [] : [link.name]), ...shared.keys()]);
  const strict: string[] = [];
  for (const each of names) if (await isStrict(proc, each)) strict.push(each);
  const mtu = Number(
    docker?.flags.get('mtu') ?? (docker && jsonSetting(documentOf(docker), 'mtu')) ?? dockerDefaultMtu,
  );
  return {
    underlay: choice,
    links: mirror.links,
    addresses: mirror.addresses,
    enslaved: vrf === undefined ? [] : [{ name: link?.name ?? '', vrf: mirror.links.get(vrf)?.name ?? `${vrf}` }],
    rules: Math.max(0, (await lookup.ruleCount()) - kernelRules),
    strict: strict.filter((each) => [...mirror.links.values()].some(({ name }) => name === each)),
    shared,
    dockerMtu: mtu > 0 ? mtu : dockerDefaultMtu,
    path: docker?.path ?? '/etc/docker/daemon.json',
    mode: leases[0]?.mode ?? mode,
    peers,
    pinged: [],
  };
}

/** pingPeersOf sends echo requests to the peers that the request names, by the interface that leads to peers. */
export async function pingPeersOf(
  { openIcmp }: Place,
  { peers }: Pick<PreflightRequest, 'peers'>,
  { underlay: { underlay }, links }: Pick<NetworkSeen, 'underlay' | 'links'>,
  signal: AbortSignal,
): Promise<readonly PingedPeer[]> {
  const link = underlay && links.get(underlay.ifindex);
  if (peers.length === 0 || underlay === undefined || link === undefined) return [];
  const icmp = openIcmp(underlay.address);
  try {
    return await pingPeers(icmp, peers, link.mtu, signal);
  } finally {
    icmp.close();
  }
}
