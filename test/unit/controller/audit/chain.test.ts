// The hash of an entry: the same in every version, and whatever the order of the fields in its line.
import { createHash } from 'node:crypto';
import test from 'ava';
import { hashOf, origin, parseLine, seal } from '../../../../controller/audit/chain.js';
import { facts } from '../../../support/audit-values.js';

test('the hash covers all fields, ordered by name, and the hash before', (t) => {
  const announced = seal(facts('node/web-1'), origin);
  const settled = seal({ ...facts('node/web-1'), settles: announced.sequence }, announced);
  for (const entry of [announced, settled]) {
    const { hash, ...rest } = entry;
    const sorted = Object.fromEntries(Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1)));
    const plain = createHash('sha256')
      .update(`${entry.previousHash}\n${JSON.stringify(sorted)}`)
      .digest('hex');
    t.is(hash, plain);
    const read = parseLine(JSON.stringify(Object.fromEntries(Object.entries(entry).reverse())));
    t.is(read === undefined ? '' : hashOf(read), hash, 'in any order of the line');
  }
});
