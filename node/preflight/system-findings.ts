// Decides what on the machine itself prevents xnetd from working: its state directory, the kernel, the clock, the way
// to the controllers, the size of the fleet. Pure.
import { spaceFinding } from '../daemon/space.js';
import type { PreflightFinding } from './finding.js';
import { rated } from './finding.js';
import type { ControllerSeen, StateSeen } from './system-look.js';

/** SystemSeen is the machine. */
export type SystemSeen = {
  readonly state: StateSeen;
  /** uname -r: "6.1.0-37-amd64" */
  readonly kernel: string;
  readonly hasNextHops: boolean;
  readonly controllers: readonly ControllerSeen[];
  /** Milliseconds since 1970. */
  readonly nowMs: number;
};

/** systemFindings lists what is wrong with it. */
export function systemFindings(seen: SystemSeen): readonly PreflightFinding[] {
  return [
    ...stateFindings(seen.state),
    ...kernelFindings(seen),
    ...seen.controllers.flatMap((each) => controllerFindings(each, seen)),
  ];
}

function stateFindings({ stateDir, problem, space }: StateSeen): readonly PreflightFinding[] {
  if (problem !== undefined) {
    const message = `can't use the state directory ${stateDir}: ${problem}`;
    const fix = `make ${stateDir} writable for root, or choose another with --state-dir`;
    return [{ severity: 'stops', reason: 'StateUnwritable', message, fix }];
  }
  const full = space && spaceFinding(stateDir, space);
  return full === undefined ? [] : [rated('warns', full)];
}

function kernelFindings({ kernel, hasNextHops }: SystemSeen): readonly PreflightFinding[] {
  if (hasNextHops) return [];
  const message =
    `the kernel ${kernel} has no next-hop objects, so xnetd installs plain routes: thousands of them take seconds, and a node's ` +
    'new address takes as many changes as it has routes';
  return [{ severity: 'info', reason: 'NoNextHops', message, fix: 'Linux 5.3 or later has them' }];
}

function controllerFindings(seen: ControllerSeen, { nowMs }: SystemSeen): readonly PreflightFinding[] {
  const { host, port } = seen.endpoint;
  if ('problem' in seen) {
    const fix = `see whether it runs (systemctl status xnet-controller), and whether a firewall is in between: nc -vz ${host} ${port}`;
    return [{ severity: 'warns', reason: 'ControllerUnreachable', message: seen.problem, fix }];
  }
  const when = (ms: number) => new Date(ms).toISOString();
  const now = `this host's clock says ${when(nowMs)}`;
  // Certificates are issued for a day before their time, so clocks that differ by hours do no harm.
  const wrong =
    nowMs < seen.notBeforeMs
      ? `${now}, before the certificate of ${host}:${port} was issued (${when(seen.notBeforeMs)})`
      : nowMs > seen.notAfterMs
        ? `${now}, after the certificate of ${host}:${port} expired (${when(seen.notAfterMs)})`
        : undefined;
  if (wrong === undefined) return [];
  const fix = 'set the clock: timedatectl set-ntp true; if this clock is right, look at that of the controller';
  return [{ severity: 'stops', reason: 'ClockWrong', message: `${wrong}: no connection is possible`, fix }];
}
