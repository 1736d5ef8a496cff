// What iptables-save says: tables, chains, and the words of rules. Pure.
// Invariant: a rule is ours only when it carries our comment and accepts.

/** comment marks our rules: `-m comment --comment xnet`. */
export const comment = 'xnet';

/** userChain is where Docker lets others put rules, before its own. */
export const userChain = 'DOCKER-USER';

/** Backend is where iptables keeps its rules: nf_tables, or the x_tables of old. */
export type Backend = 'nft' | 'legacy';

/** Policy is what becomes of packets that no rule of a chain decides on. */
export type Policy = 'ACCEPT' | 'DROP';

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

/** wordsOf are the words of a rule's text. iptables-save puts those with special characters into quotes. */
export function wordsOf(rule: string): readonly string[] {
  return [...rule.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(
    ([, inQuotes, bare]) => bare ?? inQuotes?.replace(/\\(.)/g, '$1') ?? '',
  );
}

/** optionsOf are a rule's options with their values, "! -i docker0", sorted, without the names of the matches. */
export function optionsOf(rule: string): readonly string[] {
  const options: string[] = [];
  for (const word of wordsOf(rule)) {
    if (/^(-|!)/.test(word) && options.at(-1) !== '!') options.push(word);
    else options.push(`${options.pop() ?? ''} ${word}`);
  }
  return options.filter((option) => !option.startsWith('-m ')).sort();
}

/** meaningOf is the same for rules that say the same. */
export function meaningOf(rule: string): string {
  return optionsOf(rule).join(' ');
}

/** isOurRule says whether a rule is ours. */
export function isOurRule(rule: string): boolean {
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

/** chainOf is a chain; one that is not there is empty. */
export function chainOf(tables: Tables, table: string, name: string): Chain {
  return tables.get(table)?.get(name) ?? { policy: undefined, rules: [] };
}
