// What the Docker effect is told, and what it works with on one host.
// Invariant: values only; nothing here touches the host.
import type { Ipv4, Prefix } from '../../../proto/domain/address.js';
import { quoted } from '../../../proto/domain/input.js';
import { messageOf, XnetError } from '../../../proto/errors.js';
import type { Exec } from '../../../proto/process/exec.js';
import type { Logger } from '../../../proto/process/log.js';
import type { Finding } from '../../reconcile/effect.js';
import type { Engine, EngineSeen } from './engine.js';
import type { HostInterface } from './interfaces.js';
import type { RestartLimit } from './restart-limit.js';
import type { Restarter } from './restarter.js';

/**
 * OnRunning says what to do when Docker has to be restarted while containers run: not do it (`refuse`), not until they
 * have ended (`wait`), or do it and start them again (`restart`).
 */
export type OnRunning = 'refuse' | 'wait' | 'restart';

/** onRunnings are all of OnRunning. */
export const onRunnings = ['refuse', 'wait', 'restart'] as const satisfies readonly OnRunning[];

/** DockerSettings are an operator's. Defaults stand in `dockerDefaults`. */
export type DockerSettings = {
  /** "/var/run/docker.sock" */
  readonly socket: string;
  /** Undefined: what dockerd was started with (--config-file), else /etc/docker/daemon.json. */
  readonly daemonJson: string | undefined;
  /** "/var/run/docker.pid" */
  readonly pidFile: string;
  /** "docker.service" */
  readonly unit: string;
  /** Command that restarts dockerd; undefined: systemd does. */
  readonly restartCommand: readonly [string, ...string[]] | undefined;
  readonly onRunning: OnRunning;
  /** How long dockerd may take until it answers after a restart, in milliseconds. */
  readonly waitMs: number;
  /** How often Docker may be restarted without an operator. */
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
  waitMs: 60_000,
  restarts: { mostPerHour: 3, pauseMs: 60_000 },
} as const satisfies Omit<DockerSettings, 'stateFolder'>;

/** DesiredDocker is what Docker is to be on a node. */
export type DesiredDocker =
  | { readonly mode: 'bip'; readonly nodeId: string; readonly subnet: Prefix; readonly gateway: Ipv4 }
  | {
      readonly mode: 'bridge';
      readonly nodeId: string;
      readonly subnet: Prefix;
      readonly gateway: Ipv4;
      /** "xnet" */
      readonly networkName: string;
      /** "xnet0" */
      readonly bridgeName: string;
    };

/** Steps is told of every step that a death may come after. Tests die there. */
export type Steps = { reached(step: string): Promise<void> | void };

/** DockerHost is what the parts of the effect work with. */
export type DockerHost = {
  readonly settings: DockerSettings;
  readonly engine: Engine;
  readonly restarter: Restarter;
  readonly exec: Exec;
  readonly interfaces: (signal?: AbortSignal) => Promise<readonly HostInterface[]>;
  readonly steps: Steps;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Logger | undefined;
  /** What a turn has seen of the engine, for the parts of it that follow; undefined: each part asks for itself. */
  readonly turn?: { seen: EngineSeen | undefined };
};

/** seeLog is the fix of a failure that says no more of itself. */
export const seeLog = 'find the cause with journalctl -u xnetd';

/** shown is a name of Docker's in a message: as it is, or quoted where it has anything unusual. */
export function shown(name: string): string {
  return /^[\w.-]{1,80}$/.test(name) ? name : quoted(name);
}

/** blocked is a finding that somebody has to act on; `fix` says how. */
export function blocked(reason: string, message: string, fix: string): Finding {
  return { type: 'Docker', transient: false, reason, message, fix };
}

/** blockedBy is a finding of an error, whose own hint is the fix if it has one. */
export function blockedBy(reason: string, error: unknown, fix: string): Finding {
  return blocked(reason, messageOf(error), (error instanceof XnetError ? error.hint : undefined) ?? fix);
}

/** waiting is a finding that goes away by itself; `fix` is what ends it sooner, where something does. */
export function waiting(reason: string, message: string, fix?: string): Finding {
  return { type: 'Docker', transient: true, reason, message, ...(fix === undefined ? {} : { fix }) };
}
