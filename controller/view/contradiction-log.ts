// Tells the log of records that contradict others, once each, and of when they no longer do. `xctl status` names them as
// long as they do.
import type { Logger } from '../../proto/process/log.js';
import type { Keeper } from './keeper.js';

/** logContradictions tells `log` of every contradiction in the keeper's view from now on. */
export function logContradictions(keeper: Pick<Keeper, 'onChange'>, log: Logger): void {
  const told = new Map<string, string>();
  keeper.onChange((_touched, { contradictions }) => {
    if (contradictions.size === 0 && told.size === 0) return;
    for (const [key, problem] of contradictions) {
      if (told.get(key) === problem) continue;
      told.set(key, problem);
      log.warn(
        { key, problem },
        'records: one contradicts others and is not acted on, nothing is withdrawn because of it',
      );
    }
    for (const key of told.keys()) {
      if (contradictions.has(key)) continue;
      told.delete(key);
      log.info({ key }, 'records: one contradicts others no more');
    }
  });
}
