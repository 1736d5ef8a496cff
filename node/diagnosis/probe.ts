// Sends echo requests from this host or from within a container, and waits for their replies.
// Invariant: at most 10 short packets to each of at most 64 addresses, and one packet of each of some lengths to those
// that answer.
import { formatIpv4, type Ipv4, parseIpv4 } from '../../proto/domain/address.js';
import { XnetError } from '../../proto/errors.js';
import type { Echoes } from '../../proto/gen/xnet/v1/Echoes.js';
import type { ProbeFindings } from '../../proto/gen/xnet/v1/ProbeFindings.js';
import type { ProbeQuestion__Output } from '../../proto/gen/xnet/v1/ProbeQuestion.js';
import { Alarm } from '../../proto/process/backoff.js';
import { SyscallError } from '../../proto/process/syscall.js';
import type { Icmp } from '../kernel/icmp.js';
import { findContainer } from './container.js';
import { invalid, type LookedAt } from './looked-at.js';

const mostTargets = 64;
const mostRequests = 10;
const replyMs = 1_000;
const graceMs = 100;
const betweenMs = 20;
const shortBytes = 84;
// Lengths that links commonly allow: jumbo frames, Ethernet, PPPoE, WireGuard and other tunnels, IPv6's least, IPv4's least.
const lengths = [8_950, 4_000, 1_500, 1_492, 1_480, 1_450, 1_420, 1_400, 1_380, 1_280, 576];
/** noLongPackets is the value of longest_bytes for none. */
export const noLongPackets = 1;

/**
 * probe sends echo requests.
 * @throws XnetError InvalidArgument; FailedPrecondition when there is nothing to send from
 */
export async function probe(place: LookedAt, question: ProbeQuestion__Output): Promise<ProbeFindings> {
  const targets = question.to.map((text) => parseIpv4(text) ?? missing('address to send to'));
  const { identifier } = question;
  if (targets.length === 0 || targets.length > mostTargets) throw invalid(`list of 1 to ${mostTargets} addresses`);
  if (identifier < 1 || identifier > 0xffff) throw invalid('identifier from 1 to 65535');
  await place.mirror.refresh();
  const { source, namespace } = await origin(place, question);
  const count = Math.min(mostRequests, Math.max(1, question.count));
  const icmp = open(place, source, namespace, identifier);
  try {
    const echo = new Requests(icmp);
    const longest = longestOf(place, question.longestBytes, namespace !== undefined);
    return { echoes: await Promise.all(targets.map((to) => probeOne(echo, to, count, longest))) };
  } finally {
    icmp.close();
  }
}

function missing(what: string): never {
  throw invalid(what);
}

async function origin(
  place: LookedAt,
  question: ProbeQuestion__Output,
): Promise<{ readonly source: Ipv4; readonly namespace: string | undefined }> {
  const address = parseIpv4(question.from);
  if (address !== undefined && place.mirror.hasAddress(address)) return { source: address, namespace: undefined };
  if (address === undefined && question.container === '') throw invalid('address to send from');
  const found = await findContainer(place, { name: question.container, address });
  const source = found?.address;
  if (source === undefined || found?.namespace === undefined) {
    const what =
      question.container === ''
        ? `no interface and no running container of this host has ${question.from}`
        : `there is no running container ${question.container} on this host`;
    throw new XnetError('FailedPrecondition', what);
  }
  return { source, namespace: found.namespace };
}

function open(place: LookedAt, source: Ipv4, namespace: string | undefined, identifier: number): Icmp {
  try {
    return place.openIcmp(source, namespace, identifier);
  } catch (error) {
    const code = error instanceof SyscallError ? error.code : '';
    const where = namespace === undefined ? 'this host' : 'the network namespace of the container';
    throw new XnetError('FailedPrecondition', `can't send from ${formatIpv4(source)} in ${where}: ${code || 'gone'}`, {
      cause: error,
      ...(code === 'EPERM'
        ? { hint: 'xnetd needs CAP_NET_RAW, and CAP_SYS_ADMIN to enter a container: see its unit, systemctl cat xnetd' }
        : {}),
    });
  }
}

// A container's interface has the MTU of its bridge.
function longestOf({ mirror, underlay, own }: LookedAt, asked: number, isContainer: boolean): number {
  if (asked === noLongPackets) return 0;
  const bridges = isContainer ? own().map(({ bridge }) => bridge) : [];
  const used = [...mirror.links.values()].filter(
    ({ name, ifindex }) => ifindex === underlay()?.ifindex || bridges.includes(name),
  );
  const least = Math.min(...used.map(({ mtu }) => mtu));
  if (!Number.isFinite(least)) return 0;
  return asked === 0 ? least : Math.min(asked, least);
}

async function probeOne(echo: Requests, to: Ipv4, count: number, longest: number): Promise<Echoes> {
  const replies: { sequence: number; micros: number }[] = [];
  let errno = '';
  // No packet waits for the reply to another one: a probe without any reply takes little longer than one packet.
  const outcomes: Promise<Sent>[] = [];
  for (let sent = 0; sent < count; sent += 1) {
    if (sent > 0) await new Alarm().wait(betweenMs);
    outcomes.push(echo.send(to, shortBytes));
  }
  for (const outcome of await Promise.all(outcomes)) {
    if (outcome.errno !== '') errno = outcome.errno;
    else if (outcome.micros !== undefined) replies.push({ sequence: outcome.sequence, micros: outcome.micros });
  }
  const result = { to: formatIpv4(to), sent: count, replies, errno };
  if (replies.length === 0 || longest <= shortBytes) return { ...result, longestSent: 0, longestAnswered: 0 };
  return { ...result, longestSent: longest, longestAnswered: await longestAnswered(echo, to, longest) };
}

async function longestAnswered(echo: Requests, to: Ipv4, longest: number): Promise<number> {
  // A single packet may be lost.
  const first = await Promise.all([echo.send(to, longest), echo.send(to, longest)]);
  if (first.some(({ micros }) => micros !== undefined)) return longest;
  const shorter = lengths.filter((bytes) => bytes < longest);
  const outcomes = await Promise.all(shorter.map(async (bytes) => ({ bytes, ...(await echo.send(to, bytes)) })));
  return Math.max(shortBytes, ...outcomes.filter(({ micros }) => micros !== undefined).map(({ bytes }) => bytes));
}

type Sent = { readonly sequence: number; readonly errno: string; readonly micros: number | undefined };

// Matches replies to requests.
class Requests {
  readonly #icmp: Icmp;
  readonly #waiting = new Map<number, { readonly to: Ipv4; readonly alarm: Alarm; atMs: number | undefined }>();
  #sequence = 0;

  constructor(icmp: Icmp) {
    this.#icmp = icmp;
    icmp.onReply((from, sequence) => {
      const waiting = this.#waiting.get(sequence);
      if (waiting?.to !== from) return;
      waiting.atMs ??= performance.now();
      waiting.alarm.ring();
    });
  }

  async send(to: Ipv4, bytes: number): Promise<Sent> {
    this.#sequence += 1;
    const sequence = this.#sequence;
    const waiting = { to, alarm: new Alarm(), atMs: undefined as number | undefined };
    this.#waiting.set(sequence, waiting);
    const began = performance.now();
    try {
      this.#icmp.send(to, sequence, bytes);
      await waiting.alarm.wait(replyMs);
      // In a busy daemon the timer may fire while the reply is still in the socket's queue.
      if (waiting.atMs === undefined) await waiting.alarm.wait(graceMs);
    } catch (error) {
      if (error instanceof SyscallError) return { sequence, errno: error.code, micros: undefined };
      throw error;
    } finally {
      this.#waiting.delete(sequence);
    }
    const { atMs } = waiting;
    return { sequence, errno: '', micros: atMs === undefined ? undefined : Math.round((atMs - began) * 1000) };
  }
}
