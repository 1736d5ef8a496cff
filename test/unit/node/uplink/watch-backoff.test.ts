// How long a daemon waits before it opens its next stream.
import test from 'ava';
import { type EndedStream, WatchBackoff } from '../../../../node/uplink/watch-backoff.js';

const nothing: EndedStream = { tookIn: false, livedMs: 0, code: 'Unavailable' };
const longest = 1;

test('C5 pauses grow while no stream brings a message, even if each one opens', (t) => {
  const attempts = new WatchBackoff(() => 1);
  const pauses = [0, 20, 20, 20, 20, 20, 20, 20].map((livedMs) => attempts.pauseMs({ ...nothing, livedMs }, longest));
  t.deepEqual(pauses, [200, 400, 800, 1_600, 3_200, 6_400, 8_000, 8_000]);
  t.is(attempts.pauseMs({ ...nothing, tookIn: true }, longest), 200);
  t.is(attempts.pauseMs(nothing, longest), 400);
  t.is(attempts.pauseMs({ ...nothing, livedMs: 60_000 }, longest), 200, 'it went on where the last one ended');
  t.is(attempts.inRow, 1);
});

test('every controller is tried once before the first pause', (t) => {
  const attempts = new WatchBackoff(() => 3);
  t.deepEqual(
    Array.from({ length: 6 }, () => attempts.pauseMs(nothing, longest)),
    [0, 0, 200, 400, 400, 400],
  );
  // One that was good is not left in a hurry: its nodes would all come to the next at once.
  t.is(attempts.pauseMs({ ...nothing, tookIn: true }, longest), 200);
});

test('a refused host retries rarely', (t) => {
  for (const code of ['PermissionDenied', 'ResourceExhausted'] as const) {
    const attempts = new WatchBackoff(() => 1);
    const refused: EndedStream = { ...nothing, code };
    const pauses = Array.from({ length: 8 }, () => attempts.pauseMs(refused, longest));
    t.deepEqual([pauses[0], pauses.at(-1)], [1_000, 60_000], code);
  }
});
