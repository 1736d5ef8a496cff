// Restarts dockerd, by systemd or by a command of the operator.
// Invariant: a restart that has begun is never abandoned, as dockerd may be down at that moment; a failure carries
// dockerd's own reason.
import { messageOf } from '../../../proto/errors.js';
import type { Exec, ExecResult } from '../../../proto/process/exec.js';

/**
 * RestartResult is the result of a restart. `reason` is dockerd's own, in one line. `hostStops` means that the host is
 * shutting down, so the failure does not show that dockerd would not start.
 */
export type RestartResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: string; readonly hostStops?: boolean };

/** Restarter restarts one dockerd. */
export type Restarter = {
  /** Command shown in messages: "systemctl restart docker.service". */
  readonly command: string;
  /** restart returns once the command has ended; it never throws. */
  restart(): Promise<RestartResult>;
};

// dockerd gives containers 15 s to stop, and docker.service sets no limit for dockerd; ten minutes indicate a hang.
const restartTimeoutMs = 600_000;

/** systemdRestarter restarts a unit, "docker.service", and reads the reason of a failure from the unit's journal. */
export function systemdRestarter(exec: Exec, unit: string): Restarter {
  const command = ['systemctl', 'restart', unit] as const;
  return {
    command: command.join(' '),
    restart: async () => {
      // systemd refuses to start a unit that failed repeatedly (StartLimitBurst) until its counter is reset.
      const socket = unit.replace(/\.service$/, '.socket');
      await exec(['systemctl', 'reset-failed', unit, socket]).catch(() => undefined);
      const since = Math.floor(Date.now() / 1000);
      const result = await attempt(exec, command);
      if (result.ok) return result;
      // A shutdown replaces the restart job with a stop job, and systemd accepts no further start.
      const state = await exec(['systemctl', 'is-system-running']).catch(() => undefined);
      if (state?.stdout.trim() === 'stopping') return { ok: false, reason: 'this host shuts down', hostStops: true };
      const argv = ['journalctl', '-u', unit, '-o', 'cat', '-n', '50', '--no-pager', `--since=@${since}`] as const;
      const journal = await exec(argv).catch(() => undefined);
      return { ok: false, reason: reasonIn(journal?.stdout ?? '') ?? result.reason };
    },
  };
}

/** commandRestarter restarts with a command: ["service", "docker", "restart"]. Its output is the reason of a failure. */
export function commandRestarter(exec: Exec, argv: readonly [string, ...string[]]): Restarter {
  return { command: argv.join(' '), restart: () => attempt(exec, argv) };
}

async function attempt(exec: Exec, argv: readonly [string, ...string[]]): Promise<RestartResult> {
  let result: ExecResult;
  try {
    result = await exec(argv, { timeoutMs: restartTimeoutMs });
  } catch (error) {
    return { ok: false, reason: messageOf(error) };
  }
  if (result.code === 0) return { ok: true };
  const reason = reasonIn(`${result.stdout}\n${result.stderr}`);
  return { ok: false, reason: reason ?? `${argv.join(' ')} ended with exit code ${result.code}` };
}

// The last message of a dockerd that gives up, from 20.10 to 28.
const givesUp = /failed to start daemon|unable to configure the Docker daemon|failed to start containerd|level=fatal/;
const complains = /level=error|error|failed|invalid|can't|cannot/i;

/**
 * reasonIn extracts from dockerd's output why it did not start: "failed to start daemon: Error initializing network
 * controller: …". It returns undefined if no line looks like a reason.
 */
export function reasonIn(output: string): string | undefined {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/level=(debug|info|warning)/.test(line));
  const line = lines.findLast((text) => givesUp.test(text)) ?? lines.findLast((text) => complains.test(text));
  const reason = line ?? lines.at(-1);
  if (reason === undefined) return undefined;
  // In logfmt, only the message is the reason.
  const message = /level=(?:fatal|error) msg="((?:[^"\\]|\\.)*)"/.exec(reason)?.[1]?.replace(/\\(.)/g, '$1');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
  return (message ?? reason).replace(/[\u0000-\u001f\u007f]+/g, ' ').slice(0, 1000);
}
