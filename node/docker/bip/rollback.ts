// Returns Docker to its former daemon.json when it does not start with ours.
// Invariant: Docker is never left down. The journal says "back" until Docker answers again, and each turn continues
// from there. Edits that others made meanwhile are kept: in the file if dockerd accepts them, else in a file beside it.
import { join } from 'node:path';
import { messageOf, XnetError } from '../../../proto/errors.js';
import { discardTemporary, writeOwnFile } from '../../../proto/process/atomic-file.js';
import type { Finding, Outcome } from '../../reconcile/effect.js';
import { bipsEqual, bipText, formatBip } from '../engine/bip-value.js';
import { type DockerNow, dockerNow, startAgain, untilDockerAnswers } from '../engine/containers.js';
import { type Apply, type Content, type Journal, writeJournal } from '../engine/journal.js';
import { decidedBy, recentRestarts, startAt } from '../engine/restart-limit.js';
import { blocked, type DockerHost } from '../engine/settings.js';
import { askDockerd } from '../engine/validation.js';
import { bipIn, withFormer } from './daemon-json.js';
import { readDaemonJson, sameContent, writeDaemonJson } from './daemon-json-file.js';
import { notWritten, rolledBackFinding } from './findings.js';
import { inputsOf } from './plan.js';

/** Applied is the result of an apply: its outcome, and the journal after it. */
export type Applied = Outcome & { readonly journal: Journal };

/** rollBack restores daemon.json and starts Docker if it does not run. `apply` has direction "back" and the reason. */
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
    // The cause may have passed, so one more start is tried.
    const runs = typeof ((await dockerNow(host, signal)) ?? (await startDocker())) !== 'string';
    const message =
      `Docker did not start with ${bipText(apply.bip)} (${apply.reason}), and daemon.json could not be ` +
      `restored: ${messageOf(error)}; ${runs ? 'Docker runs' : 'Docker is down'}`;
    const fix = `make ${apply.ours.path} writable; xnetd then restores it${runs ? '' : ' and starts Docker'}`;
    return { journal: noted, findings: [blocked('RollbackFailed', message, fix)], changes: 1 };
  }
  await steps.reached('restored');
  // Docker may run already: with an unwanted docker0, or started by an xnetd that was killed since.
  let now: DockerNow | string = (await dockerNow(host, signal)) ?? (await startDocker());
  if (typeof now === 'string' && restored.kept) {
    // The edits of others prevent the start as well: restore the file without them.
    restored = await restoreFile(host, apply, true);
    now = await startDocker();
  }
  if (typeof now === 'string') {
    const message = `Docker does not start (${apply.reason}), nor with daemon.json as it was before (${now})`;
    return { journal: noted, findings: [blocked('DockerDown', message, startByHand(settings.unit))], changes: 2 };
  }
  const aside = restored.aside === undefined ? '' : `; its former content is kept in ${restored.aside}`;
  const message =
    `Docker does not start with ${bipText(apply.bip)}: ${apply.reason}. It runs again with daemon.json as it ` +
    `was${aside}`;
  // Uses the present networks: one created in between may have been the cause.
  const inputs = inputsOf(apply, restored.content, now.networks);
  const givenUp = { inputs, message };
  const next = { ...withoutApply(noted, apply), givenUp };
  await writeJournal(settings.stateFolder, next);
  await steps.reached('rolled-back');
  const again = await startAgain(host, next, signal);
  const findings = [rolledBackFinding(givenUp), ...again.findings];
  return { journal: again.journal, findings, changes: 2 + again.started };
}

// A full disk must not keep Docker down: without the journal, the next turn does the same, with one more restart.
async function note(host: DockerHost, journal: Journal): Promise<void> {
  await writeJournal(host.settings.stateFolder, journal).catch((error: unknown) => {
    host.log?.error({ err: error }, 'the journal could not be written');
  });
}

/** withRestart returns the journal with a restart of Docker added that `apply` is about to make. */
export function withRestart(host: DockerHost, journal: Journal, apply: Apply): Journal {
  const nowMs = host.now();
  const restart = {
    atMs: nowMs,
    decided: decidedBy(apply.ours.without, apply.circumstances),
    rollout: apply.rollout,
    back: apply.direction === 'back',
  };
  return { ...journal, restarts: [...recentRestarts(journal.restarts, nowMs), restart] };
}

// A Docker that failed to start in an earlier turn is started again after growing pauses.
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

/** withdraw removes our key again, before Docker was restarted, because of `finding`. */
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

/** Returns Docker's state once it answers, else why it does not. */
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
  /** Whether the restored file has edits that others made since xnet wrote it. */
  readonly kept: boolean;
  /** Path that the file with others' edits was moved to, if it was replaced. */
  readonly aside: string | undefined;
};

async function restoreFile(host: DockerHost, apply: Apply, discardOthers = false): Promise<Restored> {
  // Another program may be writing at this moment, and Docker can't wait for the next turn: retry at once.
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
  // Another program has edited the file.
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

// Returns their file with the former bip instead of ours, if dockerd accepts it.
async function acceptable(host: DockerHost, apply: Apply, theirs: Content): Promise<Buffer | undefined> {
  if (theirs === undefined) return undefined;
  const edit = withFormer(theirs, apply.before, apply.bip, apply.ours.without);
  if ('refused' in edit) return undefined;
  const refused = await askDockerd(host.exec, apply.dockerd, edit.bytes, host.settings.stateFolder).catch(messageOf);
  return refused === undefined ? edit.bytes : undefined;
}
