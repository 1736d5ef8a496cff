// Gives Docker's default network one of the node's leases by keys in daemon.json: docker0 its address, or the LAN's bridge.
// Invariant: everything is read before anything is changed; an unfinished change of an earlier turn is completed first; if
// Docker does not start with our bip, it is started again without it.
import { type Prefix, prefixOf } from '../../../proto/domain/address.js';
import { usesDefaultNetwork } from '../../../proto/domain/default-network.js';
import { XnetError } from '../../../proto/errors.js';
import type { Finding, Outcome } from '../../reconcile/effect.js';
import { type Bip, bipText, formatBip } from '../engine/bip-value.js';
import { startAgain } from '../engine/containers.js';
import { putGatewayBack } from '../engine/gateway-address.js';
import { type Apply, emptyJournal, type Journal, readJournal, writeJournal } from '../engine/journal.js';
import { type Dockerd, seeDockerd, seeEngine } from '../engine/preflight.js';
import { blocked, blockedBy, type DesiredDocker, type DockerHost, seeLog, waiting } from '../engine/settings.js';
import { askDockerd } from '../engine/validation.js';
import { type BipResume, beginApply, resumeApply } from './apply.js';
import { bipOfLease, chooseBip } from './choose.js';
import { bipIn } from './daemon-json.js';
import { type DaemonJsonFile, readDaemonJson, writeDaemonJson } from './daemon-json-file.js';
import { daemonJsonFinding, notWritten } from './findings.js';
import { flagFinding } from './flag-finding.js';
import { bipInForce } from './in-force.js';
import { moveFlag, putFlagBack } from './move-flag.js';
import { overObstacle, withoutBridge } from './over-bridge.js';
import { type BipChange, type BipPlan, type BipSeen, planJoin, planLeave, withoutOurs } from './plan.js';

/**
 * convergeBip gives docker0 the address that chooseBip chooses. A node that never had a lease of mode bip leaves dockerd
 * and daemon.json alone.
 * @param byHand whether an operator requested it, see BipSeen
 */
export function convergeBip(
  host: DockerHost,
  desired: DesiredDocker,
  byHand: boolean,
  signal: AbortSignal,
): Promise<Outcome> {
  return outcomeOf(signal, async () => {
    const journal = await readJournal(host.settings.stateFolder);
    const bips = desired.leases.filter(usesDefaultNetwork).map(bipOfLease);
    if (bips.length === 0 && !isTouched(journal)) return { findings: [], changes: 0 };
    const engine = await seeEngine(host, signal);
    const interfaces = 'reason' in engine ? [] : await host.interfaces(signal);
    const present = 'reason' in engine ? undefined : bipInForce(bips, engine, interfaces);
    const choice = chooseBip(desired, { ours: journal.ours?.bip, present }, byHand);
    if ('reason' in engine) {
      if (choice.do === 'give-back') return leaveWithoutDocker(host, journal, engine, false);
      return { findings: [await withoutBridge(host, journal, engine, signal)], changes: 0 };
    }
    if (choice.do === 'hold') return { findings: [choice.waiting], changes: 0 };
    return turn(host, { journal, engine, byHand, rollout: choice.rollout }, signal, async (world) => {
      if (choice.do === 'give-back') return leave(host, world, false, signal);
      const obstacle = await overObstacle(host, desired, { ...world, wanted: choice.bip }, signal);
      if (obstacle !== undefined) return { findings: [obstacle], changes: 0 };
      const outcome = await join(host, world, choice.bip, signal);
      const { waiting } = choice;
      return waiting === undefined ? outcome : { ...outcome, findings: [...outcome.findings, waiting] };
    });
  });
}

/** BipLeave holds the options of leaveBip. */
export type BipLeave = {
  /** Running containers may be stopped and are started again; a Docker that is down does not prevent the leave. */
  readonly force: boolean;
  /** Whether an operator requested it, see BipSeen. */
  readonly byHand: boolean;
};

/** leaveBip gives docker0 its former address and daemon.json its former content. */
export function leaveBip(host: DockerHost, { force, byHand }: BipLeave, signal: AbortSignal): Promise<Outcome> {
  return outcomeOf(signal, async () => {
    const journal = await readJournal(host.settings.stateFolder);
    const engine = await seeEngine(host, signal);
    if ('reason' in engine) return leaveWithoutDocker(host, journal, engine, force);
    return turn(host, { journal, engine, byHand, rollout: '' }, signal, (world) => leave(host, world, force, signal));
  });
}

/** hasBip reports whether anything of mode bip remains: our key, containers to start again, or a recorded failure. */
export async function hasBip(host: DockerHost): Promise<boolean> {
  return isTouched(await readJournal(host.settings.stateFolder));
}

function isTouched({ ours, givenUp, toStart, dropIn }: Journal): boolean {
  return [ours, givenUp, dropIn].some((part) => part !== undefined) || toStart.length > 0;
}

/**
 * subnetOfDocker0 returns the subnet of the bip that xnet wrote; undefined if there is none.
 * @throws XnetError as readJournal does
 */
export async function subnetOfDocker0(host: DockerHost): Promise<Prefix | undefined> {
  const { ours } = await readJournal(host.settings.stateFolder);
  return ours === undefined ? undefined : (ours.bip.networks?.base ?? prefixOf(ours.bip.address, ours.bip.length));
}

/**
 * bipsToCome returns the addresses that docker0 may have after a start of Docker, whatever it has now: the one in daemon.json,
 * and both the former and the new one of a change that is under way, which may be rolled back. None if xnet set none.
 * @throws XnetError as readJournal and readDaemonJson do
 */
export async function bipsToCome(host: DockerHost): Promise<readonly Bip[]> {
  const { ours, apply } = await readJournal(host.settings.stateFolder);
  const path = (apply?.ours ?? ours)?.path;
  if (path === undefined) return [];
  const written = bipIn((await readDaemonJson(path)).bytes);
  return [written, ...(apply === undefined ? [] : [apply.bip, ours?.bip])].flatMap((bip) => bip ?? []);
}

/** forgetRestarts clears the recorded restarts of Docker, because an operator has removed the host. */
export function forgetRestarts(host: DockerHost, signal: AbortSignal): Promise<Outcome> {
  return outcomeOf(signal, async () => {
    const { stateFolder } = host.settings;
    const journal = await readJournal(stateFolder);
    if (journal.restarts.length > 0) await writeJournal(stateFolder, { ...journal, restarts: [] });
    return { findings: [], changes: 0 };
  });
}

/**
 * resumeBip completes or withdraws what an earlier xnetd began. It must run before anything else, in both modes.
 * @param leases see resumeApply
 */
export function resumeBip(host: DockerHost, { byHand, leases }: BipResume, signal: AbortSignal): Promise<Outcome> {
  return outcomeOf(signal, async () => {
    const journal = await readJournal(host.settings.stateFolder);
    if (journal.apply === undefined) return { findings: [], changes: 0 };
    const apply = { ...journal.apply, byHand: byHand || journal.apply.byHand };
    const { findings, changes } = await resumeApply(host, journal, { apply, leases }, signal);
    return { findings, changes };
  });
}

/** World holds everything that is read before the first change. */
type World = BipSeen & { readonly dockerd: Dockerd; readonly daemonJson: DaemonJsonFile };

async function turn(
  host: DockerHost,
  { journal, ...given }: Pick<BipSeen, 'journal' | 'engine' | 'byHand' | 'rollout'>,
  signal: AbortSignal,
  decide: (world: World) => Promise<Outcome>,
): Promise<Outcome> {
  const again = await startAgain(host, journal, signal);
  const world = await lookAt(host, { journal: again.journal, ...given }, signal);
  if ('reason' in world) return { findings: [world, ...again.findings], changes: again.started };
  const outcome = await decide(world);
  return { findings: [...outcome.findings, ...again.findings], changes: again.started + outcome.changes };
}

async function outcomeOf(signal: AbortSignal, work: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted)
      return { findings: [waiting('Interrupted', 'interrupted; the next turn continues')], changes: 0 };
    return { findings: [blockedBy(reasonOf(error), error, seeLog)], changes: 0 };
  }
}

function reasonOf(error: unknown): string {
  return error instanceof XnetError && error.code === 'Corrupt' ? 'JournalDamaged' : 'DockerFailed';
}

async function lookAt(
  host: DockerHost,
  given: Pick<BipSeen, 'journal' | 'engine' | 'byHand' | 'rollout'>,
  signal: AbortSignal,
): Promise<World | Finding> {
  const dockerd = await seeDockerd(host, signal);
  if ('reason' in dockerd) return dockerd;
  const path = host.settings.daemonJson ?? dockerd.flags.get('config-file') ?? '/etc/docker/daemon.json';
  let daemonJson: DaemonJsonFile;
  try {
    daemonJson = await readDaemonJson(path);
  } catch (error) {
    return blockedBy('DaemonJsonUnreadable', error, `make ${path} a regular file that root can read`);
  }
  const interfaces = await host.interfaces(signal);
  const { flags } = dockerd;
  const { onRunning, restarts } = host.settings;
  const nowMs = host.now();
  return { ...given, interfaces, flags, file: daemonJson.bytes, onRunning, restarts, nowMs, dockerd, path, daemonJson };
}

async function join(host: DockerHost, seen: World, wanted: Bip, signal: AbortSignal): Promise<Outcome> {
  let world = seen;
  if (host.settings.moveBip && seen.flags.has('bip') && wanted.over === undefined) {
    const problem = await moveFlag(host, { ...seen, major: seen.engine.version.major }, signal);
    if (problem !== undefined) return { findings: [problem], changes: 0 };
    const again = await lookAt(host, { ...seen, journal: await readJournal(host.settings.stateFolder) }, signal);
    if ('reason' in again) return { findings: [again], changes: 1 };
    world = again;
  }
  const plan = planJoin(world, wanted);
  if (plan.do === 'add-address') {
    const problem = await putGatewayBack(host, plan.bridgeName, wanted, signal);
    return problem === undefined ? { findings: [], changes: 1 } : { findings: [problem], changes: 0 };
  }
  if (plan.do !== 'report') {
    const flagged = await flagFinding({ ...world, where: world.dockerd.where }, wanted, plan.do === 'nothing');
    if (flagged !== undefined) return { findings: [flagged], changes: 0 };
  }
  return carryOut(host, world, { plan, leaving: false, force: false }, signal);
}

async function leave(host: DockerHost, world: World, force: boolean, signal: AbortSignal): Promise<Outcome> {
  const outcome = await giveBack(host, world, force, signal);
  // Only without a key in daemon.json does dockerd start with its flag.
  const problem =
    outcome.findings.length > 0 ? undefined : await putFlagBack(host, await readJournal(host.settings.stateFolder));
  return problem === undefined ? outcome : { ...outcome, findings: [problem] };
}

async function giveBack(host: DockerHost, world: World, force: boolean, signal: AbortSignal): Promise<Outcome> {
  const plan = planLeave(world, force);
  if (plan.do === 'nothing') {
    await writeJournal(host.settings.stateFolder, { ...world.journal, givenUp: undefined });
    return { findings: [], changes: 0 };
  }
  if (plan.do !== 'put-back') return carryOut(host, world, { plan, leaving: true, force }, signal);
  try {
    const written = await writeDaemonJson(host, world.daemonJson, plan.content);
    await host.steps.reached('put-back');
    await writeJournal(host.settings.stateFolder, { ...world.journal, ours: undefined, givenUp: undefined });
    return { findings: [], changes: written ? 1 : 0 };
  } catch (error) {
    return { findings: [notWritten(error, world.path)], changes: 0 };
  }
}

// daemon.json can be restored while Docker is down; docker0 can't.
async function leaveWithoutDocker(host: DockerHost, journal: Journal, why: Finding, force: boolean): Promise<Outcome> {
  const isGone = why.reason === 'NotInstalled';
  if (!isGone && !(force && why.reason === 'NotRunning')) return { findings: [why], changes: 0 };
  const { ours } = journal;
  let written = false;
  if (ours !== undefined) {
    const file = await readDaemonJson(ours.path);
    const without = withoutOurs(ours, file.bytes);
    if ('refused' in without) return { findings: [daemonJsonFinding(without, ours.path)], changes: 0 };
    written = await writeDaemonJson(host, file, without.content);
  }
  const left = { ...emptyJournal, dropIn: journal.dropIn, toConnect: journal.toConnect };
  await writeJournal(host.settings.stateFolder, left);
  const flag = await putFlagBack(host, left);
  if (flag !== undefined) return { findings: [flag], changes: written ? 1 : 0 };
  if (isGone || ours?.bip.over !== undefined || ours === undefined) return { findings: [], changes: written ? 1 : 0 };
  const had = ours.former === undefined ? 'another address' : formatBip(ours.former);
  const message =
    `Docker is not running, and docker0 comes up with ${formatBip(ours.bip)} at its next start, which is no longer ` +
    'leased to this node';
  const fix = `before you start Docker, give docker0 ${had} by a bip in daemon.json`;
  return { findings: [blocked('AddressKept', message, fix)], changes: written ? 1 : 0 };
}

async function carryOut(
  host: DockerHost,
  world: World,
  { plan, leaving, force }: { readonly plan: BipPlan; readonly leaving: boolean; readonly force: boolean },
  signal: AbortSignal,
): Promise<Outcome> {
  if (plan.do === 'report') return { findings: [plan.finding], changes: 0 };
  if (plan.do !== 'apply') return { findings: [], changes: 0 };
  const second = leaving ? undefined : await host.secondHost?.(signal);
  if (second !== undefined) return { findings: [second], changes: 0 };
  const { program, argv } = world.dockerd;
  const dockerd = { program, argv, major: world.engine.version.major };
  const refused = await refusedByDockerd(host, world, { change: plan.change, dockerd });
  if (refused !== undefined) return { findings: [refused], changes: 0 };
  const apply: Apply = {
    ...plan.change,
    leaving,
    force,
    byHand: world.byHand,
    rollout: world.rollout,
    restarting: false,
    direction: 'forward',
    reason: '',
    dockerd,
  };
  return beginApply(host, world.journal, { apply, file: world.daemonJson }, signal);
}

// dockerd refuses the present daemon.json, so a restart would leave Docker down, whatever xnet writes.
async function refusedByDockerd(
  host: DockerHost,
  world: World,
  { change, dockerd }: { readonly change: BipChange; readonly dockerd: Apply['dockerd'] },
): Promise<Finding | undefined> {
  const ask = (content: Buffer | undefined) => askDockerd(host.exec, dockerd, content, host.settings.stateFolder);
  const present = await ask(world.file);
  if (present !== undefined) {
    const message = `Docker would not start again with the present daemon.json: ${present}`;
    return blocked('DaemonJsonInvalid', message, `correct ${world.path}`);
  }
  const next = await ask(change.after);
  if (next === undefined) return undefined;
  const message = `Docker would not start with ${bipText(change.bip)}: ${next}`;
  return blocked('DaemonJsonInvalid', message, `correct ${world.path}, so that dockerd accepts it`);
}
