// Chooses the interface and the address by which peers are reached. Pure.
import { formatIpv4, type Ipv4, type Prefix, prefixesOverlap } from '../../proto/domain/address.js';
import { quoted } from '../../proto/domain/input.js';
import { linkName } from '../kernel/link-name.js';
import {
  type Address,
  addressFlags,
  type KernelRoute,
  type Link,
  linkFlags,
  type NextHop,
  routeTypes,
  scopes,
} from '../kernel/route-kernel.js';
import type { Finding } from '../reconcile/effect.js';

/** Underlay is where peers are reached: "eth0", its interface index, and this host's address on it. */
export type Underlay = { readonly ifname: string; readonly ifindex: number; readonly address: Ipv4 };

/** UnderlaySettings are what an operator may fix. */
export type UnderlaySettings = {
  /** --interface: "eth1" */
  readonly interfaceName?: string | undefined;
  /** --address */
  readonly address?: Ipv4 | undefined;
};

/** UnderlayInput is what the choice follows from. */
export type UnderlayInput = {
  readonly settings: UnderlaySettings;
  /** The node address that peers route to, of the assignment; undefined before the first one. */
  readonly assigned: Ipv4 | undefined;
  /** The interface that peers were reached by last; undefined: by none. */
  readonly last: Pick<Underlay, 'ifname' | 'ifindex'> | undefined;
  readonly links: ReadonlyMap<number, Link>;
  readonly addresses: readonly Address[];
  /** In the kernel's order. */
  readonly defaultRoutes: readonly KernelRoute[];
  readonly nextHops: ReadonlyMap<number, NextHop> | undefined;
  /** Pools: addresses within are those of bridges, not the underlay's. */
  readonly pools: readonly Prefix[];
};

/** UnderlayReason is why no interface could be chosen, or what is wrong with the chosen one. */
export type UnderlayReason =
  | 'AddressElsewhere'
  | 'AddressMismatch'
  | 'AddressMissing'
  | 'InterfaceDown'
  | 'InterfaceMissing'
  | 'NoAddress'
  | 'NoDefaultRoute'
  | 'SeveralDefaultRoutes';

type UnderlayFinding = Finding<UnderlayReason>;

/** UnderlayChoice is the interface, if there is one to be had, and what is wrong with it. */
export type UnderlayChoice = { readonly underlay: Underlay | undefined; readonly findings: readonly UnderlayFinding[] };

function finding(reason: UnderlayReason, message: string, fix: string, transient = false): UnderlayFinding {
  return { type: 'Underlay', transient, reason, message, fix };
}

/**
 * chooseUnderlay chooses the interface that --address or --interface name, else the one with the assigned address. While
 * no interface has that address, the last choice stays: another interface may lead anywhere. Before the first assignment
 * it is the interface of the best default route, else the only one with an address.
 */
export function chooseUnderlay(input: UnderlayInput): UnderlayChoice {
  const { settings } = input;
  if (settings.address !== undefined) return byAddress(input, settings.address);
  if (settings.interfaceName !== undefined) return byName(input, settings.interfaceName);
  return byAssignment(input);
}

function byAddress(input: UnderlayInput, wanted: Ipv4): UnderlayChoice {
  const { settings, assigned } = input;
  const holders = input.addresses.filter(({ address }) => address === wanted);
  const link = linkNamed(input, settings.interfaceName);
  const named = holders.find(({ ifindex }) => ifindex === link?.ifindex || isBridgeOf(link, ifindex));
  const holder = settings.interfaceName === undefined ? holders[0] : named;
  if (holder === undefined) {
    const where =
      settings.interfaceName === undefined ? 'no interface has' : `${quoted(settings.interfaceName)} has not`;
    const message = `${where} the address ${formatIpv4(wanted)} that --address names`;
    return { underlay: undefined, findings: [finding('AddressMissing', message, candidatesText(input))] };
  }
  return chosen(input, holder, assigned === undefined || assigned === wanted ? [] : [mismatch(wanted, assigned)]);
}

function mismatch(wanted: Ipv4, assigned: Ipv4): UnderlayFinding {
  const message = `peers route to ${formatIpv4(assigned)}, but --address names ${formatIpv4(wanted)}`;
  const fix = `xctl nodes set NAME --address ${formatIpv4(wanted)}, or change --address to ${formatIpv4(assigned)}`;
  return finding('AddressMismatch', message, fix);
}

function linkNamed({ links }: UnderlayInput, wanted: string | undefined): Link | undefined {
  return [...links.values()].find(({ name }) => name === wanted);
}

// As the port of a bridge, in mode lan, an interface has no address itself.
function isBridgeOf(link: Link | undefined, ifindex: number): boolean {
  return link !== undefined && link.master !== 0 && link.master === ifindex;
}

function byName(input: UnderlayInput, wanted: string): UnderlayChoice {
  const { assigned } = input;
  const link = linkNamed(input, wanted);
  if (link === undefined) {
    const message = `there is no interface ${quoted(wanted)}, which --interface names`;
    return { underlay: undefined, findings: [finding('InterfaceMissing', message, candidatesText(input))] };
  }
  const own = input.addresses.filter(({ ifindex }) => ifindex === link.ifindex);
  const onBridge = input.addresses.find((each) => each.address === assigned && isBridgeOf(link, each.ifindex));
  const holder = own.find(({ address }) => address === assigned) ?? best(own) ?? onBridge;
  if (holder === undefined) {
    const message = `${wanted}, which --interface names, has no IPv4 address`;
    const fix = `ip address add ADDRESS dev ${linkName(input.links, link.ifindex)}, or name another interface`;
    return { underlay: undefined, findings: [finding('NoAddress', message, fix, true)] };
  }
  return chosen(input, holder, missing(input, holder));
}

function byAssignment(input: UnderlayInput): UnderlayChoice {
  const { assigned, addresses, last } = input;
  const holders = addresses.filter(({ address }) => address === assigned);
  // If several interfaces have the address, the last choice stays.
  const holder = holders.find(({ ifindex }) => ifindex === last?.ifindex) ?? holders[0];
  if (holder !== undefined) return chosen(input, holder, []);
  if (assigned !== undefined) return withoutHolder(input, assigned);
  const routed = byDefaultRoute(input);
  return 'reason' in routed ? { underlay: undefined, findings: [routed] } : chosen(input, routed, []);
}

function withoutHolder(input: UnderlayInput, assigned: Ipv4): UnderlayChoice {
  const { last, links } = input;
  const what = `peers route to ${formatIpv4(assigned)}, which no interface has`;
  // A recreated interface has a new index; a renamed one keeps its index.
  const link = last && (links.get(last.ifindex) ?? [...links.values()].find(({ name }) => name === last.ifname));
  if (link === undefined) {
    const fix =
      `ip address add ${formatIpv4(assigned)}/LENGTH dev INTERFACE, with the interface that leads to the peers, or ` +
      candidatesText(input);
    return { underlay: undefined, findings: [finding('AddressMissing', what, fix)] };
  }
  const name = linkName(links, link.ifindex);
  const message = `${what}; ${name} stays in use without it`;
  const fix = `ip address add ${formatIpv4(assigned)}/LENGTH dev ${name}, or: xctl nodes set NAME --address ADDRESS`;
  return chosen(input, { ifindex: link.ifindex, address: assigned }, [finding('AddressMissing', message, fix)]);
}

// The assigned address is on another interface, or on none: outgoing packets still work, packets from peers don't arrive.
function missing({ assigned, addresses, links }: UnderlayInput, holder: Address): readonly UnderlayFinding[] {
  if (assigned === undefined || holder.address === assigned) return [];
  const elsewhere = addresses.find(({ address }) => address === assigned);
  const where = elsewhere === undefined ? 'no interface has' : `${linkName(links, elsewhere.ifindex)} has`;
  const name = linkName(links, holder.ifindex);
  const message = `peers route to ${formatIpv4(assigned)}, which ${where}, not ${name}`;
  const renamed = `xctl nodes set NAME --address ${formatIpv4(holder.address)}`;
  // The same address on a second interface would have two routes to one network.
  if (elsewhere !== undefined) {
    const fix = `${renamed}, or: --interface ${linkName(links, elsewhere.ifindex)}`;
    return [finding('AddressElsewhere', message, fix)];
  }
  const fix = `${renamed}, or: ip address add ${formatIpv4(assigned)}/LENGTH dev ${name}`;
  return [finding('AddressMissing', message, fix)];
}

function byDefaultRoute(input: UnderlayInput): Address | UnderlayFinding {
  const usable = input.addresses.filter((address) => isCandidate(input, address));
  const on = (ifindex: number) => best(usable.filter((address) => address.ifindex === ifindex));
  const routes = input.defaultRoutes
    .filter((route) => route.type === routeTypes.unicast && interfacesOf(input, route).some(on))
    .sort((a, b) => a.metric - b.metric);
  const [first] = routes;
  if (first === undefined) {
    const interfaces = new Set(usable.map(({ ifindex }) => ifindex));
    const only = interfaces.size === 1 ? best(usable) : undefined;
    if (only !== undefined) return only;
    if (usable.length === 0) {
      const message = 'no interface has an IPv4 address to reach peers on';
      return finding('NoAddress', message, 'ip address add ADDRESS dev INTERFACE', true);
    }
    const message = 'no default route tells which interface leads to the peers';
    return finding('NoDefaultRoute', message, candidatesText(input));
  }
  const equal = routes.filter((route) => route.metric === first.metric && route.tos === first.tos);
  const interfaces = new Set(equal.flatMap((route) => interfacesOf(input, route)).filter(on));
  const [ifindex] = interfaces;
  const holder = ifindex === undefined ? undefined : on(ifindex);
  if (interfaces.size === 1 && holder !== undefined) return holder;
  const names = [...interfaces].map((each) => linkName(input.links, each)).join(' and ');
  const options = [...interfaces].map((each) => `--interface ${linkName(input.links, each)}`).join(' or ');
  const message = `default routes of one metric lead to ${names}`;
  return finding('SeveralDefaultRoutes', message, `name the one that leads to the peers: ${options}`);
}

function interfacesOf({ nextHops }: UnderlayInput, route: KernelRoute): readonly number[] {
  const hop = nextHops?.get(route.nextHopId)?.hop;
  return (hop === undefined ? route.hops : [hop]).map(({ ifindex }) => ifindex);
}

function isCandidate({ links, pools }: UnderlayInput, { ifindex, address, prefix, scope }: Address): boolean {
  const flags = links.get(ifindex)?.flags ?? 0;
  if ((flags & linkFlags.loopback) !== 0 || scope >= scopes.link || address >>> 24 === 127) return false;
  return !pools.some((pool) => prefixesOverlap(pool, prefix));
}

// Primary before secondary, valid before deprecated, else the kernel's order.
function best(addresses: readonly Address[]): Address | undefined {
  const rank = ({ flags, scope }: Address) =>
    (scope >= scopes.link ? 4 : 0) +
    ((flags & addressFlags.deprecated) !== 0 ? 2 : 0) +
    ((flags & addressFlags.secondary) !== 0 ? 1 : 0);
  return [...addresses].sort((a, b) => rank(a) - rank(b))[0];
}

function candidatesText(input: UnderlayInput): string {
  const candidates = input.addresses
    .filter((address) => isCandidate(input, address))
    .map(({ ifindex, address }) => `${linkName(input.links, ifindex)} (${formatIpv4(address)})`);
  if (candidates.length === 0) return 'give an interface an address, and name it with --interface';
  return `set --interface or --address to one of ${candidates.slice(0, 8).join(', ')}`;
}

function chosen(
  input: UnderlayInput,
  holder: Pick<Address, 'ifindex' | 'address'>,
  findings: readonly UnderlayFinding[],
): UnderlayChoice {
  const link = input.links.get(holder.ifindex);
  if (link === undefined) {
    const gone = finding('InterfaceMissing', 'the interface has just gone', candidatesText(input), true);
    return { underlay: undefined, findings: [gone] };
  }
  const underlay = { ifname: link.name, ifindex: link.ifindex, address: holder.address };
  const name = linkName(input.links, link.ifindex);
  const state = linkFlags.up | linkFlags.lowerUp;
  if ((link.flags & state) === state) return { underlay, findings };
  const [what, fix] =
    (link.flags & linkFlags.up) === 0 ? ['is down', `ip link set ${name} up`] : ['has no carrier', 'check its cable'];
  return { underlay, findings: [...findings, finding('InterfaceDown', `${name} ${what}`, fix, true)] };
}
