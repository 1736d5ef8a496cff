// The time over which nodes spread their reports.
import test from 'ava';
import fc from 'fast-check';
import { ReportPace, spreadMsFor } from '../../../../controller/service/report-pace.js';

test('reports are spread the longer the more nodes there are and the busier the controller is', (t) => {
  t.is(spreadMsFor(32, 1), 0, 'a small fleet reports at once');
  t.is(spreadMsFor(1_032, 0.2), 1_500);
  t.is(spreadMsFor(20_000, 0), 5_000);
  t.is(spreadMsFor(20_000, 1), 20_000, 'less than the period of the reports');
  const nodes = fc.nat(20_000);
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(nodes, nodes, share, share, (a, b, c, d) => {
      t.true(spreadMsFor(Math.min(a, b), Math.min(c, d)) <= spreadMsFor(Math.max(a, b), Math.max(c, d)));
    }),
  );
  t.true(new ReportPace().spreadMs(1_032) >= 1_500);
});
