// Reads the present underlay: applies the choice to the current state of the kernel.
import { type Ipv4, ipv4FromNumber, type Prefix, prefixKey } from '../../proto/domain/address.js';
import type { KernelMirror } from '../kernel/mirror.js';
import {
  chooseUnderlay,
  type Underlay,
  type UnderlayChoice,
  type UnderlayInput,
  type UnderlaySettings,
} from './choose.js';

/** UnderlayRequest is the input of the choice that does not come from the kernel. */
export type UnderlayRequest = {
  readonly settings: UnderlaySettings;
  /** The node's address by its assignment; undefined before the first one. */
  readonly assigned: Ipv4 | undefined;
  /** The previous choice; undefined: this is the first one of this process. */
  readonly last?: Underlay | undefined;
  readonly pools: readonly Prefix[];
};

const defaultDestination: Prefix = { network: ipv4FromNumber(0), length: 0 };

/**
 * readUnderlay refreshes the mirror and chooses. Problems of the host are findings, not errors.
 * @throws SyscallError when the kernel does not answer
 */
export async function readUnderlay(mirror: KernelMirror, request: UnderlayRequest): Promise<UnderlayChoice> {
  await mirror.refresh();
  const { links, addresses, nextHops } = mirror;
  const defaultRoutes = mirror.routes.at(prefixKey(defaultDestination));
  const last = request.last ?? interfaceOfRoutes(mirror);
  return chooseUnderlay({ ...request, last, links, addresses, nextHops, defaultRoutes });
}

// Our routes outlive the daemon that made them: their interface is the previous daemon's choice.
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
