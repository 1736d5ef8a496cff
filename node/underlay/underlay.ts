// The underlay as it is now: the choice, made on what the kernel says at this moment.
import { type Ipv4, ipv4FromNumber, type Prefix, prefixKey } from '../../proto/domain/address.js';
import type { KernelMirror } from '../kernel/mirror.js';
import {
  chooseUnderlay,
  type Underlay,
  type UnderlayChoice,
  type UnderlayInput,
  type UnderlaySettings,
} from './choose.js';

/** UnderlayRequest is what is known of the underlay without looking. */
export type UnderlayRequest = {
  readonly settings: UnderlaySettings;
  /** The node's address by its assignment; undefined before the first one. */
  readonly assigned: Ipv4 | undefined;
  /** The choice of before; undefined: this is the first one of this process. */
  readonly last?: Underlay | undefined;
  readonly pools: readonly Prefix[];
};

const defaultDestination: Prefix = { network: ipv4FromNumber(0), length: 0 };

/**
 * readUnderlay brings the mirror up to date and chooses. It never throws for what is wrong with the host.
 * @throws SyscallError when the kernel does not answer
 */
export async function readUnderlay(mirror: KernelMirror, request: UnderlayRequest): Promise<UnderlayChoice> {
  await mirror.refresh();
  const { links, addresses, nextHops } = mirror;
  const defaultRoutes = mirror.routes.at(prefixKey(defaultDestination));
  const last = request.last ?? interfaceOfRoutes(mirror);
  return chooseUnderlay({ ...request, last, links, addresses, nextHops, defaultRoutes });
}

// Our routes outlive the daemon that made them: where they lead is what the one before had chosen.
function interfaceOfRoutes({ protocol, nextHops, routes, links }: KernelMirror): UnderlayInput['last'] {
  const asLink = (ifindex: number | undefined) => {
    const link = ifindex === undefined ? undefined : links.get(ifindex);
    return link && { ifname: link.name, ifindex: link.ifindex };
  };
  for (const nextHop of nextHops?.values() ?? []) {
    const link = nextHop.protocol === protocol ? asLink(nextHop.hop?.ifindex) : undefined;
    if (link !== undefined) return link;
  }
  for (const route of routes.all()) {
    const link = route.protocol === protocol ? asLink(route.hops[0]?.ifindex) : undefined;
    if (link !== undefined) return link;
  }
  return undefined;
}
