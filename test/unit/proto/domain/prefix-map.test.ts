// A map that is changed by making another one.
import test from 'ava';
import fc from 'fast-check';
import { PrefixMap } from '../../../../proto/domain/prefix-map.js';

test('a change returns another map that knows which keys differ; the former one stays as it was', (t) => {
  const change = fc.tuple(fc.nat(200), fc.option(fc.nat(3), { nil: undefined }));
  fc.assert(
    fc.property(fc.array(fc.array(change, { maxLength: 80 }), { maxLength: 6 }), fc.nat(6), (batches, since) => {
      const plain = [new Map<number, number>()];
      const maps = [PrefixMap.from<number>([])];
      for (const batch of batches) {
        const next = new Map(plain.at(-1));
        for (const [key, value] of batch) {
          if (value === undefined) next.delete(key);
          else next.set(key, value);
        }
        plain.push(next);
        maps.push(maps.at(-1)?.with(batch) ?? PrefixMap.from([]));
      }
      const entries = (map: Iterable<[number, number]>) => [...map].sort(([a], [b]) => a - b);
      for (const [index, map] of maps.entries()) t.deepEqual([...map], entries(plain[index] ?? []));
      const [last, lastPlain] = [maps.at(-1), plain.at(-1)];
      const [old, oldPlain] = [maps[since] ?? last, plain[since] ?? lastPlain];
      if (last === undefined || old === undefined) return;
      const keys = new Set([...(lastPlain ?? []), ...(oldPlain ?? [])].map(([key]) => key));
      const differing = [...keys].filter((key) => lastPlain?.get(key) !== oldPlain?.get(key)).sort((a, b) => a - b);
      const told = (map: PrefixMap<number>, before: PrefixMap<number>) =>
        [...map.changedSince(before)].sort((a, b) => a - b);
      t.deepEqual(told(last, old), differing);
      t.deepEqual(told(old, PrefixMap.from(last)), differing, 'also where they share nothing');
      t.is(last.size, lastPlain?.size ?? 0);
      t.is(last.with([...last]), last);
    }),
  );
});
