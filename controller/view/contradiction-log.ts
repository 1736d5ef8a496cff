// Tells the log of records that contradict others, once each, and of when they no longer do. `xctl status` names them as
// long as they do.
import type { Logger } from '../../proto/process/log.js';
import type { ViewFeed } from './view-feed.js';

/** logContradictions tells `log` of every contradiction in the feed's view from now on. */
export function logContradictions(feed: Pick<ViewFeed, 'onChange'>, log: Logger): void {
  const logged = new Map<string, string>();
  feed.onChange((_touched, { contradictions }) => {
    if (contradictions.size === 0 && logged.size === 0) return;
    for (const [key, problem] of contradictions) {
      if (logged.get(key) === problem) continue;
      logged.set(key, problem);
      log.warn(
        { key, problem },
        'records: one contradicts others and is not acted on, nothing is withdrawn because of it',
      );
    }
    for (const key of logged.keys()) {
      if (contradictions.has(key)) continue;
      logged.delete(key);
      log.info({ key }, 'records: one contradicts others no more');
    }
  });
}
