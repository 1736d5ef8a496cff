// What of a host's nftables is of interest here, and what a commit of somebody else's means for it. Pure.
// Invariant: what may have changed what we look at is listed anew, at the latest with the next turn; what can only have
// put our rules out of force, or let something overtake them, is a reason for a turn.
import type { TouchedObject } from '../kernel/nftables-touched.js';
import { userChain } from './iptables-save.js';
import { tableName } from './ruleset.js';

/** Stale says which of what was listed may be out of date. */
export type Stale = {
  /** Our table. */
  readonly own: boolean;
  /** The tables of iptables-nft that a packet comes through. */
  readonly iptables: boolean;
  /** Tables of others that may drop what is forwarded. */
  readonly others: boolean;
};

/** Bases are the tables of others with chains that forwarded packets come to: "inet filter". */
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

/** staleBy says what is to be listed anew. */
export function staleBy(touched: readonly TouchedObject[], bases: Bases): Stale {
  return {
    own: touched.some(isOwn),
    iptables: touched.some(isOfIptables),
    others: touched.some((one) => isOfOthers(one, bases)),
  };
}

/** Urgency is when a turn is due: something of ours may be gone; something else may be amiss; there is no reason. */
export type Urgency = 'now' | 'soon' | 'never';

/** urgencyOf says how soon to look after what was touched. */
export function urgencyOf(touched: readonly TouchedObject[], bases: Bases): Urgency {
  const each = touched.map((one): Urgency => {
    if (isOwn(one)) return 'now';
    if (isOfIptables(one) && mayHoldOurs(one)) return one.removed ? 'now' : 'soon';
    return isOfOthers(one, bases) ? 'soon' : 'never';
  });
  return each.includes('now') ? 'now' : each.includes('soon') ? 'soon' : 'never';
}

// Where our rules are, and how packets come there. Docker changes its other chains with each container.
function mayHoldOurs({ kind, table, chain }: TouchedObject): boolean {
  if (kind === 'table') return true;
  if (table === 'raw') return chain === 'PREROUTING';
  return table === 'filter' && (chain === 'FORWARD' || chain === userChain);
}
