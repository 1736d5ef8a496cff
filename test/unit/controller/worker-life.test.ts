// When a worker is killed: by what its supervisor has heard of it.
import test from 'ava';
import { excused, hangOf, type SignsOfLife, stoodStill, workerLimits } from '../../../controller/worker-life.js';

const { silentMs, unansweredMs, startMs, lookMs } = workerLimits;
const ready: SignsOfLife = { startedMs: 0, heardMs: 1_000, answeredMs: 1_000, ready: true, again: false };
const hang = (signs: Partial<SignsOfLife>, nowMs: number) => hangOf({ ...ready, ...signs }, nowMs, workerLimits);

test('a worker that sends no message, or answers no call, hangs when its time is over', (t) => {
  t.is(hang({}, 1_000 + silentMs - 1), undefined);
  t.is(hang({}, 1_000 + silentMs), 'it has sent no message for 30 s');
  const now = 1_000 + unansweredMs;
  t.is(hang({ heardMs: now - 1 }, now - 1), undefined, 'failed probes send messages as well');
  t.is(hang({ heardMs: now }, now), 'it has answered no call for 60 s');
  t.is(hang({ heardMs: now, answeredMs: now }, now), undefined);
});

test('a worker that was started again has a limited time to serve; at the first start the service manager has one', (t) => {
  const starting = { ready: false, startedMs: 500 };
  t.is(hang({ ...starting, again: true }, 500 + startMs - 1), undefined, 'silence is no sign before it is ready');
  t.is(hang({ ...starting, again: true }, 500 + startMs), 'it serves nothing 300 s after its start');
  t.is(hang(starting, 500 + startMs), undefined);
});

test('a supervisor that stood still itself blames no worker, and finds one that hangs later', (t) => {
  t.false(stoodStill(0, 2 * lookMs, workerLimits), 'a timer may be late');
  t.true(stoodStill(0, 2 * lookMs + 1, workerLimits));
  const now = 600_000;
  for (const signs of [ready, { ...ready, ready: false, again: true }]) {
    t.not(hang(signs, now), undefined);
    const after = excused(signs, now);
    t.is(hang(after, now + lookMs), undefined);
    t.not(hang(after, now + startMs), undefined);
  }
});
