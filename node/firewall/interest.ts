// Decides which parts of the host's nftables concern xnet, and what a foreign commit means for them. Pure.
// Invariant: what a commit may have changed is listed again by the next turn at the latest. A turn is triggered only if
// our rules may be out of force or preceded by others, or if what they are there for may have changed.
import type { TouchedObject } from '../kernel/nftables-touched.js';
import { userChain } from './iptables-save.js';
import { tableName } from './ruleset.js';

/** Stale says which listed parts may be out of date. */
export type Stale = {
  /** Our table. */
  readonly own: boolean;
  /** The tables of iptables-nft that forwarded packets traverse. */
  readonly iptables: boolean;
  /** Foreign tables that may drop forwarded packets. */
  readonly others: boolean;
};

/** Bases names the foreign tables with base chains that forwarded packets traverse: "inet filter". */
export type Bases = ReadonlySet<string>;

function isOwn({ family, table }: TouchedObject): boolean {
  return family === 'ip' && table === tableName;
}

function isOfIptables({ family, table }: TouchedObject): boolean {
  return family === 'ip' && /^(filter|raw|mangle|security)$/.test(table);
}

function isOfOthers(touched: TouchedObject, bases: Bases): boolean {
  const { kind, family, table, isBase } = touched;
  if (family === 'other' || isOwn(touched)) return false;
  return (kind === 'chain' && isBase) || (/^(table|chain|rule)$/.test(kind) && bases.has(`${family} ${table}`));
}

/** staleBy says what must be listed again. */
export function staleBy(touched: readonly TouchedObject[], bases: Bases): Stale {
  return {
    own: touched.some(isOwn),
    iptables: touched.some(isOfIptables),
    others: touched.some((one) => isOfOthers(one, bases)),
  };
}

/**
 * Urgency is when a turn is due: now if one of our objects may be missing, soon if another change matters, else never.
 */
export type Urgency = 'now' | 'soon' | 'never';

/**
 * urgencyOf says how soon a turn is due after these objects were touched.
 * @param behind see chainsBehind
 */
export function urgencyOf(touched: readonly TouchedObject[], bases: Bases, behind: ReadonlySet<string>): Urgency {
  const each = touched.map((one): Urgency => {
    if (isOwn(one)) return 'now';
    if (isOfIptables(one) && mayHoldOurs(one)) return one.removed ? 'now' : 'soon';
    if (isOfIptables(one) && one.table === 'filter' && behind.has(one.chain)) return 'soon';
    return isOfOthers(one, bases) ? 'soon' : 'never';
  });
  return each.includes('now') ? 'now' : each.includes('soon') ? 'soon' : 'never';
}

// Chains that have our rules or lead to them.
function mayHoldOurs({ kind, table, chain }: TouchedObject): boolean {
  if (kind === 'table') return true;
  if (table === 'raw') return chain === 'PREROUTING';
  return table === 'filter' && (chain === 'FORWARD' || chain === userChain);
}
