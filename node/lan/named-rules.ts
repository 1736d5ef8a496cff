// Finds the firewall rules of others that name an interface, and would no longer apply once it is the port of a bridge.
// Pure.

/** RulesListed are the texts of `nft list ruleset`, and of iptables-save of each backend; empty where there is none. */
export type RulesListed = { readonly nft: string; readonly iptables: string };

// Tables that are skipped: xnet's own, which follows the interface, those of iptables, whose comments nft does not list, and
// firewalld's, in which Docker gives the bridge a zone.
const skippedTable = /^table (ip xnet|ip6? (filter|nat|raw|mangle|security)|(inet|ip6?) firewalld) \{/;
// With FirewallBackend=iptables. The chains for rules of the operator are called INPUT_direct and so on.
const chainOfFirewalld = /^:INPUT_(ZONES|dispatch) /m;
const ofFirewalld =
  /^-A ([A-Z_]+_ZONES(_\S+)?|[A-Z]+_dispatch|[A-Z]+_POLICIES_(pre|post)|(IN|OUT|FWD|FWDI|FWDO|PRE|POST)_\S+) /;
const ownComment = /\bcomment "?xnet\b/;

/**
 * rulesNaming returns the rules, as they are listed, that name `port` and have no counterpart for `bridge`. A rule that names
 * both interfaces, or the same rule for the bridge, is a counterpart.
 */
export function rulesNaming({ nft, iptables }: RulesListed, port: string, bridge: string): readonly string[] {
  const lines = [...joinedSets(foreignNft(nft)), ...iptables.split('\n')].map((line) =>
    line.trim().replace(/ # handle \d+$/, ''),
  );
  const present = new Set(lines.map(withoutCounters));
  const skipped = chainOfFirewalld.test(iptables) ? ofFirewalld : /$^/;
  const isNamed = (name: string) =>
    name === port ||
    (/[*+]$/.test(name) && port.startsWith(name.slice(0, -1)) && !bridge.startsWith(name.slice(0, -1)));
  return lines.filter((line) => {
    const names = namesIn(line);
    const named = names.filter(isNamed);
    if (named.length === 0 || names.includes(bridge) || ownComment.test(line) || skipped.test(line)) return false;
    return !named.some((name) => present.has(withoutCounters(line.replaceAll(name, bridge))));
  });
}

function foreignNft(text: string): readonly string[] {
  const lines: string[] = [];
  let isSkipped = false;
  for (const line of text.split('\n')) {
    if (line.startsWith('table ')) isSkipped = skippedTable.test(line);
    if (!isSkipped) lines.push(line);
  }
  return lines;
}

// nft lists the elements of a set two to a line: `elements = { "eth0",` and `"lo" }`.
function joinedSets(lines: readonly string[]): readonly string[] {
  const joined: string[] = [];
  for (const line of lines) {
    const last = joined.at(-1);
    const isOpen = last !== undefined && /\belements = \{[^}]*$/.test(last);
    if (isOpen) joined[joined.length - 1] = `${last} ${line.trim()}`;
    else joined.push(line);
  }
  return joined;
}

// `iifname "eth0"`, `elements = { "eth0" }`, `device "eth0"`; `-i eth0`.
function namesIn(line: string): readonly string[] {
  if (line.startsWith('-A ')) return [...line.matchAll(/ -[io] (\S+)/g)].flatMap(([, name]) => name ?? []);
  if (!/\b([io]if(name)?|ibrname|obrname|devices?|elements)\b/.test(line)) return [];
  const [rule = ''] = line.split(' comment ');
  return [...rule.matchAll(/"([^"]+)"/g)].flatMap(([, name]) => name ?? []);
}

function withoutCounters(line: string): string {
  return line.replace(/counter packets \d+ bytes \d+/, 'counter');
}
