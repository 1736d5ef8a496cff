// Computes the fate of a flow in the chains of one table, of nftables or iptables. Pure.
// Invariant: a flow counts as dropped only if no packet of it can pass, whatever the conditions that are not understood
// mean.
import type { Flow, Match } from './flow.js';

/** RuleVerdict is what a rule does with a matching packet. "unknown": it may be accepted. */
export type RuleVerdict =
  | { readonly kind: 'accept' | 'drop' | 'return' | 'unknown' }
  | { readonly kind: 'jump' | 'goto'; readonly chain: string };

/** Step is one rule that decides on packets. */
export type Step = {
  readonly match: (flow: Flow) => Match;
  readonly verdict: RuleVerdict;
  /** The rule in the syntax of its program. */
  readonly text: string;
};

/** FilterChain is a chain. Only a base chain has a policy. */
export type FilterChain = { readonly policy: 'accept' | 'drop' | undefined; readonly steps: readonly Step[] };

/** Drop identifies what drops: a rule of a chain, or the chain's policy. */
export type Drop = { readonly chain: string; readonly rule: string | undefined };

type Outcome = { passes: boolean; drop: Drop | undefined; goesOn: boolean };

// The limit of nftables (NFT_JUMP_STACK_SIZE).
const deepest = 16;

/** dropOf returns what drops all packets of a flow that reach a base chain; undefined if some may pass. */
export function dropOf(chains: ReadonlyMap<string, FilterChain>, base: string, flow: Flow): Drop | undefined {
  const known = new Map<string, Outcome>();
  const walk = (name: string, depth: number): Outcome => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const chain = chains.get(name);
    const outcome: Outcome = { passes: false, drop: undefined, goesOn: false };
    if (chain === undefined || depth > deepest) return { ...outcome, passes: true, goesOn: true };
    const isEnd = follow(name, chain, outcome, depth);
    if (!isEnd) outcome.goesOn = true;
    known.set(name, outcome);
    return outcome;
  };
  // Returns whether no packet reaches the end of the chain.
  const follow = (name: string, { steps }: FilterChain, outcome: Outcome, depth: number): boolean => {
    for (const { match, verdict, text } of steps) {
      const met = match(flow);
      if (met === 'never') continue;
      const all = met === 'always';
      if (verdict.kind === 'jump' || verdict.kind === 'goto') {
        const inner = walk(verdict.chain, depth + 1);
        outcome.passes ||= inner.passes;
        outcome.drop ??= inner.drop;
        if (verdict.kind === 'goto') outcome.goesOn ||= inner.goesOn;
        if (all && (verdict.kind === 'goto' || !inner.goesOn)) return true;
        continue;
      }
      if (verdict.kind === 'drop') outcome.drop ??= { chain: name, rule: text };
      else if (verdict.kind === 'return') outcome.goesOn = true;
      else outcome.passes = true;
      if (all) return true;
    }
    return false;
  };
  const { passes, drop, goesOn } = walk(base, 0);
  const policy = chains.get(base)?.policy;
  if (passes || (goesOn && policy !== 'drop')) return undefined;
  return drop ?? (goesOn ? { chain: base, rule: undefined } : undefined);
}
