// Converts nics between the wire and the domain.
// Invariant: what a host reports is bounded here.
import { formatIpv4, parseIpv4 } from '../domain/address.js';
import { mostNics, type Nic, type NicUse } from '../domain/nic.js';
import type { Nic__Output } from '../gen/xnet/v1/Nic.js';
import type { NicUse__Output } from '../gen/xnet/v1/NicUse.js';

/** wireFromNic returns the message of a nic. */
export function wireFromNic({ address, container, interfaceName }: Nic): Nic__Output {
  return { address: formatIpv4(address), container, interfaceName };
}

/** wireFromNicUse returns the message of what a host does about a nic. */
export function wireFromNicUse({ address, ready, reason, message }: NicUse): NicUse__Output {
  return { address: formatIpv4(address), ready, reason, message };
}

const longestText = 512;

/** nicUsesFromWire returns what a host reports of its nics. Invalid entries are omitted; excess ones and long texts are cut. */
export function nicUsesFromWire(wire: readonly NicUse__Output[]): readonly NicUse[] {
  return wire.slice(0, mostNics).flatMap(({ address: text, ready, reason, message }) => {
    const address = parseIpv4(text);
    const texts = { reason: reason.slice(0, longestText), message: message.slice(0, longestText) };
    return address === undefined ? [] : [{ address, ready, ...texts }];
  });
}
