// Structured logs of the daemons: one JSON object per line on standard output, for journald. Level info means that a
// state changed; all else is debug.
import { type DestinationStream, type Logger, pino } from 'pino';
import { writeWhole } from './write-whole.js';

export type { Logger } from 'pino';

/** logLevels are the values of --log-level. */
export const logLevels = ['debug', 'info', 'warn', 'error'] as const;

/** LogLevel is the lowest level that is written. */
export type LogLevel = (typeof logLevels)[number];

// A line that can't be written is lost. pino's own destination ends the process instead where the disk under the log is
// full, and at level fatal waits for ever until there is space.
const standardOutput: DestinationStream = {
  write: (line) => {
    try {
      writeWhole(1, Buffer.from(line));
    } catch {
      // There is nobody to tell.
    }
  },
};

/**
 * makeLog returns a daemon's root logger:
 * `{"level":"info","ts":"2026-11-21T10:00:00.000Z","component":"xnetd","msg":…}`.
 * @param destination where lines are written; default standard output
 */
export function makeLog(component: string, level: LogLevel, destination?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: { component },
      timestamp: () => `,"ts":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      // An Error's message and code are always logged, its stack only at level debug.
      serializers: {
        err: (error: unknown) => {
          if (!(error instanceof Error)) return { message: String(error) };
          const code = 'code' in error ? { code: error.code } : {};
          return { message: error.message, ...code, ...(level === 'debug' ? { stack: error.stack } : {}) };
        },
      },
    },
    destination ?? standardOutput,
  );
}
