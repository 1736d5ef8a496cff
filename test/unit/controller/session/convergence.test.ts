// How long a revision of the table took to reach all connected nodes.
import test from 'ava';
import fc from 'fast-check';
import { Convergence } from '../../../../controller/session/convergence.js';

test('a revision is done once all nodes have it, in whatever order they report', (t) => {
  const reports = fc.array(fc.record({ node: fc.nat(4), revision: fc.integer({ min: 1, max: 6 }) }), { maxLength: 40 });
  fc.assert(
    fc.property(reports, (all) => {
      const convergence = new Convergence();
      const applied = new Map<number, number>();
      for (let node = 0; node < 5; node += 1) {
        convergence.joined(`n-${node}`, `web-${node}`);
        applied.set(node, 0);
      }
      // In a new epoch, revisions are lower again.
      const revisions = [4, 5, 2, 3];
      for (const revision of revisions) convergence.learnt(revision);
      const done = new Map<number, number>();
      for (const { node, revision } of all) {
        convergence.applied(`n-${node}`, revision);
        applied.set(node, revision);
        const lowest = Math.min(...applied.values());
        for (const each of revisions) {
          const took = convergence.tookMs(each) ?? -1;
          const before = done.get(each);
          // The time of one that is done stays; that of any other goes on.
          if (before !== undefined) t.is(took, before);
          else if (lowest >= each) done.set(each, took);
        }
      }
      t.is(convergence.tookMs(9), undefined);
      t.deepEqual(convergence.count(4, 'n-9').applied, [...applied.values()].filter((at) => at >= 4).length);
    }),
    { numRuns: 50 },
  );
});
