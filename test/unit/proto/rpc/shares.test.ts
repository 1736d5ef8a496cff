// The quota of a caller: a burst, then a rate.
import test from 'ava';
import fc from 'fast-check';
import { JoinThrottle } from '../../../../controller/service/join-throttle.js';
import { Allowance, Allowances } from '../../../../proto/rpc/allowance.js';

test('a quota never grants more than the burst and its refill', (t) => {
  const taking = fc.record({ afterMs: fc.nat(5_000), amount: fc.integer({ min: 1, max: 12 }) });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 50 }),
      fc.array(taking),
      (burst, rate, all) => {
        const allowance = new Allowance({ burst, perSecond: rate }, 0);
        let nowMs = 0;
        let taken = 0;
        for (const { afterMs, amount } of all) {
          nowMs += afterMs;
          const waitMs = allowance.waitMs(nowMs, amount);
          const had = allowance.take(nowMs, amount);
          if (had) taken += amount;
          t.is(had, waitMs === 0);
          t.true(taken <= burst + (nowMs / 1_000) * rate + 1e-6);
          // As long as it said, and no longer. A millisecond is for the arithmetic.
          if (!had && amount <= burst) {
            nowMs += waitMs + 1;
            t.true(allowance.take(nowMs, amount));
            taken += amount;
          }
        }
      },
    ),
  );
});

test('of many callers the most recent are remembered', (t) => {
  const allowances = new Allowances({ burst: 1, perSecond: 0.001 });
  t.true(allowances.of('first', 0).take(0));
  for (let n = 0; n < 30_000; n++) allowances.of(`other-${n}`, 1).take(1);
  t.true(allowances.of('first', 2).take(2), 'forgotten');
  t.false(allowances.of('other-29999', 2).take(2));
});

test('an address with too many failures may retry once every six seconds', (t) => {
  const attempts = new JoinThrottle();
  const address = '192.168.83.7';
  for (let n = 1; n <= 10; n++) {
    t.true(attempts.may(address, 0));
    t.is(attempts.failed(address, 0), n === 10);
  }
  t.false(attempts.may(address, 5_999));
  t.true(attempts.may('192.168.83.8', 0), 'another is not concerned');
  t.true(attempts.may(address, 6_000));
  t.true(attempts.failed(address, 6_000), 'the one that came back was the last again');
  t.false(attempts.may(address, 11_999));
  t.true(attempts.may(address, 12_000));
  // All ten are back after a minute, and never more.
  for (let n = 0; n < 10; n++) {
    t.true(attempts.may(address, 3_600_000));
    attempts.failed(address, 3_600_000);
  }
  t.false(attempts.may(address, 3_600_000));
});
