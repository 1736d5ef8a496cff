// The Docker effect of xnetd: Docker has the subnets of the node's leases, one on docker0, others on separate networks.
// Invariant: an object that is no longer wanted is removed before its replacement is made.
import { type Prefix, prefixesOverlap } from '../../proto/domain/address.js';
import type { HostNetwork } from '../../proto/domain/network.js';
import { type Exec, exec as execHere } from '../../proto/process/exec.js';
import type { Logger } from '../../proto/process/log.js';
import { noSteps, type Steps } from '../../proto/process/steps.js';
import { answering } from '../probe/arp.js';
import type { Effect, Finding, Outcome } from '../reconcile/effect.js';
import { bipsToCome, convergeBip, forgetRestarts, hasBip, leaveBip, resumeBip, subnetOfDocker0 } from './bip/bip.js';
import { runningFinding } from './bip/findings.js';
import { blocksIn, inBlockFinding, type OutsideNetwork, outsideNetworks } from './block-networks.js';
import { convergeBridges, leaveBridge, removeStrays } from './bridge/bridge.js';
import { withNicUsers } from './bridge/nic-users.js';
import { type DualHomed, desiredBridges, dualHomed, planBridgeRemoval } from './bridge/plan.js';
import type { Bip } from './engine/bip-value.js';
import { connectEngine } from './engine/dockerode.js';
import type { Engine } from './engine/engine.js';
import type { HostInterface } from './engine/interfaces.js';
import { type Journal, readJournal } from './engine/journal.js';
import { seeEngine } from './engine/preflight.js';
import { commandRestarter, systemdRestarter } from './engine/restarter.js';
import type { DesiredDocker, DockerHost, DockerSettings } from './engine/settings.js';
import { discardAsked } from './engine/validation.js';
import { hostNetworks, type LeaseModes, unroutedNetworks } from './host-networks.js';

/** DockerEffectOptions are the dependencies of the effect besides its settings. */
export type DockerEffectOptions = {
  readonly settings: DockerSettings;
  /** Runs programs; by default on this host. */
  readonly exec?: Exec;
  readonly interfaces: (signal?: AbortSignal) => Promise<readonly HostInterface[]>;
  readonly nics?: DockerHost['nics'];
  readonly lanMove?: DockerHost['lanMove'];
  readonly steps?: Steps;
  readonly log?: Logger;
};

/** DockerEffect is the effect, and what the daemon asks about Docker. */
export interface DockerEffect extends Effect<DesiredDocker> {
  /** Gives the daemon Docker's events and version. */
  readonly engine: Engine;
  /** remove undoes everything that carries the effect's mark. Findings name what could not be removed. */
  remove(signal: AbortSignal): Promise<Outcome>;
  /**
   * leave is `remove`; with `force` it also stops running containers and starts them again (bip), or detaches them from
   * the network (bridge).
   * @param leases the node's, as far as they are known: without `force`, networks in a block of them prevent the leave
   */
  leave(force: boolean, leases: LeaseModes, signal: AbortSignal): Promise<Outcome>;
  /** resume completes or withdraws a change of docker0 that is under way, and begins none. */
  resume(signal: AbortSignal): Promise<Outcome>;
  /**
   * leaveObstacles returns what prevents a leave that forces nothing: running or attached containers, and networks in a
   * block. It changes nothing.
   * @param leases see leave
   * @throws XnetError as Engine does
   */
  leaveObstacles(leases: LeaseModes, signal: AbortSignal): Promise<readonly Finding[]>;
  /**
   * retry makes the next turn repeat what failed before, without a limit on restarts, because an operator requested it.
   */
  retry(): void;
  /**
   * hostNetworks lists the networks of this host that a pool must not overlap.
   * @throws XnetError as Engine does
   */
  hostNetworks(leases: LeaseModes, signal: AbortSignal): Promise<readonly HostNetwork[]>;
  /**
   * bipsToCome returns the addresses that docker0 may get by a start of Docker, whatever it has now.
   * @throws XnetError when the journal or daemon.json can't be read
   */
  bipsToCome(): Promise<readonly Bip[]>;
  /**
   * dualHomed lists running containers on our network and on one that is not routed, which may have their default route.
   * @throws XnetError as Engine does
   */
  dualHomed(leases: LeaseModes, signal: AbortSignal): Promise<readonly DualHomed[]>;
  /**
   * unroutedNetworks names Docker networks with running containers that no route leads to.
   * @throws XnetError as Engine does
   */
  unroutedNetworks(leases: LeaseModes, signal: AbortSignal): Promise<readonly string[]>;
  /**
   * outsideNetworks names Docker networks that were made before the node's block, each with the command that recreates it.
   * @throws XnetError as Engine does
   */
  outsideNetworks(leases: LeaseModes, signal: AbortSignal): Promise<readonly OutsideNetwork[]>;
}

/** makeDockerEffect makes the effect. It touches and connects to nothing before the first call. */
export function makeDockerEffect(options: DockerEffectOptions): DockerEffect {
  const { settings, exec = execHere, steps = noSteps, log } = options;
  const { restartCommand, unit } = settings;
  const host: DockerHost = {
    settings,
    engine: connectEngine(settings.socket),
    restarter: restartCommand === undefined ? systemdRestarter(exec, unit) : commandRestarter(exec, restartCommand),
    exec,
    interfaces: options.interfaces,
    nics: options.nics ?? (() => Promise.resolve([])),
    answering,
    steps,
    now: Date.now,
    log,
    ...(options.lanMove && { lanMove: options.lanMove }),
  };
  const { engine } = host;
  let byHand = false;
  return {
    name: 'docker',
    engine,
    converge: (desired, signal) => {
      const turn = { desired, byHand };
      byHand = false;
      return converge(host, turn, signal);
    },
    remove: (signal) => leave(host, { force: false, leases: [] }, signal),
    leave: (force, leases, signal) => leave(host, { force, leases }, signal),
    resume: (signal) => resumeBip(host, { byHand: false, leases: [] }, signal),
    leaveObstacles: (leases, signal) => leaveObstacles(host, leases, signal),
    retry: () => {
      byHand = true;
    },
    hostNetworks: async (leases, signal) =>
      hostNetworks(await engine.networks(signal), await host.interfaces(signal), leases),
    bipsToCome: () => bipsToCome(host),
    dualHomed: async (leases, signal) => {
      const [networks, containers] = await Promise.all([engine.networks(signal), engine.containers(signal)]);
      return dualHomed({ networks, containers }, leases);
    },
    unroutedNetworks: async (leases, signal) => {
      const [networks, containers] = await Promise.all([engine.networks(signal), engine.containers(signal)]);
      return unroutedNetworks({ networks, containers }, leases);
    },
    outsideNetworks: async (leases, signal) => {
      const [networks, containers] = await Promise.all([engine.networks(signal), engine.containers(signal)]);
      return outsideNetworks({ networks, containers }, leases);
    },
  };
}

async function converge(
  always: DockerHost,
  { desired, byHand }: { readonly desired: DesiredDocker; readonly byHand: boolean },
  signal: AbortSignal,
): Promise<Outcome> {
  const resumed = await resumeBip(always, { byHand, leases: desired.leases }, signal);
  if (resumed.findings.length > 0) return resumed;
  const { secondHost } = desired;
  const host: DockerHost = { ...always, turn: { seen: undefined }, ...(secondHost && { secondHost }) };
  const seeAgainAfter = ({ changes }: Outcome) => {
    if (changes > 0 && host.turn !== undefined) host.turn.seen = undefined;
  };
  const bridges = desiredBridges(desired);
  const strays = await removeStrays(host, bridges, signal);
  seeAgainAfter(strays);
  const begun = sum(resumed, strays);
  // A network without a lease conflicts with docker0, unless it was created for another lease.
  if (wrong(strays).length > 0 && bridges.length === 0) return begun;
  const bip = await convergeBip(host, desired, byHand, signal);
  seeAgainAfter(bip);
  if (bridges.length === 0) return sum(begun, bip);
  // A lease that changes its mode keeps its subnet: docker0 has to give it up first.
  const held = await subnetOfDocker0(host).catch(() => undefined);
  const free = bridges.filter(({ subnet }) => held === undefined || !prefixesOverlap(subnet, held));
  const made = free.length === 0 ? nothing : await convergeBridges(host, free, signal);
  return once(sum(begun, sum(bip, made)));
}

const nothing: Outcome = { findings: [], changes: 0 };

function wrong({ findings }: Outcome): readonly Finding[] {
  return findings.filter(({ isNote }) => isNote !== true);
}

// Bip and bridge report the same problem with the engine: it is reported once.
function once({ findings, ...outcome }: Outcome): Outcome {
  const isFirst = (finding: Finding, index: number) =>
    findings.findIndex(({ reason, message }) => reason === finding.reason && message === finding.message) === index;
  return { ...outcome, findings: findings.filter(isFirst) };
}

async function leave(
  host: DockerHost,
  { force, leases }: { readonly force: boolean; readonly leases: LeaseModes },
  signal: AbortSignal,
): Promise<Outcome> {
  const resumed = await resumeBip(host, { byHand: true, leases: undefined }, signal);
  const journal = await readJournal(host.settings.stateFolder).catch(() => undefined);
  const blocks = force ? [] : blocksOf(journal, leases);
  const held = await networksWithin(host, blocks, signal);
  if (held !== undefined) return sum(resumed, { findings: await leaveObstacles(host, leases, signal), changes: 0 });
  const bridge = await leaveBridge(host, force, signal);
  const had = await hasBip(host).catch(() => true);
  const isWhole = resumed.findings.length === 0;
  const bip = had && isWhole ? await leaveBip(host, { force, byHand: true }, signal) : nothing;
  const left = sum(resumed, sum(bridge, bip));
  if (left.findings.length > 0) return left;
  // Until its restart, Docker went on making networks in the block.
  const made = await networksWithin(host, blocks, signal);
  if (made !== undefined) return sum(left, { findings: [made], changes: 0 });
  await discardAsked(host.settings.stateFolder);
  return sum(left, await forgetRestarts(host, signal));
}

// A Docker that does not answer, and a journal that can't be read, are reported by what follows.
async function networksWithin(
  host: DockerHost,
  blocks: readonly Prefix[],
  signal: AbortSignal,
): Promise<Finding | undefined> {
  const engine = blocks.length === 0 ? undefined : await seeEngine(host, signal);
  return engine === undefined || 'reason' in engine ? undefined : inBlockFinding(engine.networks, blocks);
}

// docker0 may have moved to another lease, and networks stay in the block that it had.
function blocksOf(journal: Journal | undefined, leases: LeaseModes): readonly Prefix[] {
  return [...[journal?.ours?.bip.networks?.base].flatMap((base) => base ?? []), ...blocksIn(leases)];
}

async function leaveObstacles(host: DockerHost, leases: LeaseModes, signal: AbortSignal): Promise<readonly Finding[]> {
  const engine = await seeEngine(host, signal);
  // Without Docker nothing runs.
  if ('reason' in engine) return engine.reason === 'NotInstalled' ? [] : [engine];
  const journal = await readJournal(host.settings.stateFolder);
  const { ours } = journal;
  const running = engine.containers.filter((container) => container.running);
  const bip = ours === undefined ? undefined : runningFinding(running, host.settings.onRunning, ours.former);
  const inBlock = inBlockFinding(engine.networks, blocksOf(journal, leases));
  return [
    ...planBridgeRemoval(withNicUsers(engine, await host.nics()), false).findings,
    ...[bip, inBlock].flatMap((finding) => finding ?? []),
  ];
}

function sum(a: Outcome, b: Outcome): Outcome {
  return { findings: [...a.findings, ...b.findings], changes: a.changes + b.changes };
}
