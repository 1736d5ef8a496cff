// Waits for the next change that a stream of progress may have to send.
import type { ClusterState } from './admin-deps.js';

/** somethingChanged waits until the view, a report or the progress of a node changes, or `gone` aborts. */
export function somethingChanged(
  {
    feed,
    sessions,
  }: {
    readonly feed: Pick<ClusterState['feed'], 'onChange'>;
    readonly sessions: Pick<ClusterState['sessions'], 'convergence'>;
  },
  gone: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    const stops: (() => void)[] = [];
    const done = () => {
      for (const stop of stops) stop();
      // Remove the listener: the stream wakes with every change of the fleet, and listeners would accumulate.
      gone.removeEventListener('abort', done);
      resolve();
    };
    stops.push(feed.onChange(done), sessions.convergence.onChange(done));
    if (gone.aborted) done();
    else gone.addEventListener('abort', done, { once: true });
  });
}
