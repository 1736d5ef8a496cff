// Clocks of controllers that differ, as they are reported.
import test from 'ava';
import { controllerProblems } from '../../../../controller/service/controller-problems.js';
import { keys } from '../../../../controller/store/keys.js';
import { encode } from '../../../../controller/store/record-codec.js';
import { Clocks } from '../../../../controller/view/clocks.js';
import { restorableStore } from '../../../support/restorable-store.js';

test('both controllers report a clock difference, which changes nothing', async (t) => {
  const { core, store } = await restorableStore(t);
  const clocks = new Clocks(core.feed, 'c-1');
  const register = (registration: string, aheadMs: number) =>
    store.commit({
      guards: [],
      operations: [
        {
          kind: 'put',
          key: keys.controller(`${registration}-live`),
          value: encode('controller', {
            version: '0',
            startedMs: 0,
            addresses: [],
            joinAddresses: [],
            registration,
            knowsAdoption: true,
          }),
        },
        {
          kind: 'put',
          key: keys.registration(registration),
          value: encode('registration', { version: '0', addresses: [], clockMs: Date.now() + aheadMs }),
        },
      ],
    });
  const told = () => controllerProblems(core.feed.view, 'c-1', (id) => clocks.offsetOf(id)).map(({ text }) => text);
  await register('c-2', 0);
  const { revision } = await register('c-3', -1_000);
  await core.feed.reached(revision, 5_000);
  t.deepEqual(told(), []);
  await core.feed.reached((await register('c-2', 2 * 3_600_000)).revision, 5_000);
  t.deepEqual(told(), ['the clock of controller c-2 is 2.0h ahead of that of c-1']);
  const { revision: late } = await register('c-4', -60_000);
  await core.feed.reached(late, 5_000);
  t.deepEqual(told().at(-1), 'the clock of controller c-4 is 60s behind that of c-1');
  // One that may have been written some time ago, when it is found at start, tells nothing; the next one does.
  await core.feed.reached((await register('c-5', -12_000)).revision, 5_000);
  t.false(told().some((text) => text?.includes('c-5')));
  await core.feed.reached((await register('c-5', -12_000)).revision, 5_000);
  t.deepEqual(told().at(-1), 'the clock of controller c-5 is 12s behind that of c-1');
});
