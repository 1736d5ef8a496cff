// Our nftables table: its script, its installed state, and the plan between the two. Pure.
// Invariant: the table is ours as a whole and is replaced as a whole, in one transaction; only elements of its sets are
// changed individually. A foreign table of that name is never touched.
// A rule has a digest of its own text as its comment, so installed rules can be compared although each version of nft
// formats rules differently. Sets are hash sets, one for each prefix length, looked up with the masked source address:
// 17 ns for a packet that is in none, with 1 element and with 5,000. An interval set takes 25 and 190 ns, and its
// changes cost more with its size.
import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { formatIpv4, formatPrefix, type Ipv4, netmask, parseIpv4 } from '../../proto/domain/address.js';
import { checkInterfaceName, quoted } from '../../proto/domain/input.js';
import { XnetError } from '../../proto/errors.js';
import { type DesiredFirewall, peerInterfaces } from './desired.js';

/** tableName is the name of our table, of family ip. */
export const tableName = 'xnet';

const commentPrefix = 'xnet:';

type Chain = {
  readonly name: string;
  readonly type: 'filter' | 'nat';
  readonly hook: string;
  readonly priority: number;
  readonly rules: readonly string[];
};

/** Ruleset is the desired content of our table. */
export type Ruleset = {
  /** Sets by name, "peers24"; elements are network addresses. */
  readonly sets: ReadonlyMap<string, ReadonlySet<Ipv4>>;
  readonly chains: readonly Chain[];
};

/** setName returns the name of the set of peers' subnets of one prefix length: "peers24". */
export function setName(length: number): string {
  return `peers${length}`;
}

/** rulesetOf returns the table for a desired firewall. */
export function rulesetOf(desired: DesiredFirewall): Ruleset {
  const lengths = [...new Set(desired.peers.map(({ length }) => length))].sort((a, b) => a - b);
  const sets = new Map(lengths.map((length) => [setName(length), new Set<Ipv4>()]));
  for (const { network, length } of desired.peers) sets.get(setName(length))?.add(network);
  const bit = `0x${desired.mark.toString(16)}`;
  const toUs = desired.own.flatMap(({ subnet }) =>
    peerInterfaces(desired).map((name) => `iifname ${quotedName(name)} ip daddr ${formatPrefix(subnet)}`),
  );
  const setMark = `meta mark set meta mark | ${bit}`;
  const fromPeers = lengths.map((each) => `ip saddr & ${formatIpv4(netmask(each))} @${setName(each)} ${setMark}`);
  // The first NAT decision for a flow is final: the source stays, whatever Docker's MASQUERADE rule says later and
  // wherever Docker puts it. Packets that leave by our own bridge are left to Docker: a container that reaches itself
  // through its published port needs the masquerade.
  const keepSource = desired.own.map(({ subnet, bridge, partLength }) => {
    const from = `ip saddr ${formatPrefix(subnet)}`;
    // Docker makes and removes the other bridges of a block, so its rules go by addresses.
    return partLength === undefined
      ? `oifname != ${quotedName(bridge)} ${from}`
      : `ip daddr != ${formatPrefix(subnet)} ${from}`;
  });
  // A container on the LAN would answer a client of its published port directly, past the host that translated the address.
  const published = (desired.lans ?? []).map(
    ({ subnet, bridge }) => `oifname ${quotedName(bridge)} ip daddr ${formatPrefix(subnet)} ct status dnat masquerade`,
  );
  const chain: Chain = { name: 'published', type: 'nat', hook: 'postrouting', priority: 98, rules: published };
  return {
    sets,
    chains: [
      ...(published.length === 0 ? [] : [chain]),
      // Before raw (-300), where engines from 28 on drop packets from outside to a container's address.
      {
        name: 'from-peers',
        type: 'filter',
        hook: 'prerouting',
        priority: -301,
        rules: toUs.flatMap((to) => fromPeers.map((rule) => `${to} ${rule}`)),
      },
      // Before filter (0), where DOCKER-USER is. A program that sets the whole mark in between clears our bit.
      {
        name: 'from-peers-again',
        type: 'filter',
        hook: 'forward',
        priority: -1,
        rules: toUs.flatMap((to) => fromPeers.map((rule) => `${to} meta mark & ${bit} == 0x0 ${rule}`)),
      },
      // Before srcnat (100).
      {
        name: 'to-pools',
        type: 'nat',
        hook: 'postrouting',
        priority: 99,
        rules: keepSource.flatMap((from) =>
          desired.pools.map((pool) => `${from} ip daddr ${formatPrefix(pool)} snat to ip saddr`),
        ),
      },
    ],
  };
}

// Names that pass checkInterfaceName need no escaping within quotes; no others get here.
function quotedName(name: string): string {
  if ('problem' in checkInterfaceName(name))
    throw new XnetError('Internal', `interface name ${quoted(name)} in a rule`);
  return `"${name}"`;
}

function commentOf({ name, type, hook, priority }: Chain, rule: string): string {
  const text = [name, type, hook, priority, rule].join(' ');
  return `${commentPrefix}${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
}

/** replaceText returns the nft script that replaces the table, or creates it, in one transaction. */
export function replaceText(ruleset: Ruleset): string {
  const lines = [`add table ip ${tableName}`, `delete table ip ${tableName}`, `table ip ${tableName} {`];
  for (const [name, elements] of ruleset.sets) {
    lines.push(`\tset ${name} {`, '\t\ttype ipv4_addr', `\t\telements = { ${formatElements(elements)} }`, '\t}');
  }
  for (const chain of ruleset.chains) {
    lines.push(`\tchain ${chain.name} {`);
    lines.push(`\t\ttype ${chain.type} hook ${chain.hook} priority ${chain.priority}; policy accept;`);
    for (const rule of chain.rules) lines.push(`\t\t${rule} comment "${commentOf(chain, rule)}"`);
    lines.push('\t}');
  }
  return `${lines.join('\n')}\n}\n`;
}

function formatElements(elements: Iterable<Ipv4>): string {
  return Array.from(elements, formatIpv4).join(', ');
}

type InstalledChain = {
  /** "filter prerouting -301 accept" */
  readonly hook: string;
  /** Comments of its rules; undefined for a rule that has none. */
  readonly rules: readonly (string | undefined)[];
};

/** InstalledTable is the installed table with our name. */
export type InstalledTable = {
  readonly sets: ReadonlyMap<string, Set<Ipv4>>;
  readonly chains: ReadonlyMap<string, InstalledChain>;
  /** Whether it has anything that our table never has: flags, maps, sets of other types, elements with options. */
  readonly strange: boolean;
};

const listing = v.object({ nftables: v.array(v.record(v.string(), v.unknown())) });
const tableEntry = v.object({ flags: v.optional(v.unknown()) });
const setEntry = v.object({
  name: v.string(),
  type: v.unknown(),
  flags: v.optional(v.unknown()),
  elem: v.optional(v.array(v.unknown())),
});
const chainEntry = v.object({
  name: v.string(),
  type: v.optional(v.string()),
  hook: v.optional(v.string()),
  prio: v.optional(v.union([v.number(), v.string()])),
  policy: v.optional(v.string()),
});
const ruleEntry = v.object({ chain: v.string(), comment: v.optional(v.string()) });

/**
 * parseTable parses `nft -j list table`. It returns undefined if there is nothing to parse: nft 1.0.6 writes no JSON
 * for a table that has flags.
 */
export function parseTable(json: string): InstalledTable | undefined {
  const parsed = v.safeParse(listing, parseJson(json));
  if (!parsed.success) return undefined;
  const sets = new Map<string, Set<Ipv4>>();
  const chains = new Map<string, { hook: string; rules: (string | undefined)[] }>();
  let strange = false;
  for (const entry of parsed.output.nftables) {
    const [[kind, value] = []] = Object.entries(entry);
    if (kind === 'table') strange ||= !v.is(tableEntry, value) || value.flags !== undefined;
    else if (kind === 'set' && v.is(setEntry, value)) {
      const { elem = [] } = value;
      const elements = elem.flatMap((element) => (typeof element === 'string' ? (parseIpv4(element) ?? []) : []));
      strange ||= value.type !== 'ipv4_addr' || value.flags !== undefined || elements.length !== elem.length;
      sets.set(value.name, new Set(elements));
    } else if (kind === 'chain' && v.is(chainEntry, value)) {
      const { type, hook, prio, policy } = value;
      chains.set(value.name, { hook: [type, hook, prio, policy].join(' '), rules: [] });
    } else if (kind === 'rule' && v.is(ruleEntry, value)) chains.get(value.chain)?.rules.push(value.comment);
    else if (kind !== 'metainfo') strange = true;
  }
  return { sets, chains, strange };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const ownNames = /^(peers\d{1,2}|from-peers|from-peers-again|to-pools|published)$/;

/** isOurTable reports whether xnet made a table of our name: it is empty, or has a rule, a chain or a set of ours. */
export function isOurTable(table: InstalledTable): boolean {
  const names = [...table.sets.keys(), ...table.chains.keys()];
  return names.length === 0 ? !table.strange : names.some((name) => ownNames.test(name)) || hasOurComment(table);
}

function hasOurComment({ chains }: InstalledTable): boolean {
  return [...chains.values()].some(({ rules }) => rules.some((comment) => comment?.startsWith(commentPrefix) === true));
}

/** isOurTableText is isOurTable for the text of `nft list table`, for a table that parseTable can't parse. */
export function isOurTableText(text: string): boolean {
  const lines = text.split('\n').map((line) => line.trim());
  const named = lines.flatMap((line) => /^(?:set|chain) (\S+) \{/.exec(line)?.[1] ?? []);
  return named.length === 0 || named.some((name) => ownNames.test(name)) || text.includes(`comment "${commentPrefix}`);
}

/** TablePlan turns the installed table into the desired one. */
export type TablePlan =
  | { readonly kind: 'none' }
  | { readonly kind: 'replace'; readonly text: string }
  /** `changes` is the number of elements to add or delete. */
  | { readonly kind: 'elements'; readonly sets: readonly SetElements[]; readonly changes: number };

/** SetElements are the elements to add to one set, and those to delete from it. */
export type SetElements = {
  readonly name: string;
  readonly missing: readonly Ipv4[];
  readonly superfluous: readonly Ipv4[];
};

/** elementsText returns the nft script that changes elements, in one transaction. */
export function elementsText(sets: readonly SetElements[]): string {
  const lines = sets.flatMap(({ name, missing, superfluous }) => [
    ...(superfluous.length > 0 ? [`delete element ip ${tableName} ${name} { ${formatElements(superfluous)} }\n`] : []),
    ...(missing.length > 0 ? [`add element ip ${tableName} ${name} { ${formatElements(missing)} }\n`] : []),
  ]);
  return lines.join('');
}

/** takeElements changes elements of an installed table, in place: its sets may have thousands. */
export function takeElements({ sets }: InstalledTable, changes: readonly SetElements[]): void {
  for (const { name, missing, superfluous } of changes) {
    for (const element of superfluous) sets.get(name)?.delete(element);
    for (const element of missing) sets.get(name)?.add(element);
  }
}

/**
 * TableAim is "exact": the table is to be as desired; or "add": what it has beyond that, which may be newer, stays: elements,
 * and rules of ours where it has all those that are desired.
 */
export type TableAim = 'exact' | 'add';

/** planTable plans the change of the table. `installed` is undefined if there is no table. */
export function planTable(ruleset: Ruleset, installed: InstalledTable | undefined, aim: TableAim = 'exact'): TablePlan {
  if (installed === undefined) return { kind: 'replace', text: replaceText(ruleset) };
  if (!hasFrame(ruleset, installed, aim)) {
    return { kind: 'replace', text: replaceText(aim === 'exact' ? ruleset : withInstalled(ruleset, installed)) };
  }
  const sets: SetElements[] = [];
  let changes = 0;
  for (const [name, wanted] of ruleset.sets) {
    const present = installed.sets.get(name) ?? new Set<Ipv4>();
    const superfluous = aim === 'add' ? [] : [...present].filter((element) => !wanted.has(element));
    const missing = [...wanted].filter((element) => !present.has(element));
    if (superfluous.length + missing.length > 0) sets.push({ name, missing, superfluous });
    changes += superfluous.length + missing.length;
  }
  return changes === 0 ? { kind: 'none' } : { kind: 'elements', sets, changes };
}

function withInstalled(ruleset: Ruleset, installed: InstalledTable): Ruleset {
  const union = ([name, wanted]: readonly [string, ReadonlySet<Ipv4>]) =>
    [name, new Set([...wanted, ...(installed.sets.get(name) ?? [])])] as const;
  return { ...ruleset, sets: new Map([...ruleset.sets].map(union)) };
}

// Compares everything except the elements.
function hasFrame(ruleset: Ruleset, installed: InstalledTable, aim: TableAim): boolean {
  if (installed.strange || installed.chains.size !== ruleset.chains.length) return false;
  if ([...ruleset.sets.keys()].some((name) => !installed.sets.has(name))) return false;
  const others = [...installed.sets.keys()].filter((name) => !ruleset.sets.has(name));
  if (others.some((name) => aim === 'exact' || !ownNames.test(name))) return false;
  return ruleset.chains.every((chain) => {
    const present = installed.chains.get(chain.name);
    if (present?.hook !== `${chain.type} ${chain.hook} ${chain.priority} accept`) return false;
    const rules = chain.rules.map((rule) => commentOf(chain, rule));
    if (aim === 'add') {
      const areOurs = present.rules.every((comment) => comment?.startsWith(commentPrefix) === true);
      return areOurs && rules.every((comment) => present.rules.includes(comment));
    }
    return present.rules.length === rules.length && rules.every((comment, at) => present.rules[at] === comment);
  });
}
