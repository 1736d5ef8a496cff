// `xnetd status`: compares desired and installed state at this moment, without a controller and without the daemon.
import { formatIpv4, formatPrefix, gatewayOf, prefixesEqual, prefixOf } from '../../proto/domain/address.js';
import { usesDefaultNetwork } from '../../proto/domain/default-network.js';
import { type Assignment, type Lease, primaryLease, usesDocker0 } from '../../proto/domain/network.js';
import { exitCodes, messageOf } from '../../proto/errors.js';
import { makeLog } from '../../proto/process/log.js';
import type { Problem } from '../../proto/process/problem.js';
import { lanInterfaces } from '../daemon/desired-lan.js';
import { type DaemonStatus, readStatus } from '../daemon/status-file.js';
import { bipOfLease } from '../docker/bip/choose.js';
import type { OutsideNetwork } from '../docker/block-networks.js';
import { bridgeState, hands, hasLink } from '../docker/engine/own-bridge.js';
import { desiredFirewall } from '../firewall/desired.js';
import type { FirewallReport } from '../firewall/report.js';
import { type Host, openHost } from '../host/host.js';
import { isLocked } from '../host/lock.js';
import { readIdentity } from '../identity/folder.js';
import { identityFindings } from '../identity/renewal-plan.js';
import { type IdentityStatus, identityStatus } from '../identity/status.js';
import { readLanJournal } from '../lan/journal.js';
import { leaveBegun } from '../leave/leave.js';
import { desiredRoutes, noRoutes } from '../routes/desired.js';
import { planRoutes } from '../routes/plan.js';
import { findingsOf } from '../routes/problems.js';
import type { NodeSettings } from '../settings/settings.js';
import { type Cached, readCache } from '../table/cache.js';
import { fencedFinding } from '../table/fence.js';
import { bridgeNameOf, gatewaysInOrder, ownSubnetOf, ownSubnets } from '../table/own-subnets.js';
import { readUnderlay } from '../underlay/underlay.js';
import { hostSettings } from './host-settings.js';
import { readTwice, secondReader } from './read-twice.js';
import { problemsOf } from './status-problems.js';

/** LeaseStatus is one lease of the host. */
export type LeaseStatus = {
  readonly subnet: string;
  readonly gateway: string;
  readonly pool: string;
  readonly mode: string;
  /** "docker0", "xnet0" */
  readonly bridge: string;
  /** The newest state from a controller: "wanted", "in force", "ending". */
  readonly state: string;
  /** Whether the bridge has the gateway address now. */
  readonly inForce: boolean;
};

/** HostStatus is the output of `xnetd status -o json`. Fields are only added, never removed. */
export type HostStatus = {
  readonly node: string;
  readonly assignment:
    | {
        readonly subnet: string;
        readonly gateway: string;
        readonly pool: string;
        readonly mode: string;
        readonly address: string;
        /** All leases; the fields above are those of the one that stands for the node. */
        readonly leases: readonly LeaseStatus[];
      }
    | undefined;
  /** The host's identity; null if it has not joined or the identity can't be read. */
  readonly identity: IdentityStatus | null;
  /** Revision of the route table on disk. */
  readonly revision: number | undefined;
  readonly daemonRuns: boolean;
  /** The last status of the running daemon; undefined if it does not run or has not written one yet. */
  readonly daemon: DaemonStatus | undefined;
  readonly underlay: { readonly interface: string; readonly address: string } | undefined;
  readonly routes: {
    readonly desired: number;
    readonly installed: number;
    readonly conflicting: number;
    readonly unreachable: number;
    /** Number of changes that the next turn would make. */
    readonly pending: number;
  };
  readonly firewall: FirewallReport | undefined;
  readonly docker: {
    readonly version: string;
    readonly running: boolean;
    /** Whether Docker has the subnets of all leases that do not end, and their interfaces the gateway addresses. */
    readonly subnetInForce: boolean;
    /** Containers on the leased network and on another, through which their default route leads. */
    readonly dualHomed: readonly { readonly container: string; readonly networks: readonly string[] }[];
    /**
     * Docker networks with running containers that can't reach leased containers of other hosts, nor be reached from
     * there.
     */
    readonly unrouted: readonly string[];
    /** In mode block: networks made before it, and the command that makes each anew. */
    readonly outside: readonly OutsideNetwork[];
  };
  /** Each problem once, with what to do about it. */
  readonly problems: readonly Problem[];
};

async function routesOf(host: Host, settings: NodeSettings, cached: Cached | undefined) {
  const { table, assignment } = cached ?? {};
  const pools = table?.pools ?? [];
  const choice = await readUnderlay(host.mirror, {
    settings: { interfaceName: settings.interface, address: settings.address },
    assigned: assignment?.address,
    pools,
  });
  const known = {
    routes: table?.routes ?? noRoutes.peers,
    unresolved: noRoutes.unresolved,
    pools,
    own: ownSubnets(assignment),
    gateways: gatewaysInOrder(assignment),
    underlay: choice.underlay,
  };
  const desired = cached?.fenced === undefined ? desiredRoutes(known) : noRoutes;
  host.mirror.setRanges(desired.ranges);
  await host.mirror.refresh();
  const plan = planRoutes({
    desired,
    observed: host.mirror,
    protocol: settings.routeProtocol,
    useNextHops: settings.nextHops === 'auto',
    refusals: new Map(),
    confirmed: new Set(),
  });
  const findings = [...choice.findings, ...findingsOf(plan.problems, host.mirror)];
  const disputed = await readTwice({ mirror: host.mirror, readAgain: await secondReader() }, settings.routeProtocol);
  return {
    underlay: choice.underlay,
    counts: { ...plan.counts, pending: plan.changes.filter((change) => !change.isProbe).length },
    findings,
    disputed,
  };
}

async function firewallOf(
  host: Host,
  settings: NodeSettings,
  cached: Cached | undefined,
  underlay: string | undefined,
) {
  if (cached?.table === undefined || underlay === undefined || cached.fenced !== undefined) return undefined;
  const { assignment, table } = cached;
  const { mark } = settings;
  const { moved } = await readLanJournal(settings.stateDir);
  const besides = lanInterfaces(assignment, moved);
  const known = { assignment, routes: table.routes.values(), pools: table.pools };
  const wanted = desiredFirewall({ ...known, underlay, besides, mark });
  const report = await host.firewall.inspect(wanted, AbortSignal.timeout(30_000));
  return { ...report, findings: [...report.findings, ...(await host.lookAtPath(wanted))] };
}

async function dockerOf(host: Host, cached: Cached | undefined): Promise<HostStatus['docker']> {
  const signal = AbortSignal.timeout(10_000);
  const facts = await host.engineFacts.read(signal);
  if (!facts.running)
    return { version: '', running: false, subnetInForce: false, dualHomed: [], unrouted: [], outside: [] };
  const networks = await host.docker.engine.networks(signal);
  const { assignment } = cached ?? {};
  // Docker reports the subnet even if its interface, or the interface's address, was deleted.
  const isInForce = (lease: Lease) => {
    if (lease.mode === 'lan')
      return networks.some(
        (network) =>
          (usesDefaultNetwork(lease) ? network.isDefault : network.name === lease.networkName) && hands(network, lease),
      );
    const { address, length } = bipOfLease(lease);
    return (
      bridgeState(host.mirror, ownSubnetOf(lease)) === 'whole' &&
      networks.some(
        (network) =>
          (usesDocker0(lease.mode) ? network.isDefault : network.name === lease.networkName) &&
          network.subnets.some(({ prefix }) => prefixesEqual(prefix, prefixOf(address, length))),
      )
    );
  };
  const staying = (assignment?.leases ?? []).filter(({ state }) => state !== 'ending');
  return {
    version: host.engineFacts.version,
    running: true,
    subnetInForce: assignment !== undefined && staying.every(isInForce),
    dualHomed: assignment?.leases.some(({ mode }) => mode === 'bridge' || mode === 'lan')
      ? await host.docker.dualHomed(assignment.leases, signal)
      : [],
    unrouted: assignment === undefined ? [] : await host.docker.unroutedNetworks(assignment.leases, signal),
    outside: assignment === undefined ? [] : await host.docker.outsideNetworks(assignment.leases, signal),
  };
}

function leaseStatus(host: Host, lease: Lease): LeaseStatus {
  const { subnet, pool, mode, state } = lease;
  const bridge = bridgeNameOf(lease);
  const inForce =
    lease.mode === 'lan' ? hasLink(host.mirror, bridge) : bridgeState(host.mirror, ownSubnetOf(lease)) === 'whole';
  return {
    subnet: formatPrefix(subnet),
    gateway: formatIpv4(lease.lan?.gateway ?? gatewayOf(subnet)),
    pool,
    mode,
    bridge,
    state,
    inForce,
  };
}

function primaryStatus(assignment: Assignment): Pick<LeaseStatus, 'subnet' | 'gateway' | 'pool' | 'mode'> {
  const { subnet, pool, mode, lan } = primaryLease(assignment);
  return { subnet: formatPrefix(subnet), gateway: formatIpv4(lan?.gateway ?? gatewayOf(subnet)), pool, mode };
}

// Returns what the leases require and Docker does not have.
function lackOf(host: Host, cached: Cached | undefined, docker: HostStatus['docker'] | undefined): Problem | undefined {
  if (cached === undefined) {
    return { text: 'this host has no lease: it never reached a controller, or it has left', fix: null };
  }
  if (docker?.running === false) return { text: 'Docker does not answer', fix: 'systemctl status docker' };
  if (docker?.subnetInForce !== false) return undefined;
  const staying = cached.assignment.leases.filter(({ state }) => state !== 'ending');
  const lease = staying.find((each) => !leaseStatus(host, each).inForce) ?? primaryLease(cached.assignment);
  return { text: `${bridgeNameOf(lease)} does not have ${formatPrefix(lease.subnet)} yet`, fix: null };
}

/** hostStatus observes the host. What can't be observed becomes a problem. */
export async function hostStatus(settings: NodeSettings): Promise<HostStatus> {
  const host = openHost(hostSettings(settings), makeLog('xnetd', 'error'));
  const failed: Problem[] = [];
  const attempt = async <T>(what: string, look: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await look();
    } catch (error) {
      failed.push({ text: `${what}: ${messageOf(error)}`, fix: null });
      return undefined;
    }
  };
  try {
    const cached = await attempt('cache', () => readCache(settings.stateDir));
    const identity = await attempt('identity', () => readIdentity(settings.stateDir));
    // The lock is held by the kernel: the file of a killed daemon remains.
    const daemonRuns = (await attempt('daemon', async () => isLocked(settings.stateDir))) ?? false;
    const daemon = daemonRuns ? await attempt('daemon', () => readStatus(settings.runDir)) : undefined;
    const leaving = await attempt('leave', () => leaveBegun(settings.stateDir));
    const routes = await attempt('routes', () => routesOf(host, settings, cached));
    const docker = await attempt('docker', () => dockerOf(host, cached));
    const firewall = await attempt('firewall', () => firewallOf(host, settings, cached, routes?.underlay?.ifname));
    const problems = problemsOf({
      failed: [...failed, ...(routes?.disputed ?? []).map((text) => ({ text, fix: null }))],
      found: [
        ...(routes?.findings ?? []),
        ...(cached?.fenced === undefined ? [] : [fencedFinding(cached.fenced)]),
        ...(firewall?.findings ?? []),
        // The daemon's condition reports it instead, because it knows why a renewal failed.
        ...(identity === undefined ? [] : identityFindings(identity, {}, Date.now())),
      ],
      daemonRuns,
      daemon,
      leaving: leaving !== undefined,
      lacks: lackOf(host, cached, docker),
    });
    const { assignment } = cached ?? {};
    return {
      node: identity?.nodeName ?? settings.node ?? assignment?.nodeName ?? '-',
      identity: identity === undefined ? null : identityStatus(identity),
      assignment:
        assignment === undefined
          ? undefined
          : {
              ...primaryStatus(assignment),
              address: formatIpv4(assignment.address),
              leases: assignment.leases.map((lease) => leaseStatus(host, lease)),
            },
      revision: cached?.table?.version.revision,
      daemonRuns,
      daemon,
      underlay:
        routes?.underlay === undefined
          ? undefined
          : { interface: routes.underlay.ifname, address: formatIpv4(routes.underlay.address) },
      routes: routes?.counts ?? { desired: 0, installed: 0, conflicting: 0, unreachable: 0, pending: 0 },
      firewall,
      docker: docker ?? { version: '', running: false, subnetInForce: false, dualHomed: [], unrouted: [], outside: [] },
      problems,
    };
  } finally {
    await host.close();
  }
}

/** nodeStatusExitCode returns 8 if there is a problem, else 0. */
export function nodeStatusExitCode(status: HostStatus): number {
  return status.problems.length === 0 ? exitCodes.ok : exitCodes.problemsFound;
}
