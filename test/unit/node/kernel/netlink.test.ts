// Netlink messages: what is written is read back the same, and a cut-off datagram is read as far as it goes.
import test from 'ava';
import fc from 'fast-check';
import { readAddress, readLink } from '../../../../node/kernel/link-messages.js';
import { MessageWriter, messagesIn, readError } from '../../../../node/kernel/netlink-message.js';
import { readNextHop, writeNewNextHop } from '../../../../node/kernel/next-hop-messages.js';
import { type KernelRoute, type NextHop, routeTypes } from '../../../../node/kernel/route-kernel.js';
import { readRoute, writeDeleteRoute, writeNewRoute } from '../../../../node/kernel/route-messages.js';
import { covers, KernelRouteTable, sameRoute } from '../../../../node/kernel/route-table.js';
import { ipv4FromNumber, prefixCovers, prefixKey, prefixOf } from '../../../../proto/domain/address.js';
import { errnoName, errnoOfText } from '../../../../proto/process/errno.js';
import { ip, prefix, route, via } from '../../../support/route-fixtures.js';

const uint32 = fc.integer({ min: 0, max: 0xffffffff });
const addresses = uint32.map(ipv4FromNumber);
const prefixes = fc.record({ address: addresses, length: fc.integer({ min: 0, max: 32 }) });
const hops = fc.record({
  gateway: fc.option(addresses, { nil: undefined }),
  ifindex: fc.integer({ min: 1, max: 0x7fffffff }),
  flags: fc.constantFrom(0, 4),
});

const routes: fc.Arbitrary<KernelRoute> = fc
  .record({
    prefix: prefixes,
    tos: fc.integer({ min: 0, max: 255 }),
    metric: uint32,
    protocol: fc.integer({ min: 0, max: 255 }),
    type: fc.constantFrom(routeTypes.unicast, routeTypes.blackhole, routeTypes.unreachable),
    way: fc.oneof(
      hops.map((hop) => ({ hops: [hop], nextHopId: 0 })),
      uint32.map((nextHopId) => ({ hops: [], nextHopId })),
    ),
    preferredSource: fc.option(addresses, { nil: undefined }),
  })
  .map(({ prefix: { address, length }, way, ...rest }) => ({
    destination: prefixOf(address, length),
    ...rest,
    ...way,
    hasOptions: false,
    scope: 0,
  }));

const nextHops: fc.Arbitrary<NextHop> = fc
  .record({ id: uint32, protocol: fc.integer({ min: 0, max: 255 }), hop: hops })
  .map((nextHop) => ({ ...nextHop, members: [] }));

test('routes and next hops survive encoding and decoding, several to a datagram', (t) => {
  fc.assert(
    fc.property(fc.array(routes, { maxLength: 60 }), fc.array(nextHops, { maxLength: 60 }), (someRoutes, someHops) => {
      const writer = new MessageWriter();
      for (const [index, each] of someRoutes.entries()) writeNewRoute(writer, each, index + 1, 0x600);
      for (const [index, each] of someHops.entries()) writeNewNextHop(writer, each, index + 1, 0x100);
      const messages = messagesIn(writer.bytes, writer.length);
      t.is(messages.length, someRoutes.length + someHops.length);
      const [written, rest] = [messages.slice(0, someRoutes.length), messages.slice(someRoutes.length)];
      t.deepEqual(
        written.map(({ start, end }) => readRoute(writer.bytes, start, end)),
        someRoutes,
      );
      t.deepEqual(
        rest.map(({ start, end }) => readNextHop(writer.bytes, start, end)),
        someHops,
      );
      t.deepEqual(
        messages.map(({ sequence }) => sequence),
        [...someRoutes.keys(), ...someHops.keys()].map((index) => index + 1),
      );
    }),
    { numRuns: 200 },
  );
});

test('a deletion names the protocol and matches any scope', (t) => {
  const writer = new MessageWriter();
  writeDeleteRoute(writer, route('10.76.1.0/24', via('192.168.83.11', 2)), 7, 5);
  t.is(writer.bytes.readUInt16LE(4), 25); // RTM_DELROUTE
  t.is(writer.bytes[16 + 5], 88);
  t.is(writer.bytes[16 + 6], 255); // RT_SCOPE_NOWHERE
});

test('a datagram that is truncated anywhere yields whole messages only', (t) => {
  const writer = new MessageWriter();
  for (let index = 0; index < 5; index += 1)
    writeNewRoute(writer, route('10.76.1.0/24', via('192.168.83.11', 2)), 1, 0);
  const size = writer.length / 5;
  for (let length = 0; length <= writer.length; length += 1) {
    t.is(messagesIn(writer.bytes, length).length, Math.floor(length / size));
  }
});

test('random bytes are read without an exception or an endless loop', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 512 }), (bytes) => {
      const buffer = Buffer.alloc(64 * 1024);
      buffer.set(bytes);
      messagesIn(buffer, bytes.length);
      for (const read of [readRoute, readNextHop, readLink, readAddress]) read(buffer, 0, bytes.length);
    }),
    { numRuns: 2000 },
  );
  t.pass();
});

// As a kernel answered: EEXIST, capped, with NLMSGERR_ATTR_MSG.
test('an error is read with the kernel’s explanation', (t) => {
  const text = 'Nexthop has invalid gateway.';
  const bytes = Buffer.alloc(16 + 4 + 16 + 4 + text.length + 1);
  bytes.writeUInt32LE(bytes.length, 0);
  bytes.writeUInt16LE(2, 4);
  bytes.writeUInt16LE(0x300, 6);
  bytes.writeInt32LE(-101, 16);
  bytes.writeUInt32LE(60, 20); // length of the request that failed, which is not copied
  bytes.writeUInt16LE(4 + text.length + 1, 36);
  bytes.writeUInt16LE(1, 38);
  bytes.write(text, 40);
  const [message] = messagesIn(bytes, bytes.length);
  t.truthy(message);
  if (message !== undefined) {
    t.deepEqual(readError(bytes, message), { errno: 101, text: 'Nexthop has invalid gateway' });
  }
});

test('error numbers have names and texts', (t) => {
  t.deepEqual([17, 101, 11, 95, 9999].map(errnoName), ['EEXIST', 'ENETUNREACH', 'EAGAIN', 'EOPNOTSUPP', 'E9999']);
  t.is(errnoOfText('No buffer space available'), 'ENOBUFS');
  t.is(errnoOfText('what is that'), 'EUNKNOWN');
});

test('covers agrees with prefixCovers', (t) => {
  fc.assert(
    fc.property(prefixes, prefixes, (a, b) => {
      const outer = prefixOf(a.address, a.length);
      // Near each other, or nothing would ever be covered.
      const inner = prefixOf(b.length % 2 === 0 ? a.address : b.address, b.length);
      t.is(covers([outer], inner.network, inner.length), prefixCovers(outer, inner));
    }),
  );
});

test('a table keeps the order of a slot, and knows the users of a next hop', (t) => {
  const table = new KernelRouteTable();
  const plain = route('10.76.1.0/24', via('192.168.83.11', 2));
  const byObject = route('10.76.1.0/24', { nextHopId: 5 });
  const key = prefixKey(prefix('10.76.1.0/24'));
  table.insert(plain, 'after');
  table.insert(byObject, 'before');
  t.deepEqual(table.at(key), [byObject, plain]);
  t.deepEqual(table.using(5), [byObject]);
  const better = { ...byObject, preferredSource: ip('10.76.0.1') };
  t.true(table.replace(better));
  t.deepEqual(table.at(key), [better, plain]);
  t.false(table.remove(byObject));
  table.removeUsing(5);
  t.deepEqual([...table.all()], [plain]);
  t.is(table.size, 1);
  t.true(sameRoute(plain, { ...plain, hops: [...plain.hops] }));
  t.false(sameRoute(plain, byObject));
});
