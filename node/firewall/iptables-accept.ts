// Tells whether Docker's chains accept every packet of a flow, so that it may be accepted before them. Pure.
// Invariant: the answer is yes only if it is certain from interfaces and addresses alone, and if no rule on the way does
// anything else. Any other condition may or may not be met; a rule that drops, counts, logs or marks makes the answer no.
import { allOf, type Flow, type Match } from './flow.js';
import {
  chainOf,
  isOurRule,
  jumpsToUserChain,
  meaningOf,
  optionsOf,
  type Tables,
  userChain,
  wordsOf,
} from './iptables-save.js';
import { conditionOf, isDockersChain } from './iptables-verdict.js';

// What happens to packets that enter a chain. "returned": those that are not accepted come back as they were.
type Fate = 'accepted' | 'returned' | 'unknown';

const deepest = 16;

/** acceptsBehindUserChain reports whether FORWARD certainly accepts all that DOCKER-USER returns of a flow. */
export function acceptsBehindUserChain(tables: Tables, flow: Flow): boolean {
  if (!jumpsToUserChain(tables) || !isUsedOnce(tables)) return false;
  const rules = chainOf(tables, 'filter', 'FORWARD').rules.filter((rule) => !isOurRule(rule));
  const jump = rules.findIndex((rule) => meaningOf(rule) === `-j ${userChain}`);
  return fateIn(tables, rules.slice(jump + 1), flow, 0) === 'accepted';
}

// A second jump would lead to DOCKER-USER before rules that this decision takes for passed, or to our own rules.
function isUsedOnce(tables: Tables): boolean {
  const rules = [...(tables.get('filter')?.values() ?? [])].flatMap((chain) => chain.rules);
  return rules.filter((rule) => wordsOf(rule).includes(userChain)).length === 1;
}

/**
 * chainsBehind returns the chains, besides FORWARD and DOCKER-USER, that acceptsBehindUserChain depends on. DOCKER is not among
 * them: Docker changes it with each container, and it concerns packets to its own bridges.
 */
export function chainsBehind(tables: Tables): ReadonlySet<string> {
  const found = new Set(['FORWARD']);
  for (const name of found) {
    for (const rule of chainOf(tables, 'filter', name).rules) {
      const [, target = ''] = / -[jg] (\S+)/.exec(` ${rule}`) ?? [];
      if (target !== 'DOCKER' && tables.get('filter')?.has(target)) found.add(target);
    }
  }
  for (const other of ['FORWARD', userChain]) found.delete(other);
  return found;
}

/** concernsNone reports whether certainly no packet of a flow meets any of these rules. */
export function concernsNone(rules: readonly string[], flow: Flow): boolean {
  return rules.every((rule) => matchOf(rule, flow) === 'never');
}

function fateIn(tables: Tables, rules: readonly string[], flow: Flow, depth: number): Fate {
  let returns = false;
  for (const rule of rules) {
    const met = matchOf(rule, flow);
    if (met === 'never') continue;
    const target = optionsOf(rule)
      .find((option) => option.startsWith('-j '))
      ?.slice('-j '.length);
    const fate = target === undefined ? 'unknown' : fateAt(tables, target, flow, depth);
    if (fate === 'unknown') return 'unknown';
    const leaves = fate === 'accepted' || target === 'RETURN';
    returns ||= target === 'RETURN';
    if (leaves && met === 'always') return returns ? 'returned' : 'accepted';
  }
  return 'returned';
}

function fateAt(tables: Tables, target: string, flow: Flow, depth: number): Fate {
  if (target === 'ACCEPT') return 'accepted';
  if (target === 'RETURN') return 'returned';
  // A chain of another program may get rules at any time. They would have no effect until a turn has seen them.
  const chain = isDockersChain(target) ? tables.get('filter')?.get(target) : undefined;
  return chain === undefined || depth >= deepest ? 'unknown' : fateIn(tables, chain.rules, flow, depth + 1);
}

function matchOf(rule: string, flow: Flow): Match {
  // A comment may begin like an option: "-i eth0 is closed".
  if (/"[-!]/.test(rule)) return 'sometimes';
  // A match may have no option: "-m socket".
  const others = /(^| )-m (?!comment )/.test(rule);
  const conditions = optionsOf(rule).filter((option) => !/^(-j|-g|--comment) /.test(option));
  return allOf([
    ...conditions.map((option) => (/^(! )?-[sdio] /.test(option) ? conditionOf(option)(flow) : 'sometimes')),
    ...(others ? (['sometimes'] as const) : []),
  ]);
}
