// Routes in JSON and as tables. Pure.
// Invariant: fields of the output types are only ever added; an unknown value is null, never omitted.
import { escaped } from '../../proto/domain/text.js';
import type { RouteEntry__Output } from '../../proto/gen/xnet/v1/RouteEntry.js';
import type { Kind } from './columns.js';
import { orNull, stateOf } from './from-wire.js';
import { isAway, type NodeOutput, paintOfState, whyNotReady } from './node.js';

/** RouteOutput is an entry of the route table in the output of `xctl routes list`. */
export type RouteOutput = {
  readonly subnet: string;
  /** The holder's node address. */
  readonly nextHop: string;
  readonly node: string;
  readonly pool: string | null;
  /** State of that node, as in NodeOutput; "static": its host is not a node, and `node` is the name of the static route. */
  readonly nodeState: string;
  readonly static: boolean;
};

/** routeOutputOf converts an entry of the route table. */
export function routeOutputOf(wire: RouteEntry__Output): RouteOutput {
  return {
    subnet: wire.subnet,
    nextHop: wire.nextHop,
    node: wire.nodeName,
    pool: orNull(wire.pool),
    nodeState: wire.static ? 'static' : stateOf(wire.nodeState, 'NODE_STATE_'),
    static: wire.static,
  };
}

/** routeKind describes how routes are printed. */
export const routeKind: Kind<RouteOutput> = {
  plural: 'routes',
  nameOf: ({ subnet }) => subnet,
  columns: [
    { header: 'SUBNET', cell: ({ subnet }) => subnet },
    { header: 'NEXT-HOP', cell: ({ nextHop }) => nextHop },
    { header: 'NODE', cell: ({ node }) => escaped(node) },
    {
      header: 'STATE',
      cell: ({ nodeState }, { colors }) => ({ text: nodeState, paint: paintOfState(nodeState, colors) }),
    },
    { header: 'POOL', wide: true, cell: ({ pool }) => escaped(pool ?? '-') },
  ],
};

/** isAmiss reports whether a connected node has fewer routes than it should. Disconnected nodes are unknown. */
export function isAmiss(node: NodeOutput): boolean {
  const { routes } = node;
  return routes !== null && !isAway(node) && routes.installed !== routes.desired;
}

/** routeCheckKind describes how nodes with missing routes are printed. */
export const routeCheckKind: Kind<NodeOutput> = {
  plural: 'nodes',
  nameOf: ({ name }) => name,
  columns: [
    { header: 'NAME', cell: ({ name }) => escaped(name) },
    { header: 'STATE', cell: ({ state }, { colors }) => ({ text: state, paint: paintOfState(state, colors) }) },
    { header: 'DESIRED', drop: 3, cell: ({ routes }) => String(routes?.desired ?? '-') },
    { header: 'INSTALLED', cell: ({ routes }) => String(routes?.installed ?? '-') },
    { header: 'CONFLICTING', drop: 1, cell: ({ routes }) => String(routes?.conflicting ?? '-') },
    { header: 'UNREACHABLE', drop: 2, cell: ({ routes }) => String(routes?.unreachable ?? '-') },
    {
      header: 'WHY',
      cell: (node, { nowMs }) => {
        const why = whyNotReady(node, nowMs);
        return escaped((why.find(({ text }) => text.startsWith('Routes: ')) ?? why[0])?.text ?? '-');
      },
    },
  ],
};
