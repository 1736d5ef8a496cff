// Generators of domain values for property tests.
import fc from 'fast-check';
import { ipv4FromNumber, type Prefix, prefixOf, subnetAt, subnetCount } from '../../proto/domain/address.js';
import type { Route } from '../../proto/domain/network.js';

/** anyIpv4 generates any address. */
export const anyIpv4 = fc.nat(0xffffffff).map(ipv4FromNumber);

/** anyPrefix generates any prefix without host bits. */
export const anyPrefix: fc.Arbitrary<Prefix> = fc
  .tuple(anyIpv4, fc.integer({ min: 0, max: 32 }))
  .map(([address, length]) => prefixOf(address, length));

/** nodeName generates a valid node name. */
export const nodeName = fc.stringMatching(/^[a-z]([a-z0-9-]{0,10}[a-z0-9])?$/);

/** testPool is the pool from which generated subnets are cut. */
export const testPool: Prefix = { network: ipv4FromNumber(0x0a4c0000), length: 16 };

/** someSubnet generates one of the first 32 /24s of testPool: few enough for collisions. */
export const someSubnet = fc.nat(31).map((index) => subnetAt(testPool, 24, index));

/** someRoute generates a route to such a subnet. */
export const someRoute: fc.Arbitrary<Route> = fc
  .tuple(someSubnet, fc.nat(5), nodeName)
  .map(([subnet, host, name]) => ({ subnet, nextHop: ipv4FromNumber(0xc0a85300 + host), nodeName: name }));

/** poolShape generates a pool with its subnet length, small enough to fill. */
export const poolShape = fc
  .tuple(anyIpv4, fc.integer({ min: 8, max: 28 }), fc.integer({ min: 0, max: 6 }))
  .map(([address, length, extra]) => {
    const cidr = prefixOf(address, length);
    const subnetLength = Math.min(30, length + extra);
    return { cidr, subnetLength, count: subnetCount(cidr, subnetLength) };
  });
