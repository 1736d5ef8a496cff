// Decides from the reports of both hosts which reason applies to a path. Pure.
// Invariant: what happened to the probe packets counts before what a host would do with packets; an uncertain reason is
// not given while a certain one applies.
import type { Decision__Output } from '../../proto/gen/xnet/v1/Decision.js';
import type { PacketTrace__Output } from '../../proto/gen/xnet/v1/PacketTrace.js';
import { type Examination, packetOf, type Side } from './examination.js';
import { type Blame, type PathVerdict, type Reason, type Rewriting, tell } from './reasons.js';

const mainTable = 254;
const localTable = 255;
const containerReasons: Readonly<Record<string, Reason & `Container${string}`>> = {
  NotFound: 'ContainerNotFound',
  Ambiguous: 'ContainerAmbiguous',
  NotRunning: 'ContainerStopped',
  HostNetwork: 'ContainerOnHostNetwork',
  NoNetwork: 'ContainerWithoutNetwork',
  OtherNetwork: 'ContainerNotRouted',
  Unknown: 'ContainerUnknown',
};

/** endVerdict returns why packets can't begin or end at an end; undefined: they can, as far as is known. */
export function endVerdict(at: Side, other: Side): PathVerdict | undefined {
  const blame: Blame = { at, other, what: 'requests' };
  const { container } = at.path ?? {};
  const reason = containerReasons[container?.state ?? ''];
  if (reason !== undefined) return tell(reason, blame);
  return undefined;
}

/** verdictOf decides. */
export function verdictOf(examination: Examination): PathVerdict {
  const { source, target, echoes, probeProblem } = examination;
  const there: Blame = { at: source, other: target, what: 'requests' };
  if (source.away !== '') return tell('DaemonAway', there);
  const ends = endVerdict(source, target) ?? endVerdict(target, source);
  if (ends !== undefined) return ends;
  if (source.path !== undefined && isUnused(source)) return unused(source, target);
  if (echoes === undefined) return tell('NotProbed', { ...there, problem: probeProblem });
  if (echoes.replies.length > 0) return ofAnswered(examination, echoes);
  const lost = way(source, target, 'requests');
  // Of two hosts, the second may drop the requests only because the first has rewritten their source: Docker and xnet accept
  // the pools. A host that drops them itself may do so before it rewrites.
  const isFirst = lost?.node === source.end.node;
  return (
    (isFirst ? lost : (rewritten(source, target) ?? lost)) ??
    silent(source, target) ??
    way(target, source, 'replies') ??
    tell(packetOf(source, true) === undefined ? 'Unexplained' : 'ReplyRefused', there)
  );
}

function ofAnswered(
  { source, target }: Examination,
  { longestSent, longestAnswered }: NonNullable<Examination['echoes']>,
): PathVerdict {
  const found = rewritten(source, target);
  if (found !== undefined) return found;
  const blame: Blame = { at: source, other: target, what: 'requests' };
  if (longestAnswered < longestSent) {
    return tell('LargePacketsLost', { ...blame, sent: longestSent, answered: longestAnswered });
  }
  return tell('Fine', { ...blame, bytes: longestAnswered });
}

// As far as the host knows, no interface and no container has the address.
function isUnused({ path, end }: Side): boolean {
  return end.container === '' && path?.container === null && !path.subnetInUse && path.subnet === '';
}

function unused(at: Side, other: Side): PathVerdict {
  return tell('AddressUnused', { at, other, what: 'requests' });
}

// One direction of the packets: out of one host and into the other.
function way(from: Side, to: Side, what: Blame['what']): PathVerdict | undefined {
  const isSameHost = from.end.node === to.end.node;
  const sent = packetOf(from, what === 'replies');
  const arrived = packetOf(to, what === 'replies');
  const leaving: Blame = { at: from, other: to, what };
  const arriving: Blame = { at: to, other: from, what };
  const dropped = droppedOn(leaving, sent);
  if (dropped !== undefined) return dropped;
  if (isSameHost) return undefined;
  if (arrived === undefined) {
    const hasLeft = sent?.reached.includes('postrouting-end') === true;
    const routed = routing(leaving);
    if (routed !== undefined) return routed;
    if (sent !== undefined && !hasLeft) return stuck(leaving, sent) ?? tell('LostInHost', leaving);
    if (/^(FAILED|INCOMPLETE)$/.test(from.path?.neighbourState ?? '')) return tell('NeighbourSilent', leaving);
    if (to.away !== '') return tell('DaemonAway', arriving);
    // Nothing was sent, or the hosts could not trace.
    if (!hasLeft || to.packets === undefined) return undefined;
    return tell('LostBetween', arriving);
  }
  return droppedOn(arriving, arrived) ?? stuck(arriving, arrived);
}

function droppedOn(blame: Blame, packet: PacketTrace__Output | undefined): PathVerdict | undefined {
  const step = packet?.steps.findLast(({ verdict }) => verdict === 'drop');
  if (step === undefined) return undefined;
  if (step.rule === '') return tell('DroppedByPolicy', { ...blame, step });
  const isDockerUser = step.chain === 'DOCKER-USER' && step.table === 'filter';
  return tell(isDockerUser ? 'DroppedByDockerUser' : 'DroppedByRule', { ...blame, step });
}

const hooks = ['prerouting', 'input', 'forward', 'output', 'postrouting'];

// A packet that arrived or started here, was not dropped by a rule, and did not leave.
function stuck(blame: Blame, packet: PacketTrace__Output): PathVerdict | undefined {
  const { reached } = packet;
  const hook = hooks.find((each) => reached.includes(each) && !reached.includes(`${each}-end`));
  if (hook !== undefined) return tell('DroppedUntraced', { ...blame, hook });
  if (reached.includes('input-end')) return undefined;
  if (reached.includes('postrouting-end')) {
    const isBack = packet.outInterface !== '' && packet.outInterface === blame.at.path?.underlay;
    const isIn = packet.inInterface === blame.at.path?.underlay;
    return isBack && isIn ? notInUse(blame) : undefined;
  }
  if (!reached.includes('prerouting-end')) return undefined;
  // The routing decision.
  const { path } = blame.at;
  const isIn = packet.inInterface === path?.underlay;
  const decision = isIn ? path?.fromRemote : path?.toRemote;
  return (
    notInUse(blame) ??
    filtered(blame, decision, isIn ? path?.underlay : path?.bridge) ??
    (path?.forwarding === false ? tell('ForwardingOff', blame) : undefined) ??
    refusedByRule(blame, decision) ??
    (isIn ? undefined : routing(blame)) ??
    (decision != null && decision.errno !== ''
      ? tell('RouteRefuses', { ...blame, errno: decision.errno })
      : undefined) ??
    tell('LostInHost', blame)
  );
}

function notInUse(blame: Blame): PathVerdict | undefined {
  const { path, subnet } = blame.at;
  return path !== undefined && subnet !== '' && !path.subnetInUse ? tell('SubnetNotInUse', blame) : undefined;
}

function filtered(
  blame: Blame,
  decision: Decision__Output | null | undefined,
  name: string | undefined,
): PathVerdict | undefined {
  const isStrict = name !== undefined && blame.at.path?.strict.includes(name) === true;
  // From Linux 6.13 on, the kernel answers EINVAL for a packet that it would drop.
  if (!isStrict || decision == null || !/^(EXDEV|EINVAL)$/.test(decision.errno)) return undefined;
  return tell('ReversePath', { ...blame, name });
}

function refusedByRule(blame: Blame, decision: Decision__Output | null | undefined): PathVerdict | undefined {
  if (decision == null || blame.at.path?.hasRules !== true) return undefined;
  const { errno, table } = decision;
  if (errno === '' && (table === mainTable || table === localTable)) return undefined;
  const taken = errno === '' ? `routed by table ${table}, not main` : `refused (${errno})`;
  return tell('PolicyRule', { ...blame, decision: taken });
}

// The host's decision on packets to the other host.
function routing(blame: Blame): PathVerdict | undefined {
  const { at, other } = blame;
  const { path } = at;
  const decision = path?.toRemote;
  if (path === undefined || decision == null) return undefined;
  const isForwarded = path.container !== null;
  if (isForwarded && !path.forwarding) return tell('ForwardingOff', blame);
  const strict = filtered(blame, decision, path.bridge);
  if (strict !== undefined) return strict;
  const expected = other.end.nodeAddress;
  const isRouted = other.subnet === '' ? decision.errno === '' : path.routes.some((hop) => hop.includes('.'));
  const instead = decision.errno === '' ? decision.gateway || decision.interface : '';
  if (!isRouted) return tell('NoRoute', { ...blame, instead, types: path.routes });
  const isExpected = other.subnet === '' || path.routes.includes(expected);
  if (isExpected) {
    const byRule = refusedByRule(blame, decision);
    if (byRule !== undefined) return byRule;
  }
  if (other.subnet === '' || (decision.gateway === expected && decision.errno === '')) return undefined;
  return tell('WrongNextHop', { ...blame, instead: instead || path.routes.join(', ') });
}

// The requests were seen to arrive, and no reply to leave.
function silent(source: Side, target: Side): PathVerdict | undefined {
  const request = packetOf(target, false);
  if (request === undefined || packetOf(target, true) !== undefined) return undefined;
  const back: Blame = { at: target, other: source, what: 'replies' };
  // A host that has no way back makes no reply.
  const unrouted = source.end.node === target.end.node ? undefined : routing(back);
  if (unrouted !== undefined) return unrouted;
  if (target.path !== undefined && target.path.container === null && isUnusedTarget(target)) {
    return unused(target, source);
  }
  return tell('TargetSilent', { ...back, what: 'requests' });
}

// Neither the gateway nor a container has the address: nothing answers.
function isUnusedTarget({ packets }: Side): boolean {
  return packetOf({ packets }, false)?.reached.includes('input-end') !== true;
}

function rewritten(source: Side, target: Side): PathVerdict | undefined {
  for (const [at, other] of [
    [source, target],
    [target, source],
  ] as const) {
    for (const what of ['requests', 'replies'] as const) {
      const packet = packetOf(at, what === 'replies');
      if (packet === undefined || packet.source === packet.lastSource) continue;
      return tell('SourceRewritten', { at, other, what, ...rewriting(packet) });
    }
  }
  // Between the hosts.
  const request = packetOf(target, false);
  if (request === undefined || request.source === source.address) return undefined;
  const changed = { from: source.address, to: request.source, rule: '' };
  return tell('SourceRewritten', { at: source, other: target, what: 'requests', ...changed });
}

function rewriting({ source, lastSource, steps }: PacketTrace__Output): Rewriting {
  const step = steps.findLast(({ rule, table }) => /masq|snat|netmap/i.test(rule) || table === 'nat');
  return {
    from: source,
    to: lastSource,
    rule: step === undefined ? '' : `${step.table} ${step.chain} ${step.rule}`.trim(),
  };
}
