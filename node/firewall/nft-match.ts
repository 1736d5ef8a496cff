// Says whether a flow meets the conditions of foreign nftables rules, from nft's JSON (libnftables-json(5)). Pure.
// Invariant: a condition that is not understood is one that some packets may meet.
import * as v from 'valibot';
import { parseIpv4 } from '../../proto/domain/address.js';
import {
  type AddressRange,
  allOf,
  anyOf,
  type Flow,
  inState,
  type Match,
  marked,
  named,
  not,
  ofProtocol,
  parseRange,
} from './flow.js';

/** matchValue is the value of a "match" statement. */
export const matchValue = v.object({ op: v.string(), left: v.unknown(), right: v.unknown() });

/** met says whether packets meet a "match" statement. */
export function met({ op, left, right }: v.InferOutput<typeof matchValue>, flow: Flow): Match {
  const present = isPresent(left, flow);
  if (present === 'never') return 'never';
  const match = isValue(left, right, flow);
  if (op === '==' || op === 'in') return match;
  // "!" is "!=" for flags: none of them.
  return op === '!=' || op === '!' ? allOf([present, not(match)]) : 'sometimes';
}

// Headers of protocols other than TCP. nft lists "udp dport != 53" without the condition that the packet is one of UDP.
const otherHeader = /^(icmp|icmpv6|igmp|udp|udplite|sctp|dccp|esp|ah|comp)$/;

// Says whether packets have what is on the left: if not, they do not match, whatever the operator.
function isPresent(left: unknown, flow: Flow): Match {
  if (v.is(maskedValue, left)) return isPresent(left['&'][0], flow);
  if (!v.is(payloadValue, left)) return v.is(presentValue, left) ? 'always' : 'sometimes';
  const { protocol } = left.payload;
  if (protocol === 'ip') return 'always';
  if (protocol === 'ip6') return 'never';
  return protocol === 'tcp' || otherHeader.test(protocol) ? ofProtocol(flow, protocol) : 'sometimes';
}

const setValue = v.object({ set: v.array(v.unknown()) });

/** isValue says whether the expression on the left has a value, or one of several. */
export function isValue(left: unknown, right: unknown, flow: Flow): Match {
  // The element of a map for all other values.
  if (right === '*') return isPresent(left, flow);
  if (v.is(setValue, right)) return anyOf(right.set.map((one) => isValue(left, one, flow)));
  if (Array.isArray(right)) return anyOf(right.map((one) => isValue(left, one, flow)));
  // A named set; its elements are not listed.
  if (typeof right === 'string' && right.startsWith('@')) return 'sometimes';
  if (v.is(metaValue, left)) return isMeta(left.meta.key, right, flow);
  if (v.is(stateValue, left)) return typeof right === 'string' ? inState(flow, [right]) : 'sometimes';
  // Packets between peers' containers and ours are not translated before they are forwarded.
  if (v.is(statusValue, left)) return right === 'dnat' ? 'never' : 'sometimes';
  if (v.is(payloadValue, left)) return isPayload(left.payload, right, flow);
  if (v.is(maskedMark, left) && typeof right === 'number') return marked(flow, right, left['&'][1]);
  return 'sometimes';
}

const metaValue = v.object({ meta: v.object({ key: v.string() }) });
const stateValue = v.object({ ct: v.object({ key: v.literal('state') }) });
const statusValue = v.object({ ct: v.object({ key: v.literal('status') }) });
// Every packet has these. Only packets of the host itself have "meta skuid", for example.
const presentValue = v.union([
  v.object({ ct: v.object({ key: v.picklist(['state', 'status']) }) }),
  v.object({
    meta: v.object({ key: v.picklist(['iifname', 'iif', 'oifname', 'oif', 'nfproto', 'protocol', 'l4proto', 'mark']) }),
  }),
]);
const maskedValue = v.object({ '&': v.tuple([v.unknown(), v.unknown()]) });
const payloadValue = v.object({ payload: v.object({ protocol: v.string(), field: v.string() }) });
const maskedMark = v.object({ '&': v.tuple([v.object({ meta: v.object({ key: v.literal('mark') }) }), v.number()]) });
const prefixValue = v.object({ prefix: v.object({ addr: v.union([v.string(), v.number()]), len: v.number() }) });
const rangeValue = v.object({ range: v.tuple([v.string(), v.string()]) });

function isMeta(key: string, right: unknown, flow: Flow): Match {
  const name = typeof right === 'string' ? right : undefined;
  if (name !== undefined && (key === 'iifname' || key === 'iif')) return named(flow.from, name, '*');
  if (name !== undefined && (key === 'oifname' || key === 'oif')) return named(flow.to, name, '*');
  if (name !== undefined && (key === 'nfproto' || key === 'protocol'))
    return /^(ipv4|ip)$/.test(name) ? 'always' : 'never';
  if (key === 'l4proto' && (name !== undefined || typeof right === 'number')) return ofProtocol(flow, `${right}`);
  if (key !== 'mark') return 'sometimes';
  if (typeof right === 'number') return marked(flow, right, 0xffffffff);
  if (!v.is(prefixValue, right) || typeof right.prefix.addr !== 'number') return 'sometimes';
  const { addr, len } = right.prefix;
  return marked(flow, addr, 2 ** 32 - 2 ** (32 - len));
}

function isPayload({ protocol, field }: { protocol: string; field: string }, right: unknown, flow: Flow): Match {
  if (isPresent({ payload: { protocol, field } }, flow) === 'never') return 'never';
  if (protocol === 'ip' && field === 'protocol' && /^(string|number)$/.test(typeof right))
    return ofProtocol(flow, `${right}`);
  if (protocol !== 'ip' || (field !== 'saddr' && field !== 'daddr')) return 'sometimes';
  const range = rangeIn(right);
  return range === undefined ? 'sometimes' : (field === 'saddr' ? flow.source : flow.destination).within(range);
}

function rangeIn(right: unknown): AddressRange | undefined {
  if (typeof right === 'string') return parseRange(right);
  if (v.is(prefixValue, right)) return parseRange(`${right.prefix.addr}/${right.prefix.len}`);
  if (!v.is(rangeValue, right)) return undefined;
  const [first, last] = right.range.map(parseIpv4);
  return first === undefined || last === undefined ? undefined : { first, last };
}
