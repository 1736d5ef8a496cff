// Checks whether xnet supports this Docker, and finds out how its dockerd is started.
// Invariant: nothing is changed, and each refusal says what to do.
import { formatPrefix, type Prefix, prefixesOverlap, prefixOf } from '../../../proto/domain/address.js';
import { errnoOf, XnetError } from '../../../proto/errors.js';
import type { Exec } from '../../../proto/process/exec.js';
import type { Finding } from '../../reconcile/effect.js';
import type { EngineInfo, EngineNetwork, EngineReason, EngineSeen, EngineVersion } from './engine.js';
import { argvWithoutBip } from './exec-start.js';
import { dockerdOf, dockerdUnit, type Flags, flagsOf, runningDockerd, whereFlag } from './flags.js';
import type { HostInterface } from './interfaces.js';
import { blocked, blockedBy, type DockerHost, seeLog, shown, waiting } from './settings.js';

/** Dockerd is how the host's dockerd is started. */
export type Dockerd = {
  /** "/usr/sbin/dockerd" */
  readonly program: string;
  readonly argv: readonly string[];
  readonly flags: Flags;
  /** Returns where a flag is set: "/etc/default/docker, line 7". */
  readonly where: (flag: string) => Promise<string>;
};

/**
 * seeEngine reads everything from the engine that decisions need, or reports why xnet can't work with it. A turn calls
 * it once.
 */
export async function seeEngine(host: DockerHost, signal: AbortSignal): Promise<EngineSeen | Finding<EngineReason>> {
  const { turn } = host;
  if (turn?.seen !== undefined) return turn.seen;
  const seen = await askEngine(host, signal);
  // A Docker that does not answer may answer a moment later. One that is not installed stays so during a turn.
  if (turn !== undefined && (!('reason' in seen) || seen.reason === 'NotInstalled')) turn.seen = seen;
  return seen;
}

async function askEngine(host: DockerHost, signal: AbortSignal): Promise<EngineSeen | Finding<EngineReason>> {
  try {
    const version = await host.engine.version(signal);
    const info = await host.engine.info(signal);
    const unsupported = unsupportedEngine(version, info);
    if (unsupported !== undefined) return unsupported;
    const [networks, containers] = await Promise.all([host.engine.networks(signal), host.engine.containers(signal)]);
    return { version, info, networks, containers };
  } catch (error) {
    if (signal.aborted) throw error;
    return unreachableEngine(error, host.settings.socket, () => dockerdIsInstalled(host.exec, signal));
  }
}

/** unsupportedEngine says why xnet can't work with an engine that answers; undefined if it can. */
export function unsupportedEngine(
  version: EngineVersion,
  info: EngineInfo,
): Finding<'NotDocker' | 'Rootless'> | undefined {
  if (!version.isDocker) {
    const message = 'the program that answers at the Docker socket is not Docker (Podman?)';
    return blocked('NotDocker', message, "set --docker-socket to Docker's socket");
  }
  if (info.rootless) {
    const message = 'this Docker is rootless: its containers are not on a network of the host';
    return blocked('Rootless', message, 'run Docker as root');
  }
  return undefined;
}

/**
 * unreachableEngine reports an engine that does not answer.
 * @param isInstalled reports whether this host has a dockerd
 */
export async function unreachableEngine(
  error: unknown,
  socket: string,
  isInstalled: () => Promise<boolean>,
): Promise<Finding<EngineReason>> {
  if (!(error instanceof XnetError)) return blockedBy('DockerFailed', error, seeLog);
  if (error.code === 'PermissionDenied')
    return blocked('NoPermission', `no permission for ${socket}`, 'run xnetd as root');
  if (error.code !== 'Unavailable')
    return waiting('DockerFailed', error.message, 'find the cause with journalctl -u docker');
  const errno = errnoOf(error.cause);
  if (errno === 'ENOENT' && !(await isInstalled())) {
    const message = `Docker is not installed: this host has neither ${socket} nor dockerd`;
    return blocked('NotInstalled', message, 'install docker.io or docker-ce');
  }
  if (errno === 'ENOENT' || errno === 'ECONNREFUSED') {
    return waiting('NotRunning', `Docker is not running (${socket}: ${errno})`, 'systemctl start docker');
  }
  return waiting(
    'NotAnswering',
    error.message,
    'systemctl restart docker, or find the cause with journalctl -u docker',
  );
}

// Runs through the same `exec` as every other program, so the answer is about the host that the Docker belongs to.
const lookForDockerd = 'PATH=$PATH:/usr/sbin:/usr/bin:/usr/local/bin:/snap/bin; command -v dockerd';

/** dockerdIsInstalled reports whether this host has a dockerd. */
export async function dockerdIsInstalled(exec: Exec, signal: AbortSignal): Promise<boolean> {
  const { code } = await exec(['sh', '-c', lookForDockerd], { signal });
  return code === 0;
}

/** seeDockerd finds out how dockerd was started and how it will be started next. */
export async function seeDockerd(host: DockerHost, signal: AbortSignal): Promise<Dockerd | Finding> {
  const { pidFile, unit: unitName, restartCommand } = host.settings;
  // The unit determines the next start only if systemd performs it.
  const unit = restartCommand === undefined ? await dockerdUnit(host.exec, unitName, signal) : undefined;
  const running =
    (await runningDockerd(pidFile)) ?? (unit && unit.mainPid > 0 ? await dockerdOf(unit.mainPid) : undefined);
  if (running === undefined) {
    const message = `${pidFile} names no running dockerd`;
    return blocked('DockerdNotFound', message, "set --docker-pid-file to the file that dockerd's --pidfile names");
  }
  const ofUnit = flagsOf(unit?.argv ?? []);
  const flags = new Map([...flagsOf(running.argv), ...ofUnit]);
  // The flag was removed from the unit after dockerd started, so the next start does not have it.
  const isTakenOut = unit?.mainPid === running.pid && !ofUnit.has('bip');
  if (isTakenOut) flags.delete('bip');
  return {
    program: running.program,
    argv: isTakenOut ? argvWithoutBip(running.argv) : running.argv,
    flags,
    where: async (flag) =>
      unit === undefined
        ? `the command line of process ${running.pid}`
        : await whereFlag(unit, flag, flags.get(flag) ?? ''),
  };
}

/** NetworkOverlap is a network that a subnet overlaps: "10.76.0.0/16 of the Docker network shop". */
export type NetworkOverlap = { readonly prefix: Prefix; readonly by: string };

/**
 * overlapping lists networks of Docker and of the host that a subnet would overlap.
 * @param except names of interfaces and ids of networks to ignore
 */
export function overlapping(
  subnet: Prefix,
  seen: { readonly networks: readonly EngineNetwork[]; readonly interfaces: readonly HostInterface[] },
  except: ReadonlySet<string>,
): readonly NetworkOverlap[] {
  const networks = seen.networks.filter((network) => !except.has(network.id));
  const ofDocker = networks.flatMap((network) =>
    network.subnets.map(({ prefix }) => ({ prefix, by: `the Docker network ${shown(network.name)}` })),
  );
  const bridges = new Set(seen.networks.map((network) => network.bridgeName));
  const ofHost = seen.interfaces
    .filter(({ name }) => !bridges.has(name) && !except.has(name))
    .flatMap(({ name, addresses }) =>
      addresses.map(({ address, length }) => ({ prefix: prefixOf(address, length), by: `the interface ${name}` })),
    );
  return [...ofDocker, ...ofHost].filter(({ prefix }) => prefixesOverlap(prefix, subnet));
}

/** overlapFinding reports what a subnet overlaps and what to do. */
export function overlapFinding(subnet: Prefix, [taken]: readonly NetworkOverlap[]): Finding<'SubnetTaken'> | undefined {
  if (taken === undefined) return undefined;
  const message = `the leased subnet ${formatPrefix(subnet)} overlaps ${formatPrefix(taken.prefix)} of ${taken.by}`;
  const fix = `remove or renumber ${taken.by}, or lease another subnet to this node`;
  return blocked('SubnetTaken', message, fix);
}
