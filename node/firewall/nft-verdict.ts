// Computes the fate of a flow in foreign nftables tables, from nft's JSON (libnftables-json(5)). Pure.
import * as v from 'valibot';
import { allOf, type Flow, type Match } from './flow.js';
import { isValue, matchValue, met } from './nft-match.js';
import { type Drop, dropOf, type FilterChain, type RuleVerdict, type Step } from './verdict.js';

/** BaseChain is a chain that forwarded packets traverse: family "inet", table "filter", name "forward". */
export type BaseChain = { readonly family: string; readonly table: string; readonly name: string };

/** NftTable is a foreign table that may drop forwarded packets. */
export type NftTable = {
  readonly family: string;
  readonly table: string;
  readonly bases: readonly string[];
  /** The hook of each base chain: "prerouting" of "raw". */
  readonly hooks: ReadonlyMap<string, string>;
  readonly chains: ReadonlyMap<string, FilterChain>;
  /** Whether a rule keeps packets out of the kernel's table of connections. */
  readonly untracks: boolean;
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
  const hooks = new Map<string, string>();
  let isRead = true;
  let untracks = false;
  for (const [kind, value] of entriesOf(json)) {
    // A dormant table drops nothing. Instead of a flag, nft 1.0.6 writes uninitialised memory.
    if (kind === 'table' && v.is(flagged, value))
      isRead = [value.flags].flat().every((flag) => /^(owner|persist)$/.test(flag));
    else if (kind === 'chain' && v.is(chainEntry, value)) {
      const { name, hook, policy } = value;
      if (hook !== undefined) hooks.set(name, hook);
      chains.set(name, { policy: hook === undefined ? undefined : policy === 'drop' ? 'drop' : 'accept', steps: [] });
    } else if (kind === 'rule' && v.is(ruleEntry, value)) {
      chains.get(value.chain)?.steps.push(...stepsOf(value));
      untracks ||= value.expr.some((statement) => 'notrack' in statement);
    }
  }
  return { ...of, bases: isRead ? bases : [], hooks, chains, untracks };
}

/** BaseDrop is a drop and the base chain by which packets come to it. */
export type BaseDrop = Drop & { readonly base: string };

/** dropInTable returns what drops all packets of a flow; undefined if some may pass. */
export function dropInTable({ bases, chains }: NftTable, flow: Flow): BaseDrop | undefined {
  for (const base of bases) {
    const drop = dropOf(chains, base, flow);
    if (drop !== undefined) return { ...drop, base };
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
      // Its element for all other values, "*", decides last.
      const isRest = ([key]: readonly unknown[]) => Number(key === '*');
      for (const [key, todo] of [...value.data.set].sort((a, b) => isRest(a) - isRest(b))) {
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
