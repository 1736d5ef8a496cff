// The packets that must pass, from peers to our containers and back, described by what firewall rules can match. Pure.
// Invariant: "always" and "never" are returned only if certain; any other condition is "sometimes".
import {
  type Ipv4,
  ipv4FromNumber,
  lastAddress,
  type Prefix,
  parseIpv4,
  parsePrefix,
} from '../../proto/domain/address.js';
import type { OwnSubnet } from '../table/own-subnets.js';
import { bridgesOf, type DesiredFirewall } from './desired.js';

/** Match says whether all packets of a flow meet a condition, none, or possibly some. */
export type Match = 'always' | 'never' | 'sometimes';

/** AddressRange is a range of addresses, both ends included. */
export type AddressRange = { readonly first: Ipv4; readonly last: Ipv4 };

/** Flow is the set of first packets of connections in one direction. */
export type Flow = {
  /** "from peers to containers" */
  readonly name: string;
  readonly source: Addresses;
  readonly destination: Addresses;
  /** Name of the interface that they arrive on; undefined: one that Docker names. */
  readonly from: string | undefined;
  /** Name of the interface that they leave by; undefined: one that Docker names. */
  readonly to: string | undefined;
  /** The bit of the packet mark that all of them carry; undefined if their mark is not known. */
  readonly mark: number | undefined;
  /** Their protocol; undefined: any. */
  readonly protocol?: 'tcp';
  /** Whether a rule may keep them out of the kernel's table of connections (NOTRACK). */
  readonly untracked?: boolean;
};

/** Addresses is a set of addresses. It remembers what was asked about it. */
export class Addresses {
  readonly #ranges: readonly AddressRange[];
  readonly #asked = new Map<string, { readonly range: AddressRange; readonly answer: Match }>();

  constructor(prefixes: readonly Prefix[]) {
    this.#ranges = joined(prefixes.map(rangeOf));
  }

  /** within says whether all of them lie in a range, none, or some. */
  within(range: AddressRange): Match {
    const key = `${range.first}-${range.last}`;
    const before = this.#asked.get(key);
    if (before !== undefined) return before.answer;
    const answer = within(this.#ranges, range);
    this.#asked.set(key, { range, answer });
    return answer;
  }

  /** keepsAnswers reports whether every answer so far would be the same if the set had these addresses as well. */
  keepsAnswers(more: AddressRange): boolean {
    for (const { range, answer } of this.#asked.values()) {
      if (answer === 'never' && more.first <= range.last && range.first <= more.last) return false;
      if (answer === 'always' && (more.first < range.first || more.last > range.last)) return false;
    }
    return true;
  }
}

/**
 * flowsOf returns the flows of both directions for each bridge, and for the other networks of a block; none without peers.
 * @param theirs the addresses of the peers
 */
export function flowsOf(
  { own, underlay, peers, mark }: DesiredFirewall,
  theirs: Addresses = new Addresses(peers),
): readonly Flow[] {
  if (peers.length === 0) return [];
  const places: {
    readonly bridge: string | undefined;
    readonly where: string;
    readonly prefixes: readonly Prefix[];
  }[] = bridgesOf({ own }).map((bridge) => ({
    bridge,
    where: ` on ${bridge}`,
    prefixes: own.filter((each) => each.bridge === bridge).map(onBridge),
  }));
  const prefixes = own.flatMap(besideBridge);
  if (prefixes.length > 0) places.push({ bridge: undefined, where: ' on other networks of the block', prefixes });
  return places.flatMap(({ bridge, where: place, prefixes: its }): readonly Flow[] => {
    const ours = new Addresses(its);
    const where = places.length === 1 ? '' : place;
    return [
      { name: `from peers to containers${where}`, source: theirs, destination: ours, from: underlay, to: bridge, mark },
      {
        name: `from containers${where} to peers`,
        source: ours,
        destination: theirs,
        from: bridge,
        to: underlay,
        mark: undefined,
      },
    ];
  });
}

function onBridge({ subnet, partLength = subnet.length }: OwnSubnet): Prefix {
  return { network: subnet.network, length: partLength };
}

// What is left of a block without docker0's part, the first: 10.86.1.0/24, 10.86.2.0/23, 10.86.4.0/22, 10.86.8.0/21.
function besideBridge({ subnet, partLength = subnet.length }: OwnSubnet): readonly Prefix[] {
  return Array.from({ length: partLength - subnet.length }, (_, index) => {
    const length = partLength - index;
    return { network: ipv4FromNumber(subnet.network + 2 ** (32 - length)), length };
  });
}

/** rangeOf converts a prefix to a range. */
export function rangeOf(prefix: Prefix): AddressRange {
  return { first: prefix.network, last: lastAddress(prefix) };
}

function joined(ranges: readonly AddressRange[]): readonly AddressRange[] {
  const result: AddressRange[] = [];
  for (const range of [...ranges].sort((a, b) => a.first - b.first)) {
    const before = result.at(-1);
    if (before === undefined || range.first > before.last + 1) result.push(range);
    else if (range.last > before.last) result[result.length - 1] = { first: before.first, last: range.last };
  }
  return result;
}

/** parseRange parses an address or a prefix: "10.76.1.2", "10.76.1.0/24"; undefined for anything else. */
export function parseRange(text: string): AddressRange | undefined {
  const address = parseIpv4(text);
  if (address !== undefined) return { first: address, last: address };
  const prefix = parsePrefix(text);
  return prefix === undefined ? undefined : rangeOf(prefix);
}

// The addresses are ordered and disjoint.
function within(addresses: readonly AddressRange[], { first, last }: AddressRange): Match {
  const [lowest, highest] = [addresses[0], addresses.at(-1)];
  if (lowest === undefined || highest === undefined) return 'never';
  if (lowest.first >= first && highest.last <= last) return 'always';
  // Binary search for the first that does not end before the range begins.
  let [from, to] = [0, addresses.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((addresses[middle]?.last ?? 0) < first) from = middle + 1;
    else to = middle;
  }
  const next = addresses[from];
  return next !== undefined && next.first <= last ? 'sometimes' : 'never';
}

/** named says whether a name equals a pattern, "eth0", or matches its prefix before a wildcard, "eth*". */
export function named(name: string | undefined, pattern: string, wildcard: '*' | '+'): Match {
  if (name === undefined) return 'sometimes';
  const isPrefix = pattern.endsWith(wildcard);
  return (isPrefix ? name.startsWith(pattern.slice(0, -1)) : name === pattern) ? 'always' : 'never';
}

/** marked says whether packets have `value` in the bits `mask` of their mark. */
export function marked({ mark }: Flow, value: number, mask: number): Match {
  if (mark === undefined) return 'sometimes';
  if ((mask & mark) >>> 0 === 0) return 'sometimes';
  if ((value & mark) >>> 0 === 0) return 'never';
  return mask >>> 0 === mark >>> 0 ? 'always' : 'sometimes';
}

/** ofProtocol says whether packets are of a protocol, by its name or number: "icmp", "6". */
export function ofProtocol({ protocol }: Flow, name: string): Match {
  if (name === 'all') return 'always';
  if (protocol === undefined) return 'sometimes';
  return /^(tcp|6)$/.test(name) ? 'always' : 'never';
}

/**
 * inState says whether the first packet of a connection is in one of some states: "new", "established", or "DNAT",
 * which a rule for a published port would cause.
 */
export function inState({ untracked = false }: Flow, states: readonly string[]): Match {
  const isOf = (wanted: string) => states.some((state) => state.toLowerCase() === wanted);
  if (!untracked) return isOf('new') ? 'always' : 'never';
  return isOf('new') && isOf('untracked') ? 'always' : isOf('new') || isOf('untracked') ? 'sometimes' : 'never';
}

/** not negates a match. */
export function not(match: Match): Match {
  return match === 'always' ? 'never' : match === 'never' ? 'always' : 'sometimes';
}

/** allOf combines conditions that must all be met. */
export function allOf(matches: readonly Match[]): Match {
  if (matches.includes('never')) return 'never';
  return matches.every((match) => match === 'always') ? 'always' : 'sometimes';
}

/** anyOf combines conditions of which one must be met. */
export function anyOf(matches: readonly Match[]): Match {
  return not(allOf(matches.map(not)));
}
