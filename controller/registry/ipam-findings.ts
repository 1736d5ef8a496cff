// Verifies the invariants over the records of the store, and compares them with what nodes report. Pure.
// Invariant: a finding names the record that it is about, if there is one, at the revision at which it was found.
import {
  formatIpv4,
  formatPrefix,
  prefixContains,
  prefixesEqual,
  prefixesOverlap,
} from '../../proto/domain/address.js';
import { formatDuration } from '../../proto/domain/duration.js';
import type { NodeStatus } from '../../proto/domain/network.js';
import { keys, parseKey } from '../store/keys.js';
import type { NodeRecord } from '../store/records.js';
import { isDown } from '../view/downtimes.js';
import type { HeldLease } from '../view/held.js';
import { leasesOf } from '../view/leases.js';
import type { ReadonlyView } from '../view/view.js';
import { usedWith } from './lan.js';
import { staticRoutes } from './static-routes.js';

/** IpamFinding is one deviation. */
export type IpamFinding = {
  /** CamelCase: "RecordUnreadable". */
  readonly reason: string;
  /** "node/web-1", "pools/default" */
  readonly subject: string;
  readonly message: string;
  /** The command that repairs it, or what to look at. */
  readonly fix: string;
  /** Key of the record that `xctl ipam release` can end; empty: it can't. */
  readonly key: string;
  /** Revision of the last change of that record. */
  readonly modRevision: number;
};

/** repairable are the reasons of findings that `xctl ipam release` can repair. */
export const repairable: ReadonlySet<string> = new Set(['LeaseOfNobody', 'NameOfNobody', 'AddressOfNobody']);

/** releaseCommand is the command that repairs these. */
const releaseCommand = 'xctl ipam check --report FILE, then: xctl ipam release --from-report FILE';
const byHand = 'correct it with etcdctl, or bring all controllers to one version; see: xctl status';
// A host that joined uses its lease within minutes, unless a restart of Docker waits for an operator.
const longestUnusedMs = 3_600_000;

type Found = Omit<IpamFinding, 'key' | 'modRevision'>;

function finding(view: ReadonlyView, found: Found, key = ''): IpamFinding {
  return { ...found, key, modRevision: key === '' ? 0 : view.modRevisionOf(key) };
}

const ofNobody: Readonly<Record<string, string>> = {
  subnet: 'LeaseOfNobody',
  name: 'NameOfNobody',
  address: 'AddressOfNobody',
};

function ofRecords(view: ReadonlyView): IpamFinding[] {
  const unreadable = [...view.undecodable].map(([key, problem]) =>
    finding(view, { reason: 'RecordUnreadable', subject: key, message: problem, fix: byHand }),
  );
  const contradicting = [...view.contradictions].map(([key, problem]) => {
    const reason = ofNobody[parseKey(key)?.kind ?? ''];
    const only = /^its node \S+ does not exist$/.test(problem);
    if (reason === undefined || !only) {
      return finding(view, { reason: 'RecordContradicts', subject: key, message: problem, fix: byHand });
    }
    return finding(view, { reason, subject: key, message: problem, fix: releaseCommand }, key);
  });
  return [...unreadable, ...contradicting];
}

// Each pair of neighbours by address: of ranges that overlap, at least two neighbours do.
function overlaps(view: ReadonlyView): IpamFinding[] {
  const leased = [...view.subnets.values()]
    .filter(({ record }) => record.state !== 'quarantined')
    .sort((a, b) => a.subnet.network - b.subnet.network);
  return leased.flatMap((held, index) => {
    const next = leased[index + 1];
    if (next === undefined || !prefixesOverlap(held.subnet, next.subnet)) return [];
    const [a, b] = [held, next].map(({ pool, subnet }) => keys.subnet(pool, subnet));
    return [finding(view, { reason: 'LeasesOverlap', subject: a ?? '', message: `it overlaps ${b}`, fix: byHand })];
  });
}

// Static routes to a host that became a node with another subnet: it drops packets for these subnets.
function ofStaticRoutes(view: ReadonlyView): IpamFinding[] {
  return [...staticRoutes(view)].flatMap(({ pool, subnet, record }) => {
    const node = view.nodes.get(view.nodeOfAddress.get(record.nextHop) ?? '')?.record.name;
    if (node === undefined) return [];
    const text = formatPrefix(subnet);
    const message = `the static route to ${text} leads to ${formatIpv4(record.nextHop)}, which is node ${node}`;
    const fix = `xctl leases add ${node} --pool ${pool} --subnet ${text}, or xctl routes remove ${text}`;
    return [finding(view, { reason: 'StaticRouteToNode', subject: keys.subnet(pool, subnet), message, fix })];
  });
}

// A controller that knew no nics left them when it removed the node.
function ofNics(view: ReadonlyView): IpamFinding[] {
  return [...view.nics].flatMap(([nodeId, { record }]) => {
    const addresses = record.nics.map(({ address }) => formatIpv4(address));
    if (view.nodes.has(nodeId) || addresses.length === 0) return [];
    const message = `they are ${addresses.slice(0, 5).join(', ')} of node ${nodeId}, which does not exist`;
    const fix = `xctl nics remove ${addresses.join(' ')}`;
    return [finding(view, { reason: 'NicsOfNobody', subject: keys.nics(nodeId), message, fix })];
  });
}

function ofNode(view: ReadonlyView, id: string, node: NodeRecord): IpamFinding[] {
  const subject = `node/${node.name}`;
  const found: IpamFinding[] = [];
  for (const [name, { record }] of view.pools) {
    if (!prefixContains(record.cidr, node.address)) continue;
    const used = record.mode === 'lan' ? usedWith(view, node.address) : record.cidr;
    if (used === undefined) continue;
    const where = record.mode === 'lan' ? `${formatPrefix(used)} of pool ${name}` : `pool ${name}`;
    const message = `its address ${formatIpv4(node.address)} lies inside ${where}`;
    found.push(
      finding(view, {
        reason: 'AddressInPool',
        subject,
        message,
        fix: `xctl nodes set ${node.name} --address ADDRESS`,
      }),
    );
  }
  const owners = [
    [view.nodeOfName.get(node.name), keys.name(node.name)],
    [view.nodeOfAddress.get(node.address), keys.address(node.address)],
  ] as const;
  for (const [owner, key] of owners) {
    if (owner === id) continue;
    const message = owner === undefined ? `there is no record ${key}` : `the record ${key} is that of node ${owner}`;
    found.push(finding(view, { reason: 'OwnerDiffers', subject, message, fix: byHand }));
  }
  return found;
}

type Reported = { readonly name: string; readonly leases: readonly HeldLease[]; readonly status: NodeStatus };

function ofReport(view: ReadonlyView, { name, leases, status }: Reported): IpamFinding[] {
  const subject = `node/${name}`;
  const show = `xctl nodes show ${name}`;
  const found = status.leases
    .filter(({ inForce }) => inForce)
    .flatMap((use) => {
      const text = `${formatPrefix(use.subnet)} of generation ${use.generation}`;
      const lease = leases.find((each) => prefixesEqual(each.subnet, use.subnet));
      if (lease === undefined) {
        const message = `its host uses ${text}, which the store does not list as leased to it`;
        return [
          finding(view, { reason: 'UnlistedLease', subject, message, fix: `on the host: xnetd status; then: ${show}` }),
        ];
      }
      if (lease.record.generation === use.generation) return [];
      const message = `its host uses ${text}; the store has generation ${lease.record.generation}`;
      return [
        finding(view, { reason: 'GenerationDiffers', subject, message, fix: `on the host: systemctl restart xnetd` }),
      ];
    });
  for (const { prefix, source } of status.hostNetworks) {
    if (leases.some(({ subnet }) => prefixesEqual(subnet, prefix))) continue;
    for (const [pool, { record }] of view.pools) {
      if (!prefixesOverlap(record.cidr, prefix)) continue;
      const message = `${formatPrefix(prefix)} of ${source} overlaps pool ${pool} (${formatPrefix(record.cidr)}): it has no route to subnets in it`;
      found.push(
        finding(view, { reason: 'HostNetworkOverlaps', subject, message, fix: 'renumber that network of the host' }),
      );
    }
  }
  return found;
}

function unused(
  view: ReadonlyView,
  name: string,
  leases: readonly HeldLease[],
  status: NodeStatus | undefined,
  nowMs: number,
) {
  // A daemon that knows one lease does not say whether it uses it.
  if (status !== undefined && status.leases.length === 0) return [];
  return leases
    .filter(({ record }) => record.endingMs === undefined && nowMs - record.sinceMs > longestUnusedMs)
    .filter(({ subnet }) => status?.leases.some((use) => use.inForce && prefixesEqual(use.subnet, subnet)) !== true)
    .map(({ subnet, record }) => {
      const since = formatDuration(Math.floor((nowMs - record.sinceMs) / 60_000) * 60_000);
      const message =
        status === undefined
          ? `${formatPrefix(subnet)} was leased ${since} ago, and its host never connected`
          : `${formatPrefix(subnet)} was leased ${since} ago, and its host does not use it`;
      const fix =
        status === undefined
          ? `xctl tokens create --node ${name}, or xctl nodes remove ${name}`
          : `xctl nodes show ${name}`;
      return finding(view, { reason: 'LeaseNotInForce', subject: `node/${name}`, message, fix });
    });
}

/**
 * ipamFindings returns all findings, those of records first.
 * @param statusOf returns the last report of a node
 */
export function ipamFindings(
  view: ReadonlyView,
  statusOf: (nodeId: string) => NodeStatus | undefined,
  nowMs: number,
): readonly IpamFinding[] {
  const found = [...ofRecords(view), ...overlaps(view), ...ofStaticRoutes(view), ...ofNics(view)];
  for (const [id, { record }] of [...view.nodes].sort(([, a], [, b]) => (a.record.name < b.record.name ? -1 : 1))) {
    const { name } = record;
    const leases = leasesOf(view, id);
    const status = statusOf(id);
    found.push(...ofNode(view, id, record));
    // A report from before a node went down may be outdated.
    if (status !== undefined && !isDown(view, id)) found.push(...ofReport(view, { name, leases, status }));
    if (!isDown(view, id)) found.push(...unused(view, name, leases, status, nowMs));
  }
  return found;
}
