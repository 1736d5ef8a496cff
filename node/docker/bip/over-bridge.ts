// What keeps Docker's default network from the bridge of the LAN.
// Invariant: nothing is changed, and Docker is not restarted before the bridge has the host's address for good: it would
// not start without it.
import { formatIpv4, formatPrefix } from '../../../proto/domain/address.js';
import { XnetError } from '../../../proto/errors.js';
import type { Finding } from '../../reconcile/effect.js';
import { addressesIn, lanBridge, lanObstacles, seeStatus, unverifiedMove } from '../bridge/lan.js';
import { type Bip, bipsEqual } from '../engine/bip-value.js';
import type { EngineSeen } from '../engine/engine.js';
import type { HostInterface } from '../engine/interfaces.js';
import { type Journal, readJournal } from '../engine/journal.js';
import {
  blocked,
  blockedBy,
  type DesiredDocker,
  type DockerHost,
  type DockerSettings,
  seeLog,
  waiting,
} from '../engine/settings.js';
import { bipOfLease } from './choose.js';
import { readDaemonJson } from './daemon-json-file.js';
import { needsIptables } from './findings.js';
import { isAllInForce } from './in-force.js';
import { bridgeIn } from './over-json.js';

/** withoutBridge returns why Docker does not run: `why`, or the bridge of its default network that is missing. */
export async function withoutBridge(
  host: DockerHost,
  { ours }: Journal,
  why: Finding,
  signal: AbortSignal,
): Promise<Finding> {
  const bridge = why.reason === 'NotRunning' ? ours?.bip.over?.bridge : undefined;
  if (bridge === undefined || (await host.interfaces(signal)).some(({ name }) => name === bridge)) return why;
  const message = `Docker is not running, and does not start while the bridge ${bridge} of its default network is missing`;
  return waiting('LanBridgeGone', message, seeStatus);
}

/** bridgeMissing reports that the bridge of a bip is missing; undefined: it is there, or the bip is docker0's. */
export function bridgeMissing({ over }: Bip, interfaces: readonly HostInterface[]): Finding | undefined {
  if (over === undefined || interfaces.some(({ name }) => name === over.bridge)) return undefined;
  const message = `the bridge ${over.bridge} is missing, and Docker would not start with it as that of its default network`;
  return waiting('WaitingForLanBridge', message, seeStatus);
}

/** whyKept returns why a bridge must not be removed: Docker does not start without it; undefined: it does. */
export async function whyKept(
  { stateFolder, daemonJson }: Pick<DockerSettings, 'stateFolder' | 'daemonJson'>,
  bridge: string,
): Promise<Finding | undefined> {
  try {
    const { ours, apply } = await readJournal(stateFolder);
    const isOurs = [ours?.bip, apply?.bip].some((bip) => bip?.over?.bridge === bridge);
    // The journal may have been lost since it was written.
    const path = (apply?.ours ?? ours)?.path ?? daemonJson ?? '/etc/docker/daemon.json';
    if (!isOurs && bridgeIn((await readDaemonJson(path)).bytes) !== bridge) return undefined;
    const message = `${path} puts Docker's default network on the bridge ${bridge}, which Docker does not start without`;
    return isOurs
      ? waiting('LanBridgeInUse', message, 'see when Docker is restarted without it: xnetd status')
      : blocked('LanBridgeInUse', message, `remove the key "bridge" from ${path} and restart Docker`);
  } catch (error) {
    if (!(error instanceof XnetError)) throw error;
    return blockedBy('LanBridgeInUse', error, seeLog);
  }
}

/** OverSeen is what the decision depends on. */
export type OverSeen = {
  readonly wanted: Bip;
  readonly engine: EngineSeen;
  readonly interfaces: readonly HostInterface[];
  readonly journal: Journal;
};

/** overObstacle returns what keeps Docker's default network from the bridge; undefined: nothing, or it is in force or none of mode lan. */
export async function overObstacle(
  host: DockerHost,
  { nodeId, address, leases }: DesiredDocker,
  { wanted, engine, interfaces, journal }: OverSeen,
  signal: AbortSignal,
): Promise<Finding | undefined> {
  const { networks, info } = engine;
  if (wanted.over === undefined) return undefined;
  if (info.firewallBackend?.startsWith('nftables') === true) return needsIptables;
  if (isAllInForce(wanted, { networks, interfaces, addressPools: info.addressPools }, journal)) return undefined;
  const lease = leases.find((each) => each.lan !== undefined && bipsEqual(bipOfLease(each), wanted));
  const [bridge] = lease === undefined || address === undefined ? [] : lanBridge(nodeId, address, lease);
  if (lease === undefined || bridge === undefined) return undefined;
  // A move may begin or be undone meanwhile: its state is read before and after the interfaces.
  const before = await host.lanMove?.();
  const placed = await host.interfaces(signal);
  const move = before === 'unverified' ? before : await host.lanMove?.();
  const [obstacle] = [...unverifiedMove(bridge, move), ...lanObstacles(bridge, placed)];
  if (obstacle !== undefined) return obstacle;
  // Docker's default network excludes no single addresses.
  try {
    const [taken] = await host.answering(addressesIn(lease.subnet), bridge.bridgeName, signal);
    if (taken === undefined) return undefined;
    const text = formatIpv4(taken);
    const message = `another machine answers at ${text}, and Docker's default network hands out all of ${formatPrefix(lease.subnet)}`;
    const fix = `give that machine another address, or: xctl pools reserve ${lease.pool} ${text}/32 --reason TEXT, and lease this node another subnet`;
    return blocked('AddressesTaken', message, fix);
  } catch (error) {
    if (!(error instanceof XnetError) || signal.aborted) throw error;
    return blockedBy('AddressesUnknown', error, seeLog);
  }
}
