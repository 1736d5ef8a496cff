// Structured logs of the daemons: one JSON object a line on standard output, for journald. Info means that a state
// changed; debug tells the rest.
import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/** logLevels are what --log-level takes. */
export const logLevels = ['debug', 'info', 'warn', 'error'] as const;

/** LogLevel is the least serious level that is written. */
export type LogLevel = (typeof logLevels)[number];

/**
 * makeLog makes a daemon's root logger: `{"level":"info","ts":"2026-11-21T10:00:00.000Z","component":"xnetd","msg":…}`.
 * @param destination where lines go, standard output unless given
 */
export function makeLog(component: string, level: LogLevel, destination?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: { component },
      timestamp: () => `,"ts":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      // An Error's stack only where somebody debugs; its message and code always.
      serializers: {
        err: (error: unknown) => {
          if (!(error instanceof Error)) return { message: String(error) };
          const code = 'code' in error ? { code: error.code } : {};
          return { message: error.message, ...code, ...(level === 'debug' ? { stack: error.stack } : {}) };
        },
      },
    },
    destination ?? pino.destination({ dest: 1, sync: true }),
  );
}
