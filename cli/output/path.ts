// A path that was examined, in JSON and for people. Pure.
// Invariant: fields of the output are only ever added.
import { escaped } from '../../proto/domain/text.js';
import type { PacketTrace__Output } from '../../proto/gen/xnet/v1/PacketTrace.js';
import { type Examination, nameOf, packetOf, type Side } from '../diagnosis/examination.js';
import type { PathVerdict } from '../diagnosis/reasons.js';
import type { TableLook } from './columns.js';

const millis = (micros: number) => (micros / 1000).toFixed(2);

/** pathOutputOf is the document of `xctl ping -o json`. */
export function pathOutputOf(examination: Examination, verdict: PathVerdict): Readonly<Record<string, unknown>> {
  const { source, target, echoes } = examination;
  const { reason, node, message, fix } = verdict;
  return {
    verdict: {
      reason,
      fine: reason === 'Fine',
      node: node === '' ? null : node,
      message,
      fix: fix === '' ? null : fix,
    },
    probe:
      echoes === undefined
        ? null
        : {
            sent: echoes.sent,
            replies: echoes.replies.map(({ sequence, micros }) => ({ sequence, millis: Number(millis(micros)) })),
            longestSent: echoes.longestSent,
            longestAnswered: echoes.longestAnswered,
          },
    source: sideOf(source),
    target: sideOf(target),
  };
}

function sideOf({ end, address, subnet, path, packets, away, traceProblem }: Side): Readonly<Record<string, unknown>> {
  return {
    node: end.node,
    nodeAddress: end.nodeAddress,
    container: path?.container ?? null,
    address: address === '' ? null : address,
    subnet: subnet === '' ? null : subnet,
    away: away === '' ? null : away,
    traceProblem: traceProblem === '' ? null : traceProblem,
    path: path ?? null,
    // The first request and the first reply: the others go the same way, without NAT's first decision.
    packets: packets === undefined ? null : [false, true].flatMap((reply) => packetOf({ packets }, reply) ?? []),
  };
}

/** pingLines is the text of `xctl ping`. */
export function pingLines(examination: Examination, verdict: PathVerdict, look: TableLook): readonly string[] {
  const { source, target } = examination;
  return [
    `${escaped(nameOf(source))} → ${escaped(nameOf(target))}`,
    ...echoLines(examination),
    ...unaskedLines(examination),
    ...toldLines(verdict, look),
  ];
}

function echoLines({ echoes }: Examination): readonly string[] {
  if (echoes === undefined) return [];
  const { sent, replies, errno, longestSent, longestAnswered } = echoes;
  const times = replies.map(({ micros }) => micros);
  const spread = times.length === 0 ? '' : `, ${millis(Math.min(...times))} to ${millis(Math.max(...times))} ms`;
  const long =
    longestSent === 0 ? '' : `; of ${longestSent} bytes: ${longestAnswered === longestSent ? 'answered' : 'lost'}`;
  const unsent = errno === '' ? '' : ` (${escaped(errno)})`;
  return [`${replies.length} of ${sent} answered${spread}${unsent}${long}`];
}

function unaskedLines({ source, target }: Examination): readonly string[] {
  return [source, target].flatMap(({ end, away, traceProblem }) =>
    away === '' && traceProblem === '' ? [] : [escaped(`${end.node} could not be asked: ${away || traceProblem}`)],
  );
}

function toldLines({ reason, message, fix }: PathVerdict, { colors }: TableLook): readonly string[] {
  if (reason === 'Fine') return [colors.good(escaped(message))];
  return [colors.bad(`${reason}: ${escaped(message)}`), ...(fix === '' ? [] : [`  fix: ${escaped(fix)}`])];
}

/** traceLines is the text of `xctl trace`: the way there, the way back, the verdict. */
export function traceLines(examination: Examination, verdict: PathVerdict, look: TableLook): readonly string[] {
  const { source, target } = examination;
  const isSame = source.end.node === target.end.node;
  const there = [...hostLines(source, target, false, look), ...(isSame ? [] : hostLines(target, source, false, look))];
  const back = [...hostLines(target, source, true, look), ...(isSame ? [] : hostLines(source, target, true, look))];
  return [
    `requests: ${escaped(nameOf(source))} → ${escaped(nameOf(target))}`,
    ...there,
    'replies:',
    ...back,
    ...echoLines(examination),
    ...toldLines(verdict, look),
  ];
}

const routed: Readonly<Record<'leaves' | 'arrives', 'toRemote' | 'fromRemote'>> = {
  leaves: 'toRemote',
  arrives: 'fromRemote',
};

// What one host did with a request or a reply.
function hostLines(at: Side, other: Side, reply: boolean, { colors }: TableLook): readonly string[] {
  const { node } = at.end;
  const packet = packetOf(at, reply);
  if (at.away !== '') return [`  ${escaped(node)}: not asked: ${escaped(at.away)}`];
  if (at.packets === undefined)
    return [`  ${escaped(node)}: not traced${at.traceProblem === '' ? '' : `: ${escaped(at.traceProblem)}`}`];
  if (packet === undefined) return [colors.bad(`  ${escaped(node)}: not seen`)];
  const leaves = packet.outInterface === at.path?.underlay;
  const decision = at.path?.[routed[leaves ? 'leaves' : 'arrives']];
  const via =
    decision == null
      ? ''
      : decision.errno === ''
        ? `, table ${decision.table}${decision.gateway === '' ? '' : ` via ${decision.gateway}`}`
        : `, ${decision.errno}`;
  const way = `${packet.inInterface || 'the host itself'} → ${packet.outInterface || 'the host itself'}`;
  return [
    `  ${escaped(node)}: ${escaped(way)}${escaped(via)}${changedText(packet)}`,
    ...packet.steps.map((step) => {
      const what = step.rule === '' ? 'policy' : step.rule;
      const line = `    ${escaped(`${step.family} ${step.table} ${step.chain}: ${what}: ${step.verdict}`)}`;
      return step.verdict === 'drop' ? colors.bad(line) : colors.faint(line);
    }),
    ...(leaves && !reply && packetOf(other, reply) === undefined && at.path?.neighbourState
      ? [`    next hop ${escaped(other.end.nodeAddress)}: ${escaped(at.path.neighbourState)}`]
      : []),
  ];
}

function changedText({ source, lastSource, destination, lastDestination }: PacketTrace__Output): string {
  const changes = [
    ...(source === lastSource ? [] : [`source ${source} becomes ${lastSource}`]),
    ...(destination === lastDestination ? [] : [`destination ${destination} becomes ${lastDestination}`]),
  ];
  return changes.length === 0 ? '' : escaped(`, ${changes.join(', ')}`);
}
