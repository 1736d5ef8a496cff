// Brings Docker back to the daemon.json that it ran with, when it does not start with ours.
// Invariant: Docker is never left down: the journal says "back" until it answers again, and each turn goes on from
// there. What others have put into the file meanwhile is kept, in the file where dockerd takes it, beside it otherwise.
import { join } from 'node:path';
import { messageOf, XnetError } from '../../../proto/errors.js';
import { discardTemporary, writeOwnFile } from '../../../proto/process/atomic-file.js';
import type { Finding, Outcome } from '../../reconcile/effect.js';
import { bipsEqual, formatBip } from '../engine/bip-value.js';
import { type DockerNow, dockerNow, startAgain, untilDockerAnswers } from '../engine/containers.js';
import { type Apply, type Content, type Journal, writeJournal } from '../engine/journal.js';
import { decidedBy, recentRestarts, startAt } from '../engine/restart-limit.js';
import { blocked, type DockerHost } from '../engine/settings.js';
import { askDockerd } from '../engine/validation.js';
import { bipIn, removeBip, setBip } from './daemon-json.js';
import { readDaemonJson, sameContent, writeDaemonJson } from './daemon-json-file.js';
import { notWritten, rolledBackFinding } from './findings.js';
import { inputsOf } from './plan.js';

/** Applied is what came of an apply: the journal after it, and its outcome. */
export type Applied = Outcome & { readonly journal: Journal };

/**
 * rollBack restores daemon.json, and restarts Docker if it does not run. `apply` has the direction "back" and the reason.
 */
export async function rollBack(
  host: DockerHost,
  journal: Journal,
  apply: Apply,
  signal: AbortSignal,
): Promise<Applied> {
  const { settings, steps } = host;
  const held = await heldBack(host, journal, apply, signal);
  if (held !== undefined) return { journal, findings: [held], changes: 0 };
  host.log?.warn({ bip: formatBip(apply.bip), reason: apply.reason }, 'Docker does not start with it: rolling back');
  let noted: Journal = { ...journal, apply };
  await note(host, noted);
  await steps.reached('going-back');
  const startDocker = async () => {
    noted = withRestart(host, noted, apply);
    await note(host, noted);
    return start(host, signal);
  };
  let restored: Restored;
  try {
    restored = await restoreFile(host, apply);
  } catch (error) {
    // Whatever kept it from starting may have passed.
    const runs = typeof ((await dockerNow(host, signal)) ?? (await startDocker())) !== 'string';
    const message =
      `Docker did not start with bip ${formatBip(apply.bip)} (${apply.reason}), and daemon.json could not be ` +
      `restored: ${messageOf(error)}; ${runs ? 'Docker runs' : 'Docker is down'}`;
    const fix = `make ${apply.ours.path} writable; xnetd then restores it${runs ? '' : ' and starts Docker'}`;
    return { journal: noted, findings: [blocked('RollbackFailed', message, fix)], changes: 1 };
  }
  await steps.reached('restored');
  // It may run: with another docker0 than wanted, or since an xnetd that was killed has started it.
  let now: DockerNow | string = (await dockerNow(host, signal)) ?? (await startDocker());
  if (typeof now === 'string' && restored.kept) {
    // What others have added keeps it from starting, too.
    restored = await restoreFile(host, apply, true);
    now = await startDocker();
  }
  if (typeof now === 'string') {
    const message = `Docker does not start (${apply.reason}), nor with daemon.json as it was before (${now})`;
    return { journal: noted, findings: [blocked('DockerDown', message, startByHand(settings.unit))], changes: 2 };
  }
  const aside = restored.aside === undefined ? '' : `; what was in it by then is kept in ${restored.aside}`;
  const message =
    `Docker does not start with bip ${formatBip(apply.bip)}: ${apply.reason}. It runs again with daemon.json as it ` +
    `was${aside}`;
  // With the networks of now: one that came in between was the reason, perhaps.
  const inputs = inputsOf(apply, restored.content, now.networks);
  const givenUp = { inputs, message };
  const next = { ...withoutApply(noted, apply), givenUp };
  await writeJournal(settings.stateFolder, next);
  await steps.reached('rolled-back');
  const again = await startAgain(host, next, signal);
  const findings = [rolledBackFinding(givenUp), ...again.findings];
  return { journal: again.journal, findings, changes: 2 + again.started };
}

// A full disk must not keep Docker down: without the journal the next turn comes to the same end, one restart later.
async function note(host: DockerHost, journal: Journal): Promise<void> {
  await writeJournal(host.settings.stateFolder, journal).catch((error: unknown) => {
    host.log?.error({ err: error }, 'the journal could not be written');
  });
}

/** withRestart is the journal with a restart of Docker that is about to be made for `apply`. */
export function withRestart(host: DockerHost, journal: Journal, apply: Apply): Journal {
  const nowMs = host.now();
  const restart = {
    atMs: nowMs,
    decided: decidedBy(apply.ours.without, apply.circumstances),
    back: apply.direction === 'back',
  };
  return { ...journal, restarts: [...recentRestarts(journal.restarts, nowMs), restart] };
}

// A Docker that did not start in an earlier turn is started again after longer and longer pauses.
async function heldBack(
  host: DockerHost,
  journal: Journal,
  { byHand, reason }: Apply,
  signal: AbortSignal,
): Promise<Finding | undefined> {
  if (byHand || journal.apply?.direction !== 'back') return undefined;
  const atMs = startAt(journal.restarts, host.now(), host.settings.restarts);
  if (atMs === 0 || (await dockerNow(host, signal)) !== undefined) return undefined;
  const message = `Docker does not start (${reason}); xnetd tries again at ${new Date(atMs).toISOString()}`;
  const fix = `${startByHand(host.settings.unit)}; to have xnetd try at once: systemctl reload xnetd`;
  return blocked('DockerDown', message, fix);
}

function startByHand(unit: string): string {
  return `find the cause with journalctl -u ${unit}, then start Docker by hand: systemctl start ${unit}`;
}

/** withdraw takes our key out again before Docker was touched, because of `finding`. */
export async function withdraw(host: DockerHost, journal: Journal, apply: Apply, finding: Finding): Promise<Applied> {
  try {
    await restoreFile(host, apply);
    const next = withoutApply(journal, apply);
    await writeJournal(host.settings.stateFolder, next);
    return { journal: next, findings: [finding], changes: 1 };
  } catch (error) {
    return { journal, findings: [finding, notWritten(error, apply.ours.path)], changes: 0 };
  }
}

function withoutApply(journal: Journal, apply: Apply): Journal {
  const inFile = bipIn(apply.before);
  return { ...journal, ours: bipsEqual(inFile, journal.ours?.bip) ? journal.ours : undefined, apply: undefined };
}

/** What Docker is when it answers, else why it does not. */
async function start(host: DockerHost, signal: AbortSignal): Promise<DockerNow | string> {
  const restart = await host.restarter.restart();
  await host.steps.reached('restarted-back');
  signal.throwIfAborted();
  const now = await untilDockerAnswers(host, restart.ok ? host.settings.waitMs : 0, signal);
  if (now !== undefined) return now;
  return restart.ok ? `no answer within ${Math.round(host.settings.waitMs / 1000)} s` : restart.reason;
}

type Restored = {
  readonly content: Content;
  /** The file has what others have put into it since we wrote it. */
  readonly kept: boolean;
  /** Where the file as others have left it was put, if it was replaced. */
  readonly aside: string | undefined;
};

async function restoreFile(host: DockerHost, apply: Apply, discardOthers = false): Promise<Restored> {
  // Somebody writes at this very moment: Docker can't wait for the next turn.
  for (let attempt = 1; attempt < 5; attempt += 1) {
    try {
      return await restoreOnce(host, apply, discardOthers);
    } catch (error) {
      if (!(error instanceof XnetError) || error.code !== 'Conflict') throw error;
    }
  }
  return restoreOnce(host, apply, discardOthers);
}

async function restoreOnce(host: DockerHost, apply: Apply, discardOthers: boolean): Promise<Restored> {
  const file = await readDaemonJson(apply.ours.path);
  await discardTemporary(file.target);
  if (sameContent(file.bytes, apply.before)) return { content: file.bytes, kept: false, aside: undefined };
  if (sameContent(file.bytes, apply.after)) {
    await writeDaemonJson(host, file, apply.before);
    return { content: apply.before, kept: false, aside: undefined };
  }
  // Somebody else has edited it.
  const theirs = discardOthers ? undefined : await acceptable(host, apply, file.bytes);
  if (theirs !== undefined) {
    await writeDaemonJson(host, file, theirs);
    return { content: theirs, kept: true, aside: undefined };
  }
  const aside = join(host.settings.stateFolder, 'daemon.json.set-aside');
  if (file.bytes !== undefined) await writeOwnFile(aside, file.bytes);
  await writeDaemonJson(host, file, apply.before);
  return { content: apply.before, kept: false, aside: file.bytes === undefined ? undefined : aside };
}

// Their file with the bip from before instead of ours, if dockerd takes that.
async function acceptable(host: DockerHost, apply: Apply, theirs: Content): Promise<Buffer | undefined> {
  if (theirs === undefined) return undefined;
  const before = bipIn(apply.before);
  const edit = before === undefined ? removeBip(theirs, apply.bip) : setBip(theirs, before, apply.bip);
  if ('refused' in edit) return undefined;
  const refused = await askDockerd(host.exec, apply.dockerd, edit.bytes, host.settings.stateFolder).catch(messageOf);
  return refused === undefined ? edit.bytes : undefined;
}
