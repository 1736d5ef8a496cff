// Computes the fate of a flow in foreign nftables tables, from nft's JSON (libnftables-json(5)). Pure.
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
import { type Drop, dropOf, type FilterChain, type RuleVerdict, type Step } from './verdict.js';

/** BaseChain is a chain that forwarded packets traverse: family "inet", table "filter", name "forward". */
export type BaseChain = { readonly family: string; readonly table: string; readonly name: string };

/** NftTable is a foreign table that may drop forwarded packets. */
export type NftTable = {
  readonly family: string;
  readonly table: string;
  readonly bases: readonly string[];
  readonly chains: ReadonlyMap<string, FilterChain>;
};

const listing = v.object({ nftables: v.array(v.record(v.string(), v.unknown())) });
const chainEntry = v.object({
  family: v.string(),
  table: v.string(),
  name: v.string(),
  type: v.optional(v.string()),
  hook: v.optional(v.string()),
  policy: v.optional(v.string()),
});
const flagged = v.object({ flags: v.union([v.string(), v.array(v.string())]) });
const ruleEntry = v.object({ chain: v.string(), handle: v.number(), expr: v.array(v.record(v.string(), v.unknown())) });

function entriesOf(json: string): readonly (readonly [string, unknown])[] {
  const parsed = v.safeParse(listing, JSON.parse(json));
  return parsed.success ? parsed.output.nftables.flatMap((entry) => Object.entries(entry)) : [];
}

// Chains of iptables-nft, which iptables-save shows better.
const ofIptables = /^(PREROUTING|FORWARD|POSTROUTING)$/;

/**
 * parseBaseChains parses `nft -j list chains` and returns the foreign base chains that may drop forwarded packets.
 * @throws SyntaxError when it is not JSON
 */
export function parseBaseChains(json: string, ownTable: string): readonly BaseChain[] {
  return entriesOf(json).flatMap(([kind, value]) => {
    if (kind !== 'chain' || !v.is(chainEntry, value)) return [];
    const { family, table, name, type, hook = '' } = value;
    const isOfInterest =
      type === 'filter' && /^(ip|inet)$/.test(family) && /^(prerouting|forward|postrouting)$/.test(hook);
    const isKnown = family === 'ip' && (table === ownTable || ofIptables.test(name));
    return isOfInterest && !isKnown ? [{ family, table, name }] : [];
  });
}

/**
 * parseNftTable parses `nft -j -t list table FAMILY TABLE`.
 * @throws SyntaxError when it is not JSON
 */
export function parseNftTable(
  json: string,
  of: Pick<BaseChain, 'family' | 'table'>,
  bases: readonly string[],
): NftTable {
  const chains = new Map<string, { policy: FilterChain['policy']; steps: Step[] }>();
  let isRead = true;
  for (const [kind, value] of entriesOf(json)) {
    // A dormant table drops nothing. Instead of a flag, nft 1.0.6 writes uninitialised memory.
    if (kind === 'table' && v.is(flagged, value))
      isRead = [value.flags].flat().every((flag) => /^(owner|persist)$/.test(flag));
    else if (kind === 'chain' && v.is(chainEntry, value)) {
      const { name, hook, policy } = value;
      chains.set(name, { policy: hook === undefined ? undefined : policy === 'drop' ? 'drop' : 'accept', steps: [] });
    } else if (kind === 'rule' && v.is(ruleEntry, value)) {
      chains.get(value.chain)?.steps.push(...stepsOf(value));
    }
  }
  return { ...of, bases: isRead ? bases : [], chains };
}

/** dropInTable returns what drops all packets of a flow; undefined if some may pass. */
export function dropInTable({ bases, chains }: NftTable, flow: Flow): Drop | undefined {
  for (const base of bases) {
    const drop = dropOf(chains, base, flow);
    if (drop !== undefined) return drop;
  }
  return undefined;
}

/** mayDrop reports whether one of a chain's own rules, not of chains that it jumps to, may drop some packets of a flow. */
export function mayDrop({ chains }: NftTable, chain: string, flow: Flow): boolean {
  for (const { verdict, match } of chains.get(chain)?.steps ?? []) {
    const met = match(flow);
    if (verdict.kind === 'drop' && met !== 'never') return true;
    if (verdict.kind === 'accept' && met === 'always') return false;
  }
  return false;
}

const nothing = /^(counter|log|mangle|notrack|comment)$/;

function stepsOf({ expr, handle }: v.InferOutput<typeof ruleEntry>): readonly Step[] {
  const conditions: ((flow: Flow) => Match)[] = [];
  const text = `handle ${handle}`;
  const steps: Step[] = [];
  for (const statement of expr) {
    const [[kind = '', value] = []] = Object.entries(statement);
    const before = [...conditions];
    const step = (more: readonly ((flow: Flow) => Match)[], verdict: RuleVerdict): Step => ({
      match: (flow) => allOf([...before, ...more].map((condition) => condition(flow))),
      verdict,
      text,
    });
    const verdict = verdictOf(kind, value);
    if (kind === 'match' && v.is(matchValue, value)) conditions.push((flow) => met(value, flow));
    else if (verdict !== undefined) steps.push(step([], verdict));
    else if (kind === 'vmap' && v.is(mapValue, value)) {
      for (const [key, todo] of value.data.set) {
        const [[name = '', target] = []] = Object.entries(todo);
        const then = verdictOf(name, target);
        if (then !== undefined) steps.push(step([(flow) => isValue(value.key, key, flow)], then));
      }
    } else if (kind === 'vmap') steps.push(step([() => 'sometimes'], { kind: 'unknown' }));
    // A match that is not understood, a limit, a quota: possibly met by some packets.
    else if (!nothing.test(kind)) conditions.push(() => 'sometimes');
  }
  return steps;
}

const targetValue = v.object({ target: v.string() });
const matchValue = v.object({ op: v.string(), left: v.unknown(), right: v.unknown() });
const mapValue = v.object({
  key: v.unknown(),
  data: v.object({ set: v.array(v.tuple([v.unknown(), v.record(v.string(), v.unknown())])) }),
});

function verdictOf(kind: string, value: unknown): RuleVerdict | undefined {
  switch (kind) {
    case 'accept':
    case 'drop':
    case 'return':
      return { kind };
    case 'reject':
      return { kind: 'drop' };
    case 'queue':
      return { kind: 'unknown' };
    case 'jump':
    case 'goto':
      return v.is(targetValue, value) ? { kind, chain: value.target } : { kind: 'unknown' };
    default:
      return undefined;
  }
}

function met({ op, left, right }: v.InferOutput<typeof matchValue>, flow: Flow): Match {
  const match = isValue(left, right, flow);
  if (op === '==' || op === 'in') return match;
  return op === '!=' ? not(match) : 'sometimes';
}

const setValue = v.object({ set: v.array(v.unknown()) });

// Says whether the expression on the left has a value, or one of several.
function isValue(left: unknown, right: unknown, flow: Flow): Match {
  if (v.is(setValue, right)) return anyOf(right.set.map((one) => isValue(left, one, flow)));
  if (Array.isArray(right)) return anyOf(right.map((one) => isValue(left, one, flow)));
  // A named set; its elements are not listed.
  if (typeof right === 'string' && right.startsWith('@')) return 'sometimes';
  if (v.is(metaValue, left)) return isMeta(left.meta.key, right, flow);
  if (v.is(stateValue, left)) return typeof right === 'string' ? inState([right]) : 'sometimes';
  // Packets between peers' containers and ours are not translated before they are forwarded.
  if (v.is(statusValue, left)) return right === 'dnat' ? 'never' : 'sometimes';
  if (v.is(payloadValue, left)) return isPayload(left.payload, right, flow);
  if (v.is(maskedMark, left) && typeof right === 'number') return marked(flow, right, left['&'][1]);
  return 'sometimes';
}

const metaValue = v.object({ meta: v.object({ key: v.string() }) });
const stateValue = v.object({ ct: v.object({ key: v.literal('state') }) });
const statusValue = v.object({ ct: v.object({ key: v.literal('status') }) });
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
  if (protocol === 'ip6') return 'never';
  // A field of another protocol: "icmp type", "udp dport".
  if (/^(icmp|icmpv6|igmp|udp|udplite|sctp|dccp|esp|ah)$/.test(protocol))
    return ofProtocol(flow, protocol) === 'never' ? 'never' : 'sometimes';
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
