// The underlay as it is now: the choice, made on what the kernel says at this moment.
import { type Ipv4, ipv4FromNumber, type Prefix, prefixKey } from '../../proto/domain/address.js';
import type { KernelMirror } from '../kernel/mirror.js';
import { chooseUnderlay, type UnderlayChoice, type UnderlaySettings } from './choose.js';

/** UnderlayRequest is what is known of the underlay without looking. */
export type UnderlayRequest = {
  readonly settings: UnderlaySettings;
  /** The node's address by its assignment; undefined before the first one. */
  readonly assigned: Ipv4 | undefined;
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
  return chooseUnderlay({ ...request, links, addresses, nextHops, defaultRoutes });
}
