// Where our rule stands among others' in a chain. Pure.
// Invariant: the chains belong to the operator. Our rule accepts, so it stands after every rule of others that a packet
// can come to, and what they drop stays dropped. It comes before a final RETURN, and in raw PREROUTING before the rules
// that Docker makes for its containers: behind either it would not be reached.
import { type Prefix, parsePrefix, prefixesOverlap } from '../../proto/domain/address.js';
import { optionsOf } from './iptables-save.js';

/** RulePosition is where our rule goes among the rules of others. */
export type RulePosition = {
  /** How many rules of others come before it. */
  readonly after: number;
  /** Rules of others behind it that packets of peers never come to. */
  readonly unreached: readonly string[];
};

function conditionsOf(rule: string): readonly string[] {
  return optionsOf(rule).filter((option) => !option.startsWith('--comment '));
}

/** decidesOnAll says whether a rule has this target, and no condition. */
export function decidesOnAll(rule: string, target: string): boolean {
  const conditions = conditionsOf(rule);
  return conditions.length === 1 && conditions[0] === `-j ${target}`;
}

/**
 * placeInUserChain is the place in DOCKER-USER. dockerd up to 27 ends the chain with a RETURN for all packets. What
 * somebody appends after that is never reached, by whatever packet, so the last such RETURN is the end.
 */
export function placeInUserChain(foreign: readonly string[]): RulePosition {
  const end = foreign.findLastIndex((rule) => decidesOnAll(rule, 'RETURN'));
  return end < 0 ? { after: foreign.length, unreached: [] } : { after: end, unreached: foreign.slice(end + 1) };
}

/**
 * placeInRaw is the place in PREROUTING of the raw table. dockerd from 28 on appends a rule for each container that
 * drops what comes to it from outside; rules that others append after one of these can't come before ours.
 * @param own the node's subnet
 */
export function placeInRaw(foreign: readonly string[], own: Prefix): RulePosition {
  const drops = foreign.findIndex((rule) => isDockersDrop(rule, own));
  const { after, unreached } = placeInUserChain(foreign);
  if (drops < 0 || drops > after) return { after, unreached };
  return { after: drops, unreached: foreign.slice(drops).filter((rule) => !isDockers(rule)) };
}

// -d 10.76.1.2/32 ! -i docker0 -j DROP
function isDockersDrop(rule: string, own: Prefix): boolean {
  const [interfaceName = '', destination = '', target, more] = conditionsOf(rule);
  if (more !== undefined || target !== '-j DROP' || !interfaceName.startsWith('! -i ')) return false;
  const prefix = /^-d (\S+)$/.exec(destination)?.[1];
  const parsed = prefix === undefined ? undefined : parsePrefix(prefix);
  return parsed !== undefined && prefixesOverlap(parsed, own);
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
