// Decides which of a node's unanswered probes indicate a fault of the data path: a host that is off does not answer either.
// Pure.
// Invariant: a silent peer counts only if it is connected with its subnet configured, for long enough to be probed again: a
// result from the time when its host was off says nothing about the present.
import { formatIpv4, gatewayOf } from '../../proto/domain/address.js';
import {
  type Condition,
  echoIgnoredReason,
  mostSilentReported,
  type NodeStatus,
  type SilentPeer,
} from '../../proto/domain/network.js';

/** KnownPeer is the state of a peer. */
export type KnownPeer = {
  /** How long its daemon has been connected, in milliseconds; undefined if it is not connected. */
  readonly connectedMs: number | undefined;
  readonly status: NodeStatus | undefined;
};

const type = 'DataPath';
// A daemon probes silent peers every ten seconds, four at a time, which takes up to six seconds.
const settledMs = 60_000;
const mostNamed = 3;

/**
 * withDataPath returns a node's status with the condition "DataPath" not ok when a peer that should answer its probes does
 * not.
 * @param peerOf returns the state of a node, by its name
 * @param nowMs milliseconds since 1970
 */
export function withDataPath(
  nodeName: string,
  status: NodeStatus,
  peerOf: (name: string) => KnownPeer | undefined,
  nowMs: number,
): NodeStatus {
  const cutOff = status.silentPeers.filter(({ nodeName: name, gateway }) => {
    const peer = peerOf(name);
    if (!hasGateway(peer?.status, gateway)) return false;
    // A host whose settings ignore echo requests reports that itself, and does not degrade other nodes.
    if (ignoresEcho(peer?.status)) return false;
    return (peer?.connectedMs ?? 0) >= settledMs && hasSubnet(peer?.status, nowMs);
  });
  if (cutOff.length === 0) return status;
  const own = status.conditions.find((condition) => condition.type === type);
  const fixes = [...(own?.fix === undefined ? [] : [own.fix]), fixOf(cutOff)];
  const condition: Condition = {
    type,
    ok: false,
    transient: false,
    reason: own?.ok === false ? own.reason : 'NoAnswer',
    message: [...(own?.ok === false ? [own.message] : []), messageOf(nodeName, status, cutOff, peerOf)].join('; '),
    fix: fixes.join('; '),
    sinceMs: Math.min(...cutOff.map(({ sinceMs }) => sinceMs)),
  };
  return { ...status, conditions: [...status.conditions.filter((other) => other !== own), condition] };
}

// Peers route to a lease before its host uses it, and until it has stopped. A daemon that knows one lease names none.
function hasGateway(status: NodeStatus | undefined, gateway: number): boolean {
  const { leases = [] } = status ?? {};
  return leases.length === 0 || leases.some(({ subnet, inForce }) => inForce && gatewayOf(subnet) === gateway);
}

// A restart of Docker takes the bridge down and has a condition of its own. A time in the future comes from a wrong clock.
function hasSubnet(status: NodeStatus | undefined, nowMs: number): boolean {
  const docker = status?.conditions.find((condition) => condition.type === 'Docker');
  if (docker?.ok !== true) return false;
  return nowMs - docker.sinceMs >= settledMs || docker.sinceMs > nowMs;
}

function ignoresEcho(status: NodeStatus | undefined): boolean {
  return (
    status?.conditions.some((condition) => condition.type === type && condition.reason === echoIgnoredReason) === true
  );
}

function messageOf(
  nodeName: string,
  { silentPeers }: NodeStatus,
  cutOff: readonly SilentPeer[],
  peerOf: (name: string) => KnownPeer | undefined,
): string {
  const list = cutOff.slice(0, mostNamed).map(({ nodeName: name, gateway, hostAnswers }) => {
    const silent = peerOf(name)?.status?.silentPeers.some((peer) => peer.nodeName === nodeName) === true;
    const host = hostAnswers ? 'its host answers' : 'nor does its host';
    const back = silent ? `, and ${name} gets none from ${nodeName}` : '';
    return `${name} at ${formatIpv4(gateway)} (${host}${back})`;
  });
  const count = `${silentPeers.length >= mostSilentReported ? 'at least ' : ''}${cutOff.length - mostNamed}`;
  const more = cutOff.length > mostNamed ? [`and ${count} more`] : [];
  const which = cutOff.length === 1 ? 'which is connected' : 'which are connected';
  return `no answer from ${[...list, ...more].join(', ')}, ${which}`;
}

function fixOf(cutOff: readonly SilentPeer[]): string {
  return cutOff.some(({ hostAnswers }) => !hostAnswers)
    ? 'check whether the LAN is split; on this host: ip neighbour'
    : 'on both hosts, xnetd status names what drops or diverts packets: a firewall that drops ICMP or forwarded ' +
        'packets, or an ip rule';
}
