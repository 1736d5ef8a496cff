// Named networks and their members in JSON and as tables. Pure.
// Invariant: fields of the output types are only ever added; an unknown value is null, never omitted.
import { counted, escaped } from '../../proto/domain/text.js';
import type { Network__Output } from '../../proto/gen/xnet/v1/Network.js';
import type { NetworkMember__Output } from '../../proto/gen/xnet/v1/NetworkMember.js';
import { problemText } from '../../proto/process/problem.js';
import type { Colors, Kind, TableLook } from './columns.js';
import { orNull, stateOf } from './from-wire.js';
import { ageOf, isoTime } from './time.js';

/** NetworkOutput is a network in the output of `xctl networks`. */
export type NetworkOutput = {
  readonly name: string;
  readonly pool: string;
  /** Its Linux bridge on every host. */
  readonly bridge: string;
  /** "ready", "progressing", "degraded" or "removing". */
  readonly state: string;
  readonly selector: {
    readonly all: boolean;
    readonly labels: Readonly<Record<string, string>>;
    readonly nodes: readonly string[];
  };
  /** Names of nodes that don't have it although they are selected. */
  readonly except: readonly string[];
  /** Number of nodes that have it or are to have it, and of those by state. */
  readonly members: number;
  readonly inForce: number;
  readonly refused: number;
  readonly ending: number;
  /** Nodes with containers attached to it. */
  readonly inUse: number;
  readonly createdAt: string | null;
  /** Since when it is being removed. */
  readonly removingSince: string | null;
  /** Its removal detaches containers. */
  readonly disconnect: boolean;
};

/** MemberOutput is a network on one node. */
export type MemberOutput = {
  readonly node: string;
  readonly nodeId: string;
  /** "pending", "refused", "wanted", "in force" or "ending". */
  readonly state: string;
  readonly subnet: string | null;
  readonly connected: boolean;
  /** Whether containers are attached; at most 8 of their names. */
  readonly inUse: boolean;
  readonly containers: readonly string[];
  /** What is in the way, and the remedy. */
  readonly message: string | null;
  readonly fix: string | null;
};

/** networkFromWire converts a network. */
export function networkFromWire(wire: Network__Output): NetworkOutput {
  const { members, inForce, refused, ending, inUse, selector } = wire;
  const state =
    wire.removingMs !== 0 ? 'removing' : refused > 0 ? 'degraded' : inForce === members ? 'ready' : 'progressing';
  return {
    name: wire.name,
    pool: wire.pool,
    bridge: wire.bridgeName,
    state,
    selector: { all: selector?.all ?? false, labels: selector?.labels ?? {}, nodes: selector?.nodes ?? [] },
    except: wire.except,
    members,
    inForce,
    refused,
    ending,
    inUse,
    createdAt: isoTime(wire.createdMs),
    removingSince: isoTime(wire.removingMs),
    disconnect: wire.disconnect,
  };
}

/** memberFromWire converts a member. */
export function memberFromWire(wire: NetworkMember__Output): MemberOutput {
  return {
    node: wire.nodeName,
    nodeId: wire.nodeId,
    state: stateOf(wire.state, 'MEMBER_STATE_').replace('_', ' '),
    subnet: orNull(wire.subnet),
    connected: wire.connected,
    inUse: wire.inUse,
    containers: wire.containers,
    message: orNull(wire.message),
    fix: orNull(wire.fix),
  };
}

/** selectorText describes which nodes have a network: "role=web, web-9, not web-3". */
export function selectorText({ selector, except }: Pick<NetworkOutput, 'selector' | 'except'>): string {
  const labels = Object.entries(selector.labels).map(([key, value]) => `${key}=${value}`);
  const parts = [
    ...(selector.all ? ['all'] : []),
    ...(labels.length > 0 ? [labels.join(',')] : []),
    ...selector.nodes.slice(0, 3),
    ...(selector.nodes.length > 3 ? [`${selector.nodes.length - 3} more`] : []),
    ...(except.length > 0 ? [`not ${except.slice(0, 3).join(', ')}${except.length > 3 ? ', …' : ''}`] : []),
  ];
  return parts.length === 0 ? 'none' : parts.join(', ');
}

function paintOf(state: string, colors: Colors): (text: string) => string {
  if (state === 'ready' || state === 'in force') return colors.good;
  return state === 'degraded' || state === 'refused' ? colors.bad : colors.waiting;
}

/** networkKind describes how networks are printed. */
export const networkKind: Kind<NetworkOutput> = {
  plural: 'networks',
  nameOf: ({ name }) => name,
  columns: [
    { header: 'NAME', cell: ({ name }) => escaped(name) },
    { header: 'POOL', cell: ({ pool }) => escaped(pool) },
    { header: 'NODES', drop: 3, cell: (network) => escaped(selectorText(network)) },
    { header: 'STATE', cell: ({ state }, { colors }) => ({ text: state, paint: paintOf(state, colors) }) },
    { header: 'IN-FORCE', cell: ({ inForce, members }) => `${inForce}/${members}` },
    { header: 'IN-USE', drop: 2, cell: ({ inUse }) => String(inUse) },
    { header: 'BRIDGE', wide: true, cell: ({ bridge }) => escaped(bridge) },
    { header: 'AGE', drop: 1, cell: ({ createdAt }, { nowMs }) => ageOf(createdAt, nowMs) },
  ],
};

/** memberKind describes how members are printed: one line for each host. */
export const memberKind: Kind<MemberOutput> = {
  plural: 'members',
  nameOf: ({ node }) => node,
  columns: [
    { header: 'NODE', cell: ({ node }) => escaped(node) },
    { header: 'SUBNET', cell: ({ subnet }) => subnet ?? '-' },
    { header: 'STATE', cell: ({ state }, { colors }) => ({ text: state, paint: paintOf(state, colors) }) },
    { header: 'CONTAINERS', drop: 1, cell: attachedText },
    {
      header: 'MESSAGE',
      cell: ({ message, fix }) => (message === null ? '-' : escaped(problemText({ text: message, fix }))),
    },
  ],
};

/** attachedText names the containers that are attached to a network on a node. */
export function attachedText({ inUse, containers }: Pick<MemberOutput, 'inUse' | 'containers'>): string {
  if (!inUse) return '-';
  return containers.length === 0 ? 'some' : escaped(containers.join(', '));
}

/** networkLines returns the head of a network, for people. */
export function networkLines(network: NetworkOutput, { colors, nowMs }: TableLook): string[] {
  const { name, pool, bridge, state, members, inForce, disconnect } = network;
  const head = `network ${escaped(name)}: ${paintOf(state, colors)(state)}, in force on ${inForce} of ${counted(members, 'node', 'nodes')}`;
  const lines = [head, `  pool ${escaped(pool)}, bridge ${escaped(bridge)}, for ${escaped(selectorText(network))}`];
  if (network.removingSince !== null) {
    const how = disconnect ? 'containers are detached' : 'it goes when no container is attached';
    lines.push(`  being removed for ${ageOf(network.removingSince, nowMs)}: ${how}`);
  }
  return lines;
}
