// What readers of a view may do with it.
import test from 'ava';
import { type ReadonlyView, View } from '../../../../controller/view/view.js';

test('readers of a view can’t change it', (t) => {
  const view: ReadonlyView = new View();
  // The compiler refuses each of them: a line that it accepts fails the build. None is run.
  const attempts = [
    // @ts-expect-error: not a property of a reader's view
    () => view.replace({ entries: [], revision: 1, storeId: '' }),
    // @ts-expect-error: not a property of a reader's view
    () => view.apply([], 1),
    // @ts-expect-error: a getter
    () => (view.revision = 1),
    // @ts-expect-error: a read-only map
    () => view.nodes.clear(),
    // @ts-expect-error: a read-only map
    () => view.sessions.clear(),
    // @ts-expect-error: a read-only map
    () => view.undecodable.clear(),
    // @ts-expect-error: a read-only set
    () => view.certificatesOfNode.get('n-1')?.clear(),
    // @ts-expect-error: no mutations of the index
    () => view.hostNetworks.delete('n-1'),
    // @ts-expect-error: a read-only array
    () => view.pools.get('default')?.record.reservations.push(),
  ];
  t.is(attempts.length, 9);
});
