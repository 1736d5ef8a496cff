// Our nftables table: its text, what of it is installed, and what makes the one the other. Pure.
// Invariant: the table is ours as a whole and is replaced as a whole, in one transaction; only elements of its sets are
// changed one by one. A table of that name which is not ours is never touched.
//
// A rule carries a digest of its own text as its comment, so that an installed rule is compared without knowing how
// each version of nft writes rules. Sets are hash sets, one for each length of subnet, looked up with the masked
// source address: 17 ns for a packet that is in none, with 1 element and with 5,000. An interval set takes 25 and
// 190 ns, and its changes cost more with its size.
import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { formatIpv4, formatPrefix, type Ipv4, netmask, parseIpv4 } from '../../proto/domain/address.js';
import { checkInterfaceName, quoted } from '../../proto/domain/input.js';
import { XnetError } from '../../proto/errors.js';
import type { DesiredFirewall } from './desired.js';

/** tableName names our table, of family ip. */
export const tableName = 'xnet';

const commentPrefix = 'xnet:';

type Chain = {
  readonly name: string;
  readonly type: 'filter' | 'nat';
  readonly hook: string;
  readonly priority: number;
  readonly rules: readonly string[];
};

/** Ruleset is our table as it should be. */
export type Ruleset = {
  /** By name, "peers24"; elements are network addresses. */
  readonly sets: ReadonlyMap<string, ReadonlySet<Ipv4>>;
  readonly chains: readonly Chain[];
};

/** setName names the set of the peers' subnets of one length: "peers24". */
export function setName(length: number): string {
  return `peers${length}`;
}

/** rulesetOf is the table that lets through what is desired. */
export function rulesetOf(desired: DesiredFirewall): Ruleset {
  const lengths = [...new Set(desired.peers.map(({ length }) => length))].sort((a, b) => a - b);
  const sets = new Map(lengths.map((length) => [setName(length), new Set<Ipv4>()]));
  for (const { network, length } of desired.peers) sets.get(setName(length))?.add(network);
  const bit = `0x${desired.mark.toString(16)}`;
  const toUs = `iifname ${quotedName(desired.underlay)} ip daddr ${formatPrefix(desired.own)}`;
  const setMark = `meta mark set meta mark | ${bit}`;
  const fromPeers = lengths.map((each) => `ip saddr & ${formatIpv4(netmask(each))} @${setName(each)} ${setMark}`);
  // NAT that is decided is not decided again: the source stays, whatever Docker's MASQUERADE says afterwards, and
  // wherever Docker puts it. What goes out by our own bridge is left to Docker: a container that reaches itself by its
  // published port needs to be masqueraded.
  const keepSource = `oifname != ${quotedName(desired.bridge)} ip saddr ${formatPrefix(desired.own)}`;
  return {
    sets,
    chains: [
      // Before raw (-300), where engines from 28 on drop what comes from outside straight to a container.
      {
        name: 'from-peers',
        type: 'filter',
        hook: 'prerouting',
        priority: -301,
        rules: fromPeers.map((rule) => `${toUs} ${rule}`),
      },
      // Before filter (0), where DOCKER-USER is: whoever sets the whole mark in between takes our bit away.
      {
        name: 'from-peers-again',
        type: 'filter',
        hook: 'forward',
        priority: -1,
        rules: fromPeers.map((rule) => `${toUs} meta mark & ${bit} == 0x0 ${rule}`),
      },
      // Before srcnat (100).
      {
        name: 'to-pools',
        type: 'nat',
        hook: 'postrouting',
        priority: 99,
        rules: desired.pools.map((pool) => `${keepSource} ip daddr ${formatPrefix(pool)} snat to ip saddr`),
      },
    ],
  };
}

// Names that checkInterfaceName lets through need no escaping within quotes; others never get here.
function quotedName(name: string): string {
  if ('problem' in checkInterfaceName(name))
    throw new XnetError('Internal', `interface name ${quoted(name)} in a rule`);
  return `"${name}"`;
}

function commentOf({ name, type, hook, priority }: Chain, rule: string): string {
  const text = [name, type, hook, priority, rule].join(' ');
  return `${commentPrefix}${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
}

/** replaceText is the nft script that makes the table, whatever was there, in one transaction. */
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

/** InstalledTable is what is there under our table's name. */
export type InstalledTable = {
  readonly sets: ReadonlyMap<string, ReadonlySet<Ipv4>>;
  readonly chains: ReadonlyMap<string, InstalledChain>;
  /** Things that our table never has: flags, maps, sets of other types, elements with options. */
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
 * parseTable reads `nft -j list table`. Undefined: it is not to be read; nft 1.0.6 writes no JSON of a table that has
 * flags.
 */
export function parseTable(json: string): InstalledTable | undefined {
  const parsed = v.safeParse(listing, parseJson(json));
  if (!parsed.success) return undefined;
  const sets = new Map<string, ReadonlySet<Ipv4>>();
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

const ownNames = /^(peers\d{1,2}|from-peers|from-peers-again|to-pools)$/;

/** isOurTable says whether a table of our name was made by us: it is empty, or has a rule or a chain or a set of ours. */
export function isOurTable(table: InstalledTable): boolean {
  const names = [...table.sets.keys(), ...table.chains.keys()];
  return names.length === 0 ? !table.strange : names.some((name) => ownNames.test(name)) || hasOurComment(table);
}

function hasOurComment({ chains }: InstalledTable): boolean {
  return [...chains.values()].some(({ rules }) => rules.some((comment) => comment?.startsWith(commentPrefix) === true));
}

/** isOurTableText is isOurTable from the text of `nft list table`, for a table that parseTable can't read. */
export function isOurTableText(text: string): boolean {
  const lines = text.split('\n').map((line) => line.trim());
  const named = lines.flatMap((line) => /^(?:set|chain) (\S+) \{/.exec(line)?.[1] ?? []);
  return named.length === 0 || named.some((name) => ownNames.test(name)) || text.includes(`comment "${commentPrefix}`);
}

/** TablePlan is what makes the installed table the desired one. */
export type TablePlan =
  | { readonly kind: 'none' }
  | { readonly kind: 'replace'; readonly text: string }
  /** `changes` elements are added or deleted. */
  | { readonly kind: 'elements'; readonly sets: readonly SetElements[]; readonly changes: number };

/** SetElements are the elements that one set lacks, and those that it has too many. */
export type SetElements = {
  readonly name: string;
  readonly missing: readonly Ipv4[];
  readonly superfluous: readonly Ipv4[];
};

/** elementsText is the nft script that changes elements, in one transaction. */
export function elementsText(sets: readonly SetElements[]): string {
  const lines = sets.flatMap(({ name, missing, superfluous }) => [
    ...(superfluous.length > 0 ? [`delete element ip ${tableName} ${name} { ${formatElements(superfluous)} }\n`] : []),
    ...(missing.length > 0 ? [`add element ip ${tableName} ${name} { ${formatElements(missing)} }\n`] : []),
  ]);
  return lines.join('');
}

/** withElements is an installed table after its elements were changed. */
export function withElements(table: InstalledTable, changes: readonly SetElements[]): InstalledTable {
  const sets = new Map(table.sets);
  for (const { name, missing, superfluous } of changes) {
    const elements = new Set(sets.get(name));
    for (const element of superfluous) elements.delete(element);
    for (const element of missing) elements.add(element);
    sets.set(name, elements);
  }
  return { ...table, sets };
}

/** planTable plans. `installed` undefined: there is no table. */
export function planTable(ruleset: Ruleset, installed: InstalledTable | undefined): TablePlan {
  if (installed === undefined || !sameFrame(ruleset, installed)) return { kind: 'replace', text: replaceText(ruleset) };
  const sets: SetElements[] = [];
  let changes = 0;
  for (const [name, wanted] of ruleset.sets) {
    const present = installed.sets.get(name) ?? new Set<Ipv4>();
    const superfluous = [...present].filter((element) => !wanted.has(element));
    const missing = [...wanted].filter((element) => !present.has(element));
    if (superfluous.length + missing.length > 0) sets.push({ name, missing, superfluous });
    changes += superfluous.length + missing.length;
  }
  return changes === 0 ? { kind: 'none' } : { kind: 'elements', sets, changes };
}

// Everything but the elements.
function sameFrame(ruleset: Ruleset, installed: InstalledTable): boolean {
  if (installed.strange || installed.sets.size !== ruleset.sets.size) return false;
  if (installed.chains.size !== ruleset.chains.length) return false;
  if ([...ruleset.sets.keys()].some((name) => !installed.sets.has(name))) return false;
  return ruleset.chains.every((chain) => {
    const present = installed.chains.get(chain.name);
    if (present?.hook !== `${chain.type} ${chain.hook} ${chain.priority} accept`) return false;
    if (present.rules.length !== chain.rules.length) return false;
    return chain.rules.every((rule, index) => present.rules[index] === commentOf(chain, rule));
  });
}
