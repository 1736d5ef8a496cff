// Starts, stops and restarts the dockerd of one host of the lab, from the lab's own process or from any other.
// Invariant: a host never has two dockerds. Every change is made under the host's lock, and what runs is found by
// looking at the processes, not remembered.
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

/** DockerdRecord is all that is needed to start a host's dockerd again: dockerd.json in the host's folder. */
export type DockerdRecord = v.InferOutput<typeof dockerdRecord>;

// Docker gives containers 15 s to end before it kills them, and itself as long for its containerd.
const stopTimeoutMs = 45_000;
const startTimeoutMs = 90_000;
// A restart waits for one that is under way.
const lockTimeoutMs = stopTimeoutMs + startTimeoutMs;

/** writeDockerdRecord puts a host's record into its folder. */
export function writeDockerdRecord(record: DockerdRecord): void {
  const path = join(record.folder, 'dockerd.json');
  // A restarter may be reading it.
  writeFileSync(`${path}.new`, `${JSON.stringify(record, null, 2)}\n`);
  renameSync(`${path}.new`, path);
}

/**
 * readDockerdRecord reads a host's record.
 * @throws XnetError NotFound when its dockerd was never started
 */
export function readDockerdRecord(folder: string): DockerdRecord {
  const path = join(folder, 'dockerd.json');
  try {
    return v.parse(dockerdRecord, JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    throw new XnetError('NotFound', `there is no dockerd to restart: ${path}: ${messageOf(error)}`);
  }
}

/** findDockerd finds the host's dockerd; undefined when none runs. One that is just being started counts. */
export function findDockerd(record: DockerdRecord): ProcessRef | undefined {
  return findByArgument('dockerd', `--pidfile=${record.pidFile}`);
}

// nsenter is what a dockerd is for its first millisecond.
function findByArgument(program: string, argument: string): ProcessRef | undefined {
  return processes().find((process) => {
    const argv = commandLine(process);
    return argv.includes(argument) && [program, 'nsenter'].includes(basename(argv[0] ?? ''));
  });
}

function containerdConfig(record: DockerdRecord): string {
  return join(record.execRoot, 'containerd/containerd.toml');
}

/** startDockerd starts the host's dockerd unless it runs, and awaits that its API answers. */
export function startDockerd(folder: string): Promise<void> {
  return locked(folder, start);
}

/** stopDockerd stops the host's dockerd as systemd would: SIGTERM, after a long while SIGKILL. */
export function stopDockerd(folder: string): Promise<void> {
  return locked(folder, stop);
}

/**
 * restartDockerd stops the host's dockerd and starts it anew with the same flags.
 * @throws XnetError FailedPrecondition with its last lines when it does not start
 */
export function restartDockerd(folder: string): Promise<void> {
  return locked(folder, async (record) => {
    await stop(record);
    await start(record);
  });
}

/** killDockerd kills the host's dockerd (SIGKILL), whatever else is going on. Containers and containerd are left. */
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

// containerd ends with its dockerd, or shortly after that was killed; the kernel sends it SIGTERM then. The next dockerd
// would take one that is ending for one that runs.
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
  // Files of one that was killed: the pid in them may be another process's by this time.
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

// dockerd tells systemd alone when it is ready, by a datagram that Node.js can't receive; hence asking.
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
    const ping = request({ socketPath: socket, path: '/_ping', timeout: 5_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ping.once('timeout', () => ping.destroy());
    ping.once('error', () => resolve(false));
    ping.end();
  });
}

/** lastLines are the lines of dockerd's log that say why it ended: the last five that are not mere information. */
export function lastLines(log: string): readonly string[] {
  const lines = log.split('\n').filter((line) => line.trim() !== '');
  const telling = lines.filter((line) => !/\blevel=(info|debug)\b/.test(line));
  return (telling.length > 0 ? telling : lines).slice(-5);
}
