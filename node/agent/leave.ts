// Takes this host out of the fleet: Docker back to what it was, nothing of ours left, the lease ended.
// Invariant: the lease ends last, when nothing on the host uses the subnet any more. Killed anywhere, it is taken up
// again by the next start: a marker says that the host is leaving.
import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { errnoOf, XnetError } from '../../proto/errors.js';
import { pause } from '../../proto/process/backoff.js';
import type { Endpoint } from '../../proto/rpc/endpoint.js';
import { callLeave } from '../controller/connection.js';
import { desiredFirewall } from '../firewall/desired.js';
import type { Host } from '../host/host.js';
import type { Finding } from '../reconcile/effect.js';
import { desiredRoutes } from '../routes/desired.js';
import { writeOwnFile } from '../state/atomic-file.js';
import { cachePath } from '../table/cache.js';
import type { Known } from './lanes.js';

/** LeaveOptions say how to leave. */
export type LeaveOptions = {
  readonly host: Host;
  readonly known: Known;
  readonly nodeName: string;
  readonly controllers: readonly Endpoint[];
  readonly stateDir: string;
  /** Packet mark of the firewall. */
  readonly mark: number;
  /** Stop or detach containers that use the subnet. */
  readonly force: boolean;
  /** Do not tell a controller. */
  readonly localOnly: boolean;
  /** Called before each step: "Docker gets its former configuration back". */
  readonly onStep: (step: string) => void;
};

const peersTimeoutMs = 10_000;

function markerPath(stateDir: string): string {
  return join(stateDir, 'leaving');
}

const markerSchema = v.object({ force: v.boolean(), localOnly: v.boolean() });

/** LeaveBegun says how a leave was begun that did not end. */
export type LeaveBegun = v.InferOutput<typeof markerSchema>;

/** leaveBegun reads the marker of a leave that did not end; undefined when there is none. */
export async function leaveBegun(stateDir: string): Promise<LeaveBegun | undefined> {
  try {
    return v.parse(markerSchema, JSON.parse(await readFile(markerPath(stateDir), 'utf8')));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function throwIfFound(findings: readonly Finding[], what: string): void {
  if (findings.length === 0) return;
  throw new XnetError('FailedPrecondition', `${what} could not be undone`, {
    problems: findings.map((finding) => finding.message),
    hint: 'mend that and run xnetd leave again; --force stops or detaches containers that use the subnet',
  });
}

/**
 * leave takes this host out of the fleet.
 * @throws XnetError FailedPrecondition when something could not be undone: what was done so far stays done, and the
 * lease stays; Unavailable when no controller answers, unless `localOnly`
 */
export async function leave(options: LeaveOptions, signal: AbortSignal): Promise<void> {
  const { host, known, stateDir, onStep, force, localOnly, mark } = options;
  const { assignment, table } = known;
  if (!localOnly) await requireController(options, signal);
  await writeOwnFile(markerPath(stateDir), Buffer.from(`${JSON.stringify({ force, localOnly })}\n`));
  onStep('Docker gets its former configuration back');
  const docker = await host.docker.leave(force, signal);
  if (docker.findings.length > 0) await rm(markerPath(stateDir), { force: true });
  throwIfFound(docker.findings, 'the configuration of Docker');
  if (!localOnly && assignment !== undefined) {
    onStep('all other hosts withdraw their routes');
    await announce(options, assignment.nodeId, signal);
  }
  onStep('the rules of the firewall go');
  if (assignment !== undefined) {
    const desired = desiredFirewall({
      assignment,
      routes: table?.routes.values() ?? [],
      pools: table?.pools ?? [],
      underlay: 'lo',
      mark,
    });
    throwIfFound((await host.firewall.remove(desired, signal)).findings, 'the firewall');
  }
  onStep('the routes go');
  const none = desiredRoutes({ routes: [], unresolved: [], pools: [], own: undefined, underlay: undefined });
  throwIfFound((await host.routes.remove(none, signal)).findings, 'the routes');
  if (!localOnly && assignment !== undefined) {
    onStep('the lease ends');
    await tell(options, assignment.nodeId, true, signal);
  }
  await rm(cachePath(stateDir), { force: true });
  await rm(markerPath(stateDir), { force: true });
}

async function tell({ nodeName, controllers }: LeaveOptions, nodeId: string, done: boolean, signal: AbortSignal) {
  return callLeave(controllers, { nodeName, nodeId, done, operationId: randomUUID() }, signal);
}

// Before anything is touched: without a controller the lease could not be ended.
async function requireController(options: LeaveOptions, signal: AbortSignal): Promise<void> {
  try {
    // Asking for a node of another id that does not exist changes nothing and tells that somebody answers.
    await callLeave(options.controllers, { nodeName: options.nodeName, nodeId: 'n-none', done: true }, signal);
  } catch (error) {
    throw new XnetError('Unavailable', "no controller answers, so the lease can't be ended", {
      hint: 'use --local to undo everything on this host alone, and xctl nodes remove later',
      cause: error,
    });
  }
}

async function announce(options: LeaveOptions, nodeId: string, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + peersTimeoutMs;
  for (;;) {
    const { peersPending } = await tell(options, nodeId, false, signal);
    if (peersPending === 0 || performance.now() > deadline) return;
    await pause(200, signal);
    signal.throwIfAborted();
  }
}
