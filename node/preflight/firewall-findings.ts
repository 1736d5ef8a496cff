// Rates the findings that the daemon's own inspection of the firewall would have with the lease.
// Invariant: read-only. Rules that xnetd adds are not findings.
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { type Prefix, prefixesOverlap, subnetAt, subnetCount } from '../../proto/domain/address.js';
import { usualLanName } from '../../proto/domain/network.js';
import { type DesiredFirewall, filtersWithNftables, unusableNames } from '../firewall/desired.js';
import { acceptKeys, dropsPeers } from '../firewall/docker-nftables.js';
import { missingFinding, unusableName } from '../firewall/failure-collector.js';
import { ProgramMissing } from '../firewall/programs.js';
import type { Finding } from '../reconcile/effect.js';
import { ownSubnetOf } from '../table/own-subnets.js';
import { documentOf, jsonSetting } from './daemon-json-findings.js';
import type { DockerLooked } from './docker-look.js';
import { type PreflightFinding, rated, type Severity } from './finding.js';
import type { Place } from './place.js';
import { isOnlyOnLan, type PreflightRequest } from './request.js';

const programs = [
  ['Nft', 'nft'],
  ['Iptables', 'iptables'],
  ['Conntrack', 'conntrack'],
] as const;

// Findings that xnet works without, or that end once Docker runs or has been restarted.
const lighter: ReadonlySet<string> = new Set(['ConntrackMissing', 'DockerRulesMissing']);

function severityOf({ reason, transient }: Finding): Severity {
  return transient || lighter.has(reason) ? 'warns' : 'stops';
}

/** firewallAfter returns the firewall that the daemon would want with the known leases and pools, and one peer. Pure. */
export function firewallAfter(
  { leases, pools, mode }: PreflightRequest,
  { underlay, mark }: Pick<DesiredFirewall, 'underlay' | 'mark'>,
): DesiredFirewall {
  const [first] = pools.map(firstSubnets);
  const bridge = mode === 'lan' ? usualLanName : 'xnet0';
  const assumed = first?.[0] === undefined ? [] : [{ subnet: first[0], mode, bridge }];
  const all = leases.length === 0 ? assumed : leases;
  const lans = all.filter((lease) => lease.mode === 'lan');
  const own = all
    .filter((lease) => lease.mode !== 'lan')
    .map((lease) => ownSubnetOf({ ...lease, bridgeName: lease.bridge }));
  const isFree = (subnet: Prefix) => !own.some((each) => prefixesOverlap(each.subnet, subnet));
  const peer = pools.flatMap(firstSubnets).find(isFree);
  const peers = peer === undefined || own.length === 0 ? [] : [peer];
  return { own, ...(lans.length === 0 ? {} : { lans }), underlay, peers, pools, mark, isConfirmed: false };
}

// Any two subnets of a pool represent the others: foreign rules concern pools, or everything.
function firstSubnets(pool: Prefix): readonly Prefix[] {
  const length = Math.min(30, Math.max(24, pool.length + 1));
  const count = Math.min(3, subnetCount(pool, length));
  return Array.from({ length: count }, (_, index) => subnetAt(pool, length, index));
}

/**
 * programFindings lists the programs of the firewall that are not installed.
 * @param isDockerMissing Docker is not installed either: its package brings iptables
 */
export async function programFindings(
  { root }: Pick<Place, 'root'>,
  isDockerMissing: boolean,
): Promise<readonly PreflightFinding[]> {
  const found: PreflightFinding[] = [];
  for (const [area, program] of programs) {
    if (await isInstalled(root, program)) continue;
    const finding = missingFinding(area, new ProgramMissing(program));
    const comesWithDocker = isDockerMissing && finding.reason === 'IptablesMissing';
    found.push(rated(comesWithDocker ? 'warns' : severityOf(finding), finding));
  }
  return found;
}

async function isInstalled(root: string, program: string): Promise<boolean> {
  const folders = new Set([...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin', '/usr/bin', '/bin']);
  for (const folder of folders) {
    const found = await access(join(root, folder, program), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}

/**
 * firewallFindings lists what prevents the daemon from setting up its firewall, and foreign rules that drop packets in
 * any case.
 */
export async function firewallFindings(
  { firewall, engineFacts }: Place,
  desired: DesiredFirewall,
  signal: AbortSignal,
): Promise<readonly PreflightFinding[]> {
  const unusable = unusableNames(desired).map(unusableName);
  if (unusable.length > 0) return unusable.map((finding) => rated(severityOf(finding), finding));
  await engineFacts.read(signal);
  const { findings } = await firewall.inspect(desired, signal);
  const drops = await firewall.foreignDrops(desired, signal);
  return [...findings, ...drops].map((finding) => rated(severityOf(finding), finding));
}

/** usesNftables reports whether the engine that runs filters with tables of nftables. */
export function usesNftables({ engine }: Pick<DockerLooked, 'engine'>): boolean {
  if ('reason' in engine) return false;
  return filtersWithNftables({ running: true, firewallBackend: engine.info.firewallBackend });
}

/** nftablesFindings lists the keys that daemon.json lacks for Docker's nftables backend to admit packets from peers. */
export function nftablesFindings(
  seen: DockerLooked,
  request: Pick<PreflightRequest, 'leases' | 'mode'>,
  mark: number,
): readonly PreflightFinding[] {
  const { flags } = seen;
  // No packets of peers are routed to a lease of mode lan.
  if (!usesNftables(seen) || isOnlyOnLan(request)) return [];
  const document = documentOf(seen);
  const lacking = acceptKeys(mark).filter(
    ([name, value]) => plainOf(flags.get(name) ?? jsonSetting(document, name) ?? '') !== plainOf(value),
  );
  return lacking.length === 0 ? [] : [rated('warns', dropsPeers(lacking))];
}

// "0x10/0x10" and "16/16" are one mark.
function plainOf(value: string): string {
  const parts = value.replaceAll('"', '').split('/');
  return parts.map((part) => (/^(0x[0-9a-f]+|\d+)$/i.test(part) ? Number(part) : part)).join('/');
}
