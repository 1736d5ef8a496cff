// Logs when a record begins and when it ceases to contradict others. `xctl status` lists the current contradictions.
import type { Logger } from '../../proto/process/log.js';
import type { ViewFeed } from './view-feed.js';

/** logContradictions logs every contradiction in the feed's view from now on. */
export function logContradictions(feed: Pick<ViewFeed, 'onChange'>, log: Logger): void {
  const logged = new Map<string, string>();
  feed.onChange((_touched, { contradictions }) => {
    if (contradictions.size === 0 && logged.size === 0) return;
    for (const [key, problem] of contradictions) {
      if (logged.get(key) === problem) continue;
      logged.set(key, problem);
      log.warn(
        { key, problem },
        'records: a record contradicts older ones; it is ignored and nothing is withdrawn because of it',
      );
    }
    for (const key of logged.keys()) {
      if (contradictions.has(key)) continue;
      logged.delete(key);
      log.info({ key }, 'records: a record no longer contradicts others');
    }
  });
}
