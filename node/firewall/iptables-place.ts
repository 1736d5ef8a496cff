// Chooses the position of our rule in a chain that it shares with foreign rules. Pure.
// Invariant: the chains belong to the operator. Our rule accepts, so it follows every foreign rule that a packet can
// reach, and what those drop stays dropped. It precedes a final RETURN, and in raw PREROUTING the rules that Docker
// makes for its containers, because after either it would not be reached.
import { type Prefix, parsePrefix, prefixesOverlap } from '../../proto/domain/address.js';
import { optionsOf } from './iptables-save.js';

/** RulePosition is the position of our rule among the foreign rules. */
export type RulePosition = {
  /** Number of foreign rules before it. */
  readonly after: number;
  /** Foreign rules after it, which packets from peers never reach. */
  readonly unreached: readonly string[];
};

function conditionsOf(rule: string): readonly string[] {
  return optionsOf(rule).filter((option) => !option.startsWith('--comment '));
}

/** decidesOnAll reports whether a rule has this target and no condition. */
export function decidesOnAll(rule: string, target: string): boolean {
  const conditions = conditionsOf(rule);
  return conditions.length === 1 && conditions[0] === `-j ${target}`;
}

/**
 * placeInUserChain returns the position in DOCKER-USER. dockerd up to 27 ends the chain with a RETURN for all packets.
 * No packet reaches rules appended after it, so the last such RETURN counts as the end.
 */
export function placeInUserChain(foreign: readonly string[]): RulePosition {
  const end = foreign.findLastIndex((rule) => decidesOnAll(rule, 'RETURN'));
  return end < 0 ? { after: foreign.length, unreached: [] } : { after: end, unreached: foreign.slice(end + 1) };
}

/**
 * placeInRaw returns the position in PREROUTING of the raw table. dockerd from 28 on appends one rule per container
 * that drops packets from outside to it; foreign rules appended after one of these can't precede ours.
 * @param own the node's subnets
 */
export function placeInRaw(foreign: readonly string[], own: readonly Prefix[]): RulePosition {
  const drops = foreign.findIndex((rule) => isDockersDrop(rule, own));
  const { after, unreached } = placeInUserChain(foreign);
  if (drops < 0 || drops > after) return { after, unreached };
  return { after: drops, unreached: foreign.slice(drops).filter((rule) => !isDockers(rule)) };
}

// -d 10.76.1.2/32 ! -i docker0 -j DROP
function isDockersDrop(rule: string, own: readonly Prefix[]): boolean {
  const [interfaceName = '', destination = '', target, more] = conditionsOf(rule);
  if (more !== undefined || target !== '-j DROP' || !interfaceName.startsWith('! -i ')) return false;
  const prefix = /^-d (\S+)$/.exec(destination)?.[1];
  const parsed = prefix === undefined ? undefined : parsePrefix(prefix);
  return parsed !== undefined && own.some((subnet) => prefixesOverlap(parsed, subnet));
}

// Those above; -d 10.76.1.2/32 -i eth0 -j ACCEPT (com.docker.network.bridge.trusted_host_interfaces); and
// -d 127.0.0.1/32 ! -i lo -p tcp --dport 80 -j DROP (a port that is published on loopback).
function isDockers(rule: string): boolean {
  const text = conditionsOf(rule).join(' ');
  return (
    /^! -i \S+ -d \S+ -j DROP$/.test(text) ||
    /^-d \S+ -i \S+ -j ACCEPT$/.test(text) ||
    /^! -i lo --dport \d+ -d 127\.0\.0\.1\/32 -j DROP -p (tcp|udp)$/.test(text)
  );
}
