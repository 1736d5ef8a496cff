// Nodes in JSON and as tables. Pure.
// Invariant: fields of NodeOutput are only ever added; an unknown value is null, never omitted.
import { escaped } from '../../proto/domain/text.js';
import type { Condition__Output } from '../../proto/gen/xnet/v1/Condition.js';
import type { Lease__Output } from '../../proto/gen/xnet/v1/Lease.js';
import type { Node__Output } from '../../proto/gen/xnet/v1/Node.js';
import { type Problem, problemLines } from '../../proto/process/problem.js';
import type { Colors, Kind, TableLook } from './columns.js';
import { type DrainOutput, drainFromWire } from './drain.js';
import { leaseStateOf, orNull, stateOf } from './from-wire.js';
import { ageOf, isoTime } from './time.js';

/** ConditionOutput is the condition of one effect of a node. */
export type ConditionOutput = {
  /** "Routes", "Docker", "Firewall", "Underlay", "Withdrawals", "Forwarding". */
  readonly type: string;
  readonly ok: boolean;
  /** Expected to pass without intervention. */
  readonly transient: boolean;
  /** CamelCase, stable: "RolledBack". */
  readonly reason: string;
  readonly message: string;
  /** The remedy; null where `message` has it, or where it depends. */
  readonly fix: string | null;
  /** Since when `ok` and `reason` have had these values, by the node's clock. */
  readonly since: string | null;
};

/** NodeLeaseOutput is one lease of a node. */
export type NodeLeaseOutput = {
  readonly subnet: string;
  readonly pool: string;
  readonly gateway: string;
  /** +1 for every grant of this subnet. */
  readonly generation: number;
  /** "bip", "bridge", "block" or "lan". */
  readonly mode: string;
  /** Of mode block: prefix length of the networks that Docker makes within the subnet; null in other modes. */
  readonly networkLength: number | null;
  /** Prefix length of the part that Docker hands out addresses from; null: all of it. */
  readonly dockerLength: number | null;
  /** Of mode lan: the hosts' own network, its router, and whether it is Docker's default network; null in other modes. */
  readonly lan: { readonly prefix: string; readonly gateway: string; readonly defaultNetwork: boolean } | null;
  /** Docker network and Linux bridge of modes bridge and lan; null in other modes. */
  readonly network: string | null;
  readonly bridge: string | null;
  /** The named network that it is for; null: none. */
  readonly memberOf: string | null;
  /** "wanted", "in force" or "ending", as the node last reported. */
  readonly state: string;
  readonly since: string | null;
};

/** NodeOutput is a node in the output of `xctl nodes`. */
export type NodeOutput = {
  readonly name: string;
  /** "n-85f97290490c" */
  readonly id: string;
  /** Of its settings, for `nodes set --revision`; null: from a controller that does not say it. */
  readonly revision: number | null;
  /** Next hop of the other nodes' routes: "192.168.83.11". */
  readonly address: string;
  /** All its leases, by subnet. `pool` to `mode` are those of the one that its host uses, else of the first not ending. */
  readonly leases: readonly NodeLeaseOutput[];
  readonly pool: string | null;
  readonly subnet: string | null;
  /** First address of the subnet, the bridge's own. */
  readonly gateway: string | null;
  /** +1 for every grant of this subnet. */
  readonly generation: number;
  /** "bip" or "bridge". */
  readonly mode: string;
  /** "active", "cordoned", "draining" or "leaving". */
  readonly availability: string;
  /** Null: not being drained, and the last drain did not miss its deadline. */
  readonly drain: DrainOutput | null;
  /** New containers should be placed on it: it is active and ready. */
  readonly schedulable: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** "pending" (never connected), "progressing", "ready", "degraded", "down" or "revoked". */
  readonly state: string;
  readonly createdAt: string | null;
  /** When its daemon connected, or was last connected. */
  readonly seenAt: string | null;
  /** The controller it is connected to. */
  readonly controller: string | null;
  /** Null before its first report. */
  readonly routes: {
    readonly desired: number;
    readonly installed: number;
    readonly conflicting: number;
    readonly unreachable: number;
  } | null;
  /** Failing ones come first. */
  readonly conditions: readonly ConditionOutput[];
  readonly versions: { readonly daemon: string | null; readonly kernel: string | null; readonly docker: string | null };
  /** Networks of the host that are not xnet's. */
  readonly hostNetworks: readonly { readonly cidr: string; readonly source: string }[];
  /** Containers that use its subnets, at most 64, and their number; null: not known. */
  readonly containers: readonly { readonly name: string; readonly id: string; readonly subnet: string }[];
  readonly containerCount: number | null;
};

function nodeLeaseFromWire(wire: Lease__Output): NodeLeaseOutput {
  const isBridge = wire.mode === 'MODE_BRIDGE' || wire.mode === 'MODE_LAN';
  return {
    subnet: wire.subnet,
    pool: wire.pool,
    gateway: wire.gateway,
    generation: wire.generation,
    mode: stateOf(wire.mode, 'MODE_'),
    networkLength: wire.networkLength === 0 ? null : wire.networkLength,
    dockerLength: wire.dockerLength === 0 ? null : wire.dockerLength,
    lan: wire.lan,
    network: isBridge ? wire.networkName : null,
    bridge: isBridge ? wire.bridgeName : null,
    memberOf: orNull(wire.network),
    state: leaseStateOf(wire.state),
    since: isoTime(wire.sinceMs),
  };
}

function conditionFromWire({ type, ok, transient, reason, message, fix, sinceMs }: Condition__Output): ConditionOutput {
  return { type, ok, transient, reason, message, fix: orNull(fix), since: isoTime(sinceMs) };
}

/** nodeFromWire converts a node. */
export function nodeFromWire(wire: Node__Output): NodeOutput {
  return {
    name: wire.name,
    id: wire.id,
    revision: wire.revision === 0 ? null : wire.revision,
    address: wire.address,
    leases: wire.leases.map(nodeLeaseFromWire),
    pool: orNull(wire.pool),
    subnet: orNull(wire.subnet),
    gateway: orNull(wire.gateway),
    generation: wire.generation,
    mode: stateOf(wire.mode, 'MODE_'),
    availability: stateOf(wire.availability, 'AVAILABILITY_'),
    drain: drainFromWire(wire.drain),
    schedulable: wire.schedulable,
    labels: wire.labels,
    state: stateOf(wire.state, 'NODE_STATE_'),
    createdAt: isoTime(wire.createdMs),
    seenAt: isoTime(wire.seenMs),
    controller: orNull(wire.controller),
    routes: wire.routes,
    conditions: wire.conditions.map(conditionFromWire).sort((a, b) => Number(a.ok) - Number(b.ok)),
    versions: {
      daemon: orNull(wire.daemonVersion),
      kernel: orNull(wire.kernelVersion),
      docker: orNull(wire.dockerVersion),
    },
    hostNetworks: wire.hostNetworks.map(({ cidr, source }) => ({ cidr, source })),
    containers: wire.containers.map(({ name, id, subnet }) => ({ name, id, subnet })),
    containerCount: wire.containersKnown ? wire.containerCount : null,
  };
}

/** paintOfState returns the colour of a node's state. */
export function paintOfState(state: string, colors: Colors): (text: string) => string {
  if (state === 'ready') return colors.good;
  if (state === 'progressing') return colors.waiting;
  return state === 'pending' ? colors.faint : colors.bad;
}

/** stateText returns a node's state with its details: "down 3m", "ready,cordoned". */
export function stateText(node: NodeOutput, nowMs: number): string {
  const state = node.state === 'down' && node.seenAt !== null ? `down ${ageOf(node.seenAt, nowMs)}` : node.state;
  return node.availability === 'active' ? state : `${state},${node.availability}`;
}

/** isAway reports whether a node is disconnected, so that its last report may be out of date. */
export function isAway({ state }: NodeOutput): boolean {
  return state === 'down' || state === 'revoked' || state === 'pending';
}

/** routesText returns "49/49"; "48/49 !" if some are missing; "-" if unknown. */
export function routesText(node: NodeOutput): string {
  const { routes } = node;
  if (routes === null || isAway(node)) return '-';
  const { installed, desired } = routes;
  return `${installed}/${desired}${installed === desired ? '' : ' !'}`;
}

// Lists omit conditions that are ok: an engine with a known version and no failing condition is ready.
function dockerText(node: NodeOutput): string {
  const { conditions, versions } = node;
  if (isAway(node)) return '-';
  const condition = conditions.find(({ type }) => type === 'Docker');
  if (condition?.ok === false) return escaped(condition.reason);
  return condition !== undefined || versions.docker !== null ? 'ready' : '-';
}

// "10.76.3.0/24, 10.84.0.0/24"
function subnetsText({ subnet, leases }: NodeOutput): string {
  return leases.length > 1 ? leases.map((lease) => lease.subnet).join(', ') : (subnet ?? '-');
}

// "10.76.3.0/24 +1" for a node that has another lease.
function shortSubnetsText({ subnet, leases }: NodeOutput): string {
  return `${subnet ?? '-'}${leases.length > 1 ? ` +${leases.length - 1}` : ''}`;
}

function leasesText({ leases, subnet }: NodeOutput): string {
  if (leases.length === 0) return subnet ?? '-';
  return leases.map((lease) => `${lease.subnet}${lease.state === 'in force' ? '' : ` ${lease.state}`}`).join(', ');
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  return (
    Object.entries(labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(',') || '-'
  );
}

/** whyNotReady returns the problems that keep a node from being ready; none if it is. */
export function whyNotReady(node: NodeOutput, nowMs: number): readonly Problem[] {
  const { state, name, routes } = node;
  const only = (text: string, fix: string | null = null): readonly Problem[] => [{ text, fix }];
  switch (state) {
    case 'ready':
      return [];
    case 'pending':
      return only('its daemon has never connected: start it on the host');
    case 'revoked':
      return only(
        'it was revoked: controllers refuse it; its lease and the routes to it stay until it is removed',
        `xctl nodes remove ${name} --force`,
      );
    case 'down': {
      const failing = failingOf(node).map(({ text, fix }) => ({ text: `last report: ${text}`, fix }));
      const since = node.seenAt === null ? '' : ` ${ageOf(node.seenAt, nowMs)} ago`;
      const away = `disconnected${since} (its lease and the routes to it stay); on the host: systemctl status xnetd`;
      return [...only(away), ...failing];
    }
  }
  const failing = failingOf(node);
  if (failing.length > 0) return failing;
  if (routes === null) return only('it has connected, but has not reported yet');
  return only(`${routes.installed} of ${routes.desired} routes are installed`);
}

function failingOf({ conditions }: NodeOutput): readonly Problem[] {
  return conditions
    .filter(({ ok }) => !ok)
    .map(({ type, reason, message, fix }) => ({ text: `${type}: ${message === '' ? reason : message}`, fix }));
}

const mostRemarks = 10;

function remarks(nodes: readonly NodeOutput[], look: TableLook): readonly string[] {
  const { colors, nowMs } = look;
  const amiss = nodes.filter(({ state }) => state !== 'ready');
  const lines = amiss.slice(0, mostRemarks).flatMap((node) => {
    const [first, ...rest] = whyNotReady(node, nowMs);
    const more = rest.length === 0 ? '' : ` (and ${rest.length} more: xctl nodes show ${node.name})`;
    const text = `${node.name}: ${first?.text ?? ''}${more}`;
    return problemLines({ text, fix: first?.fix ?? null }, paintOfState(node.state, colors), look.width);
  });
  if (amiss.length <= mostRemarks) return lines;
  const states = [...new Set(amiss.slice(mostRemarks).map(({ state }) => state))].join(',');
  return [...lines, `! and ${amiss.length - mostRemarks} more that are not ready: xctl nodes list --state ${states}`];
}

/** nodeKind describes how nodes are printed. */
export const nodeKind: Kind<NodeOutput> = {
  plural: 'nodes',
  nameOf: ({ name }) => name,
  columns: [
    { header: 'NAME', cell: ({ name }) => escaped(name) },
    { header: 'ADDRESS', drop: 2, cell: ({ address }) => address },
    { header: 'SUBNET', cell: subnetsText, short: shortSubnetsText },
    {
      header: 'STATE',
      cell: (node, { colors, nowMs }) => ({ text: stateText(node, nowMs), paint: paintOfState(node.state, colors) }),
    },
    { header: 'ROUTES', cell: routesText },
    { header: 'DOCKER', drop: 3, cell: dockerText },
    { header: 'AGE', drop: 1, cell: ({ createdAt }, { nowMs }) => ageOf(createdAt, nowMs) },
    { header: 'ID', wide: true, cell: ({ id }) => id },
    { header: 'LEASES', wide: true, cell: leasesText },
    { header: 'POOL', wide: true, cell: ({ pool }) => pool ?? '-' },
    { header: 'MODE', wide: true, cell: ({ mode }) => mode },
    { header: 'AVAILABILITY', wide: true, cell: ({ availability }) => availability },
    { header: 'SCHEDULABLE', wide: true, cell: ({ schedulable }) => (schedulable ? 'yes' : 'no') },
    { header: 'XNETD', wide: true, cell: ({ versions }) => escaped(versions.daemon ?? '-') },
    { header: 'KERNEL', wide: true, cell: ({ versions }) => escaped(versions.kernel ?? '-') },
    { header: 'ENGINE', wide: true, cell: ({ versions }) => escaped(versions.docker ?? '-') },
    { header: 'CONTROLLER', wide: true, cell: ({ controller }) => escaped(controller ?? '-') },
    { header: 'LABELS', wide: true, cell: ({ labels }) => escaped(labelsText(labels)) },
  ],
  remarks,
};
