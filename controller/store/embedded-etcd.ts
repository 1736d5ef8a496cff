// Runs the etcd of a controller that is configured without one: one local process, restarted when it exits.
// Invariant: it listens only on unix sockets in a folder that only the controller's user may enter, so no other user of
// the machine can reach it. It never outlives the controller (the kernel ends it with its parent), so its sockets and
// its data directory are free when the controller starts again.
import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { messageOf, XnetError } from '../../proto/errors.js';
import { backoffMs, pause } from '../../proto/process/backoff.js';
import { makeFolder } from '../../proto/process/folder.js';
import type { Logger } from '../../proto/process/log.js';

/** EmbeddedOptions are the paths of the etcd. */
export type EmbeddedOptions = {
  /** "/var/lib/xnet-controller/etcd" */
  readonly dataDir: string;
  /** Folder of its sockets, created with mode 0700: "/var/lib/xnet-controller/etcd.run". */
  readonly socketDir: string;
  readonly log: Logger;
};

/** EmbeddedEtcd is a supervised etcd. */
export type EmbeddedEtcd = {
  /** "unix:/var/lib/xnet-controller/etcd.run/client:0" */
  readonly endpoint: string;
  /** stop ends etcd and waits until it has exited. */
  stop(): Promise<void>;
};

const backoff = { firstMs: 200, longestMs: 10_000 };
const stopTimeoutMs = 10_000;
// Lines of etcd's log to keep for the error when it does not start.
const keptLines = 20;

// etcd wants a host and a port in every URL and creates a socket of that name in its working directory
// (pkg/types/urls.go). After a kill, etcd itself removes only the stale peer socket (embed/etcd.go). The stale client
// socket would prevent the start, so xnet removes it.
const clientSocket = 'client:0';
const peerSocket = 'peer:0';
// sun_path of sockaddr_un holds 108 bytes with the final NUL (linux/un.h).
const longestSocketPath = 107;

function argv(options: EmbeddedOptions): readonly string[] {
  const client = `unix://${clientSocket}`;
  const peer = `unix://${peerSocket}`;
  return [
    // SIGTERM when the parent dies, however it dies.
    ...['--pdeathsig', 'TERM', 'etcd'],
    ...['--name', 'xnet', '--data-dir', options.dataDir],
    ...['--listen-client-urls', client, '--advertise-client-urls', client],
    ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `xnet=${peer}`],
    // An hour of history is enough for every controller to resume its watch.
    ...['--auto-compaction-mode', 'periodic', '--auto-compaction-retention', '1h'],
    ...['--quota-backend-bytes', String(2 * 1024 ** 3)],
    ...['--logger', 'zap', '--log-outputs', 'stderr', '--log-level', 'warn'],
  ];
}

function socketAnswers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function ended(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(messageOf(error)));
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
  });
}

/**
 * startEmbeddedEtcd starts etcd, returns when it answers, and from then on restarts it whenever it exits.
 * @throws XnetError FailedPrecondition when etcd is not installed, another etcd runs there, or it does not start
 */
export async function startEmbeddedEtcd(options: EmbeddedOptions, signal: AbortSignal): Promise<EmbeddedEtcd> {
  const { dataDir, socketDir, log } = options;
  const stopping = new AbortController();
  const socket = join(socketDir, clientSocket);
  if (Buffer.byteLength(socket) > longestSocketPath) {
    throw new XnetError(
      'FailedPrecondition',
      `${socket}: the socket's path is longer than ${longestSocketPath} bytes`,
      {
        hint: 'give the controller a shorter --data-dir',
      },
    );
  }
  await makeFolder(dataDir, 0o700);
  await makeFolder(socketDir, 0o700);
  await chmod(socketDir, 0o700);
  if (await socketAnswers(socket)) {
    throw new XnetError('FailedPrecondition', `another etcd listens on ${socket}`, {
      hint: 'each controller needs its own --data-dir; several share one etcd with --etcd-endpoints',
    });
  }
  let child: ChildProcess | undefined;
  let lastLines: string[] = [];
  const launch = () => {
    lastLines = [];
    // Safe to remove: the check above found no listener, and an etcd of our own has exited.
    rmSync(socket, { force: true });
    const started = spawn('setpriv', argv(options), {
      cwd: socketDir,
      stdio: ['ignore', 'ignore', 'pipe'],
      // A session of its own, so that signals from a terminal to the controller's group do not reach etcd.
      detached: true,
      // etcd 3.4 refuses untested architectures unless this is set.
      env: { ...process.env, ...(process.arch === 'arm64' ? { ETCD_UNSUPPORTED_ARCH: 'arm64' } : {}) },
    });
    if (started.stderr !== null) {
      createInterface({ input: started.stderr }).on('line', (line) => {
        lastLines = [...lastLines.slice(1 - keptLines), line];
        log.debug({ etcd: line }, 'etcd');
      });
    }
    child = started;
    return ended(started);
  };

  let gone = launch();
  let over = false;
  void gone.then(() => {
    over = true;
  });
  for (let attempt = 1; !signal.aborted && !(await socketAnswers(socket)); attempt++) {
    if (over) {
      const why = (await gone) === 'spawn setpriv ENOENT' ? 'setpriv (util-linux) is not installed' : await gone;
      throw new XnetError('FailedPrecondition', `etcd did not start: ${why}`, {
        problems: lastLines.slice(-5),
        hint: 'install it (Debian: apt install etcd-server), or use another one with --etcd-endpoints',
      });
    }
    await pause(Math.min(20 * attempt, 500), signal);
  }

  const supervised = (async () => {
    for (let attempt = 1; !stopping.signal.aborted; attempt++) {
      const began = performance.now();
      const how = await gone;
      if (stopping.signal.aborted) return;
      if (performance.now() - began > 60_000) attempt = 1;
      log.error({ how, last: lastLines.slice(-3) }, 'etcd died, starting it again');
      await pause(backoffMs(attempt, backoff, Math.random()), stopping.signal);
      if (!stopping.signal.aborted) gone = launch();
    }
  })();

  return {
    endpoint: `unix:${socket}`,
    stop: async () => {
      stopping.abort();
      child?.kill('SIGTERM');
      const kill = setTimeout(() => child?.kill('SIGKILL'), stopTimeoutMs);
      await gone;
      clearTimeout(kill);
      await supervised;
    },
  };
}
