// Mode bridge: a Docker network made by xnet has the subnet of each lease. It is created through the API, without a restart
// of Docker.
// Invariant: a half-finished change is visible in Docker itself, so the next turn completes it. Containers to attach
// again are in the journal before they are detached.
import { formatPrefix, type Ipv4, prefixContains } from '../../../proto/domain/address.js';
import { messageOf, XnetError } from '../../../proto/errors.js';
import type { Finding, Outcome } from '../../reconcile/effect.js';
import type { EngineContainer, EngineNetwork } from '../engine/engine.js';
import { putGatewayBack } from '../engine/gateway-address.js';
import { type Journal, readJournal, type ToConnect, writeJournal } from '../engine/journal.js';
import { overlapFinding, overlapping, seeEngine } from '../engine/preflight.js';
import { blocked, blockedBy, type DockerHost, seeLog, waiting } from '../engine/settings.js';
import type { DesiredBridge } from './desired.js';
import { clearHalfDead } from './half-dead.js';
import { addressesIn, allTaken, excludedNote, ownAmong, suitedTo } from './lan.js';
import { withNicUsers } from './nic-users.js';
import {
  type BridgePlan,
  type BridgesSeen,
  isOurNetwork,
  ownerLabel,
  planBridge,
  planBridgeRemoval,
  planStrays,
} from './plan.js';

/** removeStrays removes networks of ours that no lease needs and that no other network replaces. */
export function removeStrays(
  host: DockerHost,
  desired: readonly DesiredBridge[],
  signal: AbortSignal,
): Promise<Outcome> {
  return turn(signal, async () => {
    const engine = await seeEngine(host, signal);
    // Without Docker there is no network to remove.
    if ('reason' in engine) return { findings: engine.reason === 'NotInstalled' ? [] : [engine], changes: 0 };
    const plan = planStrays(suitedTo(engine.info, desired), withNicUsers(engine, await host.nics()));
    const changes = await removeNetworks(host, plan, { connectAgain: undefined }, signal);
    // Containers that were detached have no network to be attached to again.
    if (desired.length === 0 && plan.findings.length === 0) await forgetDetached(host);
    return { findings: plan.findings, changes };
  });
}

/** convergeBridges creates the networks of the leases that stay, or recreates them. */
export function convergeBridges(
  host: DockerHost,
  desired: readonly DesiredBridge[],
  signal: AbortSignal,
): Promise<Outcome> {
  return turn(signal, async () => {
    const engine = await seeEngine(host, signal);
    if ('reason' in engine) return { findings: [engine], changes: 0 };
    const { interfaces, lanMove } = await seePlaces(host, desired, signal);
    const findings: Finding[] = [];
    let changes = 0;
    const all = suitedTo(engine.info, desired);
    for (const each of all.filter(({ ending }) => !ending)) {
      const plan = planBridge(each, all, { ...engine, interfaces, lanMove }, host.settings.onRunning);
      const made = await carryOut(host, each, plan, signal);
      const note = made.changes > 0 ? undefined : excludedNote(each, engine.networks);
      findings.push(...made.findings, ...(note === undefined ? [] : [note]));
      changes += made.changes;
    }
    const connected = await connectAgain(host, desired, signal);
    return { findings: [...findings, ...connected.findings], changes: changes + connected.changes };
  });
}

// A move may begin or be undone while the interfaces are read: its state is read before and after them.
async function seePlaces(
  host: DockerHost,
  desired: readonly DesiredBridge[],
  signal: AbortSignal,
): Promise<Pick<BridgesSeen, 'interfaces' | 'lanMove'>> {
  const move = async () => (desired.some(({ lan }) => lan !== undefined) ? host.lanMove?.() : undefined);
  const before = await move();
  const interfaces = await host.interfaces(signal);
  return { interfaces, lanMove: before === 'unverified' ? before : await move() };
}

async function carryOut(
  host: DockerHost,
  desired: DesiredBridge,
  plan: BridgePlan,
  signal: AbortSignal,
): Promise<Outcome> {
  if (plan.findings.length > 0) return { findings: plan.findings, changes: 0 };
  const second = plan.create || plan.removals.length > 0 ? await host.secondHost?.(signal) : undefined;
  if (second !== undefined) return { findings: [second], changes: 0 };
  let changes = await removeNetworks(host, plan, { connectAgain: desired.networkName }, signal);
  if (plan.create) {
    const refused = await create(host, desired, signal);
    if (refused !== undefined) return { findings: [refused], changes };
    changes += 1;
  }
  if (plan.addAddress) {
    const { bridgeName, gateway: address, subnet } = desired;
    const problem = await putGatewayBack(host, bridgeName, { address, length: subnet.length }, signal);
    if (problem !== undefined) return { findings: [problem], changes };
    changes += 1;
  }
  return { findings: [], changes };
}

/**
 * leaveBridge removes every network that xnet made.
 * @param force detach containers first
 */
export function leaveBridge(host: DockerHost, force: boolean, signal: AbortSignal): Promise<Outcome> {
  return turn(signal, async () => {
    const engine = await seeEngine(host, signal);
    // Without Docker there is no network to remove.
    if ('reason' in engine) return { findings: engine.reason === 'NotInstalled' ? [] : [engine], changes: 0 };
    const plan = planBridgeRemoval(force ? engine : withNicUsers(engine, await host.nics()), force);
    const changes = await removeNetworks(host, plan, { connectAgain: undefined }, signal);
    if (plan.findings.length === 0) await forgetDetached(host);
    return { findings: plan.findings, changes };
  });
}

async function forgetDetached({ settings }: DockerHost): Promise<void> {
  const journal = await readJournal(settings.stateFolder);
  if (journal.toConnect.length > 0) await writeJournal(settings.stateFolder, { ...journal, toConnect: [] });
}

async function turn(signal: AbortSignal, work: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted)
      return { findings: [waiting('Interrupted', 'interrupted; the next turn continues')], changes: 0 };
    const code = error instanceof XnetError ? error.code : 'Internal';
    if (code === 'Corrupt') return { findings: [blockedBy('JournalDamaged', error, seeLog)], changes: 0 };
    // Docker stopped answering, or another program made the same change: the next turn observes again.
    return { findings: [waiting('DockerFailed', messageOf(error))], changes: 0 };
  }
}

async function removeNetworks(
  host: DockerHost,
  { removals }: BridgePlan,
  options: { readonly connectAgain: string | undefined },
  signal: AbortSignal,
): Promise<number> {
  let changes = 0;
  for (const { network, attached } of removals) {
    if (attached.length > 0 && options.connectAgain !== undefined) {
      await remember(host, network, { attached, networkName: options.connectAgain }, signal);
      await host.steps.reached('journaled');
    }
    for (const container of attached) {
      await host.engine.disconnect(network.id, container.id, signal);
      host.log?.info({ container: container.name, network: network.name }, 'container detached');
      changes += 1;
    }
    await host.steps.reached('disconnected');
    changes += await clearHalfDead(host, network, signal);
    await host.engine.removeNetwork(network.id, signal);
    host.log?.info({ network: network.name }, 'network removed');
    await host.steps.reached('removed');
    changes += 1;
  }
  return changes;
}

async function remember(
  host: DockerHost,
  { name }: EngineNetwork,
  { attached, networkName }: { readonly attached: readonly EngineContainer[]; readonly networkName: string },
  signal: AbortSignal,
): Promise<void> {
  const journal = await readJournal(host.settings.stateFolder);
  const toConnect = new Map(journal.toConnect.map((attachment) => [attachment.containerId, attachment]));
  for (const { id } of attached) {
    toConnect.set(id, { ...(await host.engine.attachment(name, id, signal)), networkName });
  }
  await writeJournal(host.settings.stateFolder, { ...journal, toConnect: [...toConnect.values()] });
}

async function inUse(
  host: DockerHost,
  addresses: readonly Ipv4[],
  bridgeName: string,
  signal: AbortSignal,
): Promise<readonly Ipv4[] | Finding> {
  const own = ownAmong(addresses, await host.interfaces(signal));
  try {
    const answered = await host.answering(addresses, bridgeName, signal);
    return [...new Set([...own, ...answered])];
  } catch (error) {
    if (!(error instanceof XnetError) || signal.aborted) throw error;
    return blockedBy('AddressesUnknown', error, seeLog);
  }
}

async function create(host: DockerHost, desired: DesiredBridge, signal: AbortSignal): Promise<Finding | undefined> {
  const { networkName, bridgeName, subnet, gateway, range, nodeId, lan } = desired;
  // Addresses that are in use are excluded from Docker's allocation.
  const taken = lan === undefined ? [] : await inUse(host, addressesIn(range ?? lan.lease), bridgeName, signal);
  if ('reason' in taken) return taken;
  const everything = lan === undefined ? undefined : allTaken(desired, taken);
  if (everything !== undefined) return everything;
  const ofLan =
    lan === undefined ? {} : { beside: { excluded: [lan.host, ...taken], isUnprotected: lan.isUnprotected === true } };
  try {
    const labels = { [ownerLabel]: nodeId };
    const network = { name: networkName, subnet, gateway, range, bridgeName, labels, ...ofLan };
    await host.engine.createNetwork(network, signal);
  } catch (error) {
    if (!(error instanceof XnetError) || signal.aborted) throw error;
    if (error.code === 'Unavailable') throw error;
    return refusal(host, desired, error, signal);
  }
  host.log?.info({ network: networkName, subnet: formatPrefix(subnet) }, 'network made');
  await host.steps.reached('created');
  return undefined;
}

// Docker says "Pool overlaps with other one on this address space", but not which network overlaps.
async function refusal(
  host: DockerHost,
  { subnet, networkName }: DesiredBridge,
  error: XnetError,
  signal: AbortSignal,
): Promise<Finding> {
  const networks = await host.engine.networks(signal);
  const others = networks.filter((network) => !isOurNetwork(network));
  const taken = overlapFinding(subnet, overlapping(subnet, { networks: others, interfaces: [] }, new Set()));
  if (taken !== undefined) return taken;
  const message = `Docker does not make the network ${networkName}: ${error.message}`;
  return blocked('NetworkRefused', message, `find the cause with journalctl -u ${host.settings.unit}`);
}

async function connectAgain(
  host: DockerHost,
  desired: readonly DesiredBridge[],
  signal: AbortSignal,
): Promise<Outcome> {
  const journal = await readJournal(host.settings.stateFolder);
  if (journal.toConnect.length === 0) return { findings: [], changes: 0 };
  const networks = (await host.engine.networks(signal)).filter(isOurNetwork);
  const findings: Finding[] = [];
  const left: ToConnect[] = [];
  for (const detached of journal.toConnect) {
    const { networkName, ...attachment } = detached;
    const { containerId: id, address } = attachment;
    const wanted = desired.find((each) => !each.ending && (networkName ?? each.networkName) === each.networkName);
    // Its lease is gone meanwhile.
    if (wanted === undefined) continue;
    const network = networks.find(({ name }) => name === wanted.networkName);
    if (network === undefined) {
      left.push(detached);
      continue;
    }
    try {
      const fits = address !== undefined && prefixContains(wanted.subnet, address);
      await host.engine.connect(network.id, fits ? attachment : { ...attachment, address: undefined }, signal);
    } catch (error) {
      signal.throwIfAborted();
      // The container is gone.
      if (error instanceof XnetError && error.code === 'NotFound') continue;
      left.push(detached);
      const message = `the container ${id.slice(0, 12)} can't be attached to ${network.name} again: ${messageOf(error)}`;
      findings.push(
        blocked('ContainerNotAttached', message, `docker network connect ${network.name} ${id.slice(0, 12)}`),
      );
    }
  }
  const next: Journal = { ...journal, toConnect: left };
  await writeJournal(host.settings.stateFolder, next);
  await host.steps.reached('connected');
  return { findings, changes: journal.toConnect.length - left.length };
}
