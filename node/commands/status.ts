// `xnetd status`: desired against installed, looked at now, without a controller and without the daemon.
import Table from 'cli-table3';
import pc from 'picocolors';
import { formatIpv4, formatPrefix, gatewayOf } from '../../proto/domain/address.js';
import { exitCodes, messageOf } from '../../proto/errors.js';
import { makeLog } from '../../proto/process/log.js';
import { bridgeNameOf, bridgeState } from '../docker/own-bridge.js';
import { desiredFirewall } from '../firewall/desired.js';
import type { FirewallReport } from '../firewall/report.js';
import { type Host, openHost } from '../host/host.js';
import { readIdentity } from '../identity/folder.js';
import { identityFindings } from '../identity/renewal-plan.js';
import { type IdentityStatus, identityLine, identityStatus } from '../identity/status.js';
import { differences } from '../kernel/compare-readings.js';
import { desiredRoutes } from '../routes/desired.js';
import { planRoutes } from '../routes/plan.js';
import { findingsOf } from '../routes/problems.js';
import type { Settings } from '../settings.js';
import { type DaemonStatus, readStatus } from '../state/status-file.js';
import { type Cached, readCache } from '../table/cache.js';
import { readUnderlay } from '../underlay/underlay.js';
import { hostSettings } from './run.js';

/** HostStatus is what `xnetd status -o json` prints. Fields are only ever added. */
export type HostStatus = {
  readonly node: string;
  readonly assignment:
    | {
        readonly subnet: string;
        readonly gateway: string;
        readonly pool: string;
        readonly mode: string;
        readonly address: string;
      }
    | undefined;
  /** What this host proves itself with; null: it has not joined, or it can't be read. */
  readonly identity: IdentityStatus | null;
  /** Revision of the route table on disk. */
  readonly revision: number | undefined;
  readonly daemon: DaemonStatus | undefined;
  readonly underlay: { readonly interface: string; readonly address: string } | undefined;
  readonly routes: {
    readonly desired: number;
    readonly installed: number;
    readonly conflicting: number;
    readonly unreachable: number;
    /** How many changes the next turn would make. */
    readonly pending: number;
  };
  readonly firewall: FirewallReport | undefined;
  readonly docker: {
    readonly version: string;
    readonly running: boolean;
    /** Docker has the subnet, and its interface has the gateway address. */
    readonly subnetInForce: boolean;
    /** Containers on the leased network and another: their way out is by the other. */
    readonly dualHomed: readonly { readonly container: string; readonly networks: readonly string[] }[];
  };
  /** What is wrong: one line each. */
  readonly problems: readonly string[];
};

async function routesOf(host: Host, settings: Settings, cached: Cached | undefined) {
  const { table, assignment } = cached ?? {};
  const pools = table?.pools ?? [];
  const choice = await readUnderlay(host.mirror, {
    settings: { interfaceName: settings.interface, address: settings.address },
    assigned: assignment?.address,
    pools,
  });
  const desired = desiredRoutes({
    routes: table?.routes.values() ?? [],
    unresolved: [],
    pools,
    own: assignment?.subnet,
    bridge: assignment && bridgeNameOf(assignment),
    underlay: choice.underlay,
  });
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
  const disputed = await readTwice(host, settings.routeProtocol);
  return {
    underlay: choice.underlay,
    counts: { ...plan.counts, pending: plan.changes.filter((change) => !change.isProbe).length },
    problems: [...findings.map((finding) => finding.message), ...disputed],
  };
}

// Routes that change meanwhile differ, too: only what differs every time is told.
const readings = 3;

async function readTwice(host: Host, protocol: number): Promise<readonly string[]> {
  const { readAgain } = await import('../kernel/second-reader.js');
  let found: readonly string[] = [];
  for (let attempt = 0; attempt < readings; attempt += 1) {
    await host.mirror.refresh();
    found = differences(host.mirror, await readAgain(), protocol);
    if (found.length === 0) return [];
  }
  const [first, ...others] = found;
  const more = others.length === 0 ? '' : `, and ${others.length} more`;
  return [`two readings of the kernel differ (${first}${more}): please report this with the output of ip -d route`];
}

async function firewallOf(host: Host, settings: Settings, cached: Cached | undefined, underlay: string | undefined) {
  if (cached?.table === undefined || underlay === undefined) return undefined;
  const { assignment, table } = cached;
  const { mark } = settings;
  const wanted = desiredFirewall({ assignment, routes: table.routes.values(), pools: table.pools, underlay, mark });
  return host.firewall.inspect(wanted, AbortSignal.timeout(30_000));
}

async function dockerOf(host: Host, cached: Cached | undefined): Promise<HostStatus['docker']> {
  const signal = AbortSignal.timeout(10_000);
  const facts = await host.engineFacts.read(signal);
  if (!facts.running) return { version: '', running: false, subnetInForce: false, dualHomed: [] };
  const networks = await host.docker.engine.networks(signal);
  const { assignment } = cached ?? {};
  // Docker goes on to say that it has the subnet when somebody has deleted its interface, or the address of that.
  const subnetInForce =
    assignment !== undefined &&
    bridgeState(host.mirror, { name: bridgeNameOf(assignment), gateway: gatewayOf(assignment.subnet) }) === 'whole' &&
    networks.some(
      (network) =>
        (assignment.mode === 'bip' ? network.isDefault : network.name === assignment.networkName) &&
        network.subnets.some(({ prefix }) => formatPrefix(prefix) === formatPrefix(assignment.subnet)),
    );
  return {
    version: host.engineFacts.version,
    running: true,
    subnetInForce,
    dualHomed: assignment?.mode === 'bridge' ? await host.docker.dualHomed(signal) : [],
  };
}

/** hostStatus looks at the host. What can't be looked at is a problem. */
export async function hostStatus(settings: Settings): Promise<HostStatus> {
  const host = openHost(hostSettings(settings), makeLog('xnetd', 'error'));
  const problems: string[] = [];
  const attempt = async <T>(what: string, look: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await look();
    } catch (error) {
      problems.push(`${what}: ${messageOf(error)}`);
      return undefined;
    }
  };
  try {
    const cached = await attempt('cache', () => readCache(settings.stateDir));
    const identity = await attempt('identity', () => readIdentity(settings.stateDir));
    const daemon = await attempt('daemon', () => readStatus(settings.runDir));
    const routes = await attempt('routes', () => routesOf(host, settings, cached));
    const docker = await attempt('docker', () => dockerOf(host, cached));
    const firewall = await attempt('firewall', () => firewallOf(host, settings, cached, routes?.underlay?.ifname));
    problems.push(...(routes?.problems ?? []), ...(firewall?.findings ?? []).map((finding) => finding.message));
    // The daemon, which knows what a renewal failed with, says it in the condition that follows.
    if (identity !== undefined)
      problems.push(...identityFindings(identity, {}, Date.now()).map(({ message }) => message));
    for (const condition of daemon?.conditions ?? []) {
      if (!condition.ok && !problems.includes(condition.message)) problems.push(condition.message);
    }
    if (cached === undefined) problems.push('this host has no lease: it never reached a controller, or it has left');
    else if (docker?.running === false) problems.push('Docker does not answer');
    else if (docker?.subnetInForce === false) {
      const { assignment } = cached;
      problems.push(`${bridgeNameOf(assignment)} does not have ${formatPrefix(assignment.subnet)} yet`);
    }
    if (daemon === undefined) problems.push('xnetd does not run: routes and rules stay, but nothing repairs them');
    const { assignment } = cached ?? {};
    return {
      node: identity?.nodeName ?? settings.node ?? assignment?.nodeName ?? '-',
      identity: identity === undefined ? null : identityStatus(identity),
      assignment:
        assignment === undefined
          ? undefined
          : {
              subnet: formatPrefix(assignment.subnet),
              gateway: formatIpv4(gatewayOf(assignment.subnet)),
              pool: assignment.pool,
              mode: assignment.mode,
              address: formatIpv4(assignment.address),
            },
      revision: cached?.table?.version.revision,
      daemon,
      underlay:
        routes?.underlay === undefined
          ? undefined
          : { interface: routes.underlay.ifname, address: formatIpv4(routes.underlay.address) },
      routes: routes?.counts ?? { desired: 0, installed: 0, conflicting: 0, unreachable: 0, pending: 0 },
      firewall,
      docker: docker ?? { version: '', running: false, subnetInForce: false, dualHomed: [] },
      problems,
    };
  } finally {
    await host.close();
  }
}

function daemonLine(daemon: DaemonStatus | undefined): string {
  if (daemon === undefined) return 'not running';
  const { connection } = daemon;
  if (connection === undefined) return `running (pid ${daemon.pid}), connecting`;
  if (connection.connected) return `running (pid ${daemon.pid}), connected to ${connection.endpoint}`;
  return `running (pid ${daemon.pid}), no controller: ${connection.reason}`;
}

function firewallLine(firewall: FirewallReport | undefined): string {
  if (firewall === undefined) return 'nothing known';
  const { installed, desired } = firewall.peers;
  const rules = firewall.rules.map(({ backend, state }) => `${backend} ${state}`).join(', ');
  return `table ${firewall.table}, ${installed}/${desired} peers let in, Docker's rules: ${rules}`;
}

/** printStatus prints a status for people. */
export function printStatus(status: HostStatus): void {
  const table = new Table({ chars: noBorders, style: { 'padding-left': 0, 'padding-right': 2, head: [], border: [] } });
  const { assignment, routes, docker, underlay } = status;
  const { desired, installed, conflicting, unreachable } = routes;
  const amiss = conflicting + unreachable === 0 ? '' : `, ${conflicting} conflicting, ${unreachable} unreachable`;
  table.push(
    ['node', status.node],
    ['cluster', status.identity?.cluster ?? 'none'],
    ['certificate', identityLine(status.identity, Date.now())],
    ['daemon', daemonLine(status.daemon)],
    [
      'subnet',
      assignment === undefined ? 'none' : `${assignment.subnet} (${assignment.mode}, pool ${assignment.pool})`,
    ],
    ['underlay', underlay === undefined ? 'none' : `${underlay.interface} ${underlay.address}`],
    ['routes', `${installed}/${desired} installed${amiss}, revision ${status.revision ?? '-'}`],
    ['firewall', firewallLine(status.firewall)],
    ['forwarding', status.firewall?.forwarding === true ? 'on' : 'off'],
    [
      'docker',
      docker.running ? `${docker.version}, subnet ${docker.subnetInForce ? 'in force' : 'not in force'}` : 'down',
    ],
  );
  process.stdout.write(`${table.toString()}\n`);
  for (const { container, networks } of docker.dualHomed) {
    process.stdout.write(`note: ${container} is on ${networks.join(' and ')} too: what it sends goes out there\n`);
  }
  // The daemon alone has probed.
  const dataPath = status.daemon?.conditions.find(({ type }) => type === 'DataPath');
  if (dataPath?.ok === true && dataPath.message !== '') process.stdout.write(`note: ${dataPath.message}\n`);
  for (const note of status.firewall?.notes ?? []) process.stdout.write(`note: ${note}\n`);
  for (const problem of status.problems) process.stdout.write(`${pc.yellow('!')} ${problem}\n`);
}

const noBorders = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '', 'bottom-left': '' },
  ...{ 'bottom-right': '', left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '' },
};

/** statusExitCode is 8 when something is wrong. */
export function statusExitCode(status: HostStatus): number {
  return status.problems.length === 0 ? exitCodes.ok : exitCodes.problemsFound;
}
