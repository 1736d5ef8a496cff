// Generators of domain values for property tests.
import fc from 'fast-check';
import { ipv4FromNumber, type Prefix, prefixOf, subnetAt, subnetCount } from '../../proto/domain/address.js';
import type { Route } from '../../proto/domain/network.js';

/** anyIpv4 is any address. */
export const anyIpv4 = fc.nat(0xffffffff).map(ipv4FromNumber);

/** anyPrefix is any prefix without host bits. */
export const anyPrefix: fc.Arbitrary<Prefix> = fc
  .tuple(anyIpv4, fc.integer({ min: 0, max: 32 }))
  .map(([address, length]) => prefixOf(address, length));

/** nodeName is a valid node name. */
export const nodeName = fc.stringMatching(/^[a-z]([a-z0-9-]{0,10}[a-z0-9])?$/);

/** testPool is the pool that generated subnets are cut from. */
export const testPool: Prefix = { network: ipv4FromNumber(0x0a4c0000), length: 16 };

/** someSubnet is one of the first 32 /24s of testPool: few enough to meet again. */
export const someSubnet = fc.nat(31).map((index) => subnetAt(testPool, 24, index));

/** someRoute is a route to such a subnet. */
export const someRoute: fc.Arbitrary<Route> = fc
  .tuple(someSubnet, fc.nat(5), nodeName)
  .map(([subnet, host, name]) => ({ subnet, nextHop: ipv4FromNumber(0xc0a85300 + host), nodeName: name }));

/** poolShape is a pool with its subnet length, small enough to fill. */
export const poolShape = fc
  .tuple(anyIpv4, fc.integer({ min: 8, max: 28 }), fc.integer({ min: 0, max: 6 }))
  .map(([address, length, extra]) => {
    const cidr = prefixOf(address, length);
    const subnetLength = Math.min(30, length + extra);
    return { cidr, subnetLength, count: subnetCount(cidr, subnetLength) };
  });
