// Plans how all addresses, routes, next-hop objects and neighbours of one interface move to another one. Pure.
// Invariant: the new objects are present before the old ones are deleted. They are added behind the old ones, and take effect
// when those are deleted. Both directions are the same plan.
import {
  hasPrefixRoute,
  interfaceOfAddress,
  interfaceOfNeighbour,
  interfaceOfNextHop,
  interfacesOfRoute,
  isPrefixRouteOf,
  type KernelObject,
  needsGateway,
  neighbourStates,
  nextHopIdOfRoute,
  stateOfNeighbour,
} from './objects.js';
import {
  addAddress,
  addNeighbour,
  appendRoute,
  deleteAddress,
  deleteRoute,
  type LanRequest,
  moveNextHop,
} from './requests.js';
import type { LanLink, LanSnapshot } from './snapshot.js';

/**
 * Holding is what the host has on one interface: IPv4 addresses, routes that the kernel does not make by itself, and permanent
 * neighbours.
 */
export type Holding = {
  readonly addresses: readonly KernelObject[];
  readonly routes: readonly KernelObject[];
  readonly neighbours: readonly KernelObject[];
};

/** Transfer is the plan: `adding` has no effect yet; `switching` makes it take effect. */
export type Transfer = {
  readonly adding: readonly LanRequest[];
  /**
   * Adds the default routes, once `to` can send packets: of several with the same metric, the kernel takes turns
   * (fib_select_default), so these do not wait behind the old ones.
   */
  readonly defaults: readonly LanRequest[];
  readonly switching: readonly LanRequest[];
  /** The part of `switching` for routes, including those that the kernel made: the addresses then are on both interfaces. */
  readonly routing: readonly LanRequest[];
};

/** heldBy lists what the host has on an interface. Routes by next-hop objects are not listed: they go with these. */
export function heldBy(
  snapshot: Pick<LanSnapshot, 'addresses' | 'routes' | 'neighbours'>,
  { ifindex }: Pick<LanLink, 'ifindex'>,
): Holding {
  const addresses = snapshot.addresses.filter((address) => interfaceOfAddress(address) === ifindex);
  const own = snapshot.routes.filter(
    (route) => nextHopIdOfRoute(route) === 0 && interfacesOfRoute(route).includes(ifindex),
  );
  const isMade = (route: KernelObject) =>
    addresses.some((address) => hasPrefixRoute(address) && isPrefixRouteOf(route, address));
  const routes = own.filter((route) => !isMade(route));
  return {
    addresses,
    // A gateway has to be on-link by an earlier route.
    routes: [...routes.filter((each) => !needsGateway(each)), ...routes.filter(needsGateway)],
    neighbours: snapshot.neighbours.filter(
      (each) => interfaceOfNeighbour(each) === ifindex && stateOfNeighbour(each) === neighbourStates.permanent,
    ),
  };
}

/** isEmpty reports whether the host has nothing on an interface. */
export function isEmpty(snapshot: LanSnapshot, link: LanLink): boolean {
  const { addresses, routes } = heldBy(snapshot, link);
  return addresses.length + routes.length + nextHopsBy(snapshot, link).length === 0;
}

function nextHopsBy({ nextHops }: LanSnapshot, { ifindex }: LanLink): readonly KernelObject[] {
  return nextHops.filter((nextHop) => interfaceOfNextHop(nextHop) === ifindex);
}

/** addingHeld adds what was held on an interface, which may be gone, to another one. */
export function addingHeld(held: Holding, from: Pick<LanLink, 'ifindex' | 'name'>, to: LanLink): readonly LanRequest[] {
  return [
    ...held.addresses.map((address) => addAddress(address, from, to)),
    ...held.routes.map((route) => appendRoute(route, from, to)),
    ...held.neighbours.map((neighbour) => addNeighbour(neighbour, to)),
  ];
}

/** planTransfer plans the move from one interface to another. At the time of `switching`, both must be able to send packets. */
export function planTransfer(snapshot: LanSnapshot, from: LanLink, to: LanLink): Transfer {
  const held = heldBy(snapshot, from);
  const known = snapshot.neighbours.filter(
    (each) => interfaceOfNeighbour(each) === from.ifindex && !held.neighbours.includes(each),
  );
  const isDefault = (route: KernelObject) => route.header[1] === 0;
  // Before the addresses are deleted: with the last one, the kernel deletes the neighbours of the interface.
  const routing = [
    ...nextHopsBy(snapshot, from).map((nextHop) => moveNextHop(nextHop, to)),
    ...held.routes.map(deleteRoute),
  ];
  const made = snapshot.routes.filter(
    (route) =>
      interfacesOfRoute(route).includes(from.ifindex) && held.addresses.some((each) => isPrefixRouteOf(route, each)),
  );
  return {
    adding: [
      ...addingHeld({ ...held, routes: held.routes.filter((route) => !isDefault(route)) }, from, to),
      ...known.map((neighbour) => addNeighbour(neighbour, to)),
    ],
    defaults: held.routes.filter(isDefault).map((route) => appendRoute(route, from, to)),
    // Secondary addresses first: with a primary address, the kernel deletes its secondary ones.
    switching: [...routing, ...held.addresses.map(deleteAddress).reverse()],
    routing: [...routing, ...made.map(deleteRoute)],
  };
}

// IFA_CACHEINFO: lifetimes decrease by themselves.
const lifetimes = 6;

/** sameHeld reports whether two holdings are the same but for the lifetimes of their addresses. */
export function sameHeld(a: Holding, b: Holding): boolean {
  const text = ({ addresses, ...rest }: Holding) =>
    JSON.stringify([
      addresses.map(({ header, attributes }) => [header, attributes.filter(({ type }) => type !== lifetimes)]),
      rest,
    ]);
  return text(a) === text(b);
}
