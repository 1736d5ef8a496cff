// What a node reads from a watch stream.
import test from 'ava';
import { MessageReader } from '../../../../node/uplink/watch-stream.js';
import type { SnapshotChunk__Output } from '../../../../proto/gen/xnet/v1/SnapshotChunk.js';
import type { WatchResponse__Output } from '../../../../proto/gen/xnet/v1/WatchResponse.js';
import { wireFromRoute } from '../../../../proto/rpc/convert.js';
import { peer } from '../../../support/route-fixtures.js';

const version = { clusterId: 'c-1', epoch: 1, revision: 10 };

function chunk(details: Partial<SnapshotChunk__Output>): WatchResponse__Output {
  const nothing = { routes: [], unresolved: [], pools: [], unexplained: [], first: false, last: false, fresh: true };
  return { snapshot: { version, ...nothing, ...details } };
}

test('a snapshot with an unreadable chunk is not delivered, whatever follows', (t) => {
  const delivered: string[][] = [];
  const reader = new MessageReader({
    onAssignment: () => undefined,
    onSnapshot: ({ routes }) => delivered.push(routes.map(({ nodeName }) => nodeName)),
    onDelta: () => undefined,
    onBookmark: () => undefined,
  });
  const [first, second, third] = [1, 2, 3].map((index) => ({ static: false, ...wireFromRoute(peer(index)) }));
  if (first === undefined || second === undefined || third === undefined) return t.fail();
  t.false(reader.read(chunk({ routes: [first], first: true })));
  t.throws(() => reader.read(chunk({ routes: [{ ...second, prefixLength: 99 }] })), { code: 'Corrupt' });
  t.false(reader.read(chunk({ routes: [third], last: true })));
  t.deepEqual(delivered, []);
  t.false(reader.read(chunk({ routes: [first], first: true })));
  t.false(reader.read(chunk({ routes: [second] })));
  t.true(reader.read(chunk({ routes: [third], last: true })));
  t.deepEqual(delivered, [['web-1', 'web-2', 'web-3']]);
});
