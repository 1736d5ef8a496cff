// Runs systemctl with a limit on the time of all its calls together, because a systemd that hangs must not delay
// preflight.
// Invariant: other programs run without the limit.
import { XnetError } from '../../proto/errors.js';
import type { Exec } from '../../proto/process/exec.js';

// systemctl answers within a few milliseconds, under load within a second.
const systemctlMs = 5_000;

/**
 * briefSystemctl returns an exec whose calls of systemctl take 5 s in all; further ones fail at once.
 * @param nowMs returns the monotonic clock, in milliseconds
 */
export function briefSystemctl(exec: Exec, nowMs: () => number = () => performance.now()): Exec {
  let leftMs = systemctlMs;
  return async (argv, options = {}) => {
    if (argv[0] !== 'systemctl') return exec(argv, options);
    if (leftMs <= 0) throw new XnetError('DeadlineExceeded', 'systemctl does not answer');
    const begun = nowMs();
    try {
      return await exec(argv, { ...options, timeoutMs: Math.max(1, Math.round(leftMs)) });
    } finally {
      leftMs -= nowMs() - begun;
    }
  };
}
