// Checks a host for everything that would go wrong with xnet on it, and reports all findings at once.
// Invariant: nothing is changed. A part that can't be checked is a finding and does not prevent the check of other
// parts.
import { type Prefix, prefixesEqual } from '../../proto/domain/address.js';
import { usualLanName } from '../../proto/domain/network.js';
import { messageOf } from '../../proto/errors.js';
import { makeLog } from '../../proto/process/log.js';
import { NeighbourTable } from '../host/neighbour-table.js';
import { kernelVersion } from '../kernel/release.js';
import { portFactsIn } from '../lan/host-files.js';
import { opensHostFinding, portObstacles } from '../lan/obstacles.js';
import { linkAt } from '../lan/snapshot.js';
import { type AddressesSeen, addressFindings } from './address-findings.js';
import { daemonJsonFindings, documentOf, jsonSetting } from './daemon-json-findings.js';
import { dockerFindings } from './docker-findings.js';
import { type DockerLooked, lookAtDocker } from './docker-look.js';
import { inOrder, type PreflightFinding, rated } from './finding.js';
import {
  firewallAfter,
  firewallFindings,
  nftablesFindings,
  programFindings,
  usesNftables,
} from './firewall-findings.js';
import { networkFindings } from './network-findings.js';
import { lookAtNetwork } from './network-look.js';
import type { Place } from './place.js';
import type { PreflightRequest } from './request.js';
import { readServices } from './services.js';
import { servicesFindings } from './services-findings.js';
import { systemFindings } from './system-findings.js';
import { lookAtControllers, lookAtState } from './system-look.js';

/**
 * preflight checks everything.
 * @param onPart is called with the part that is checked next: "Docker"
 */
export async function preflight(
  place: Place,
  request: PreflightRequest,
  onPart: (part: string) => void,
  signal: AbortSignal,
): Promise<readonly PreflightFinding[]> {
  const found: PreflightFinding[] = [];
  const part = async <T>(name: string, look: () => Promise<T>): Promise<T | undefined> => {
    onPart(name);
    try {
      return await look();
    } catch (error) {
      signal.throwIfAborted();
      const message = `${name} could not be looked at: ${messageOf(error)}`;
      const byRoot = process.geteuid?.() === 0 ? {} : { fix: 'run xnetd preflight as root' };
      found.push({ severity: 'warns', reason: 'NotLookedAt', message, ...byRoot });
      return undefined;
    }
  };
  place.mirror.setRanges(rangesIn(request));
  const docker = await part('Docker', () => lookAtDocker(place.docker, signal));
  if (docker !== undefined) found.push(...(await dockerFindings(docker, request)));
  const network = await part('the network', () => lookAtNetwork(place, request, docker, signal));
  if (network !== undefined) found.push(...networkFindings(network));
  const bridge = lanBridgeIn(request);
  if (bridge !== undefined) {
    await part('the interface for mode lan', async () => {
      const snapshot = await place.readLan();
      const port = linkAt(snapshot, network?.underlay.underlay?.ifindex ?? 0);
      if (port === undefined) return;
      const facts = await portFactsIn(place.root, place.exec)(port, bridge);
      if (port.name === bridge) {
        // An operator's bridge, or one that the interface has been moved to: nothing is left to prevent.
        if (facts.opensHost === true) found.push(rated('warns', opensHostFinding(bridge, facts)));
        return;
      }
      const obstacles = portObstacles(snapshot, port, { bridge, facts });
      found.push(...obstacles.map((finding) => rated(finding.isNote === true ? 'warns' : 'stops', finding)));
    });
  }
  await part('the addresses', async () => {
    found.push(...addressFindings(addressesSeen(place, docker), request));
    found.push(...(await neighbourFindings(place, request)));
  });
  await part('the firewall', async () => {
    const { engine } = docker ?? {};
    const isDockerMissing = engine !== undefined && 'reason' in engine && engine.reason === 'NotInstalled';
    found.push(...(await programFindings(place, isDockerMissing)));
    const ofBackend = docker === undefined ? [] : nftablesFindings(docker, request, place.settings.mark);
    found.push(...ofBackend);
    if (request.quick) return;
    const underlay = network?.underlay.underlay?.ifname;
    if (underlay === undefined) return;
    const desired = firewallAfter(request, { underlay, mark: place.settings.mark });
    const ofRules = await firewallFindings(place, desired, signal);
    found.push(...ofRules.filter(({ reason }) => !ofBackend.some((other) => other.reason === reason)));
  });
  await part('other programs', async () => {
    const services = await readServices(place.root, place.exec, signal);
    found.push(...servicesFindings(services, request, docker !== undefined && usesNftables(docker)));
  });
  const name = request.controllers.length === 0 ? 'the machine' : 'the machine and the controllers';
  await part(name, async () => {
    const state = await lookAtState(place.settings.stateDir);
    const controllers = await lookAtControllers(request.controllers, signal);
    const hasNextHops = place.mirror.nextHops !== undefined;
    found.push(...systemFindings({ state, kernel: kernelVersion(), hasNextHops, controllers, nowMs: place.now() }));
  });
  return inOrder(found);
}

/**
 * leaseClashes is the part of preflight that compares the leases and pools with Docker's configuration and the addresses of
 * the host.
 */
export async function leaseClashes(
  place: Place,
  request: PreflightRequest,
  signal: AbortSignal,
): Promise<readonly PreflightFinding[]> {
  place.mirror.setRanges(rangesIn(request));
  const docker = await lookAtDocker(place.docker, signal);
  const seen = addressesSeen(place, docker);
  // A host that was added with --adopt: docker0 stays as it is.
  const isKept = seen.networks.some(
    ({ isDefault, subnets }) =>
      !isDefault && subnets.some(({ prefix }) => request.leases.some(({ subnet }) => prefixesEqual(subnet, prefix))),
  );
  if (isKept) return [];
  return inOrder([...(await daemonJsonFindings(docker, request)), ...addressFindings(seen, request)]);
}

function lanBridgeIn({ leases, mode }: PreflightRequest): string | undefined {
  const lease = leases.find((each) => each.mode === 'lan');
  return lease?.bridge ?? (mode === 'lan' ? usualLanName : undefined);
}

function rangesIn({ pools, leases }: PreflightRequest): readonly Prefix[] {
  return [...pools, ...leases.map(({ subnet }) => subnet)];
}

function addressesSeen({ mirror, settings }: Place, docker: DockerLooked | undefined): AddressesSeen {
  const { engine } = docker ?? {};
  return {
    networks: engine === undefined || 'reason' in engine ? [] : engine.networks,
    interfaces: docker?.interfaces ?? [],
    routes: [...mirror.routes.all()],
    names: mirror,
    protocol: settings.routeProtocol,
    isDocker0InUse: docker === undefined || isDocker0InUse(docker),
    defaultPools:
      docker && (docker.flags.get('default-address-pool') ?? jsonSetting(documentOf(docker), 'default-address-pools')),
    path: docker?.path ?? '/etc/docker/daemon.json',
  };
}

// Of a Docker that does not answer, containers may run all the same.
function isDocker0InUse({ engine }: DockerLooked): boolean {
  if ('reason' in engine) return engine.reason !== 'NotInstalled';
  const ids = new Set(engine.networks.filter(({ isDefault }) => isDefault).map(({ id }) => id));
  return engine.containers.some(({ running, networks }) => running && networks.some(({ id }) => ids.has(id)));
}

async function neighbourFindings({ proc }: Place, { fleet }: PreflightRequest): Promise<readonly PreflightFinding[]> {
  const table = new NeighbourTable({ tune: false, log: makeLog('xnetd', 'error'), proc });
  const { findings } = await table.converge(fleet);
  return findings.map((finding) => rated('warns', finding));
}
