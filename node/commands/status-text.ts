// Formats `xnetd status` for people. Pure.
import { escaped } from '../../proto/domain/text.js';
import { problemLines } from '../../proto/process/problem.js';
import { formatFields } from '../../proto/process/table.js';
import type { FirewallReport } from '../firewall/report.js';
import { identityLine } from '../identity/status.js';
import type { HostStatus, LeaseStatus } from './status.js';

function daemonLine({ daemonRuns, daemon }: HostStatus): string {
  if (!daemonRuns) return 'not running';
  if (daemon === undefined) return 'running, no status yet';
  const { connection } = daemon;
  if (connection === undefined) return `running (pid ${daemon.pid}), connecting`;
  if (connection.connected) return `running (pid ${daemon.pid}), connected to ${connection.endpoint}`;
  return `running (pid ${daemon.pid}), no controller: ${connection.reason}`;
}

function firewallLine(firewall: FirewallReport | undefined): string {
  if (firewall === undefined) return 'nothing known';
  const { installed, desired } = firewall.peers;
  const rules = firewall.rules.map(({ backend, state }) => `${backend} ${state}`).join(', ');
  return `table ${firewall.table}, ${installed}/${desired} peers admitted, Docker's rules: ${rules}`;
}

function forwardingLine(firewall: FirewallReport | undefined): string {
  if (firewall === undefined) return 'nothing known';
  return firewall.forwarding ? 'on' : 'off';
}

function leasesLine(leases: readonly LeaseStatus[]): string {
  const [first, ...more] = leases;
  if (first !== undefined && more.length === 0) return `${first.subnet} (${first.mode}, pool ${first.pool})`;
  return leases
    .map(({ subnet, bridge, pool, state, inForce }) => {
      const now =
        state === 'ending' ? (inForce ? 'ending, still in force' : 'ending') : inForce ? 'in force' : 'wanted';
      return `${subnet} (${bridge}, pool ${pool}, ${now})`;
    })
    .join(', ');
}

/** statusLines formats a status for people. @param paint colours the mark before a problem */
export function statusLines(status: HostStatus, nowMs: number, paint: (text: string) => string): readonly string[] {
  const { assignment, routes, docker, underlay, firewall } = status;
  const { desired, installed, conflicting, unreachable } = routes;
  const amiss = conflicting + unreachable === 0 ? '' : `, ${conflicting} conflicting, ${unreachable} unreachable`;
  const subnet = assignment && leasesLine(assignment.leases);
  const fields = formatFields([
    ['Node', status.node],
    ['Cluster', status.identity?.cluster ?? 'none'],
    ['Certificate', identityLine(status.identity, nowMs)],
    ['Daemon', daemonLine(status)],
    ['Subnet', subnet ?? 'none'],
    ['Underlay', underlay === undefined ? 'none' : `${underlay.interface} ${underlay.address}`],
    ['Routes', `${installed}/${desired} installed${amiss}, revision ${status.revision ?? '-'}`],
    ['Firewall', firewallLine(firewall)],
    ['Forwarding', forwardingLine(firewall)],
    [
      'Docker',
      docker.running ? `${docker.version}, subnet ${docker.subnetInForce ? 'in force' : 'not in force'}` : 'down',
    ],
  ]);
  // Only the daemon probes, knows what waits for a rollout, and reports routes of others that serve.
  const reported = (status.daemon?.conditions ?? []).filter(
    ({ ok, type, message }) => ok && message !== '' && ['DataPath', 'Docker', 'Nics', 'Routes'].includes(type),
  );
  const unrouted = docker.unrouted.filter((name) => docker.outside.every(({ network }) => network !== name));
  const notes = [
    ...docker.dualHomed.map(
      ({ container, networks }) => `${container} is on ${networks.join(' and ')} too: what it sends goes out there`,
    ),
    ...docker.outside.map(
      ({ network, command, inEnding }) =>
        `the network ${network} ` +
        (inEnding ? 'keeps a subnet of this node from ending' : 'was made outside of the subnet and is not routed') +
        `; to make it anew: ${command}`,
    ),
    ...(unrouted.length === 0
      ? []
      : [
          'containers on these networks of Docker reach no containers of other hosts, and are not reached from there: ' +
            unrouted.join(', '),
        ]),
    ...reported.map(({ message, fix }) => (fix === undefined ? message : `${message}: ${fix}`)),
    ...(firewall?.notes ?? []),
  ];
  return [
    ...fields.map(escaped),
    ...notes.map((note) => `note: ${escaped(note)}`),
    ...status.problems.flatMap((problem) => problemLines(problem, paint)),
  ];
}
