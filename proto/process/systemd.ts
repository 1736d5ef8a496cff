// Notifies systemd of a daemon's state (sd_notify(3)), if systemd started it. This process sends the datagrams itself,
// so the units accept no other sender (NotifyAccess=main).
// Invariant: messages are sent in order; an unsent one is sent with the next. No child inherits the socket's name: etcd
// and dockerd would report their own readiness on it.
import { closeSync } from 'node:fs';
import { messageOf } from '../errors.js';
import type { Logger } from './log.js';

// A status is for people: in a burst of changes only the newest is sent, so that it does not delay the changes, and none
// sooner than this after the last one.
const statusDelayMs = 1_000;
const statusEveryMs = 5_000;
// By then systemd has read its queue.
const retryMs = 1_000;
const AF_UNIX = 1;
const SOCK_DGRAM = 2;

/** Systemd is the connection to the service manager; without one, its methods do nothing. */
export class Systemd {
  readonly #log: Logger;
  readonly #socket: string | undefined;
  /** Watchdog timeout in milliseconds; undefined: systemd expects no beats. */
  readonly watchdogMs: number | undefined;
  readonly #due = new Set<'READY=1' | 'STOPPING=1' | 'WATCHDOG=1'>();
  #lastBeat = Number.NEGATIVE_INFINITY;
  #ready = false;
  #status = '';
  #statusSent = '';
  #statusTimer: NodeJS.Timeout | undefined;
  #statusAt = Number.NEGATIVE_INFINITY;
  #retry: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;

  /** @param environment NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID are removed from it */
  constructor(log: Logger, environment: NodeJS.ProcessEnv = process.env) {
    this.#log = log;
    const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: microseconds, WATCHDOG_PID: pid } = environment;
    this.#socket = socket;
    const isOurs = socket !== undefined && (pid === undefined || pid === String(process.pid));
    this.watchdogMs = isOurs && Number(microseconds) > 0 ? Number(microseconds) / 1_000 : undefined;
    for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete environment[name];
  }

  /** present reports whether systemd started this process and expects notifications. */
  get present(): boolean {
    return this.#socket !== undefined;
  }

  /** ready reports that the daemon is working: units ordered after it may start. */
  ready(): void {
    if (this.#ready) return;
    this.#ready = true;
    this.#send('READY=1');
  }

  /** beat is a sign of life. It is forwarded only as often as systemd needs it. */
  beat(): void {
    const now = performance.now();
    if (this.watchdogMs === undefined || now - this.#lastBeat < this.watchdogMs / 4) return;
    this.#lastBeat = now;
    this.#send('WATCHDOG=1');
  }

  /**
   * beatWhile sends beats from a timer until `work` ends, and returns its result: for long operations whose steps have
   * their own time limits.
   */
  async beatWhile<T>(work: Promise<T>): Promise<T> {
    if (this.watchdogMs === undefined) return work;
    this.beat();
    const timer = setInterval(() => this.beat(), this.watchdogMs / 3);
    try {
      return await work;
    } finally {
      clearInterval(timer);
    }
  }

  /** status sets the line that `systemctl status` shows, within 5 s: "49/49 routes, revision 812, connected". */
  status(text: string): void {
    this.#status = text;
    if (this.#socket === undefined || this.#statusTimer !== undefined || text === this.#statusSent) return;
    const waitMs = Math.max(statusDelayMs, this.#statusAt + statusEveryMs - performance.now());
    this.#statusTimer = setTimeout(() => {
      this.#statusTimer = undefined;
      this.#statusAt = performance.now();
      this.#send();
    }, waitMs).unref();
  }

  /** stopping reports that the daemon is shutting down: from here on TimeoutStopSec= applies, and no watchdog. */
  stopping(): void {
    this.#send('STOPPING=1');
  }

  /** close waits until the last message is sent. */
  async close(): Promise<void> {
    clearTimeout(this.#statusTimer);
    clearTimeout(this.#retry);
    await this.#sending;
  }

  #send(line?: 'READY=1' | 'STOPPING=1' | 'WATCHDOG=1'): void {
    if (this.#socket === undefined) return;
    if (line !== undefined) this.#due.add(line);
    this.#sending ??= this.#drain(this.#socket).finally(() => {
      this.#sending = undefined;
    });
  }

  async #drain(socket: string): Promise<void> {
    while (this.#due.size > 0 || this.#status !== this.#statusSent) {
      const due = [...this.#due];
      const status = this.#status;
      this.#due.clear();
      // A line break would begin another assignment.
      const text = status.replace(/\p{Cc}+/gu, ' ');
      try {
        const lines = status === this.#statusSent ? due : [...due, `STATUS=${text}`];
        await sendDatagram(socket, `${lines.join('\n')}\n`);
        this.#statusSent = status;
      } catch (error) {
        this.#log.warn({ reason: messageOf(error) }, 'systemd was not told');
        for (const line of due) this.#due.add(line);
        this.#lastBeat = Number.NEGATIVE_INFINITY;
        this.#retry ??= setTimeout(() => {
          this.#retry = undefined;
          this.#send();
        }, retryMs).unref();
        return;
      }
    }
  }
}

/**
 * socketAddress returns the struct sockaddr_un (unix(7)) of a path, or of an abstract name, which begins with "@" in
 * systemd's notation.
 */
export function socketAddress(name: string): Buffer {
  const path = Buffer.from(name.startsWith('@') ? `\0${name.slice(1)}` : `${name}\0`, 'utf8');
  const family = Buffer.alloc(2);
  family.writeUInt16LE(AF_UNIX, 0);
  return Buffer.concat([family, path]);
}

// Loads the system calls only if there is a service manager to notify.
async function sendDatagram(socket: string, message: string): Promise<void> {
  const { openSocket, sendTo } = await import('./syscall.js');
  const fd = openSocket(AF_UNIX, SOCK_DGRAM, 0);
  try {
    sendTo(fd, Buffer.from(message, 'utf8'), socketAddress(socket));
  } finally {
    closeSync(fd);
  }
}
