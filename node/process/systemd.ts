// Tells systemd how the daemon is doing (sd_notify(3)), where systemd started it. Node.js has no unix datagram sockets:
// systemd-notify sends for it, which the unit allows with NotifyAccess=all.

import { messageOf } from '../../proto/errors.js';
import type { Logger } from '../../proto/process/log.js';
import { type Exec, exec } from './exec.js';

const timeoutMs = 5_000;

/** Systemd is the service manager, or nobody. */
export class Systemd {
  readonly #exec: Exec;
  readonly #log: Logger;
  readonly #present: boolean;
  /** Between two signs of life, in milliseconds; undefined: systemd does not wait for any. */
  readonly #beatMs: number | undefined;
  #lastBeat = Number.NEGATIVE_INFINITY;
  #status = '';
  #ready = false;

  /** @param environment NOTIFY_SOCKET and WATCHDOG_USEC are looked at */
  constructor(log: Logger, environment: NodeJS.ProcessEnv = process.env, run: Exec = exec) {
    this.#exec = run;
    this.#log = log;
    this.#present = environment['NOTIFY_SOCKET'] !== undefined;
    const microseconds = Number(environment['WATCHDOG_USEC'] ?? 0);
    // Half of what systemd waits, as sd_watchdog_enabled(3) advises.
    this.#beatMs = microseconds > 0 ? microseconds / 2_000 : undefined;
  }

  /** ready says that the daemon does its work: units that are ordered after it may start. */
  ready(): void {
    if (this.#ready) return;
    this.#ready = true;
    this.#send(['--ready']);
  }

  /** beat is a sign of life. It is passed on as often as systemd wants it. */
  beat(): void {
    const now = performance.now();
    if (this.#beatMs === undefined || now - this.#lastBeat < this.#beatMs / 2) return;
    this.#lastBeat = now;
    this.#send(['WATCHDOG=1']);
  }

  /** status is what `systemctl status` shows: "49/49 routes, revision 812, controller ok". */
  status(text: string): void {
    if (text === this.#status) return;
    this.#status = text;
    this.#send([`--status=${text}`]);
  }

  #send(args: readonly string[]): void {
    if (!this.#present) return;
    this.#exec(['systemd-notify', ...args], { timeoutMs }).catch((error: unknown) => {
      this.#log.warn({ reason: messageOf(error) }, 'systemd-notify failed');
    });
  }
}
