// Our rules among Docker's, in one backend of iptables: what is there, read from iptables-save, and what makes it as
// desired. Pure.
// Invariant: only rules that carry our comment and accept are ever deleted, by their full text and never by their
// number, so that whoever else changes the chains at the same time loses nothing.
import { formatPrefix, type Prefix } from '../../proto/domain/address.js';
import type { DesiredFirewall } from './desired.js';

/** comment marks our rules: `-m comment --comment xnet`. */
export const comment = 'xnet';

/** userChain is where Docker lets others put rules, before its own. */
export const userChain = 'DOCKER-USER';

/** Backend is where iptables keeps its rules: nf_tables, or the x_tables of old. */
export type Backend = 'nft' | 'legacy';

type Policy = 'ACCEPT' | 'DROP';

/** Chain is a chain of iptables; each rule is its text after `-A CHAIN `. */
export type Chain = { readonly policy: Policy | undefined; readonly rules: readonly string[] };

/** Tables are the chains of a backend, by table and name: "filter", "DOCKER-USER". */
export type Tables = ReadonlyMap<string, ReadonlyMap<string, Chain>>;

/** parseSave reads iptables-save. Lines that it does not know are left out. */
export function parseSave(text: string): Tables {
  const tables = new Map<string, Map<string, { policy: Policy | undefined; rules: string[] }>>();
  let current = new Map<string, { policy: Policy | undefined; rules: string[] }>();
  for (const line of text.split('\n')) {
    const [, table] = /^\*(\S+)/.exec(line) ?? [];
    const [, declared, policy] = /^:(\S+) (\S+)/.exec(line) ?? [];
    const [, chain, rule] = /^-A (\S+) ?(.*)$/.exec(line) ?? [];
    if (table !== undefined) {
      current = new Map();
      tables.set(table, current);
    } else if (declared !== undefined) {
      current.set(declared, { policy: policy === 'ACCEPT' || policy === 'DROP' ? policy : undefined, rules: [] });
    } else if (chain !== undefined) current.get(chain)?.rules.push(rule ?? '');
  }
  return tables;
}

// Words of a rule's text; iptables-save puts those with special characters into quotes and escapes within.
function wordsOf(rule: string): readonly string[] {
  return [...rule.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(
    ([, inQuotes, bare]) => bare ?? inQuotes?.replace(/\\(.)/g, '$1') ?? '',
  );
}

// The options with their values, in no order, without the names of the matches that they belong to.
function meaningOf(rule: string): string {
  const options: string[] = [];
  for (const word of wordsOf(rule)) {
    if (/^(-|!)/.test(word) && options.at(-1) !== '!') options.push(word);
    else options.push(`${options.pop() ?? ''} ${word}`);
  }
  return options
    .filter((option) => !option.startsWith('-m '))
    .sort()
    .join(' ');
}

/** isOurs says whether a rule is ours. */
export function isOurs(rule: string): boolean {
  const words = wordsOf(rule);
  const follows = (option: string, value: string) =>
    words[words.indexOf(option) + 1] === value && words.includes(option);
  return follows('--comment', comment) && follows('-j', 'ACCEPT');
}

/** jumpsToUserChain says whether forwarded packets come to DOCKER-USER. */
export function jumpsToUserChain(tables: Tables): boolean {
  return chainOf(tables, 'filter', 'FORWARD').rules.some((rule) => meaningOf(rule) === `-j ${userChain}`);
}

/** hasChain says whether the filter table has a chain of that name. */
export function hasChain(tables: Tables, name: string): boolean {
  return tables.get('filter')?.has(name) === true;
}

/** forwardPolicy is what happens to forwarded packets that no rule decides on; undefined: there is no such chain. */
export function forwardPolicy(tables: Tables): Policy | undefined {
  return tables.get('filter')?.get('FORWARD')?.policy;
}

function chainOf(tables: Tables, table: string, name: string): Chain {
  return tables.get(table)?.get(name) ?? { policy: undefined, rules: [] };
}

const commented = `-m comment --comment ${comment} -j ACCEPT`;

// The interface and the subnet stand here beside the mark, so that a packet which has got its mark from anybody else
// does not come further by it than a peer's does.
function fromPeers({ own, underlay, mark }: DesiredFirewall): string {
  const bit = `0x${mark.toString(16)}`;
  return `-d ${formatPrefix(own)} -i ${underlay} -m mark --mark ${bit}/${bit} ${commented}`;
}

function toPool({ own, bridge, underlay }: DesiredFirewall, pool: Prefix): string {
  return `-s ${formatPrefix(own)} -d ${formatPrefix(pool)} -i ${bridge} -o ${underlay} ${commented}`;
}

/** RulesPlan is input for iptables-restore --noflush, empty where nothing is to be done. */
export type RulesPlan = {
  readonly text: string;
  readonly changes: number;
  /** The backend is to have rules of ours. */
  readonly used: boolean;
};

/** Role says what one backend is to have: our rules, those and a DOCKER-USER chain for them, or nothing of ours. */
export type Role = 'rules' | 'chain and rules' | 'nothing';

/**
 * planRules plans for one backend.
 * @param abandoned Docker should have its rules in this backend, and somebody has flushed them. Where the policy drops,
 * ours then stand in FORWARD as well, after all others, in both directions, as long as Docker's are missing
 */
export function planRules(desired: DesiredFirewall, tables: Tables, role: Role, abandoned: boolean): RulesPlan {
  const inward = role === 'nothing' ? [] : [fromPeers(desired)];
  const alone = role !== 'nothing' && abandoned && forwardPolicy(tables) === 'DROP';
  const both = alone ? [fromPeers(desired), ...desired.pools.map((pool) => toPool(desired, pool))] : [];
  const raw = planChain('PREROUTING', chainOf(tables, 'raw', 'PREROUTING').rules, inward, 'first');
  const user = planChain(userChain, chainOf(tables, 'filter', userChain).rules, inward, 'first');
  const forward = planChain('FORWARD', chainOf(tables, 'filter', 'FORWARD').rules, both, 'last');
  const create = role === 'chain and rules' ? [`-N ${userChain}`] : [];
  return asInput({ raw, filter: [...create, ...user, ...forward] }, role !== 'nothing');
}

/** planRemoval plans the removal of all our rules from one backend. */
export function planRemoval(tables: Tables): RulesPlan {
  const raw = planChain('PREROUTING', chainOf(tables, 'raw', 'PREROUTING').rules, [], 'first');
  const user = planChain(userChain, chainOf(tables, 'filter', userChain).rules, [], 'first');
  const forward = planChain('FORWARD', chainOf(tables, 'filter', 'FORWARD').rules, [], 'last');
  // -X fails when somebody has put a rule into the chain or leads to it by now: then it is in use.
  const drop = isLeftover(tables) ? [`-X ${userChain}`] : [];
  return asInput({ raw, filter: [...user, ...forward, ...drop] }, false);
}

// A DOCKER-USER chain that was made in advance and that no Docker has ever led to.
function isLeftover(tables: Tables): boolean {
  const filter = tables.get('filter') ?? new Map<string, Chain>();
  if (!filter.has(userChain) || filter.has('DOCKER')) return false;
  if (!chainOf(tables, 'filter', userChain).rules.every(isOurs)) return false;
  return ![...filter.values()].some(({ rules }) => rules.some((rule) => wordsOf(rule).includes(userChain)));
}

function planChain(
  chain: string,
  present: readonly string[],
  wanted: readonly string[],
  place: 'first' | 'last',
): readonly string[] {
  const ours = present.filter(isOurs);
  const meanings = (rules: readonly string[]) => rules.map(meaningOf).join('\n');
  const inPlace = place === 'last' || ours.every((rule, index) => present[index] === rule);
  if (inPlace && meanings(ours) === meanings(wanted)) return [];
  // One commit for all of it: no packet meets the chain without the rule.
  const removals = ours.map((rule) => `-D ${chain} ${rule}`);
  const additions = wanted.map((rule, index) =>
    place === 'first' ? `-I ${chain} ${index + 1} ${rule}` : `-A ${chain} ${rule}`,
  );
  return [...removals, ...additions];
}

function asInput(
  lines: { readonly raw: readonly string[]; readonly filter: readonly string[] },
  used: boolean,
): RulesPlan {
  const section = (table: string, of: readonly string[]) => (of.length === 0 ? [] : [`*${table}`, ...of, 'COMMIT']);
  const all = [...section('raw', lines.raw), ...section('filter', lines.filter)];
  const changes = lines.raw.length + lines.filter.length;
  return { text: all.length === 0 ? '' : `${all.join('\n')}\n`, changes, used };
}
