// The number that marks xnet's routes in the kernel (rtm_protocol), and the names of others.
import type { Checked } from '../../proto/domain/input.js';

/** defaultRouteProtocol marks routes and next-hop objects as xnet's. No other known program uses 88. */
export const defaultRouteProtocol = 88;

// linux/rtnetlink.h, and FRR's zebra/rt_netlink.h for the rest.
const protocolNames: ReadonlyMap<number, string> = new Map([
  [0, 'unspec'],
  [1, 'redirect'],
  [2, 'kernel'],
  [3, 'boot'],
  [4, 'static'],
  [8, 'gated'],
  [9, 'ra'],
  [10, 'mrt'],
  [11, 'zebra'],
  [12, 'bird'],
  [13, 'dnrouted'],
  [14, 'xorp'],
  [15, 'ntk'],
  [16, 'dhcp'],
  [17, 'mrouted'],
  [18, 'keepalived'],
  [42, 'babel'],
  [84, 'ovn'],
  [99, 'openr'],
  [186, 'bgp'],
  [187, 'isis'],
  [188, 'ospf'],
  [189, 'rip'],
  [191, 'nhrp'],
  [192, 'eigrp'],
  [193, 'ldp'],
  [194, 'sharp'],
  [195, 'pbr'],
  [196, 'zstatic'],
  [197, 'openfabric'],
  [198, 'srte'],
]);

/** protocolName names a route protocol as `ip route` does: "static"; its number where it has no name. */
export function protocolName(protocol: number): string {
  return protocolNames.get(protocol) ?? String(protocol);
}

/** checkRouteProtocol checks the number that is to mark xnet's routes. Numbers of other programs are refused. */
export function checkRouteProtocol(protocol: number): Checked<number> {
  if (!Number.isInteger(protocol) || protocol < 5 || protocol > 255) {
    return { problem: `${protocol} can't mark routes: use a number from 5 to 255` };
  }
  const name = protocolNames.get(protocol);
  if (name === undefined) return { value: protocol };
  return { problem: `${protocol} marks the routes of ${name}: use another number, such as ${defaultRouteProtocol}` };
}
