// Findings about docker0's address: what prevents it, and what to do. Pure.
import { XnetError } from '../../../proto/errors.js';
import type { Finding } from '../../reconcile/effect.js';
import { type Bip, getsText } from '../engine/bip-value.js';
import type { EngineContainer } from '../engine/engine.js';
import type { GivenUp } from '../engine/journal.js';
import { blocked, blockedBy, type OnRunning, waiting } from '../engine/settings.js';
import type { DaemonJsonRefusal, RefusalReason } from './checked-json.js';

/**
 * needsIptables is the finding about an engine with the nftables backend, to whose table xnet can add no rules, and whose default
 * network can't be unprotected as a named one can.
 */
export const needsIptables: Finding<'LanNeedsIptables'> = blocked(
  'LanNeedsIptables',
  "with Docker's default network on the LAN, Docker's nftables backend would cut off all other networks of this host from the LAN",
  'put "firewall-backend": "iptables" into daemon.json, or remove --firewall-backend from the command line of dockerd, and restart Docker; or use a pool without --default-network',
);

/** rolledBackFinding reports an apply that was rolled back. */
export function rolledBackFinding({ message }: GivenUp): Finding {
  const fix =
    'correct the cause, then: systemctl reload xnetd (xnetd also tries again when daemon.json, Docker or an overlapping ' +
    'network changes)';
  return blocked('RolledBack', message, fix);
}

/**
 * runningFinding reports the running containers that prevent a restart of Docker; undefined if none do.
 * @param bip what docker0 gets; undefined: its former address; "a lease": that of a lease that is not known yet
 */
export function runningFinding(
  running: readonly EngineContainer[],
  onRunning: OnRunning,
  bip: Bip | 'a lease' | undefined,
): Finding<'ContainersRunning' | 'WaitingForContainers'> | undefined {
  if (running.length === 0 || onRunning === 'restart') return undefined;
  const names = running.slice(0, 5).map(({ name }) => name);
  const more = running.length > names.length ? ` and ${running.length - names.length} more` : '';
  const gets =
    bip === undefined
      ? 'docker0 gets its former address'
      : bip === 'a lease'
        ? 'docker0 gets the address of a lease'
        : getsText(bip);
  const what = `${gets} by a restart of Docker, and these containers run: ${names.join(', ')}${more}`;
  return onRunning === 'wait'
    ? waiting('WaitingForContainers', `${what}; waiting for them to end`, stopThem)
    : blocked('ContainersRunning', what, stopThem);
}

const stopThem = 'stop these containers, or let xnetd restart them (--on-running restart)';

/**
 * daemonJsonFinding reports where and why daemon.json can't be edited.
 * @param path the file, "/etc/docker/daemon.json"
 */
export function daemonJsonFinding(
  { refused, line, column, message, fix }: DaemonJsonRefusal,
  path: string,
): Finding<`DaemonJson${RefusalReason}`> {
  const place = line === 0 ? 'daemon.json' : `daemon.json, line ${line}, column ${column}`;
  return blocked(`DaemonJson${refused}`, `${place}: ${message}`, `in ${path}: ${fix}`);
}

/**
 * notWritten reports that daemon.json could not be written.
 * @param path the file, "/etc/docker/daemon.json"
 */
export function notWritten(error: unknown, path: string): Finding {
  const changed = error instanceof XnetError && error.code === 'Conflict';
  if (changed) return waiting('DaemonJsonChanged', error.message);
  return blockedBy('DaemonJsonNotWritten', error, `make ${path} writable for root; xnetd then writes it`);
}
