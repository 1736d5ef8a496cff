// What fences a host, and what lifts the fence.
import test from 'ava';
import fc from 'fast-check';
import { type Fenced, fenceProblem, isLifted } from '../../../../node/table/fence.js';
import { isOlder } from '../../../../node/table/node-table.js';
import type { Version } from '../../../../proto/domain/network.js';
import type { Fence } from '../../../../proto/errors.js';

const fence: Fence = { reason: 'removed', clusterId: 'c', epoch: 2, revision: 50 };
const version = (revision: number, epoch = 2, clusterId = 'c'): Version => ({ clusterId, epoch, revision });

test('only its own cluster can fence a host, and no controller with an older store than the host has seen', (t) => {
  const by = (seen: Version | undefined, clusterId?: string) => fenceProblem(fence, { version: seen, clusterId });
  t.is(by(version(50)), undefined);
  t.is(by(version(49), 'c'), undefined);
  t.is(by(version(900, 1)), undefined, 'a restored store that was accepted since');
  t.is(by(undefined, 'c'), undefined, 'the cache is lost');
  t.regex(by(version(51)) ?? '', /revision 50, this host has seen 51/);
  t.regex(by(version(1, 3)) ?? '', /revision 50/, 'a controller with the store from before it was restored');
  t.regex(by(version(1, 2, 'd')) ?? '', /of cluster c, this host is of d/);
  t.regex(by(undefined, 'd') ?? '', /of cluster c/);
  t.regex(by(undefined) ?? '', /does not know/);
});

test('a table that is older than the fence, or of another cluster, never lifts it', (t) => {
  const fenced: Fenced = { ...fence, sinceMs: 1 };
  t.true(isLifted(fenced, version(50)));
  t.true(isLifted(fenced, version(1, 3)), 'an operator accepted a store in which the host is a node');
  const versions = fc
    .tuple(fc.nat(100), fc.nat(4), fc.constantFrom('c', 'd'))
    .map(([revision, epoch, clusterId]) => version(revision, epoch, clusterId));
  fc.assert(fc.property(versions, (at) => isLifted(fenced, at) === (at.clusterId === 'c' && !isOlder(at, fenced))));
  // What fenced the host at a version does not do so again after a newer table has lifted it.
  fc.assert(
    fc.property(versions, (at) => {
      if (!isLifted(fenced, at) || (at.revision === 50 && at.epoch === 2)) return true;
      return fenceProblem(fence, { version: at, clusterId: 'c' }) !== undefined;
    }),
  );
});
