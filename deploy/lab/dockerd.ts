// Starts, stops and restarts the dockerd of one host of the lab, from the lab's own process or from any other.
// Invariant: a host never has two dockerds. Every change is made under the host's lock, and running dockerds are found by
// inspecting the processes, not remembered.
import { spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { basename, join } from 'node:path';
import * as v from 'valibot';
import { messageOf, XnetError } from '../../proto/errors.js';
import { backoffMs, pause } from '../../proto/process/backoff.js';
import { withLock } from './lock.js';
import { readMachineState } from './machine-state.js';
import { commandLine, isRunning, type ProcessRef, processes, signal, untilEnded } from './process-table.js';

const dockerdRecord = v.object({
  /** "h1" */
  host: v.string(),
  /** The host's folder below /run/xnet-lab. */
  folder: v.string(),
  /** ["dockerd", "--pidfile=…", …] */
  argv: v.array(v.string()),
  env: v.record(v.string(), v.string()),
  socket: v.string(),
  execRoot: v.string(),
  pidFile: v.string(),
  logFile: v.string(),
});

/** DockerdRecord holds all that is needed to start a host's dockerd again: dockerd.json in the host's folder. */
export type DockerdRecord = v.InferOutput<typeof dockerdRecord>;

// Docker gives containers 15 s to end before it kills them, and its containerd the same time.
const stopTimeoutMs = 90_000;
const startTimeoutMs = 240_000;
// A restart waits for a restart in progress.
const lockTimeoutMs = stopTimeoutMs + startTimeoutMs;

/** writeDockerdRecord writes a host's record into its folder. */
export function writeDockerdRecord(record: DockerdRecord): void {
  const path = join(record.folder, 'dockerd.json');
  // Another process may be reading the record.
  writeFileSync(`${path}.new`, `${JSON.stringify(record, null, 2)}\n`);
  renameSync(`${path}.new`, path);
}

/**
 * readDockerdRecord reads a host's record.
 * @throws XnetError NotFound if its dockerd was never started
 */
export function readDockerdRecord(folder: string): DockerdRecord {
  const path = join(folder, 'dockerd.json');
  try {
    return v.parse(dockerdRecord, JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    throw new XnetError('NotFound', `there is no dockerd to restart: ${path}: ${messageOf(error)}`);
  }
}

/** findDockerd finds the host's dockerd, including one that is starting; undefined if none runs. */
export function findDockerd(record: DockerdRecord): ProcessRef | undefined {
  return findByArgument('dockerd', `--pidfile=${record.pidFile}`);
}

// For its first millisecond, a dockerd is still nsenter.
function findByArgument(program: string, argument: string): ProcessRef | undefined {
  return processes().find((process) => {
    const argv = commandLine(process);
    return argv.includes(argument) && [program, 'nsenter'].includes(basename(argv[0] ?? ''));
  });
}

function containerdConfig(record: DockerdRecord): string {
  return join(record.execRoot, 'containerd/containerd.toml');
}

/** startDockerd starts the host's dockerd unless it runs, and waits until its API answers. */
export function startDockerd(folder: string): Promise<void> {
  return locked(folder, start);
}

/** stopDockerd stops the host's dockerd as systemd would: SIGTERM, then SIGKILL after a long timeout. */
export function stopDockerd(folder: string): Promise<void> {
  return locked(folder, stop);
}

/**
 * restartDockerd stops the host's dockerd and starts it again with the same flags.
 * @throws XnetError FailedPrecondition with its last lines if it does not start
 */
export function restartDockerd(folder: string): Promise<void> {
  return locked(folder, async (record) => {
    await stop(record);
    await start(record);
  });
}

/** killDockerd kills the host's dockerd (SIGKILL) without taking the lock. Containers and containerd stay. */
export async function killDockerd(folder: string): Promise<void> {
  const dockerd = findDockerd(readDockerdRecord(folder));
  if (dockerd === undefined) return;
  signal(dockerd, 'SIGKILL');
  await untilEnded([dockerd], stopTimeoutMs);
}

function locked(folder: string, work: (record: DockerdRecord) => Promise<void>): Promise<void> {
  return withLock(join(folder, 'dockerd.lock'), lockTimeoutMs, () => work(readDockerdRecord(folder)));
}

async function stop(record: DockerdRecord): Promise<void> {
  const dockerd = findDockerd(record);
  if (dockerd !== undefined) {
    signal(dockerd, 'SIGTERM');
    await ended(dockerd);
  }
  await containerdEnded(record);
}

// containerd ends with its dockerd, or shortly after a kill, when the kernel sends it SIGTERM. The next dockerd would
// mistake a containerd that is ending for a running one.
async function containerdEnded(record: DockerdRecord): Promise<void> {
  const containerd = findByArgument('containerd', containerdConfig(record));
  if (containerd !== undefined) await ended(containerd);
}

async function ended(process: ProcessRef): Promise<void> {
  const [still] = await untilEnded([process], stopTimeoutMs);
  if (still === undefined) return;
  signal(still, 'SIGKILL');
  await untilEnded([still], stopTimeoutMs);
}

async function start(record: DockerdRecord): Promise<void> {
  const running = findDockerd(record);
  if (running !== undefined) return untilReady(record, () => (isRunning(running) ? undefined : 'it has ended'));
  await containerdEnded(record);
  // A killed dockerd leaves its pid files, and the pid may since belong to another process.
  rmSync(record.pidFile, { force: true });
  rmSync(join(record.execRoot, 'containerd/containerd.pid'), { force: true });
  const [program = '', ...rest] = [...readMachineState(record.folder).enter, ...record.argv];
  const log = openSync(record.logFile, 'a');
  const { size: logOffset } = fstatSync(log);
  const child = spawn(program, rest, { cwd: '/', detached: true, env: record.env, stdio: ['ignore', log, log] });
  closeSync(log);
  child.unref();
  let outcome: string | undefined;
  child.once('error', (error) => {
    outcome = error.message;
  });
  child.once('exit', (code, signalName) => {
    outcome = code === null ? `ended by ${signalName}` : `exit code ${code}`;
  });
  try {
    await untilReady(record, () => outcome);
  } catch (error) {
    if (outcome === undefined) await stop(record);
    const lines = lastLines(readFileSync(record.logFile).subarray(logOffset).toString('utf8'));
    throw new XnetError('FailedPrecondition', `dockerd on ${record.host} did not start: ${messageOf(error)}`, {
      problems: lines,
      hint: `see ${record.logFile}`,
    });
  }
}

// dockerd reports its readiness only to systemd, by a datagram that Node.js can't receive, so its API is polled.
async function untilReady(record: DockerdRecord, whyEnded: () => string | undefined): Promise<void> {
  const deadline = performance.now() + startTimeoutMs;
  for (let attempt = 1; performance.now() < deadline; attempt++) {
    if (await answers(record.socket)) return;
    const why = whyEnded();
    if (why !== undefined) throw new Error(why);
    await pause(20 + backoffMs(attempt, { firstMs: 20, longestMs: 100 }, Math.random()));
  }
  throw new Error(`its API has not answered within ${startTimeoutMs / 1000} s`);
}

function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const ping = request({ socketPath: socket, path: '/_ping', timeout: 30_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ping.once('timeout', () => ping.destroy());
    ping.once('error', () => resolve(false));
    ping.end();
  });
}

/** lastLines returns the lines of dockerd's log that explain its end: the last five above level info, or the last five of all. */
export function lastLines(log: string): readonly string[] {
  const lines = log.split('\n').filter((line) => line.trim() !== '');
  const telling = lines.filter((line) => !/\blevel=(info|debug)\b/.test(line));
  return (telling.length > 0 ? telling : lines).slice(-5);
}
