import test from 'ava';
import { Uplink, type Watcher } from '../../../../node/uplink/uplink.js';
import { XnetError } from '../../../../proto/errors.js';
import { makeLog } from '../../../../proto/process/log.js';

const silent: Watcher = {
  watchRequest: () => ({}),
  onState: () => undefined,
  onAssignment: () => undefined,
  onSnapshot: () => undefined,
  onDelta: () => undefined,
  onBookmark: () => undefined,
  onTrust: () => undefined,
};

// Each refusal in a row doubles the pause, up to a minute: without the wake-ups this takes longer than AVA waits.
test('a certificate that arrives during an attempt with the old one is tried at once', async (t) => {
  const stop = new AbortController();
  const wanted = 14;
  let attempts = 0;
  const uplink = new Uplink({
    controllers: { endpoints: [{ kind: 'unix', path: '/nonexistent' }] },
    identity: {
      credentials: () => {
        attempts += 1;
        if (attempts === wanted) stop.abort();
        uplink.wake();
        return Promise.reject(new XnetError('PermissionDenied', 'this node was removed'));
      },
    },
    hostFingerprint: '',
    log: makeLog('test', 'error'),
  });
  await uplink.run(silent, stop.signal);
  t.is(attempts, wanted);
});
