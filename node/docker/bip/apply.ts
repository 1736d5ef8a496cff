// Gives docker0 another address: writes daemon.json, restarts Docker and verifies the result. Also resumes a change
// that an earlier xnetd did not finish.
// Invariant: each step is in the journal before it is taken, and success is reported only once docker0 has the address.
// Any failure after the file was replaced is handled in rollback.ts.

import { formatPrefix } from '../../../proto/domain/address.js';
import { usesDefaultNetwork } from '../../../proto/domain/default-network.js';
import type { Lease } from '../../../proto/domain/network.js';
import { discardTemporary } from '../../../proto/process/atomic-file.js';
import type { Finding } from '../../reconcile/effect.js';
import { bipsEqual, bipText, formatBip, getsText } from '../engine/bip-value.js';
import { type DockerNow, dockerNow, startAgain, stopContainers, untilDockerAnswers } from '../engine/containers.js';
import { runningDockerd } from '../engine/flags.js';
import { type Apply, type Content, type Journal, writeJournal } from '../engine/journal.js';
import { type DockerHost, waiting } from '../engine/settings.js';
import { bipOfLease } from './choose.js';
import { removeBip } from './daemon-json.js';
import { type DaemonJsonFile, readDaemonJson, sameContent, writeDaemonJson } from './daemon-json-file.js';
import { daemonJsonFinding, notWritten, runningFinding } from './findings.js';
import { bipOfDocker0, isAllInForce } from './in-force.js';
import { bridgeMissing } from './over-bridge.js';
import { limitFinding, takenBy } from './plan.js';
import { type Applied, rollBack, withdraw, withRestart } from './rollback.js';

/** beginApply writes daemon.json and restarts Docker with it. `file` is the content that the plan was made from. */
export async function beginApply(
  host: DockerHost,
  journal: Journal,
  { apply, file }: { readonly apply: Apply; readonly file: DaemonJsonFile },
  signal: AbortSignal,
): Promise<Applied> {
  const { stateFolder } = host.settings;
  const pending = { ...journal, apply };
  await writeJournal(stateFolder, pending);
  await host.steps.reached('journaled');
  try {
    const written = await writeDaemonJson(host, file, apply.after);
    if (written) host.log?.info({ path: apply.ours.path, bip: formatBip(apply.bip) }, 'daemon.json written');
  } catch (error) {
    await writeJournal(stateFolder, journal);
    return { journal, findings: [notWritten(error, apply.ours.path)], changes: 0 };
  }
  return forward(host, pending, apply, signal);
}

/** BipResume says how to complete what an earlier xnetd began: whether an operator requested it, and the node's leases. */
export type BipResume = { readonly byHand: boolean; readonly leases: readonly Lease[] | undefined };

/**
 * resumeApply finishes or rolls back an apply that an earlier xnetd began. It withdraws one for which Docker was not
 * restarted yet, where the node does not have the lease any more.
 * @param leases the node's; undefined: they do not matter, because everything is undone next
 */
export async function resumeApply(
  host: DockerHost,
  journal: Journal,
  { apply, leases }: { readonly apply: Apply } & Pick<BipResume, 'leases'>,
  signal: AbortSignal,
): Promise<Applied> {
  host.log?.info({ bip: formatBip(apply.bip), direction: apply.direction }, 'resuming a change of docker0');
  if (apply.direction === 'back') return rollBack(host, journal, apply, signal);
  const file = await readDaemonJson(apply.ours.path);
  await discardTemporary(file.target);
  if (sameContent(file.bytes, apply.before) && !sameContent(apply.before, apply.after)) {
    // The file was never replaced, so Docker has not been restarted either.
    const next = { ...journal, apply: undefined };
    await writeJournal(host.settings.stateFolder, next);
    return { journal: next, findings: [], changes: 0 };
  }
  if (leases !== undefined && !isWanted(leases, apply, journal)) {
    const now = await dockerNow(host, signal);
    // If Docker is down, it is started; what it has then is corrected by what follows.
    if (now === undefined ? !apply.restarting : !isAllInForce(apply.bip, now, journal)) {
      const what = `${getsText(apply.bip, 'does not get')}, which is not leased to this node any more`;
      return withdraw(host, journal, apply, waiting('ChangeWithdrawn', what));
    }
  }
  return forward(host, journal, apply, signal);
}

function isWanted(leases: readonly Lease[], { bip, leaving }: Apply, { ours }: Journal): boolean {
  const isLeased = leases.some(
    (lease) => usesDefaultNetwork(lease) && lease.state !== 'ending' && bipsEqual(bipOfLease(lease), bip),
  );
  return leaving || isLeased || bipsEqual(ours?.bip, bip);
}

async function forward(host: DockerHost, journal: Journal, apply: Apply, signal: AbortSignal): Promise<Applied> {
  const { settings, steps } = host;
  const now = await dockerNow(host, signal);
  if (now !== undefined && isAllInForce(apply.bip, now, journal)) {
    return finish(host, journal, apply, signal);
  }
  let pending = journal;
  const limits = {
    journal,
    restarts: settings.restarts,
    nowMs: host.now(),
    byHand: apply.byHand,
    rollout: apply.rollout,
  };
  if (now === undefined) {
    const finding = await unseenFinding(host, apply);
    if (finding !== undefined) return { journal, findings: [finding], changes: 0 };
    // The daemon dies repeatedly while it restarts Docker: go back to the configuration that Docker last ran with.
    if (limitFinding(limits, apply) !== undefined) {
      const reason = 'it did not come up before xnetd was ended';
      return rollBack(host, journal, { ...apply, direction: 'back', reason }, signal);
    }
  } else {
    const others = now.running.filter(({ id }) => !journal.toStart.includes(id));
    // Where another xnetd has planned the change, a network may have been made since, or a bridge removed.
    const finding =
      takenBy({ engine: now, interfaces: now.interfaces }, apply.bip) ??
      bridgeMissing(apply.bip, now.interfaces) ??
      runningFinding(others, apply.force ? 'restart' : settings.onRunning, apply.bip) ??
      limitFinding(limits, apply);
    if (finding !== undefined) return withdraw(host, journal, apply, finding);
    pending = { ...journal, toStart: [...new Set([...journal.toStart, ...now.running.map(({ id }) => id)])] };
  }
  // Recorded before the first container is stopped: if xnetd is killed from here on, the next one continues the
  // restart.
  pending = withRestart(host, { ...pending, apply: { ...apply, restarting: true } }, apply);
  await writeJournal(settings.stateFolder, pending);
  if (now !== undefined) {
    await stopForRestart(host, now, signal);
    await steps.reached('stopped');
  }
  host.log?.info({ command: host.restarter.command }, 'restarting Docker');
  const restart = await host.restarter.restart();
  await steps.reached('restarted');
  signal.throwIfAborted();
  if (!restart.ok && restart.hostStops === true) {
    // Docker starts with the new file at the next boot and is verified then. A restart that did not happen does not
    // count against the limit.
    const next = { ...pending, restarts: journal.restarts };
    await writeJournal(settings.stateFolder, next);
    const message = `${bipText(apply.bip)} is in daemon.json, and Docker was not started with it: ${restart.reason}`;
    return { journal: next, findings: [waiting('HostStops', message)], changes: 1 };
  }
  const after = await untilDockerAnswers(host, restart.ok ? settings.waitMs : 0, signal);
  if (after !== undefined && isAllInForce(apply.bip, after, journal)) {
    await steps.reached('verified');
    return finish(host, pending, apply, signal);
  }
  if (restart.ok && after !== undefined && after.running.length > 0) {
    const { liveRestore } = await host.engine.info(signal);
    if (liveRestore) return deferred(host, pending, { apply, now: after }, signal);
  }
  const reason = restart.ok ? whyNot(apply, after, settings.waitMs) : restart.reason;
  return rollBack(host, pending, { ...apply, direction: 'back', reason }, signal);
}

// A dockerd that runs but does not answer may have containers that must not be stopped. If dockerd is down, a start
// stops no container.
async function unseenFinding(host: DockerHost, apply: Apply): Promise<Finding | undefined> {
  const { onRunning, pidFile, socket, unit } = host.settings;
  if (apply.restarting || apply.force || onRunning === 'restart') return undefined;
  if ((await runningDockerd(pidFile)) === undefined) return undefined;
  const message =
    `${bipText(apply.bip)} is in daemon.json, and Docker is restarted for it when it answers at ${socket} again, so ` +
    'that the containers that run can be seen';
  return waiting('NotAnswering', message, `systemctl status ${unit}`);
}

// With live-restore, dockerd leaves docker0 unchanged while any container runs, so xnet stops them. Without it, dockerd
// stops them itself.
async function stopForRestart(host: DockerHost, { running }: DockerNow, signal: AbortSignal): Promise<void> {
  if (running.length === 0 || !(await host.engine.info(signal)).liveRestore) return;
  for (const problem of await stopContainers(host, running, signal)) {
    host.log?.warn({ problem }, 'a container could not be stopped');
  }
}

function whyNot(apply: Apply, now: DockerNow | undefined, waitMs: number): string {
  if (now === undefined) return `Docker did not answer within ${Math.round(waitMs / 1000)} s of its restart`;
  const present = bipOfDocker0(now.networks, now.interfaces);
  const reads = `does it read ${apply.ours.path}?`;
  const { networks, fixedCidr } = apply.bip;
  const parts = [networks?.base, fixedCidr].flatMap((range) => (range === undefined ? [] : [formatPrefix(range)]));
  if (bipsEqual(present, apply.bip) && parts.length > 0) {
    return `Docker started with other ranges than ${parts.join(' for networks, or ')}: ${reads}`;
  }
  if (apply.bip.over !== undefined) return `Docker started without ${bipText(apply.bip)}: ${reads}`;
  const has = present === undefined ? 'no address' : formatBip(present);
  return `Docker started with ${has} on docker0 instead of ${formatBip(apply.bip)}: ${reads}`;
}

// With live-restore and containers that started during the restart, the bip takes effect at the next start without
// containers.
async function deferred(
  host: DockerHost,
  journal: Journal,
  { apply, now }: { readonly apply: Apply; readonly now: DockerNow },
  signal: AbortSignal,
): Promise<Applied> {
  const applied = await settle(host, journal, apply, signal);
  const names = now.running.map(({ name }) => name).slice(0, 5);
  const message =
    `daemon.json has ${bipText(apply.bip)}, but Docker keeps the old address of its default network while containers run ` +
    '(live-restore)';
  const fix = `stop all containers (${names.join(', ')}) and restart Docker`;
  return { ...applied, findings: [waiting('Deferred', message, fix), ...applied.findings] };
}

async function finish(host: DockerHost, journal: Journal, apply: Apply, signal: AbortSignal): Promise<Applied> {
  host.log?.info({ bip: formatBip(apply.bip) }, 'the default network has its address');
  if (!apply.leaving) return settle(host, journal, apply, signal);
  const problem = await takeOut(host, apply);
  if (problem !== undefined) return { journal, findings: [problem], changes: 1 };
  return startAndTell(host, { ...journal, ours: undefined, apply: undefined, givenUp: undefined }, signal);
}

function settle(host: DockerHost, journal: Journal, apply: Apply, signal: AbortSignal): Promise<Applied> {
  return startAndTell(host, { ...journal, ours: apply.ours, apply: undefined, givenUp: undefined }, signal);
}

async function startAndTell(host: DockerHost, journal: Journal, signal: AbortSignal): Promise<Applied> {
  await writeJournal(host.settings.stateFolder, journal);
  await host.steps.reached('finished');
  const again = await startAgain(host, journal, signal);
  return { journal: again.journal, findings: again.findings, changes: 2 + again.started };
}

// docker0 has its former address, and keeps it after the key is removed from daemon.json.
async function takeOut(host: DockerHost, apply: Apply): Promise<Finding | undefined> {
  // Docker was started without any key of ours: what others changed since stays.
  if (sameContent(apply.after, apply.ours.without)) return undefined;
  try {
    const file = await readDaemonJson(apply.ours.path);
    let content: Content = apply.ours.without;
    if (!sameContent(file.bytes, apply.after)) {
      const edit = removeBip(file.bytes, apply.bip, apply.ours.without);
      if ('refused' in edit) {
        return { ...daemonJsonFinding(edit, apply.ours.path), reason: 'DaemonJsonNotWritten' };
      }
      content = edit.changed ? edit.bytes : file.bytes;
    }
    await writeDaemonJson(host, file, content);
    await host.steps.reached('taken-out');
    return undefined;
  } catch (error) {
    return notWritten(error, apply.ours.path);
  }
}
