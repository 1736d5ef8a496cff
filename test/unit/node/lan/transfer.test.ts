// The plan by which everything of one interface comes to be on another one.
import test from 'ava';
import fc from 'fast-check';
import { type KernelObject, number32, routeOn } from '../../../../node/lan/objects.js';
import { heldBy, planTransfer } from '../../../../node/lan/transfer.js';
import { addressesOf, lanAddress, lanBridgeLink, lanLink, lanRoute, lanSnapshot } from '../../../support/lan-values.js';

const [port, bridge] = [lanLink(), lanBridgeLink()];
const octet = fc.integer({ min: 1, max: 254 });
const someAddress = fc
  .tuple(fc.constantFrom(2, 4, 9), octet)
  .map(([ifindex, last]) => lanAddress(ifindex, `192.168.61.${last}/24`));
const someRoute = fc
  .tuple(fc.constantFrom(2, 4, 9), octet, fc.option(octet, { nil: undefined }), fc.constantFrom(254, 100))
  .map(([ifindex, net, via, table]) =>
    lanRoute(ifindex, `10.${net}.0.0/16`, via === undefined ? undefined : `192.168.61.${via}`, table),
  );

const hex = ({ header, attributes }: KernelObject) =>
  JSON.stringify([header.toString('hex'), attributes.map(({ type, value }) => [type, value.toString('hex')])]);

test('exactly the objects of one interface are added to the other before they are deleted, in an order that the kernel accepts', (t) => {
  fc.assert(
    fc.property(fc.array(someAddress), fc.array(someRoute), (addresses, routes) => {
      const snapshot = lanSnapshot({ links: [port, bridge], addresses, routes });
      const { adding, switching } = planTransfer(snapshot, port, bridge);
      const held = heldBy(snapshot, port);
      const own = addresses.filter(({ header }) => header.readUInt32LE(4) === 2);
      t.deepEqual(held.addresses, own);
      const added = adding.filter(({ type }) => type === 20);
      t.deepEqual(
        addressesOf(added),
        addressesOf(own).map((text) => text.replace(/^2 /, '9 ')),
      );
      // The kernel deletes secondary addresses with the primary one.
      const deleted = switching.filter(({ type }) => type === 21);
      t.deepEqual(addressesOf(deleted), [...addressesOf(own)].reverse());
      const toAdd = adding.filter(({ type }) => type === 24);
      const toDelete = switching.filter(({ type }) => type === 25);
      t.is(toAdd.length, held.routes.length);
      t.deepEqual(toDelete.map(hex), held.routes.map(hex));
      // Addresses first, routes with a gateway last.
      const isGated = toAdd.map(({ attributes }) => attributes.some(({ type }) => type === 5));
      t.deepEqual(
        isGated,
        [...isGated].sort((a, b) => Number(a) - Number(b)),
      );
      // There and back, a route is what it was.
      t.deepEqual(
        toAdd.map((route) => hex(routeOn(route, 9, 2))),
        held.routes.map(hex),
      );
    }),
    { numRuns: 60 },
  );
});

test('of a route by several interfaces, only the next hop by the moving one changes', (t) => {
  const hop = (ifindex: number, flags: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt16LE(8, 0);
    bytes[2] = flags;
    bytes.writeUInt32LE(ifindex, 4);
    return bytes;
  };
  const route = lanRoute(2, '10.9.0.0/16');
  // 16: the link is down, a state and not part of the route; 4: on-link.
  const several = {
    header: route.header,
    attributes: [{ type: 9, value: Buffer.concat([hop(2, 16 | 4), hop(4, 0)]) }],
  };
  const [moved] = routeOn(several, 2, 9).attributes;
  t.deepEqual(moved?.value, Buffer.concat([hop(9, 4), hop(4, 0)]));
  t.deepEqual(heldBy(lanSnapshot({ routes: [several] }), port).routes, [several]);
  // Its lifetime is the kernel's to give.
  const dying = { ...route, attributes: [...route.attributes, { type: 12, value: number32(7) }] };
  t.false(routeOn(dying, 2, 9).attributes.some(({ type }) => type === 12));
});

test('an address keeps its lifetimes and flags, and its label follows the name of the interface', (t) => {
  const lifetimes = { type: 6, value: Buffer.from('00112233445566778899aabbccddeeff', 'hex') };
  const base = lanAddress(2, '192.168.61.12/24', 'eth0:web');
  const snapshot = lanSnapshot({ addresses: [{ ...base, attributes: [...base.attributes, lifetimes] }], routes: [] });
  const { adding, switching } = planTransfer(snapshot, port, bridge);
  t.deepEqual(adding[0]?.attributes.slice(2), [{ type: 3, value: Buffer.from('xnet-lan:web\0') }, lifetimes]);
  t.false(switching[0]?.attributes.some(({ type }) => type === 6));
});
