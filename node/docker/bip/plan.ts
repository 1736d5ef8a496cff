// Decides the steps that give docker0 the lease's address, or its former address back.
// Invariant: no plan stops a running container without the operator's consent, changes a foreign key, or repeats what
// failed before with the same inputs. Pure.
import {
  formatPrefix,
  ipv4FromNumber,
  prefixCovers,
  prefixesOverlap,
  prefixOf,
} from '../../../proto/domain/address.js';
import type { Finding } from '../../reconcile/effect.js';
import { type Bip, bipsEqual, bipText, formatBip, getsText, parseBip } from '../engine/bip-value.js';
import { sha256 } from '../engine/content-hash.js';
import type { EngineNetwork, EngineSeen } from '../engine/engine.js';
import type { Flags } from '../engine/flags.js';
import type { HostInterface } from '../engine/interfaces.js';
import type { Content, Journal, Ours } from '../engine/journal.js';
import { overlapFinding, overlapping } from '../engine/preflight.js';
import { decidedBy, type RestartLimit, restartAt } from '../engine/restart-limit.js';
import { blocked, type OnRunning, waiting } from '../engine/settings.js';
import type { DaemonJsonRefusal } from './checked-json.js';
import { bipIn, removeBip, setBip } from './daemon-json.js';
import { daemonJsonFinding, rolledBackFinding, runningFinding } from './findings.js';
import {
  bipOfDocker0,
  bridgeBehind,
  defaultNetwork,
  dockerDefaultBridge,
  dockerHas,
  isAllInForce,
} from './in-force.js';

/** BipSeen holds everything that a plan depends on. */
export type BipSeen = {
  readonly engine: EngineSeen;
  readonly interfaces: readonly HostInterface[];
  readonly flags: Flags;
  /** Path of daemon.json and its content. */
  readonly path: string;
  readonly file: Content;
  readonly journal: Journal;
  readonly onRunning: OnRunning;
  readonly restarts: RestartLimit;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** An operator requested it: earlier failures and the restart limit do not apply. */
  readonly byHand: boolean;
  /**
   * Id of the rollout that permits the change; empty: none is needed. A failed change is tried again in another
   * rollout.
   */
  readonly rollout: string;
};

/**
 * BipPlan is the next step: nothing, report a finding, add docker0's address again, change daemon.json and docker0, or
 * only restore the file because docker0 is already right.
 */
export type BipPlan =
  | { readonly do: 'nothing' }
  | { readonly do: 'report'; readonly finding: Finding }
  | { readonly do: 'add-address'; readonly bridgeName: string }
  | { readonly do: 'apply'; readonly change: BipChange }
  | { readonly do: 'put-back'; readonly content: Content };

/** BipChange is a change of daemon.json, and what the journal records about it. */
export type BipChange = {
  readonly bip: Bip;
  /** daemon.json to roll back to, and the one to start Docker with. The present content is one of the two. */
  readonly before: Content;
  readonly after: Content;
  readonly ours: Ours;
  /** Other inputs that the outcome depends on, see inputsOf. */
  readonly circumstances: string;
};

/** planJoin decides the step that gives docker0 the wanted bip. */
export function planJoin(seen: BipSeen, wanted: Bip): BipPlan {
  const { journal, file, engine, interfaces } = seen;
  const inForce = isSeenInForce(wanted, seen);
  const bridge = bridgeBehind(engine.networks, interfaces);
  const hasAddress = bridge?.addresses.some((address) => bipsEqual(address, wanted)) === true;
  if (!hasAddress && bridge !== undefined && dockerHas(wanted, engine.networks)) {
    // The address was removed from docker0. Docker still has the bip, so a restart would only add the address
    // again.
    const taken = takenBy(seen, wanted);
    return taken === undefined ? { do: 'add-address', bridgeName: bridge.name } : report(taken);
  }
  const byFlag = seen.flags.get('bip');
  if (byFlag !== undefined && bipsEqual(parseBip(byFlag), wanted) && inForce) return { do: 'nothing' };
  const edit = setBip(file, wanted, journal.ours?.bip);
  if ('refused' in edit) return report(daemonJsonFinding(edit, seen.path));
  if (!edit.changed && inForce) return { do: 'nothing' };
  const isOurs = edit.changed || bipsEqual(journal.ours?.bip, wanted);
  if (!isOurs) {
    const message = `daemon.json has ${bipText(wanted)}, which xnet did not set, and Docker was not restarted since`;
    return report(blocked('RestartNeeded', message, 'restart Docker'));
  }
  const without = withoutOurs(journal.ours, file);
  if ('refused' in without) return report(daemonJsonFinding(without, seen.path));
  const present = bipOfDocker0(engine.networks, interfaces);
  const former = journal.ours === undefined ? (bipsEqual(present, wanted) ? undefined : present) : journal.ours.former;
  const ours = { path: seen.path, bip: wanted, wrote: contentHash(edit.bytes), without: without.content, former };
  const taken = inForce ? undefined : takenBy(seen, wanted);
  if (taken !== undefined) return report(taken);
  // If the file is already right, the only content to roll back to is the file without our key.
  const before = edit.changed ? file : without.content;
  return planChange(seen, { bip: wanted, before, after: edit.bytes, ours }, inForce);
}

/**
 * planLeave decides the step that gives docker0 back its former address.
 * @param force stop containers and start them again, regardless of `onRunning`
 */
export function planLeave(seen: BipSeen, force: boolean): BipPlan {
  const { journal, file } = seen;
  const { ours } = journal;
  const held = force ? { ...seen, onRunning: 'restart' as const } : seen;
  if (ours === undefined) return { do: 'nothing' };
  const without = withoutOurs(ours, file);
  if ('refused' in without) return report(daemonJsonFinding(without, seen.path));
  const putBack: BipPlan = { do: 'put-back', content: without.content };
  const foreign = bipIn(without.content);
  if (foreign !== undefined) {
    // A foreign bip that replaced ours: docker0 is no longer xnet's. One that was there before ours, and that xnet kept or
    // replaced, needs a restart: docker0, or new networks, would go on to have addresses of the lease.
    if (!bipsEqual(bipIn(file), ours.bip) || isSeenInForce(foreign, seen)) return putBack;
    const taken = takenBy(seen, foreign);
    if (taken !== undefined) return report(taken);
    const after = without.content;
    const back = { path: seen.path, bip: foreign, wrote: contentHash(after), without: after, former: foreign };
    return planChange(held, { bip: foreign, before: file, after, ours: back }, false);
  }
  const former = formerOrFree(seen, ours);
  if (former === undefined) {
    const message = "docker0 has no subnet to go back to: Docker's own, 172.17–31.0.0/16, are taken";
    const fix = `set a bip for docker0 in ${seen.path} and restart Docker, or remove one of the networks`;
    return report(blocked('NoFreeSubnet', message, fix));
  }
  if (isSeenInForce(former, seen)) return putBack;
  const edit = setBip(without.content, former, undefined);
  if ('refused' in edit) return report(daemonJsonFinding(edit, seen.path));
  const next = { path: seen.path, bip: former, wrote: contentHash(edit.bytes), without: without.content, former };
  return planChange(held, { bip: former, before: file, after: edit.bytes, ours: next }, false);
}

function isSeenInForce(bip: Bip, { engine: { networks, info }, interfaces, journal }: BipSeen): boolean {
  return isAllInForce(bip, { networks, interfaces, addressPools: info.addressPools }, journal);
}

function planChange(seen: BipSeen, wanted: Omit<BipChange, 'circumstances'>, inForce: boolean): BipPlan {
  const circumstances = JSON.stringify([seen.engine.version.version, ...seen.flags]);
  const change = { ...wanted, circumstances };
  const plan: BipPlan = { do: 'apply', change };
  if (inForce) return plan;
  const { givenUp } = seen.journal;
  const inputs = inputsOf({ ...change, rollout: seen.rollout }, change.before, seen.engine.networks);
  if (!seen.byHand && givenUp?.inputs === inputs) return report(rolledBackFinding(givenUp));
  const running = seen.engine.containers.filter((container) => container.running);
  const finding = runningFinding(running, seen.onRunning, change.bip) ?? limitFinding(seen, change);
  return finding === undefined ? plan : report(finding);
}

/** limitFinding reports why Docker must not be restarted again yet; undefined if it may be. */
export function limitFinding(
  { journal, restarts, nowMs, byHand, rollout }: Pick<BipSeen, 'journal' | 'restarts' | 'nowMs' | 'byHand' | 'rollout'>,
  { bip, ours, circumstances }: Pick<BipChange, 'bip' | 'ours' | 'circumstances'>,
): Finding | undefined {
  if (byHand) return undefined;
  const decided = decidedBy(ours.without, circumstances);
  const failed = journal.givenUp !== undefined;
  const atMs = restartAt(journal.restarts, { decided, rollout, failed, nowMs }, restarts);
  if (atMs === 0) return undefined;
  const before = journal.givenUp === undefined ? '' : ` The last restart: ${journal.givenUp.message}`;
  const message =
    `${getsText(bip)} by a restart of Docker, which xnet has restarted several times within the hour: it ` +
    `is restarted again at ${new Date(atMs).toISOString()}.${before}`;
  return waiting('RestartsLimited', message, 'to restart Docker at once: systemctl reload xnetd');
}

/** withoutOurs returns daemon.json without our change. Edits that others made since xnet wrote it are kept. */
export function withoutOurs(ours: Ours | undefined, file: Content): { readonly content: Content } | DaemonJsonRefusal {
  if (ours === undefined) return { content: file };
  if (contentHash(file) === ours.wrote) return { content: ours.without };
  const { networks: _, fixedCidr: __, ...address } = ours.bip;
  // A bip that xnet did not set, and that it kept, stays.
  const isKept = [ours.without, file].every((content) => bipsEqual(bipIn(content), address));
  const edit = isKept ? setBip(file, address, ours.bip) : removeBip(file, ours.bip, ours.without);
  if ('refused' in edit) return edit;
  return { content: edit.changed ? edit.bytes : file };
}

/** contentHash returns the SHA-256 of a file; a missing file and an empty one have different hashes. */
export function contentHash(file: Content): string {
  return file === undefined ? 'absent' : sha256(file);
}

/** takenBy reports what has addresses of a bip's subnet, or of the range that belongs to it; undefined: nothing. */
export function takenBy(
  { engine: { networks }, interfaces }: { readonly engine: Pick<EngineSeen, 'networks'> } & Pick<BipSeen, 'interfaces'>,
  bip: Bip,
): Finding | undefined {
  const subnet = prefixOf(bip.address, bip.length);
  const network = defaultNetwork(networks);
  const range = bip.networks?.base ?? subnet;
  // Networks that Docker made in the block are where they belong.
  const own = networks.filter(({ subnets }) =>
    subnets.every(({ prefix }) => prefixCovers(range, prefix) && !prefixesOverlap(prefix, subnet)),
  );
  // docker0 keeps its address while the default network is on another bridge.
  const bridges = [network?.bridgeName ?? dockerDefaultBridge, dockerDefaultBridge, bip.over?.bridge ?? ''];
  const except = new Set([network?.id ?? '', ...bridges, ...own.map(({ id }) => id)]);
  return overlapFinding(range, overlapping(range, { networks, interfaces }, except));
}

// Subnets that Docker itself tries for docker0, in its order (libnetwork/ipamutils, the defaults of the local scope).
const dockerChoices: readonly Bip[] = Array.from({ length: 15 }, (_, index) => ({
  address: ipv4FromNumber(((172 << 24) | ((17 + index) << 16) | 1) >>> 0),
  length: 16,
}));

// Docker may have given docker0's former subnet to a network that was created since.
function formerOrFree(seen: BipSeen, ours: Ours): Bip | undefined {
  const candidates = ours.former === undefined ? dockerChoices : [ours.former, ...dockerChoices];
  return candidates.find((bip) => takenBy(seen, bip) === undefined);
}

/**
 * inputsOf returns the SHA-256 of everything that a start of Docker with a bip depends on: the bip and its ranges, the rest
 * of daemon.json, the engine's version, its flags, and the Docker networks that overlap the bip's subnet. The rollout is
 * among them because an operator began it.
 */
export function inputsOf(
  { bip, circumstances, rollout }: Pick<BipChange, 'bip' | 'circumstances'> & Pick<BipSeen, 'rollout'>,
  file: Content,
  networks: readonly EngineNetwork[],
): string {
  const subnet = prefixOf(bip.address, bip.length);
  const others = networks
    .filter((network) => !network.isDefault)
    .flatMap(({ subnets }) => subnets.map(({ prefix }) => prefix))
    .filter((prefix) => prefixesOverlap(prefix, subnet))
    .map(formatPrefix);
  const permitted = rollout === '' ? [] : [rollout];
  const { networks: pool, fixedCidr } = bip;
  // Only what there is, so that an earlier version's failure with a mere bip stays known.
  const parts = [
    ...(pool === undefined ? [] : [`networks ${formatPrefix(pool.base)} ${pool.size}`]),
    ...(fixedCidr === undefined ? [] : [`range ${formatPrefix(fixedCidr)}`]),
  ];
  const value = bip.over === undefined ? formatBip(bip) : bipText(bip);
  const inputs = [value, contentHash(file), circumstances, others.sort(), ...permitted, ...parts];
  return sha256(Buffer.from(JSON.stringify(inputs)));
}

function report(finding: Finding): BipPlan {
  return { do: 'report', finding };
}
