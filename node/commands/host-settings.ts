// Converts the settings of xnetd to those of the parts that touch the host.
import { join } from 'node:path';
import { dockerDefaults } from '../docker/engine/settings.js';
import type { HostSettings } from '../host/host.js';
import { hostFingerprint } from '../identity/fingerprint.js';
import type { NodeSettings } from '../settings/settings.js';

/** hostSettings returns the settings of the parts that touch the host. */
export function hostSettings(settings: NodeSettings): HostSettings {
  return {
    routeProtocol: settings.routeProtocol,
    nextHops: settings.nextHops,
    tuneKernel: settings.tuneKernel,
    takeOver: settings.takeOver,
    boot: hostFingerprint(),
    lanWaitMs: settings.lanWait * 1000,
    docker: {
      socket: settings.dockerSocket,
      daemonJson: settings.daemonJson,
      pidFile: settings.dockerPidFile,
      unit: settings.dockerUnit,
      restartCommand: settings.dockerRestart,
      onRunning: settings.onRunning,
      moveBip: settings.moveBip,
      waitMs: settings.dockerWait * 1000,
      restarts: dockerDefaults.restarts,
      stateFolder: settings.stateDir,
    },
  };
}

/** localSocketPath returns the unix socket on which the daemon serves commands of the same host. */
export function localSocketPath({ runDir }: NodeSettings): string {
  return join(runDir, 'xnetd.sock');
}
