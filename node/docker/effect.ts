// The Docker effect of xnetd: Docker has the node's subnet, on docker0 or on a network of its own.
// Invariant: the mode that is not wanted is removed before the other one is set up.
import type { HostNetwork, Mode } from '../../proto/domain/network.js';
import { type Exec, exec as execHere } from '../../proto/process/exec.js';
import type { Logger } from '../../proto/process/log.js';
import { noSteps, type Steps } from '../../proto/process/steps.js';
import type { Effect, Outcome } from '../reconcile/effect.js';
import { convergeBip, forgetRestarts, hasBip, leaveBip, resumeBip } from './bip/bip.js';
import { convergeBridge, leaveBridge } from './bridge/bridge.js';
import { type DualHomed, dualHomed } from './bridge/plan.js';
import { connectEngine } from './engine/dockerode.js';
import type { Engine } from './engine/engine.js';
import type { HostInterface } from './engine/interfaces.js';
import { commandRestarter, systemdRestarter } from './engine/restarter.js';
import type { DesiredDocker, DockerHost, DockerSettings } from './engine/settings.js';
import { hostNetworks, type LeaseModes, unroutedNetworks } from './host-networks.js';

/** DockerEffectOptions are the dependencies of the effect besides its settings. */
export type DockerEffectOptions = {
  readonly settings: DockerSettings;
  /** Runs programs; by default on this host. */
  readonly exec?: Exec;
  readonly interfaces: (signal?: AbortSignal) => Promise<readonly HostInterface[]>;
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
   */
  leave(force: boolean, signal: AbortSignal): Promise<Outcome>;
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
   * dualHomed lists running containers on our network and on others, whose default route is by another network.
   * @throws XnetError as Engine does
   */
  dualHomed(signal: AbortSignal): Promise<readonly DualHomed[]>;
  /**
   * unroutedNetworks names Docker networks with running containers that no route leads to.
   * @throws XnetError as Engine does
   */
  unroutedNetworks(leases: LeaseModes, signal: AbortSignal): Promise<readonly string[]>;
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
    steps,
    now: Date.now,
    log,
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
    remove: (signal) => leave(host, false, signal),
    leave: (force, signal) => leave(host, force, signal),
    retry: () => {
      byHand = true;
    },
    hostNetworks: async (leases, signal) =>
      hostNetworks(await engine.networks(signal), await host.interfaces(signal), leases),
    dualHomed: async (signal) => {
      const [networks, containers] = await Promise.all([engine.networks(signal), engine.containers(signal)]);
      return dualHomed({ networks, containers });
    },
    unroutedNetworks: async (leases, signal) => {
      const [networks, containers] = await Promise.all([engine.networks(signal), engine.containers(signal)]);
      return unroutedNetworks({ networks, containers }, leases);
    },
  };
}

async function converge(
  always: DockerHost,
  { desired, byHand }: { readonly desired: DesiredDocker; readonly byHand: boolean },
  signal: AbortSignal,
): Promise<Outcome> {
  const resumed = await resumeBip(always, byHand, signal);
  if (resumed.findings.length > 0) return resumed;
  const host: DockerHost = { ...always, turn: { seen: undefined } };
  const former = await leaveOther(host, desired.mode, byHand, signal);
  if (former.findings.length > 0) return sum(resumed, former);
  if (former.changes > 0 && host.turn !== undefined) host.turn.seen = undefined;
  const { gateway: address, subnet } = desired;
  const wanted =
    desired.mode === 'bip'
      ? await convergeBip(host, { address, length: subnet.length }, byHand, signal)
      : await convergeBridge(host, desired, signal);
  return sum(resumed, sum(former, wanted));
}

async function leaveOther(host: DockerHost, wanted: Mode, byHand: boolean, signal: AbortSignal): Promise<Outcome> {
  if (wanted === 'bip') return leaveBridge(host, false, signal);
  // A node that was always in bridge mode leaves dockerd and daemon.json alone. If the journal can't be read, leaveBip
  // reports it.
  const had = await hasBip(host).catch(() => true);
  return had ? leaveBip(host, { force: false, byHand }, signal) : { findings: [], changes: 0 };
}

async function leave(host: DockerHost, force: boolean, signal: AbortSignal): Promise<Outcome> {
  const resumed = await resumeBip(host, true, signal);
  const bridge = await leaveBridge(host, force, signal);
  const had = await hasBip(host).catch(() => true);
  const nothing: Outcome = { findings: [], changes: 0 };
  const isWhole = resumed.findings.length === 0;
  const bip = had && isWhole ? await leaveBip(host, { force, byHand: true }, signal) : nothing;
  const left = sum(resumed, sum(bridge, bip));
  return left.findings.length === 0 ? sum(left, await forgetRestarts(host, signal)) : left;
}

function sum(a: Outcome, b: Outcome): Outcome {
  return { findings: [...a.findings, ...b.findings], changes: a.changes + b.changes };
}
