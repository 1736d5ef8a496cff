// Whether two commits conflict, against the plain definition: one writes what the other reads or writes.
import test from 'ava';
import fc from 'fast-check';
import { conflict, footprintOf, Sum } from '../../../../controller/registry/footprint.js';
import type { Commit } from '../../../../controller/store/store.js';

const keys = ['cluster', 'pools/a', 'pools/ab', 'subnets/a/1', 'subnets/a/2', 'subnets/ab/1', 'nodes/n'];
const prefixes = ['', 'c', 'pools/', 'pool', 'subnets/', 'subnets/a/', 'subnets/a', 'nodes/'];

const commits: fc.Arbitrary<Commit> = fc.record({
  guards: fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant('key' as const), key: fc.constantFrom(...keys), modRevision: fc.constant(1) }),
      fc.record({
        kind: fc.constant('unchanged' as const),
        prefix: fc.constantFrom(...prefixes),
        since: fc.constant(1),
      }),
    ),
    { maxLength: 2 },
  ),
  operations: fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant('put' as const), key: fc.constantFrom(...keys), value: fc.constant('{}') }),
      fc.record({ kind: fc.constant('delete' as const), key: fc.constantFrom(...keys) }),
      fc.record({ kind: fc.constant('deleteAll' as const), prefix: fc.constantFrom(...prefixes) }),
    ),
    { maxLength: 2 },
  ),
});

// Ranges as [first key, whether all that begin so belong to it].
type Range = readonly [string, boolean];
const overlap = ([a, aAll]: Range, [b, bAll]: Range) =>
  (aAll && b.startsWith(a)) || (bAll && a.startsWith(b)) || a === b;
const written = ({ operations }: Commit) =>
  operations.map((each): Range => (each.kind === 'deleteAll' ? [each.prefix, true] : [each.key, false]));
const read = ({ guards }: Commit) =>
  guards.map((guard): Range => (guard.kind === 'key' ? [guard.key, false] : [guard.prefix, true]));

function conflictByDefinition(a: Commit, b: Commit): boolean {
  const hits = (some: readonly Range[], others: readonly Range[]) =>
    some.some((one) => others.some((other) => overlap(one, other)));
  return hits(written(a), [...written(b), ...read(b)]) || hits(written(b), read(a));
}

test('commits conflict exactly where one writes what another one reads or writes, alone and in a sum', (t) => {
  fc.assert(
    fc.property(fc.array(commits, { minLength: 1, maxLength: 4 }), commits, (several, one) => {
      const sum = new Sum();
      for (const each of several) sum.add(footprintOf(each));
      const expected = several.some((each) => conflictByDefinition(each, one));
      t.is(conflict(sum, footprintOf(one)), expected);
      t.is(conflict(footprintOf(one), sum), expected);
    }),
    { numRuns: 2_000 },
  );
});
