// Rules of pools of mode lan, whose subnets are parts of the hosts' own network. Pure.
// Invariant: a subnet that has the address of a host, of the gateway or of the LAN itself, or that is reserved, is
// never leased: Docker can't exclude single addresses of a network that is in use.
import {
  formatIpv4,
  formatPrefix,
  type Ipv4,
  lastAddress,
  type Prefix,
  prefixContains,
  prefixCovers,
  prefixFromKey,
  prefixKey,
  prefixOf,
} from '../../proto/domain/address.js';
import type { Lan, Mode } from '../../proto/domain/network.js';
import { XnetError } from '../../proto/errors.js';
import { prefixes } from '../store/keys.js';
import type { PoolRecord } from '../store/records.js';
import type { Guard } from '../store/store.js';
import type { ReadonlyView } from '../view/view.js';

/** Barred is an address of a LAN whose subnet must not be leased, and its owner: "the address of node web-1". */
export type Barred = { readonly address: Ipv4; readonly what: string };

// Two hosts, a gateway, and a subnet for each host.
const smallestLan = 28;

/** lanProblems returns all problems of the LAN of a pool. */
export function lanProblems({
  mode,
  cidr,
  lan,
}: {
  readonly mode: Mode;
  readonly cidr: Prefix;
  readonly lan?: Lan;
}): string[] {
  if (mode !== 'lan') return lan === undefined ? [] : ['gateway: only a pool of mode lan has one'];
  if (lan === undefined) {
    return ["gateway: mode lan needs the address of the LAN's router, which becomes that of the containers: --gateway"];
  }
  const { prefix, gateway } = lan;
  const text = formatPrefix(prefix);
  const problems: string[] = [];
  if (prefix.length > smallestLan) problems.push(`lan: ${text} has no room for hosts and containers`);
  if (!prefixCovers(prefix, cidr)) problems.push(`cidr: ${formatPrefix(cidr)} is not within the LAN ${text}`);
  if (!prefixContains(prefix, gateway)) problems.push(`gateway: ${formatIpv4(gateway)} is not in the LAN ${text}`);
  else if (gateway === prefix.network || gateway === lastAddress(prefix)) {
    problems.push(`gateway: ${formatIpv4(gateway)} is the LAN's own address, or that of all its hosts`);
  }
  return problems;
}

/** barredIn returns the addresses in the range of a pool of mode lan that keep their subnets from being leased. */
export function barredIn(view: ReadonlyView, { cidr, lan }: Pick<PoolRecord, 'cidr' | 'lan'>): readonly Barred[] {
  if (lan === undefined) return [];
  const all: Barred[] = [
    { address: lan.prefix.network, what: "the LAN's own address" },
    { address: lastAddress(lan.prefix), what: "the LAN's broadcast address" },
    { address: lan.gateway, what: "the LAN's gateway" },
  ];
  for (const { record } of view.nodes.values()) {
    all.push({ address: record.address, what: `the address of node ${record.name}` });
  }
  for (const { record } of view.subnets.values()) {
    if (record.state === 'static') all.push({ address: record.nextHop, what: `the address of ${record.name}` });
  }
  return all.filter(({ address }) => prefixContains(cidr, address));
}

/**
 * barredSubnets returns the subnets that may not be leased because of an address in them, by prefixKey, with the
 * reason.
 */
export function barredSubnets(
  view: ReadonlyView,
  record: Pick<PoolRecord, 'cidr' | 'lan' | 'subnetLength'>,
): ReadonlyMap<number, string> {
  const reasons = new Map<number, string>();
  for (const { address, what } of barredIn(view, record)) {
    const id = prefixKey(prefixOf(address, record.subnetLength));
    if (!reasons.has(id)) reasons.set(id, `it has ${formatIpv4(address)}, ${what}`);
  }
  return reasons;
}

/** barredOf returns the first barred address in a subnet; undefined: there is none. */
export function barredOf(barred: readonly Barred[] | undefined, subnet: Prefix): Barred | undefined {
  return barred?.find(({ address }) => prefixContains(subnet, address));
}

/**
 * requireOnLan checks that a host with an address can have leases of a pool.
 * @throws XnetError FailedPrecondition
 */
export function requireOnLan(pool: string, { lan }: Pick<PoolRecord, 'lan'>, address: Ipv4): void {
  if (lan === undefined || prefixContains(lan.prefix, address)) return;
  throw new XnetError(
    'FailedPrecondition',
    `${formatIpv4(address)} is not in ${formatPrefix(lan.prefix)}, the LAN of pool ${pool}: its containers could not reach that LAN`,
    {
      hint: 'lease the host a subnet of a pool of another mode, or make a pool for its LAN: xctl pools create --mode lan',
    },
  );
}

/** lanPoolWith returns the pool of mode lan that an address lies in, with its name. */
function lanPoolWith(view: ReadonlyView, address: Ipv4): readonly [string, PoolRecord] | undefined {
  for (const [name, { record }] of view.pools) {
    if (record.mode === 'lan' && prefixContains(record.cidr, address)) return [name, record];
  }
  return undefined;
}

/** usedWith returns the subnet of a pool of mode lan that contains an address and may be in use; undefined: none. */
export function usedWith(view: ReadonlyView, address: Ipv4, nowMs = Date.now()): Prefix | undefined {
  const [name] = lanPoolWith(view, address) ?? [];
  for (const [id, record] of name === undefined ? [] : (view.subnetsOfPool.get(name) ?? [])) {
    const subnet = prefixFromKey(id);
    if (!prefixContains(subnet, address)) continue;
    if (record.state !== 'quarantined' || record.untilMs > nowMs) return subnet;
  }
  return undefined;
}

/** hostGuards guards that no subnet with the new address of a host is leased meanwhile. */
export function hostGuards(view: ReadonlyView, address: Ipv4): readonly Guard[] {
  const [name] = lanPoolWith(view, address) ?? [];
  return name === undefined ? [] : [{ kind: 'unchanged', prefix: prefixes.subnetsOf(name), since: view.revision }];
}

/** grantGuards guards that no host, with a node or a static route, gets an address in a subnet that a pool leases meanwhile. */
export function grantGuards(view: ReadonlyView, pool: string): readonly Guard[] {
  return view.pools.get(pool)?.record.mode === 'lan'
    ? [prefixes.addresses, prefixes.subnets].map((prefix) => ({ kind: 'unchanged', prefix, since: view.revision }))
    : [];
}

/** isOfLan reports whether a network of a host is the LAN of a pool or contains it. */
export function isOfLan(lan: Lan | undefined, network: Prefix): boolean {
  return lan !== undefined && prefixCovers(network, lan.prefix);
}
