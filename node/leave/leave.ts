// Takes this host out of the fleet: restores Docker's configuration, removes everything of ours, ends the lease.
// Invariant: everything that carries our marks is undone, whether or not the lease is known. The lease ends last, when
// nothing on the host uses the subnet any more. A marker file records that the host is leaving, so that the next start
// resumes a leave that was killed at any point.
import { randomUUID } from 'node:crypto';
import { access, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { errnoOf, messageOf, XnetError } from '../../proto/errors.js';
import { flushFolder, writeOwnFile } from '../../proto/process/atomic-file.js';
import { pause } from '../../proto/process/backoff.js';
import { problemText } from '../../proto/process/problem.js';
import type { Known } from '../daemon/known.js';
import type { Host } from '../host/host.js';
import { hostFingerprint } from '../identity/fingerprint.js';
import { readIdentity } from '../identity/folder.js';
import { credentialsOf } from '../identity/identity.js';
import type { Membership } from '../identity/membership.js';
import { identityFindings } from '../identity/renewal-plan.js';
import type { Finding } from '../reconcile/effect.js';
import { type CallTarget, callLeave, callStanding, type NodeStanding } from '../uplink/uplink.js';
import { lockIdentity, removeOwnFiles } from './own-files.js';

/** LeaveOptions are the options and dependencies of a leave. */
export type LeaveOptions = {
  readonly host: Host;
  readonly known: Known;
  readonly member: Membership;
  readonly stateDir: string;
  /** Stop or detach containers that use the subnet. */
  readonly force: boolean;
  /** Do not notify a controller. */
  readonly localOnly: boolean;
  /** Called before each step: "restoring the former configuration of Docker". */
  readonly onStep: (step: string) => void;
};

const peersTimeoutMs = 10_000;

function markerPath(stateDir: string): string {
  return join(stateDir, 'leaving');
}

const markerSchema = v.object({ force: v.boolean(), localOnly: v.boolean() });

/** LeaveBegun holds the options of an interrupted leave. */
export type LeaveBegun = v.InferOutput<typeof markerSchema>;

/**
 * leaveBegun reads the marker of an interrupted leave; undefined when there is none.
 * @throws XnetError Corrupt when the marker is damaged: the options of the leave are unknown
 */
export async function leaveBegun(stateDir: string): Promise<LeaveBegun | undefined> {
  const path = markerPath(stateDir);
  try {
    return v.parse(markerSchema, JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw new XnetError('Corrupt', `${path}, the marker of a leave that did not end, is damaged: ${messageOf(error)}`, {
      hint: 'run xnetd leave again; or delete the file, and this host stays in the fleet',
      cause: error,
    });
  }
}

/** isLeaving reports whether there is a marker, even a damaged one: `xnetd leave` replaces it. */
export async function isLeaving(stateDir: string): Promise<boolean> {
  try {
    await access(markerPath(stateDir));
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

// A leave that was refused must not be resumed after a power failure.
async function forgetLeave(stateDir: string): Promise<void> {
  await rm(markerPath(stateDir), { force: true });
  await flushFolder(stateDir).catch(() => undefined);
}

/** Undone is the result of undoing everything that carries xnet's marks: the number of changes, and what is left. */
export type Undone = { readonly changes: number; readonly findings: readonly Finding[] };

/**
 * undoMarked undoes everything on this host that carries xnet's marks. It calls no controller, and changes nothing in
 * the state directory except the state of the Docker effect.
 */
export async function undoMarked(
  { host, force, onStep }: Pick<LeaveOptions, 'host' | 'force' | 'onStep'>,
  signal: AbortSignal,
): Promise<Undone> {
  onStep('restoring the former configuration of Docker');
  const docker = await host.docker.leave(force, [], signal);
  onStep('removing the nics');
  const nics = await host.nics.remove(signal);
  onStep('removing the firewall rules');
  const firewall = await host.firewall.remove(signal);
  onStep('removing the routes');
  const routes = await host.routes.remove(signal);
  onStep('moving the addresses of the bridge of LAN mode back to its interface');
  const lan = await host.openLan({ witnesses: () => [] }).remove(signal);
  const all = [docker, nics, firewall, routes, lan];
  return {
    changes: all.reduce((sum, { changes }) => sum + changes, 0),
    findings: all.flatMap(({ findings }) => findings).filter(({ isNote }) => isNote !== true),
  };
}

function problemsFrom(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ message, fix = null }) => problemText({ text: message, fix }));
}

function throwIfFound(findings: readonly Finding[], what: string): void {
  if (findings.length === 0) return;
  throw new XnetError('FailedPrecondition', `${what} could not be undone`, {
    problems: problemsFrom(findings),
    hint: 'repair that and run xnetd leave again; --force stops or detaches containers that use the subnet',
  });
}

// The command that requested the leave has reported it as pending and would not see that it was abandoned.
function throwIfPending(findings: readonly Finding[]): void {
  if (findings.length === 0) return;
  throw new XnetError('Unavailable', "the configuration of Docker can't be undone yet; the leave stays pending", {
    problems: problemsFrom(findings),
    hint: 'it continues when xnetd runs and Docker answers; xnetd leave --force does not wait for Docker',
  });
}

/**
 * leave takes this host out of the fleet.
 * @returns whether a known lease has ended; always false with `localOnly`
 * @throws XnetError FailedPrecondition when something could not be undone: finished steps stay done, and the lease
 *   stays, and when the host has joined as another node meanwhile; Unavailable when a join is under way, when no
 *   controller answers, unless `localOnly`, and when Docker does not answer and the leave
 *   was begun before: it is still pending then
 */
export async function leave(options: LeaveOptions, signal: AbortSignal): Promise<boolean> {
  const { stateDir, member } = options;
  const before = member.identity ?? (await readIdentity(stateDir).catch(() => undefined));
  // No join ends beside a leave: what is removed is the identity of the lease that ends.
  const lock = await lockIdentity(stateDir, signal);
  try {
    const now = await readIdentity(stateDir).catch(() => undefined);
    if (now !== undefined && now.nodeId !== before?.nodeId) {
      throw new XnetError('FailedPrecondition', `this host has joined as ${now.nodeName} meanwhile`, {
        hint: 'to leave as that node, run xnetd leave again',
      });
    }
    return await leaveAlone(options, signal);
  } finally {
    lock.release();
  }
}

async function leaveAlone(options: LeaveOptions, signal: AbortSignal): Promise<boolean> {
  const { host, stateDir, onStep, force, localOnly } = options;
  const isResumed = await isLeaving(stateDir);
  const lease = leaseOf(options);
  if (lease !== undefined) await requireController(options, lease, signal);
  await writeOwnFile(markerPath(stateDir), Buffer.from(`${JSON.stringify({ force, localOnly })}\n`));
  onStep('restoring the former configuration of Docker');
  const docker = await host.docker.leave(force, options.known.assignment?.leases ?? [], signal);
  if (signal.aborted || (isResumed && docker.findings.some(({ transient }) => transient))) {
    throwIfPending(docker.findings);
  }
  if (docker.findings.length > 0) await forgetLeave(stateDir);
  throwIfFound(docker.findings, 'the configuration of Docker');
  onStep('removing the nics');
  await host.nics.remove(signal);
  if (lease !== undefined) {
    onStep('waiting until all other hosts have withdrawn their routes');
    await announce(lease, signal);
  }
  onStep('removing the firewall rules');
  throwIfFound((await host.firewall.remove(signal)).findings, 'the firewall');
  onStep('removing the routes');
  throwIfFound((await host.routes.remove(signal)).findings, 'the routes');
  throwIfFound((await host.openLan({ witnesses: () => [] }).remove(signal)).findings, 'the bridge of LAN mode');
  if (lease !== undefined) {
    onStep('ending the lease');
    await tell(lease, true, signal);
  }
  // From here on this host needs no certificate.
  await removeOwnFiles(stateDir);
  await rm(markerPath(stateDir), { force: true });
  return lease !== undefined;
}

// The lease to end, and the controllers to call.
type Lease = CallTarget & { readonly nodeName: string; readonly nodeId: string };

function leaseOf({ member, known, localOnly }: LeaveOptions): Lease | undefined {
  const { node, controllers, identity } = member;
  // A host that has joined has a lease, even if it has not received its assignment yet.
  const nodeId = identity?.nodeId ?? known.assignment?.nodeId;
  if (localOnly || nodeId === undefined) return undefined;
  const credentials = identity === undefined ? undefined : credentialsOf(identity);
  return { controllers, credentials, nodeName: node, nodeId };
}

async function tell(lease: Lease, done: boolean, signal: AbortSignal) {
  const { nodeName, nodeId } = lease;
  return callLeave(
    lease,
    { nodeName, nodeId, done, operationId: randomUUID(), hostFingerprint: hostFingerprint() },
    signal,
  );
}

// Checked before anything is changed: without a controller the lease can't be ended. A lease that has ended is fine.
async function requireController({ member }: LeaveOptions, lease: Lease, signal: AbortSignal): Promise<void> {
  const hint = 'use --local to undo everything on this host alone, and xctl nodes remove later';
  const { identity } = member;
  const expired = identity === undefined ? [] : identityFindings(identity, {}, Date.now());
  const [known] = expired.filter(({ transient }) => !transient);
  if (known !== undefined) {
    const hints = [...(known.fix === undefined ? [] : [known.fix]), hint];
    throw new XnetError('PermissionDenied', `the lease can't be ended: ${known.message}`, { hint: hints.join('\n') });
  }
  let standing: NodeStanding;
  try {
    standing = await callStanding(lease, lease.nodeId, signal);
  } catch (error) {
    const why = error instanceof XnetError && error.hint !== undefined ? [error.hint] : [];
    throw new XnetError('Unavailable', `no controller answers, so the lease can't be ended: ${messageOf(error)}`, {
      hint: [...why, hint].join('\n'),
      cause: error,
    });
  }
  if (standing.is !== 'refused') return;
  const message = `the controllers refuse this host, so it can't end its lease: ${standing.why}`;
  throw new XnetError('PermissionDenied', message, { hint });
}

async function announce(lease: Lease, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + peersTimeoutMs;
  for (;;) {
    const { peersPending } = await tell(lease, false, signal);
    if (peersPending === 0 || performance.now() > deadline) return;
    await pause(200, signal);
    signal.throwIfAborted();
  }
}
