// DestinationPlans against a map.
import test from 'ava';
import fc from 'fast-check';
import { DestinationPlans } from '../../../../node/routes/destination-plans.js';

test('whatever is added, removed and added again, it has what a map has', (t) => {
  const key = fc.integer({ min: 0, max: 12 }).map((number) => number * 2 ** 33);
  fc.assert(
    fc.property(
      fc.uniqueArray(key),
      fc.boolean(),
      fc.array(fc.tuple(key, fc.option(fc.nat()))),
      (first, isInOrder, changes) => {
        const plans = new DestinationPlans<number>();
        const map = new Map<number, number>();
        const add = (at: number, plan: number) => {
          plans.add(at, plan);
          map.set(at, plan);
        };
        for (const [index, at] of (isInOrder ? [...first].sort((a, b) => a - b) : first).entries()) add(at, index);
        const seen = () => {
          const entries: (readonly [number, number])[] = [];
          plans.forEach((plan, at) => void entries.push([at, plan]));
          return entries;
        };
        const isSame = () => {
          t.deepEqual(new Map([...seen()].sort(([a], [b]) => a - b)), new Map([...map].sort(([a], [b]) => a - b)));
          for (let at = 0; at <= 12; at += 1) t.is(plans.get(at * 2 ** 33), map.get(at * 2 ** 33));
        };
        isSame();
        if (isInOrder) t.deepEqual(seen(), [...map]);
        for (const [at, plan] of changes) {
          plans.delete(at);
          map.delete(at);
          if (plan !== null) add(at, plan);
          isSame();
        }
      },
    ),
  );
});
