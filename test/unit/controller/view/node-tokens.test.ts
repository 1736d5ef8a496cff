// The tokens of each node, kept while tokens come and go.
import test from 'ava';
import fc from 'fast-check';
import type { TokenRecord } from '../../../../controller/store/records.js';
import { NodeTokens } from '../../../../controller/view/node-tokens.js';

const token = (node: string | undefined): TokenRecord => ({
  hash: '',
  ...(node === undefined ? {} : { node }),
  uses: 1,
  usesLeft: 1,
  createdMs: 0,
  expiresMs: 1,
  createdBy: 'local',
});

test('the tokens of a node are those of a walk over all, whatever came and went before', (t) => {
  const steps = fc.array(
    fc.record({
      id: fc.constantFrom('a', 'b', 'c', 'd'),
      put: fc.boolean(),
      node: fc.option(fc.constantFrom('n-1', 'n-2'), { nil: undefined }),
    }),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(steps, (all) => {
      const kept = new NodeTokens();
      const plain = new Map<string, TokenRecord>();
      for (const { id, put, node } of all) {
        if (put) {
          plain.set(id, token(node));
          kept.put(id, { record: token(node), modRevision: 1 });
        } else {
          plain.delete(id);
          kept.delete(id);
        }
        for (const each of ['n-1', 'n-2']) {
          const walked = [...plain].filter(([, record]) => record.node === each).map(([key]) => key);
          t.deepEqual([...(kept.ids.get(each) ?? [])].sort(), walked.sort());
          t.is(kept.ids.has(each), walked.length > 0);
        }
      }
    }),
  );
});
