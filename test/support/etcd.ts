// A real etcd for a test, with its own process, data directory and ports, removed with the test.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pause } from '../../proto/process/backoff.js';

// Below the ports that the kernel assigns to connections (net.ipv4.ip_local_port_range begins at 32768).
const lowestPort = 12_000;
const highestPort = 32_000;

/**
 * freePort returns an unused loopback port that the kernel assigns to no connection, and that no other test gets until this
 * process ends, whether or not it is listened to.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(lowestPort, highestPort);
    if ((await isReserved(port)) && (await isFree(port))) return port;
  }
}

// The UDP port of the same number stands for the TCP port, which has to stay free for the program under test.
function isReserved(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4').unref();
    socket.once('error', () => {
      socket.close();
      resolve(false);
    });
    socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => resolve(true));
  });
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** answers reports whether a process listens on a loopback port. */
export async function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** TestEtcd is a running etcd. */
export class TestEtcd {
  readonly clientPort: number;
  readonly #peerPort: number;
  readonly #dir: string;
  #child: ChildProcess | undefined;

  readonly #more: readonly string[];

  private constructor(clientPort: number, peerPort: number, more: readonly string[]) {
    this.#more = more;
    this.clientPort = clientPort;
    this.#peerPort = peerPort;
    this.#dir = mkdtempSync(join(tmpdir(), 'xnet-etcd-'));
  }

  /**
   * start starts an etcd of its own.
   * @param more added to its command line: ["--quota-backend-bytes", "16777216"]
   */
  static async start(more: readonly string[] = []): Promise<TestEtcd> {
    const etcd = new TestEtcd(await freePort(), await freePort(), more);
    await etcd.launch();
    return etcd;
  }

  /** endpoint returns the URL of the etcd: "http://127.0.0.1:40123". */
  get endpoint(): string {
    return `http://127.0.0.1:${this.clientPort}`;
  }

  get pid(): number {
    // Never 0, which would signal the test's own process group.
    if (this.#child?.pid === undefined) throw new Error('no etcd was started');
    return this.#child.pid;
  }

  /** launch starts the etcd, also a second time, on the same data, and waits until it answers. */
  async launch(): Promise<void> {
    const peer = `http://127.0.0.1:${this.#peerPort}`;
    const child = spawn(
      'setpriv',
      [
        ...['--pdeathsig', 'KILL', 'etcd', '--name', 'test', '--data-dir', join(this.#dir, 'data')],
        ...['--listen-client-urls', this.endpoint, '--advertise-client-urls', this.endpoint],
        ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `test=${peer}`],
        ...['--logger', 'zap', '--log-level', 'error', '--log-outputs', 'stderr', ...this.#more],
      ],
      { stdio: 'ignore' },
    );
    this.#child = child;
    for (let attempt = 1; !(await answers(this.clientPort)); attempt++) {
      if (child.exitCode !== null) throw new Error(`etcd ended with ${child.exitCode}`);
      await pause(Math.min(10 * attempt, 200));
    }
  }

  /** kill ends the etcd with a signal and waits until it is gone. Its data stays. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  }

  /** wipe removes the data, as if the machine were new. The etcd must not be running. */
  wipe(): void {
    rmSync(join(this.#dir, 'data'), { recursive: true, force: true });
  }

  /** close ends the etcd and removes its data. */
  async close(): Promise<void> {
    await this.kill();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

/**
 * enableAuthentication gives an etcd a root user, and a user that may read and write the keys under a prefix, as its
 * operator would.
 */
export function enableAuthentication(
  endpoint: string,
  {
    user,
    password,
    prefix,
    flags = [],
  }: {
    readonly user: string;
    readonly password: string;
    readonly prefix: string;
    /** Flags of etcdctl: ["--cacert", "/tmp/ca.pem"]. */
    readonly flags?: readonly string[];
  },
): void {
  const etcdctl = (...args: readonly string[]) =>
    execFileSync('etcdctl', ['--endpoints', endpoint, ...flags, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ETCDCTL_API: '3' },
    });
  etcdctl('user', 'add', `root:${password}`);
  etcdctl('user', 'grant-role', 'root', 'root');
  etcdctl('role', 'add', user);
  etcdctl('role', 'grant-permission', user, 'readwrite', '--prefix=true', prefix);
  etcdctl('user', 'add', `${user}:${password}`);
  etcdctl('user', 'grant-role', user, user);
  etcdctl('auth', 'enable');
}
