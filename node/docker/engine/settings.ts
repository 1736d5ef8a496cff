// Settings and inputs of the Docker effect, and its dependencies on one host.
// Invariant: values only; nothing here touches the host.
import type { Ipv4 } from '../../../proto/domain/address.js';
import { quoted } from '../../../proto/domain/input.js';
import type { Lease, Permit } from '../../../proto/domain/network.js';
import { messageOf, XnetError } from '../../../proto/errors.js';
import type { Exec } from '../../../proto/process/exec.js';
import type { Logger } from '../../../proto/process/log.js';
import type { Steps } from '../../../proto/process/steps.js';
import type { LanMove } from '../../lan/journal.js';
import type { Finding } from '../../reconcile/effect.js';
import type { Engine, EngineReason, EngineSeen } from './engine.js';
import type { HostInterface } from './interfaces.js';
import type { RestartLimit } from './restart-limit.js';
import type { Restarter } from './restarter.js';

/**
 * OnRunning is the behaviour if Docker must be restarted while containers run: refuse (`refuse`), wait until they have
 * ended (`wait`), or restart and start them again (`restart`).
 */
export type OnRunning = 'refuse' | 'wait' | 'restart';

/** onRunnings lists the values of OnRunning. */
export const onRunnings = ['refuse', 'wait', 'restart'] as const satisfies readonly OnRunning[];

/** DockerSettings are the operator's settings. Defaults are in `dockerDefaults`. */
export type DockerSettings = {
  /** "/var/run/docker.sock" */
  readonly socket: string;
  /** Undefined: the file that dockerd was started with (--config-file), else /etc/docker/daemon.json. */
  readonly daemonJson: string | undefined;
  /** "/var/run/docker.pid" */
  readonly pidFile: string;
  /** "docker.service" */
  readonly unit: string;
  /** Command that restarts dockerd; undefined: systemd restarts it. */
  readonly restartCommand: readonly [string, ...string[]] | undefined;
  readonly onRunning: OnRunning;
  /** Whether a --bip of dockerd's unit is moved to daemon.json. */
  readonly moveBip: boolean;
  /** Time in milliseconds that dockerd has to answer after a restart. */
  readonly waitMs: number;
  /** Limit on restarts of Docker that no operator requested. */
  readonly restarts: RestartLimit;
  /** Folder of the journal: "/var/lib/xnet". */
  readonly stateFolder: string;
};

/** dockerDefaults are the settings of a plain Docker host. */
export const dockerDefaults = {
  socket: '/var/run/docker.sock',
  daemonJson: undefined,
  pidFile: '/var/run/docker.pid',
  unit: 'docker.service',
  restartCommand: undefined,
  onRunning: 'refuse',
  moveBip: false,
  waitMs: 60_000,
  restarts: { mostPerHour: 3, mostPermittedPerHour: 12, pauseMs: 60_000 },
} as const satisfies Omit<DockerSettings, 'stateFolder'>;

/** DesiredDocker is the desired state of Docker on a node: at most one lease that does not end is of mode bip. */
export type DesiredDocker = {
  readonly nodeId: string;
  /** The node's address, which leases of mode lan depend on. */
  readonly address?: Ipv4;
  readonly leases: readonly Lease[];
  /** Allows a restart of Docker that changes which lease of mode bip docker0 has. */
  readonly permit: Permit | undefined;
  /** See DockerHost. */
  readonly secondHost?: DockerHost['secondHost'];
};

/** NicUser is a container with a nic of this address. */
export type NicUser = { readonly containerId: string; readonly address: Ipv4 };

/** DockerHost holds the dependencies that the parts of the effect share. */
export type DockerHost = {
  readonly settings: DockerSettings;
  readonly engine: Engine;
  readonly restarter: Restarter;
  readonly exec: Exec;
  readonly interfaces: (signal?: AbortSignal) => Promise<readonly HostInterface[]>;
  /** See answering in node/probe/arp.ts. */
  readonly answering: (addresses: readonly Ipv4[], ifname: string, signal: AbortSignal) => Promise<readonly Ipv4[]>;
  /** Returns the nics that containers have: Docker does not know them. */
  readonly nics: () => Promise<readonly NicUser[]>;
  readonly steps: Steps;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Logger | undefined;
  /** The engine as observed in this turn, shared by the parts of the turn; absent: each part observes it. */
  readonly turn?: { seen: EngineSeen | Finding<EngineReason> | undefined };
  /** Returns how far a move of the host's interface to the bridge of mode lan is; absent: settled. */
  readonly lanMove?: () => Promise<LanMove>;
  /** Says why Docker may get no subnet of the node: controllers refuse this host. Asked before that; absent: it may. */
  readonly secondHost?: (signal: AbortSignal) => Promise<Finding | undefined>;
};

/** seeLog is the fix for a failure without a specific remedy. */
export const seeLog = 'find the cause with journalctl -u xnetd';

/** shown formats a Docker name for a message: unchanged, or quoted if it has unusual characters. */
export function shown(name: string): string {
  return /^[\w.-]{1,80}$/.test(name) ? name : quoted(name);
}

/** blocked returns a finding that requires action; `fix` says which. */
export function blocked<Reason extends string>(reason: Reason, message: string, fix: string): Finding<Reason> {
  return { type: 'Docker', transient: false, reason, message, fix };
}

/** blockedBy returns a finding for an error; the error's own hint, if any, replaces `fix`. */
export function blockedBy<Reason extends string>(reason: Reason, error: unknown, fix: string): Finding<Reason> {
  return blocked(reason, messageOf(error), (error instanceof XnetError ? error.hint : undefined) ?? fix);
}

/** waiting returns a finding that resolves by itself; `fix`, if given, resolves it sooner. */
export function waiting<Reason extends string>(reason: Reason, message: string, fix?: string): Finding<Reason> {
  return { type: 'Docker', transient: true, reason, message, ...(fix === undefined ? {} : { fix }) };
}
