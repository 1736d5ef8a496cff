// Decodes what a commit to nftables touched from its notifications (linux/netfilter/nf_tables.h). Pure.
// Invariant: an object whose name can't be decoded has an empty name; it is never left out.
import { eachAttribute } from './netlink-message.js';

/** TouchedKind is a kind of nftables object. */
export type TouchedKind = 'table' | 'chain' | 'rule' | 'set' | 'element' | 'other';

/** TouchedObject is an object that a commit made, changed or removed. */
export type TouchedObject = {
  readonly kind: TouchedKind;
  /** "ip", "inet"; "other" for all other families. */
  readonly family: 'ip' | 'inet' | 'other';
  readonly table: string;
  /** Name of the chain, for a chain or a rule. */
  readonly chain: string;
  /** Whether it is a base chain. */
  readonly isBase: boolean;
  readonly removed: boolean;
};

/** nftablesSubsystem is NFNL_SUBSYS_NFTABLES (linux/netfilter/nfnetlink.h), the high byte of a message's type. */
export const nftablesSubsystem = 10;

const nfgenmsgLength = 4;
const families: Readonly<Record<number, TouchedObject['family']>> = { 1: 'inet', 2: 'ip' };
// NFT_MSG_NEW* and NFT_MSG_DEL*, by the low byte of a message's type.
const messages: Readonly<Record<number, readonly [TouchedKind, boolean]>> = {
  0: ['table', false],
  2: ['table', true],
  3: ['chain', false],
  5: ['chain', true],
  6: ['rule', false],
  8: ['rule', true],
  9: ['set', false],
  11: ['set', true],
  12: ['element', false],
  14: ['element', true],
};
// Attribute 1 of every message is the table's name.
const attributes = { table: 1, ruleChain: 2, chainName: 3, chainHook: 4 } as const;

/** readTouched decodes a notification of nftables. */
export function readTouched(bytes: Buffer, type: number, start: number, end: number): TouchedObject {
  const [kind, removed] = messages[type & 0xff] ?? ['other', false];
  let table = '';
  let chain = '';
  let isBase = false;
  const named = kind === 'rule' ? attributes.ruleChain : kind === 'chain' ? attributes.chainName : -1;
  eachAttribute(bytes, start + nfgenmsgLength, end, (attribute, at, valueEnd) => {
    const text = () => bytes.toString('utf8', at, valueEnd - 1);
    if (attribute === attributes.table) table = text();
    else if (attribute === named) chain = text();
    else if (kind === 'chain' && attribute === attributes.chainHook) isBase = true;
  });
  return { kind, family: families[bytes.readUInt8(start)] ?? 'other', table, chain, isBase, removed };
}
