// Restarts dockerd: by systemd, or by any command that a host has for it.
// Invariant: a restart that has begun is not given up half way, as dockerd may be down at that moment; a failure comes
// with dockerd's own reason.
import { messageOf } from '../../../proto/errors.js';
import type { Exec, ExecResult } from '../../../proto/process/exec.js';

/**
 * RestartResult is how a restart ended: `reason` is dockerd's own, in one line. `hostStops`: this host is shutting down,
 * so that it says nothing of whether dockerd would start.
 */
export type RestartResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: string; readonly hostStops?: boolean };

/** Restarter restarts one dockerd. */
export type Restarter = {
  /** For messages: "systemctl restart docker.service". */
  readonly command: string;
  /** restart ends when the command has; it never throws. */
  restart(): Promise<RestartResult>;
};

// dockerd gives containers 15 s, docker.service gives dockerd as long as it likes; ten minutes are a hang.
const restartTimeoutMs = 600_000;

/** systemdRestarter restarts a unit, "docker.service", and takes the reason of a failure from its journal. */
export function systemdRestarter(exec: Exec, unit: string): Restarter {
  const command = ['systemctl', 'restart', unit] as const;
  return {
    command: command.join(' '),
    restart: async () => {
      // A unit that failed some times in a row is not started again (StartLimitBurst) until it is reset.
      const socket = unit.replace(/\.service$/, '.socket');
      await exec(['systemctl', 'reset-failed', unit, socket]).catch(() => undefined);
      const since = Math.floor(Date.now() / 1000);
      const result = await attempt(exec, command);
      if (result.ok) return result;
      // Its stop takes the place of a restart that is under way, and no other start is taken.
      const state = await exec(['systemctl', 'is-system-running']).catch(() => undefined);
      if (state?.stdout.trim() === 'stopping') return { ok: false, reason: 'this host shuts down', hostStops: true };
      const argv = ['journalctl', '-u', unit, '-o', 'cat', '-n', '50', '--no-pager', `--since=@${since}`] as const;
      const journal = await exec(argv).catch(() => undefined);
      return { ok: false, reason: reasonIn(journal?.stdout ?? '') ?? result.reason };
    },
  };
}

/** commandRestarter restarts by a command: ["service", "docker", "restart"]. What it prints is the reason of a failure. */
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

// What dockerd prints last when it gives up, from 20.10 to 28.
const givesUp = /failed to start daemon|unable to configure the Docker daemon|failed to start containerd|level=fatal/;
const complains = /level=error|error|failed|invalid|can't|cannot/i;

/**
 * reasonIn finds why dockerd did not start in what it printed: "failed to start daemon: Error initializing network
 * controller: …". Undefined where nothing looks like a reason.
 */
export function reasonIn(output: string): string | undefined {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/level=(debug|info|warning)/.test(line));
  const line = lines.findLast((text) => givesUp.test(text)) ?? lines.findLast((text) => complains.test(text));
  const reason = line ?? lines.at(-1);
  if (reason === undefined) return undefined;
  // logfmt: the message is what counts.
  const message = /level=(?:fatal|error) msg="((?:[^"\\]|\\.)*)"/.exec(reason)?.[1]?.replace(/\\(.)/g, '$1');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
  return (message ?? reason).replace(/[\u0000-\u001f\u007f]+/g, ' ').slice(0, 1000);
}
