// `xctl nodes list` and `xctl nodes show`.
import { escaped } from '../../proto/domain/text.js';
import { problemLines } from '../../proto/process/problem.js';
import { formatFields, formatTable } from '../../proto/process/table.js';
import type { CommandContext } from '../client/context.js';
import { type Selector, selects } from '../client/selector.js';
import { watchLists } from '../client/watch.js';
import { type CertificateOutput, certificateFromWire, certificateState } from '../output/certificate.js';
import type { TableLook } from '../output/columns.js';
import { type EventOutput, eventFromWire } from '../output/event.js';
import { type Explanation, explanationOf } from '../output/explanation.js';
import {
  isAway,
  type NodeOutput,
  nodeFromWire,
  nodeKind,
  paintOfState,
  routesText,
  stateText,
  whyNotReady,
} from '../output/node.js';
import { ageOf } from '../output/time.js';
import { leftText } from '../output/token.js';
import { requirePart } from './change-response.js';
import { tokenCommand } from './node-add.js';

/** ListNodesOptions are the options of `nodes list`. */
export type ListNodesOptions = {
  readonly selector: Selector;
  readonly state: readonly string[];
  readonly schedulable: boolean;
  readonly watch: boolean;
};

/** listNodes lists nodes. A table only needs the controller's summary. */
export async function listNodes(context: CommandContext, options: ListNodesOptions): Promise<void> {
  const { client, output } = context;
  const { selector } = options;
  const summary = ['table', 'name'].includes(output.options.format) && selector.length === 0;
  const wanted = (node: NodeOutput) =>
    selects(selector, node.labels) &&
    (!options.schedulable || node.schedulable) &&
    (options.state.length === 0 || options.state.includes(node.state));
  if (options.watch) {
    const never = new AbortController().signal;
    const lists = client.follow((admin) => admin.watchNodes({ summary }), { endsByItself: false }, never);
    const nodesOf = async function* () {
      for await (const { nodes } of lists) yield nodes.map(nodeFromWire).filter(wanted);
    };
    return watchLists(context, nodeKind, nodesOf());
  }
  const { nodes, revision } = await client.read((admin) => admin.listNodes.bind(admin), { summary });
  const listed = nodes.map(nodeFromWire).filter(wanted);
  if (nodes.length === 0) output.message('no nodes yet: xctl nodes add NAME --address ADDRESS');
  await output.list(nodeKind, listed, { revision });
}

function certificateText(certificate: CertificateOutput, { colors, nowMs }: TableLook): string {
  const state = certificateState(certificate, nowMs);
  const text = `${state}, expires ${leftText(certificate.expiresAt, nowMs)}, serial ${escaped(certificate.serial)}`;
  return state === 'valid' ? text : colors.bad(text);
}

function leaseFields(node: NodeOutput): readonly (readonly [string, string])[] {
  const { leases, subnet, pool, gateway, generation, mode } = node;
  if (leases.length < 2) {
    const only = subnet === null ? '' : `${subnet} of pool ${pool}, gateway ${gateway}, generation ${generation}`;
    return [
      ['Subnet', only],
      ['Mode', mode],
    ];
  }
  return leases.map((lease) => {
    const how = lease.network === null ? lease.mode : `${lease.mode}, network ${lease.network} on ${lease.bridge}`;
    return [
      'Lease',
      escaped(`${lease.subnet} of pool ${lease.pool}, ${lease.state}, ${how}, generation ${lease.generation}`),
    ];
  });
}

function fieldsOf(node: NodeOutput, certificate: CertificateOutput | null, look: TableLook): string[] {
  const { colors, nowMs } = look;
  const { routes, versions } = node;
  const amiss =
    routes === null || routes.conflicting + routes.unreachable === 0
      ? ''
      : `, ${routes.conflicting} conflicting, ${routes.unreachable} unreachable`;
  const by = node.controller === null ? '' : `, connected to ${node.controller} for ${ageOf(node.seenAt, nowMs)}`;
  return formatFields([
    ['Name', escaped(node.name)],
    ['Id', node.id],
    ['Revision', node.revision === null ? '' : String(node.revision)],
    ['State', `${paintOfState(node.state, colors)(stateText(node, nowMs))}${escaped(by)}`],
    ['Address', node.address],
    ...leaseFields(node),
    ['Availability', node.availability],
    [
      'Labels',
      escaped(
        Object.entries(node.labels)
          .map(([key, value]) => `${key}=${value}`)
          .join(', '),
      ),
    ],
    ['Certificate', certificate === null ? 'none: its host has not joined' : certificateText(certificate, look)],
    ['Routes', routes === null || isAway(node) ? '' : `${routesText(node)} installed${amiss}`],
    [
      'Versions',
      versions.daemon === null
        ? ''
        : escaped(`xnetd ${versions.daemon}, kernel ${versions.kernel ?? '-'}, Docker ${versions.docker ?? '-'}`),
    ],
    ['Host networks', escaped(node.hostNetworks.map(({ cidr, source }) => `${cidr} (${source})`).join(', '))],
    ['Added', node.createdAt === null ? '' : `${node.createdAt} (${ageOf(node.createdAt, nowMs)} ago)`],
  ]);
}

type Everything = {
  readonly node: NodeOutput;
  readonly events: readonly EventOutput[];
  /** The newest certificate of its host; null: the host has not joined. */
  readonly certificate: CertificateOutput | null;
  readonly explanation: Explanation;
};

function explanationLines(
  { text, fix }: Explanation,
  paint: (text: string) => string,
  width?: number,
): readonly string[] {
  // Without a mark where there is nothing to do.
  if (fix === null) return [escaped(text)];
  return [...problemLines({ text, fix: null }, paint, width), `    next: ${escaped(fix)}`];
}

function textOf({ node, events, certificate, explanation }: Everything, look: TableLook): string[] {
  const { colors, nowMs } = look;
  const why = whyNotReady(node, nowMs);
  const paint = paintOfState(node.state, colors);
  const lines = [...explanationLines(explanation, paint, look.width), '', ...fieldsOf(node, certificate, look)];
  if (why.length > 0) {
    lines.push('', `Not ${node.state === 'progressing' ? 'ready yet' : 'ready'}:`);
    lines.push(
      ...why
        .flatMap((problem) => problemLines(problem, paint, look.width && look.width - 2))
        .map((line) => `  ${line}`),
    );
  }
  if (node.state === 'pending' && certificate === null) lines.push(`    to have it join: ${tokenCommand(node.name)}`);
  // For a disconnected node, conditions that were ok are no longer known, and failing ones are shown above.
  const shown = node.conditions.filter(({ ok }) => !ok || !isAway(node));
  if (shown.length > 0) {
    const rows = shown.map(({ type, ok, transient, reason, since, message }) => [
      escaped(type),
      {
        text: ok ? 'ok' : transient ? 'waiting' : 'failing',
        paint: ok ? colors.good : transient ? colors.waiting : colors.bad,
      },
      escaped(reason) || '-',
      ageOf(since, nowMs),
      ok ? escaped(message) : '',
    ]);
    const header = isAway(node) ? 'LAST-CONDITION' : 'CONDITION';
    const headers = [
      header,
      'STATE',
      'REASON',
      'SINCE',
      ...(shown.some(({ ok, message }) => ok && message) ? ['NOTE'] : []),
    ];
    lines.push('', ...formatTable(headers, rows, { width: look.width }));
  }
  if (events.length > 0) {
    const rows = events.map(({ time, reason, warning, message }) => [
      ageOf(time, nowMs),
      { text: escaped(reason), paint: warning ? colors.bad : (text: string) => text },
      escaped(message),
    ]);
    lines.push('', ...formatTable(['AGE', 'LAST-EVENTS', 'MESSAGE'], rows, { width: look.width }));
  }
  return lines;
}

/** showNode shows everything about one node, including why it is not ready. */
export async function showNode(context: CommandContext, _options: unknown, text: string): Promise<void> {
  const { client, output } = context;
  const response = await client.read((admin) => admin.getNode.bind(admin), { node: text });
  const node = nodeFromWire(requirePart(response.node));
  const events = response.events.map(eventFromWire);
  const { certificates } = await client.read((admin) => admin.listCertificates.bind(admin), { role: 'node' });
  const own = certificates.findLast(({ id }) => id === node.id);
  const certificate = own === undefined ? null : certificateFromWire(own);
  const explanation = explanationOf(node, { hasJoined: certificate !== null, nowMs: Date.now() });
  const value = { node, events, certificate, explanation };
  await output.show({ value, name: node.name, text: (look) => textOf(value, look) });
}
