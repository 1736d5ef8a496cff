// The Docker effect of xnetd: Docker has the node's subnet, as docker0's or as that of a network of its own.
// Invariant: of the two modes, the one that is not wanted is gone before the other comes.
import type { HostNetwork, Mode } from '../../proto/domain/network.js';
import { type Exec, exec as execHere } from '../../proto/process/exec.js';
import type { Logger } from '../../proto/process/log.js';
import type { Effect, Outcome } from '../reconcile/effect.js';
import { convergeBip, forgetRestarts, hasBip, leaveBip, resumeBip } from './bip/bip.js';
import { convergeBridge, leaveBridge } from './bridge/bridge.js';
import { type DualHomed, dualHomed } from './bridge/plan.js';
import { connectEngine } from './engine/dockerode.js';
import type { Engine } from './engine/engine.js';
import type { HostInterface } from './engine/interfaces.js';
import { commandRestarter, systemdRestarter } from './engine/restarter.js';
import type { DesiredDocker, DockerHost, DockerSettings, Steps } from './engine/settings.js';
import { hostNetworks, unroutedNetworks } from './host-networks.js';

/** DockerEffectOptions are what the effect is made of besides its settings. */
export type DockerEffectOptions = {
  readonly settings: DockerSettings;
  /** Default: programs run on this host. */
  readonly exec?: Exec;
  readonly interfaces: (signal?: AbortSignal) => Promise<readonly HostInterface[]>;
  readonly steps?: Steps;
  readonly log?: Logger;
};

/** DockerEffect is the effect, and what else the daemon wants to know of Docker. */
export interface DockerEffect extends Effect<DesiredDocker> {
  /** For its events, and its version. */
  readonly engine: Engine;
  /** remove undoes everything that carries the effect's mark. Findings say what could not be removed. */
  remove(signal: AbortSignal): Promise<Outcome>;
  /**
   * leave is `remove`, and with `force` it stops running containers (bip, they are started again) or takes them off
   * the network (bridge).
   */
  leave(force: boolean, signal: AbortSignal): Promise<Outcome>;
  /** retry has the next turn try again what failed before, however often Docker was restarted: an operator asks for it. */
  retry(): void;
  /**
   * hostNetworks lists what a pool must not overlap on this host.
   * @throws XnetError as Engine does
   */
  hostNetworks(mode: Mode, signal: AbortSignal): Promise<readonly HostNetwork[]>;
  /**
   * dualHomed lists running containers on our network and others, whose way out is by another.
   * @throws XnetError as Engine does
   */
  dualHomed(signal: AbortSignal): Promise<readonly DualHomed[]>;
  /**
   * unroutedNetworks names networks of Docker with running containers that nothing is routed to.
   * @throws XnetError as Engine does
   */
  unroutedNetworks(mode: Mode, signal: AbortSignal): Promise<readonly string[]>;
}

/** makeDockerEffect makes the effect. Nothing is touched, or connected to, before the first call. */
export function makeDockerEffect(options: DockerEffectOptions): DockerEffect {
  const { settings, exec = execHere, steps = { reached: () => undefined }, log } = options;
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
    hostNetworks: async (mode, signal) =>
      hostNetworks(await engine.networks(signal), await host.interfaces(signal), mode),
    dualHomed: async (signal) => {
      const [networks, containers] = await Promise.all([engine.networks(signal), engine.containers(signal)]);
      return dualHomed({ networks, containers });
    },
    unroutedNetworks: async (mode, signal) => {
      const [networks, containers] = await Promise.all([engine.networks(signal), engine.containers(signal)]);
      return unroutedNetworks({ networks, containers }, mode);
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
  // dockerd and daemon.json are no business of a node that always was in bridge mode. A journal that can't be read is
  // told of by leaveBip.
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
