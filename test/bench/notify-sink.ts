// A service manager's notification socket that only reads: a daemon that has one also reports its state and beats.
import { closeSync, rmSync } from 'node:fs';
import { bindSocket, openSocket, receive } from '../../proto/process/syscall.js';
import { socketAddress } from '../../proto/process/systemd.js';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const readEveryMs = 250;

/** NotifySink is such a socket. Close it. */
export class NotifySink {
  readonly #fd: number;
  readonly #path: string;
  readonly #timer: NodeJS.Timeout;

  /** @param path where it listens */
  constructor(path: string) {
    this.#path = path;
    rmSync(path, { force: true });
    this.#fd = openSocket(AF_UNIX, SOCK_DGRAM, 0);
    bindSocket(this.#fd, socketAddress(path));
    const buffer = new Uint8Array(4096);
    this.#timer = setInterval(() => {
      while (receive(this.#fd, buffer) !== undefined);
    }, readEveryMs);
  }

  /** close ends it. */
  close(): void {
    clearInterval(this.#timer);
    closeSync(this.#fd);
    rmSync(this.#path, { force: true });
  }
}
