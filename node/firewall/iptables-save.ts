// Parses the output of iptables-save: tables, chains, and the words of rules. Pure.
// Invariant: a rule counts as ours only if it has our comment and accepts.

/** comment marks our rules: `-m comment --comment xnet`. */
export const comment = 'xnet';

/** userChain is Docker's chain for rules of the operator, traversed before Docker's own. */
export const userChain = 'DOCKER-USER';

/** Backend is the kernel interface of an iptables: nf_tables, or the older x_tables. */
export type Backend = 'nft' | 'legacy';

/** Policy is the fate of packets that no rule of a chain decides on. */
export type Policy = 'ACCEPT' | 'DROP';

/** Chain is an iptables chain; each rule is its text after `-A CHAIN `. */
export type Chain = { readonly policy: Policy | undefined; readonly rules: readonly string[] };

/** Tables maps table names to their chains by name: "filter", "DOCKER-USER". */
export type Tables = ReadonlyMap<string, ReadonlyMap<string, Chain>>;

/** parseSave parses the output of iptables-save. Unknown lines are skipped. */
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

/** wordsOf splits a rule's text into words. iptables-save quotes words with special characters. */
export function wordsOf(rule: string): readonly string[] {
  return [...rule.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(
    ([, inQuotes, bare]) => bare ?? inQuotes?.replace(/\\(.)/g, '$1') ?? '',
  );
}

/** optionsOf returns a rule's options with their values, "! -i docker0", sorted, without the names of the matches. */
export function optionsOf(rule: string): readonly string[] {
  const options: string[] = [];
  for (const word of wordsOf(rule)) {
    if (/^(-|!)/.test(word) && options.at(-1) !== '!') options.push(word);
    else options.push(`${options.pop() ?? ''} ${word}`);
  }
  return options.filter((option) => !option.startsWith('-m ')).sort();
}

/** meaningOf returns the same text for equivalent rules. */
export function meaningOf(rule: string): string {
  return optionsOf(rule).join(' ');
}

/** isOurRule reports whether a rule is ours. */
export function isOurRule(rule: string): boolean {
  const words = wordsOf(rule);
  const follows = (option: string, value: string) =>
    words[words.indexOf(option) + 1] === value && words.includes(option);
  return follows('--comment', comment) && follows('-j', 'ACCEPT');
}

/** jumpsToUserChain reports whether forwarded packets reach DOCKER-USER. */
export function jumpsToUserChain(tables: Tables): boolean {
  return chainOf(tables, 'filter', 'FORWARD').rules.some((rule) => meaningOf(rule) === `-j ${userChain}`);
}

/** isolatedBridges returns the bridges of Docker's networks that Docker isolates from each other: "docker0", "br-0c5e…". */
export function isolatedBridges(tables: Tables): readonly string[] {
  const names = chainOf(tables, 'filter', 'DOCKER-ISOLATION-STAGE-1').rules.flatMap((rule) => {
    const [, name, other] = /^-i (\S+) ! -o (\S+) -j DOCKER-ISOLATION-STAGE-2$/.exec(rule) ?? [];
    return name !== undefined && name === other ? [name] : [];
  });
  return [...new Set(names)].sort();
}

/** hasChain reports whether the filter table has a chain of that name. */
export function hasChain(tables: Tables, name: string): boolean {
  return tables.get('filter')?.has(name) === true;
}

/** forwardPolicy returns the policy of FORWARD; undefined if there is no such chain. */
export function forwardPolicy(tables: Tables): Policy | undefined {
  return tables.get('filter')?.get('FORWARD')?.policy;
}

/** chainOf returns a chain; a missing one is empty. */
export function chainOf(tables: Tables, table: string, name: string): Chain {
  return tables.get(table)?.get(name) ?? { policy: undefined, rules: [] };
}
